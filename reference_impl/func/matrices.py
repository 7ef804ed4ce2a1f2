"""jacrev and hessian."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from reference_impl.func.arguments import by_argument, checked_argnums, chosen, tensors_of
from reference_impl.func.forward import basis, jacfwd, refuse_complex
from reference_impl.func.reverse import vjp
from reference_impl.registry import OPS
from reference_impl.tree import flatten, unflatten
from reference_impl.vmap import vmap


def jacrev(
    func: Callable[..., Any],
    argnums: Any = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """A function that gives the Jacobian by reverse mode; ``func`` is run once.

    Raises:
        ValueError: the chunk size is not positive.
        RuntimeError: when called, if an input is complex or ``argnums`` does not fit.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nums = checked_argnums(argnums, len(args))
        leaves, structure = tensors_of(chosen(args, nums))
        refuse_complex(leaves, "jacrev", "input")
        one = by_argument(func, args, kwargs, nums)
        output, vjp_fn, *aux = vjp(one, unflatten(leaves, structure), has_aux=has_aux)
        outs, out_structure = flatten(output)
        refuse_complex(outs, "jacrev", "output")
        rows = vmap(
            lambda *cts: tuple(flatten(vjp_fn(unflatten(list(cts), out_structure)))[0]),
            chunk_size=chunk_size,
        )(*basis(outs))
        blocks, start = [], 0
        for out in outs:
            parts = [OPS["narrow"](row, 0, start, out.numel()) for row in rows]
            shaped = [p.reshape((*out.shape, *x.shape)) for p, x in zip(parts, leaves, strict=True)]
            blocks.append(unflatten(shaped, structure))
            start += out.numel()
        jacobian = unflatten(blocks, out_structure)
        return (jacobian, aux[0]) if has_aux else jacobian

    return wrapped


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """A function that gives the Hessian, by forward over reverse mode."""
    return jacfwd(jacrev(func, argnums), argnums)
