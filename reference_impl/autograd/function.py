"""torch.autograd.function."""

from typing import Any

from reference_impl.function import (
    Function,
    FunctionMeta,
    InplaceFunction,
    NestedIOFunction,
    once_differentiable,
)
from reference_impl.function_node import FunctionCtx
from reference_impl.function_node import FunctionNode as BackwardCFunction
from reference_impl.missing import NotOfferedError

__all__ = [
    "BackwardCFunction",
    "Function",
    "FunctionCtx",
    "FunctionMeta",
    "InplaceFunction",
    "NestedIOFunction",
    "once_differentiable",
]


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.autograd.function", name, __all__)
