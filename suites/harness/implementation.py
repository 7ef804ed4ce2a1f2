"""The surface that cases and programs drive, on whatever is under test."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from suites.harness import known_errors
from suites.harness.observation import Observation, Raised, is_tensor, observe
from suites.harness.subject import DEFAULT_DTYPE, Subject

Operator = Callable[..., Any]


class Driver(Protocol):
    """What a library brings along to be a subject: see docs/adding-a-device.md."""

    VERSION: str

    def namespace(self, subject: Subject, *, seed: int) -> AbstractContextManager[Any]:
        """The module that behaviour tests get as ``torch``."""

    def implementation(self, subject: Subject) -> "Implementation":
        """The same library as cases and programs drive it."""

    def why_unsupported(self, device: str, dtype: str) -> str | None:
        """Why nothing can run on this device or in this dtype; None where something can."""

    def why_lacking(self, error: BaseException) -> tuple[str, str] | None:
        """The outcome and reason where an error says that something is missing, rather than wrong."""


class Implementation(Protocol):
    """One implementation of autograd, as cases and programs drive it."""

    name: str

    def tensor(self, array: NDArray[Any], *, requires_grad: bool = False) -> Any:
        """A leaf with these numbers, in the subject's dtype and on its device."""

    def op(self, name: str) -> Operator | None:
        """The operator that op_db calls ``name``, with torch's signature; None where there is none."""

    def write(self, name: str, target: Any, *args: Any) -> Any:
        """The in-place operator ``name`` applied to ``target``."""

    def backward(
        self, output: Any, ct: Any = None, *, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        """Backward from ``output``, into ``.grad`` of the leaves."""

    def grad(
        self,
        outputs: Sequence[Any],
        inputs: Sequence[Any],
        cts: Sequence[Any],
        *,
        create_graph: bool = False,
    ) -> tuple[Any, ...]:
        """The vector-Jacobian product for each input; None for one that no output depends on."""

    def jvp(
        self, fn: Operator, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[tuple[Any, ...], ...]:
        """The outputs of ``fn`` and their tangents, in forward mode; None for an output without one."""

    def observe(self, tensor: Any) -> Observation:
        """What can be seen of a tensor from outside."""

    def raised(self, error: BaseException) -> Raised:
        """An error as plain data, with the clause it belongs to."""


class TorchSpelling:
    """An implementation over any module that spells autograd as torch does."""

    def __init__(
        self, module: Any, subject: Subject, find_op: Callable[[str], Operator | None]
    ) -> None:
        self.name = subject.label
        self._module = module
        self._subject = subject
        self._find_op = find_op

    def tensor(self, array: NDArray[Any], *, requires_grad: bool = False) -> Any:
        device = {} if self._subject.is_reference else {"device": self._subject.device}
        dtype = getattr(self._module, self.dtype_for(np.asarray(array).dtype))
        tensor = self._module.tensor(np.array(array), dtype=dtype, **device)
        return tensor.requires_grad_(requires_grad)

    def dtype_for(self, dtype: np.dtype[Any]) -> str:
        """The subject's dtype for numbers of this kind: its own for floats, the complex one of that width, or as is."""
        wanted = self._subject.dtype
        if wanted == DEFAULT_DTYPE or dtype.kind not in "fc":
            return dtype.name
        if dtype.kind == "c" and not wanted.startswith("complex"):
            return _COMPLEX_OF[wanted]
        return wanted if dtype.kind == "c" else _REAL_OF.get(wanted, wanted)

    def op(self, name: str) -> Operator | None:
        return self._find_op(name)

    def write(self, name: str, target: Any, *args: Any) -> Any:
        return getattr(target, f"{name}_")(*args)

    def backward(
        self, output: Any, ct: Any = None, *, retain_graph: bool = False, create_graph: bool = False
    ) -> None:
        output.backward(ct, retain_graph=retain_graph, create_graph=create_graph)

    def grad(
        self,
        outputs: Sequence[Any],
        inputs: Sequence[Any],
        cts: Sequence[Any],
        *,
        create_graph: bool = False,
    ) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self._module.autograd.grad(
            tuple(outputs), tuple(inputs), tuple(cts), create_graph=create_graph, allow_unused=True
        )
        return found

    def jvp(
        self, fn: Operator, primals: Sequence[Any], tangents: Sequence[Any]
    ) -> tuple[tuple[Any, ...], ...]:
        forward_ad = self._module.autograd.forward_ad
        with forward_ad.dual_level():
            duals = [forward_ad.make_dual(x, t) for x, t in zip(primals, tangents, strict=True)]
            pairs = [forward_ad.unpack_dual(y) for y in tensors_in(fn(*duals))]
            return tuple(p.primal for p in pairs), tuple(p.tangent for p in pairs)

    def observe(self, tensor: Any) -> Observation:
        return observe(tensor)

    def raised(self, error: BaseException) -> Raised:
        return known_errors.raised(error)


_COMPLEX_OF = {
    "float64": "complex128",
    "float32": "complex64",
    "float16": "complex32",
    "bfloat16": "complex64",
}
_REAL_OF = {"complex128": "float64", "complex64": "float32", "complex32": "float16"}


def tensors_in(value: Any) -> list[Any]:
    """Every tensor in a result, in order: a tensor is its own, tuples and lists are searched."""
    if is_tensor(value):
        return [value]
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in tensors_in(item)]
    return []
