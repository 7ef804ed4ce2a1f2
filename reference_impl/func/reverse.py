"""grad, grad_and_value and vjp."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from reference_impl.func.arguments import (
    by_argument,
    checked_argnums,
    chosen,
    split_aux,
    tensors_of,
)
from reference_impl.grad_mode import enable_grad
from reference_impl.tensor import Tensor
from reference_impl.transforms import Level, transform
from reference_impl.tree import flatten, structure_text, tree_map, unflatten


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that gives the gradient of a scalar-valued one by its arguments ``argnums``.

    Raises:
        RuntimeError: when called, if the output is no 0-dim tensor or ``argnums`` does not fit.
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        gradient, value = both(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


def grad_and_value(
    func: Callable[..., Any],
    argnums: Any = 0,
    has_aux: bool = False,
) -> Callable[..., Any]:
    """Like ``grad``, giving (gradient, value), or (gradient, (value, aux))."""

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        level = Level()
        with transform(), enable_grad():
            nums = checked_argnums(argnums, len(args))
            leaves, structure = tensors_of(chosen(args, nums))
            primals = [level.enter(x) for x in leaves]
            found = by_argument(func, args, kwargs, nums)(unflatten(primals, structure))
            value, aux = split_aux(found, "grad_and_value(f)(*args)", has_aux=has_aux)
            _check_scalar(value)
            gradients = unflatten(level.gradients([value], primals, None), structure)
        value, aux = level.leave(value), tree_map(level.leave, aux)
        return (gradients, (value, aux)) if has_aux else (gradients, value)

    return wrapped


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor):
        raise RuntimeError(  # noqa: TRY004
            f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(value)}"
        )
    if value.ndim:
        raise RuntimeError(
            "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor "
            f"with {value.ndim} dims. "
            "Maybe you wanted to use the vjp or jacrev APIs instead?"
        )


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The output of ``func`` and a function from cotangents of the output to those of the primals.

    Returns:
        (output, vjp_fn) or (output, vjp_fn, aux); ``vjp_fn`` gives a tuple with one entry for each primal.

    Raises:
        RuntimeError: an output is no floating-point or complex tensor.
    """
    return pull_back(Level(), func, primals, has_aux=has_aux)


def pull_back(level: Level, func: Callable[..., Any], primals: Any, *, has_aux: bool) -> Any:
    """``vjp`` at a level that the caller made."""
    with transform(), enable_grad():
        leaves, structure = tensors_of(primals)
        inner = [level.enter(x) for x in leaves]
        found, aux = split_aux(
            func(*unflatten(inner, structure)), "vjp(f, *primals)", has_aux=has_aux
        )
        outs, out_structure = flatten(found)
        _check_outputs(outs)
    single = isinstance(found, Tensor)

    def vjp_fn(cotangents: Any, retain_graph: bool = True, create_graph: Any = None) -> Any:
        _ = create_graph  # the history that the result needs is kept in any case
        cts, given = flatten(cotangents)
        if given != out_structure:
            shown = "a Tensor" if single else structure_text(out_structure)
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                "outputs to the function. "
                f"cotangents: {structure_text(given)}, primal output: {shown}"
            )
        return unflatten(level.gradients(outs, inner, cts, keep=retain_graph), structure)

    shown = unflatten([level.leave(x) for x in outs], out_structure)
    return (shown, vjp_fn, tree_map(level.leave, aux)) if has_aux else (shown, vjp_fn)


def _check_outputs(outs: list[Any]) -> None:
    if not outs:
        raise RuntimeError(
            "vjp(f, *primals): Expected f to be a function that has non-empty output (got output "
            "= ())"
        )
    for x in outs:
        if not isinstance(x, Tensor):
            raise RuntimeError(  # noqa: TRY004
                "vjp(f, *primals): expected f(*primals) to return only tensors, got unsupported "
                f"type {type(x)}"
            )
        if x._data.dtype.kind not in "fc":
            raise RuntimeError(
                "vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got "
                f"Tensor with dtype {x.dtype}"
            )
