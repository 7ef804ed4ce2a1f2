"""Products with Jacobians and Hessians of Python functions, and what they check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl.grad_mode import MODE, enable_grad, set_grad_enabled
from reference_impl.gradients import grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

Tensors = tuple[Tensor, ...]


# -- what goes in and comes out ----------------------------------------------------------------------------------------


def as_tuple(x: Any, what: str, caller: str) -> tuple[bool, Tensors]:
    """Whether it was a tuple, and the tensors."""
    found = x if isinstance(x, tuple) else (x,)
    for i, t in enumerate(found):
        if not isinstance(t, Tensor):
            where = f"value at index {i}" if isinstance(x, tuple) else f"given {what}"
            raise TypeError(
                f"The {what} given to {caller} must be either a Tensor or a tuple of Tensors but "
                f"the {where} has type {type(t)}."
            )
    return isinstance(x, tuple), found


def outputs_of(fn: Callable[..., Any], inputs: Tensors, caller: str) -> tuple[bool, Tensors]:
    """What the function returns, as ``as_tuple`` gives it."""
    return as_tuple(fn(*inputs), "outputs of the user-provided function", caller)


def prepared(inputs: Tensors, *, create_graph: bool, track: bool = True) -> Tensors:
    """Inputs to differentiate by: linked to the caller's graph if that is wanted, else leaves of their own."""
    return tuple(
        [
            OPS["view_as"](t, t)
            if create_graph and t.requires_grad
            else t.detach().requires_grad_(track)
            for t in inputs
        ]
    )


def finished(found: Tensors, *, create_graph: bool, several: bool) -> Any:
    """Results as the caller gets them: detached unless ``create_graph``, alone unless ``several``."""
    made = found if create_graph else tuple(t.detach() for t in found)
    return made if several else made[0]


def _vector(v: Any, like: Tensors, caller: str, *, several: bool, missing: str) -> Tensors:
    """The vector of a product, checked against what it multiplies; ones if it may be left out."""
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(missing)
        return (OPS["ones_like"](like[0]),)
    _, vs = as_tuple(v, "v", caller)
    if len(vs) != len(like):
        wanted = (
            f"should be {len(like)}" if several else "the given vector should be a single Tensor"
        )
        raise RuntimeError(f"v is a tuple of invalid length: {wanted} but got {len(vs)}.")
    for i, (t, x) in enumerate(zip(vs, like, strict=True)):
        if t.shape != x.shape:
            entry = f"Entry {i} in v" if len(like) > 1 else "v"
            raise RuntimeError(f"{entry} has invalid size: should be {x.shape} but got {t.shape}.")
    return vs


# -- gradients with the gaps filled ------------------------------------------------------------------------------------


def grads_of(
    outputs: Tensors, inputs: Tensors, cts: Any, *, create_graph: bool, keep: bool | None = None
) -> tuple[Any, ...]:
    """Gradients of those outputs that are tracked; None where nothing flows."""
    given = cts if cts is not None else (None,) * len(outputs)
    live = [(out, ct) for out, ct in zip(outputs, given, strict=True) if out.requires_grad]
    if not live:
        return (None,) * len(inputs)
    outs, vs = zip(*live, strict=True)
    found: tuple[Any, ...] = grad(
        outs, inputs, vs, allow_unused=True, create_graph=create_graph, retain_graph=keep
    )
    return found


def filled(found: tuple[Any, ...], like: Tensors, *, strict: bool, message: str) -> Tensors:
    """Zeros for what is missing; in strict mode an error, whose text gets the number of the input."""
    for i, g in enumerate(found):
        if g is None and strict:
            raise RuntimeError(message.format(i))
    return tuple(
        [OPS["zeros_like"](x) if g is None else g for g, x in zip(found, like, strict=True)]
    )


def require_tracked(outputs: Tensors, message: str, *, strict: bool) -> None:
    """In strict mode, refuse an output that is not tracked; the text gets its number."""
    for i, t in enumerate(outputs):
        if strict and not t.requires_grad:
            raise RuntimeError(message.format(i))


UNTRACKED_OUTPUT = (
    "Output {} of the user-provided function does not require gradients. The outputs must be "
    "computed in a "
    "differentiable manner from the input when running in strict mode."
)
INDEPENDENT_OUTPUT = (
    "The output of the user-provided function is independent of input {}. "
    "This is not allowed in strict mode."
)
NO_VECTOR = "The vector v can only be None if the {} a single Tensor with a single element."
CONSTANT_GRADIENT = (
    "The gradient with respect to input {} is independent of the inputs of the user-provided "
    "function. "
    "This is not allowed in strict mode."
)
CONSTANT_JACOBIAN = (
    "The jacobian of the user-provided function with respect to input {} is independent of the "
    "input. "
    "This is not allowed in strict mode when create_graph=True."
)


# -- products ----------------------------------------------------------------------------------------------------------


