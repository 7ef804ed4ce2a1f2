"""torch.func: derivatives and maps of functions, as functions of functions."""

from reference_impl.func.forward import jacfwd, jvp, linearize
from reference_impl.func.matrices import hessian, jacrev
from reference_impl.func.modules import functional_call, functionalize, stack_module_state
from reference_impl.func.reverse import grad, grad_and_value, vjp
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
    "stack_module_state",
    "vjp",
    "vmap",
]
