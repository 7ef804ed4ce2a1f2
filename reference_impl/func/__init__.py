"""torch.func: derivatives and maps of functions, as functions of functions."""

from typing import Any

from reference_impl.func.forward import jacfwd, jvp, linearize
from reference_impl.func.matrices import hessian, jacrev
from reference_impl.func.modules import (
    functional_call,
    functionalize,
    replace_all_batch_norm_modules_,
    stack_module_state,
)
from reference_impl.func.reverse import grad, grad_and_value, vjp
from reference_impl.missing import NotOfferedError
from reference_impl.vmap import vmap

__all__ = [
    "functional_call",
    "functionalize",
    "grad",
    "grad_and_value",
    "hessian",
    "jacfwd",
    "jacrev",
    "jvp",
    "linearize",
    "replace_all_batch_norm_modules_",
    "stack_module_state",
    "vjp",
    "vmap",
]


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.func", name, __all__)