def vjp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs, and the vector ``v`` times the Jacobian.

    Raises:
        TypeError: inputs or outputs are no tensors.
        RuntimeError: ``v`` does not fit the outputs, or strict mode finds an independent output.
    """
    with enable_grad():
        several, xs = as_tuple(inputs, "inputs", "vjp")
        xs = prepared(xs, create_graph=create_graph)
        many, outs = outputs_of(func, xs, "vjp")
        require_tracked(outs, UNTRACKED_OUTPUT, strict=strict)
        missing = NO_VECTOR.format("user-provided function returns")
        vs = _vector(v, outs, "vjp", several=many, missing=missing)
    with set_grad_enabled(create_graph or MODE.grad):
        found = filled(
            grads_of(outs, xs, vs, create_graph=create_graph),
            xs,
            strict=strict,
            message=INDEPENDENT_OUTPUT,
        )
    return (
        finished(outs, create_graph=create_graph, several=many),
        finished(found, create_graph=create_graph, several=several),
    )


def jvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The outputs, and the Jacobian times the vector ``v``.

    The product of a cotangent u with the Jacobian is linear in u; differentiated by u it is the Jacobian transposed,
    so that a second product, with ``v``, gives what is wanted without forward mode.

    Raises:
        TypeError: inputs or outputs are no tensors.
        RuntimeError: ``v`` does not fit the inputs, or strict mode finds an independent output.
    """
    with enable_grad():
        several, xs = as_tuple(inputs, "inputs", "jvp")
        missing = NO_VECTOR.format("input to the user-provided function is")
        vs = _vector(v, xs, "jvp", several=several, missing=missing)
        xs = prepared(xs, create_graph=create_graph)
        many, outs = outputs_of(func, xs, "jvp")
        require_tracked(outs, UNTRACKED_OUTPUT, strict=strict)
        us = tuple(OPS["zeros_like"](t).requires_grad_() for t in outs)
        row = filled(
            grads_of(outs, xs, us, create_graph=True), xs, strict=strict, message=INDEPENDENT_OUTPUT
        )
        require_tracked(row, CONSTANT_GRADIENT, strict=strict and create_graph)
    with set_grad_enabled(create_graph or MODE.grad):
        found = filled(
            grads_of(row, us, vs, create_graph=create_graph),
            outs,
            strict=strict,
            message=INDEPENDENT_OUTPUT,
        )
    return (
        finished(outs, create_graph=create_graph, several=many),
        finished(found, create_graph=create_graph, several=many),
    )


def _value_and_gradient(
    func: Callable[..., Any], inputs: Any, v: Any, caller: str, *, create_graph: bool, strict: bool
) -> tuple[bool, Tensors, Tensors, Tensor, Tensors]:
    """What both products with the Hessian begin with; the gradient is tracked."""
    several, xs = as_tuple(inputs, "inputs", caller)
    missing = NO_VECTOR.format("input to the user-provided function is")
    vs = _vector(v, xs, caller, several=several, missing=missing)
    xs = prepared(xs, create_graph=create_graph)
    many, outs = outputs_of(func, xs, caller)
    require_tracked(outs, UNTRACKED_OUTPUT, strict=strict)
    if many or outs[0].numel() != 1:
        what = "a single Tensor" if many else "a Tensor that contains a single element"
        raise RuntimeError(f"The function given to {caller} should return {what}.")
    row = filled(
        grads_of(outs, xs, None, create_graph=True), xs, strict=strict, message=INDEPENDENT_OUTPUT
    )
    require_tracked(row, CONSTANT_JACOBIAN, strict=strict)
    return several, xs, vs, outs[0], row


def vhp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value, and the vector ``v`` times the Hessian.

    Raises:
        TypeError: inputs or outputs are no tensors.
        RuntimeError: the function is not scalar, ``v`` does not fit, or strict mode finds independence.
    """
    with enable_grad():
        several, xs, vs, value, row = _value_and_gradient(
            func, inputs, v, "vhp", create_graph=create_graph, strict=strict
        )
    with set_grad_enabled(create_graph or MODE.grad):
        found = filled(
            grads_of(row, xs, vs, create_graph=create_graph),
            xs,
            strict=strict,
            message=CONSTANT_JACOBIAN,
        )
    return (
        finished((value,), create_graph=create_graph, several=False),
        finished(found, create_graph=create_graph, several=several),
    )


def hvp(
    func: Callable[..., Any],
    inputs: Any,
    v: Any = None,
    create_graph: bool = False,
    strict: bool = False,
) -> tuple[Any, Any]:
    """The value, and the Hessian times the vector ``v``.

    Raises:
        TypeError: inputs or outputs are no tensors.
        RuntimeError: the function is not scalar, ``v`` does not fit, or strict mode finds independence.
    """
    with enable_grad():
        several, xs, vs, value, row = _value_and_gradient(
            func, inputs, v, "hvp", create_graph=create_graph, strict=strict
        )
        us = tuple(OPS["zeros_like"](t).requires_grad_() for t in xs)
        double = filled(
            grads_of(row, xs, us, create_graph=True), xs, strict=strict, message=CONSTANT_JACOBIAN
        )
    with set_grad_enabled(create_graph or MODE.grad):
        found = filled(
            grads_of(double, us, vs, create_graph=create_graph),
            xs,
            strict=strict,
            message=CONSTANT_JACOBIAN,
        )
    return (
        finished((value,), create_graph=create_graph, several=False),
        finished(found, create_graph=create_graph, several=several),
    )
