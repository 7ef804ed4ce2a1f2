"""One op call as plain data, and what an implementation makes of it."""

import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.implementation import Implementation, tensors_in
from suites.harness.observation import Observation, Raised, array_of
from suites.harness.representable import rounded

CHECKS = ("value", "vjp", "jvp", "double")
Arrays = tuple[NDArray[Any] | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One op call: NumPy arrays stand for tensors, wherever they are in the arguments.

    Tensors are numbered in the order in which they occur, keyword arguments last. Cotangents and tangents that are
    not given are drawn from ``seed``, with random signs and magnitudes well away from zero; they are numbers of
    ``dtype``, which the subject computes in, as its tensors are.
    """

    op: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    differentiable: tuple[int, ...] = ()
    cotangents: tuple[NDArray[Any], ...] | None = None
    tangents: tuple[NDArray[Any], ...] | None = None
    seed: int = 0
    dtype: str = "float64"

    def in_dtype(self, dtype: str) -> "Case":
        """The case with its numbers rounded to those of ``dtype``, and its draws too."""
        args, kwargs = self.rebuilt(lambda _, array: rounded(array, dtype))
        return replace(self, args=args, kwargs=kwargs, dtype=dtype)

    def arrays(self) -> list[NDArray[Any]]:
        """The tensors of the call, in order."""
        return [*_arrays_in(self.args), *(_arrays_in(self.kwargs) if self.kwargs else ())]

    def inputs(self) -> list[NDArray[Any]]:
        """The tensors that the call is differentiated by."""
        arrays = self.arrays()
        return [arrays[i] for i in self.differentiable]

    def rebuilt(
        self, change: Callable[[int, NDArray[Any]], Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments with each tensor replaced by what ``change`` makes of its number and array."""
        counter = itertools.count()
        args, kwargs = _mapped(
            (self.args, dict(self.kwargs)), lambda array: change(next(counter), array)
        )
        return args, kwargs

    def drawn_cotangents(self, outputs: Sequence[NDArray[Any]]) -> list[NDArray[Any]]:
        """A cotangent for each differentiable output."""
        if self.cotangents is not None:
            return list(self.cotangents)
        return _drawn(outputs, self.seed + 1, self.dtype)

    def drawn_tangents(self) -> list[NDArray[Any]]:
        """A tangent for each differentiable input."""
        if self.tangents is not None:
            return list(self.tangents)
        return _drawn(self.inputs(), self.seed + 2, self.dtype)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOutcome:
    """What one implementation made of a case; what it refused stands in ``raised`` under the check's name."""

    values: tuple[Observation, ...] = ()
    vjp: Arrays = ()
    jvp: Arrays = ()
    double: Arrays = ()
    raised: Mapping[str, Raised] = field(default_factory=dict)


class OpMissingError(LookupError):
    """An implementation has no operator of that name."""


def run_case(impl: Implementation, case: Case, checks: Sequence[str] = CHECKS) -> CaseOutcome:
    """What ``impl`` makes of a case, on copies of its own.

    Raises:
        OpMissingError: ``impl`` has no such operator.
    """
    if impl.op(case.op) is None:
        raise OpMissingError(f"{impl.name} has no operator '{case.op}'")
    found: dict[str, Any] = {}
    refused: dict[str, Raised] = {}
    for check in checks:
        try:
            found["values" if check == "value" else check] = _RUNNERS[check](impl, case)
        except Exception as error:  # noqa: BLE001 - whatever is raised is an observation, compared like a value
            refused[check] = impl.raised(error)
    return CaseOutcome(**found, raised=refused)


def caller(
    impl: Implementation, case: Case, *, tracked: bool
) -> tuple[list[Any], Callable[..., list[Any]]]:
    """The differentiable inputs of a case as tensors, and the call as a function of them alone."""
    op = impl.op(case.op)
    if op is None:
        raise OpMissingError(f"{impl.name} has no operator '{case.op}'")
    tensors = [
        impl.tensor(a, requires_grad=tracked and i in case.differentiable)
        for i, a in enumerate(case.arrays())
    ]

    def call(*inputs: Any) -> list[Any]:
        given = dict(zip(case.differentiable, inputs, strict=True))
        args, kwargs = case.rebuilt(lambda i, _: given.get(i, tensors[i]))
        return tensors_in(op(*args, **kwargs))

    return [tensors[i] for i in case.differentiable], call


def _values(impl: Implementation, case: Case) -> tuple[Observation, ...]:
    inputs, call = caller(impl, case, tracked=True)
    return tuple(impl.observe(y) for y in call(*inputs))


def _vjp(impl: Implementation, case: Case) -> Arrays:
    inputs, call = caller(impl, case, tracked=True)
    outputs = [y for y in call(*inputs) if y.requires_grad]
    return _plain(_pull(impl, case, outputs, inputs, create_graph=False))


def _jvp(impl: Implementation, case: Case) -> Arrays:
    inputs, call = caller(impl, case, tracked=False)
    tangents = [impl.tensor(t) for t in case.drawn_tangents()]
    return _plain(impl.jvp(lambda *xs: tuple(call(*xs)), inputs, tangents)[1])


def _double(impl: Implementation, case: Case) -> Arrays:
    """Reverse over reverse: the gradient of Re<tangent, vjp> by the inputs."""
    inputs, call = caller(impl, case, tracked=True)
    outputs = [y for y in call(*inputs) if y.requires_grad]
    first = _pull(impl, case, outputs, inputs, create_graph=True)
    pairs = [
        (g, t)
        for g, t in zip(first, case.drawn_tangents(), strict=True)
        if g is not None and g.requires_grad
    ]
    if not pairs:
        return tuple(None for _ in inputs)
    return _plain(impl.grad([g for g, _ in pairs], inputs, [impl.tensor(t) for _, t in pairs]))


def _pull(
    impl: Implementation,
    case: Case,
    outputs: Sequence[Any],
    inputs: Sequence[Any],
    *,
    create_graph: bool,
) -> tuple[Any, ...]:
    if not outputs:
        return tuple(None for _ in inputs)
    cts = [impl.tensor(ct) for ct in case.drawn_cotangents([array_of(y) for y in outputs])]
    return impl.grad(outputs, inputs, cts, create_graph=create_graph)


_RUNNERS: dict[str, Callable[[Implementation, Case], Any]] = {
    "value": _values,
    "vjp": _vjp,
    "jvp": _jvp,
    "double": _double,
}


def _plain(tensors: Sequence[Any]) -> Arrays:
    return tuple(None if tensor is None else array_of(tensor).copy() for tensor in tensors)


def _drawn(like: Sequence[NDArray[Any]], seed: int, dtype: str) -> list[NDArray[Any]]:
    """Numbers with random signs and magnitudes in [0.5, 1.5], so that none hides an error and no two cancel."""
    return list(_drawn_once(tuple((a.shape, a.dtype.kind == "c") for a in like), seed, dtype))


@functools.lru_cache(maxsize=64)
def _drawn_once(
    kinds: tuple[tuple[tuple[int, ...], bool], ...], seed: int, dtype: str
) -> tuple[NDArray[Any], ...]:
    """The draws for these shapes, complex or real: both sides, and the witness, ask for the same ones."""
    rng = np.random.default_rng(seed)
    drawn = [rounded(_like(rng, shape, is_complex=kind), dtype) for shape, kind in kinds]
    for array in drawn:
        array.flags.writeable = False
    return tuple(drawn)


def _like(rng: np.random.Generator, shape: tuple[int, ...], *, is_complex: bool) -> NDArray[Any]:
    real = _signed(rng, shape)
    return real + 1j * _signed(rng, shape) if is_complex else real


def _signed(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.asarray(rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape))


def _arrays_in(value: Any) -> Iterator[NDArray[Any]]:
    for item in value.values() if isinstance(value, Mapping) else value:
        if isinstance(item, np.ndarray):
            yield item
        elif isinstance(item, (tuple, list, Mapping)):
            yield from _arrays_in(item)


def _mapped(value: Any, change: Callable[[NDArray[Any]], Any]) -> Any:
    if isinstance(value, np.ndarray):
        return change(value)
    if isinstance(value, (tuple, list)):
        items = [_mapped(item, change) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        return {key: _mapped(item, change) for key, item in value.items()}
    return value
