"""torch.autograd.variable: the deprecated constructor of tensors."""

from __future__ import annotations

from typing import Any

from reference_impl.engine import queue_callback
from reference_impl.tensor import Tensor, make


class _Engine:
    """The part of the engine that programs reach through Variable."""

    queue_callback = staticmethod(queue_callback)


class _VariableType(type):
    """isinstance(x, Variable) holds for every tensor."""

    def __instancecheck__(cls, x: object) -> bool:
        return isinstance(x, Tensor)


class Variable(metaclass=_VariableType):
    """A tensor over the same data."""

    _execution_engine = _Engine

    def __new__(cls, data: Any = None, requires_grad: bool = False, volatile: Any = None) -> Any:
        _ = volatile
        made = make(data._array(), data._shared())
        return made.requires_grad_() if requires_grad else made
