"""Parameter: a leaf that requires grad by default and that modules collect."""

from __future__ import annotations

from typing import Any

from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class _ParameterType(type(Tensor)):  # type: ignore[misc]
    """isinstance(x, Parameter) for instances."""


class Parameter(Tensor, metaclass=_ParameterType):
    """A tensor that is a module's parameter when assigned to one."""

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        made = object.__new__(cls)
        made._storage = made._grad_fn = made._meta = None
        made._output_nr = 0
        if data is None:
            made._data = super().__new__(Tensor)._data
        else:
            made._data = data._array()
            made._storage = data._shared()
        if requires_grad:
            made.requires_grad = True
        return made


def new_parameter(*size: int, dtype: Any = None) -> Parameter:
    """A parameter of that shape, to be filled."""
    made: Parameter = Parameter(OPS["empty"](*size, dtype=dtype))
    return made
