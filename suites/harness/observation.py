"""A tensor or an error seen from outside, as plain data that either implementation can give."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_UNKNOWN_TO_NUMPY = ("bfloat16", "float8", "complex32")


@dataclass(frozen=True, slots=True)
class Observation:
    """A tensor from outside: what a user of either implementation can see of it."""

    value: NDArray[Any]
    dtype: str
    requires_grad: bool = False
    is_leaf: bool = True
    node: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """An error: its Python type, its message, and the clauses whose pattern knows it."""

    exception: str
    message: str
    clauses: tuple[str, ...] = ()

    @property
    def clause(self) -> str | None:
        """The clause whose pattern says most."""
        return self.clauses[0] if self.clauses else None


def is_tensor(value: object) -> bool:
    """Whether ``value`` is a tensor of either implementation."""
    return hasattr(value, "detach") and hasattr(value, "requires_grad")


def array_of(value: Any) -> NDArray[Any]:
    """The numbers of a tensor of either implementation, or of anything NumPy reads, as a NumPy array."""
    if isinstance(value, (list, tuple)) and any(is_tensor(item) for item in value):
        return np.asarray([array_of(item) for item in value])
    if not is_tensor(value):
        return np.asarray(value)
    tensor = value.detach()
    for name in ("to_dense", "cpu", "resolve_conj", "resolve_neg"):
        if hasattr(tensor, name) and (name != "to_dense" or getattr(tensor, "is_sparse", False)):
            tensor = getattr(tensor, name)()
    if any(word in str(tensor.dtype) for word in _UNKNOWN_TO_NUMPY):
        tensor = tensor.cfloat() if "complex" in str(tensor.dtype) else tensor.float()
    return np.asarray(tensor.numpy(force=True))


def observe(tensor: Any) -> Observation:
    """What can be seen of ``tensor``, of either implementation."""
    node = getattr(tensor, "grad_fn", None)
    return Observation(
        value=array_of(tensor).copy(),
        dtype=str(tensor.dtype).rpartition(".")[2],
        requires_grad=bool(tensor.requires_grad),
        is_leaf=bool(tensor.is_leaf),
        node=None if node is None else node.name(),
        version=_version(tensor),
    )


def _version(tensor: Any) -> int | None:
    try:
        return int(tensor._version)
    except RuntimeError:  # inference tensors keep none, and say so by raising
        return None
