"""torch.autograd.function."""

from reference_impl.function import (
    Function,
    FunctionMeta,
    InplaceFunction,
    NestedIOFunction,
    once_differentiable,
)
from reference_impl.function_node import FunctionCtx
from reference_impl.function_node import FunctionNode as BackwardCFunction

__all__ = [
    "BackwardCFunction",
    "Function",
    "FunctionCtx",
    "FunctionMeta",
    "InplaceFunction",
    "NestedIOFunction",
    "once_differentiable",
]
