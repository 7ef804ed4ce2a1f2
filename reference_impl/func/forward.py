"""jvp, jacfwd and linearize."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from reference_impl.autograd.forward_ad import make_dual, unpack_dual
from reference_impl.func.arguments import (
    by_argument,
    checked_argnums,
    chosen,
    split_aux,
    tensors_of,
)
from reference_impl.func.reverse import pull_back
from reference_impl.grad_mode import enable_grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor
from reference_impl.transforms import Level, dual_level, transform
from reference_impl.tree import flatten, structure_text, tree_map, unflatten
from reference_impl.vmap import vmap


def jvp(
    func: Callable[..., Any],
    primals: Any,
    tangents: Any,
    *,
    strict: bool = False,
    has_aux: bool = False,
) -> Any:
    """The output of ``func`` and its derivative along ``tangents``.

    Returns:
        (output, output tangent) or (output, output tangent, aux).

    Raises:
        RuntimeError: primals and tangents are not tuples of one structure; in strict mode, an output is independent.
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(  # noqa: TRY004
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid "
            f"to call f(*primals). Got {type(primals)}"
        )
    leaves, structure = tensors_of(primals)
    ts, given = flatten(tangents)
    if given != structure:
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python "
            "structure. For example, if primals is "
            "a tuple of 3 tensors, tangents also must be. Got primals with structure "
            f"{structure_text(structure)} and tangents with "
            f"structure {structure_text(given)}"
        )
    with dual_level() as level, transform():
        duals = [make_dual(x, t.clone(), level=level) for x, t in zip(leaves, ts, strict=True)]
        found, aux = split_aux(
            func(*unflatten(duals, structure)), "jvp(f, primals, tangents)", has_aux=has_aux
        )
        outs, out_structure = flatten(found)
        parts = [_part(x, level, strict=strict) for x in outs]
        aux = tree_map(lambda x: unpack_dual(x, level=level).primal, aux)
    output = unflatten([p for p, _ in parts], out_structure)
    product = unflatten([t for _, t in parts], out_structure)
    return (output, product, aux) if has_aux else (output, product)


def _part(x: Any, level: int, *, strict: bool) -> tuple[Any, Any]:
    if not isinstance(x, Tensor):
        raise RuntimeError(  # noqa: TRY004
            "jvp(f, primals, tangents): expected f(*primals) to return only tensors, got "
            f"unsupported type {type(x)}"
        )
    primal, tangent = unpack_dual(x, level=level)
    if tangent is None and strict:
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is "
            "not allowed with strict=True."
        )
    return primal, OPS["zeros_like"](primal) if tangent is None else tangent


def basis(leaves: list[Tensor]) -> list[Tensor]:
    """Unit vectors of the space of all leaves: per leaf one tensor, whose first dimension counts the vectors."""
    total = sum(x.numel() for x in leaves)
    eye = OPS["eye"](total)
    made, start = [], 0
    for x in leaves:
        part = eye[:, start : start + x.numel()].reshape((total, *x.shape)).to(x.dtype)
        made.append(part)
        start += x.numel()
    return made


def refuse_complex(leaves: list[Tensor], caller: str, what: str) -> None:
    """Jacobians are of real functions.

    Raises:
        RuntimeError: a leaf is complex.
    """
    for i, x in enumerate(leaves):
        if x._data.dtype.kind == "c":
            raise RuntimeError(
                f"{caller}: Expected all {what}s to be real but received complex tensor at "
                f"flattened {what} idx: {i}"
            )


def jacfwd(
    func: Callable[..., Any],
    argnums: Any = 0,
    has_aux: bool = False,
    *,
    chunk_size: int | None = None,
    randomness: str = "error",
) -> Callable[..., Any]:
    """A function that gives the Jacobian by forward mode; ``func`` is run once for all columns.

    Raises:
        RuntimeError: when called, if an input is complex or ``argnums`` does not fit.
    """

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        nums = checked_argnums(argnums, len(args))
        leaves, structure = tensors_of(chosen(args, nums))
        refuse_complex(leaves, "jacfwd", "input")
        shape: list[Any] = []

        def push(*tangents: Any) -> Any:
            one = by_argument(func, args, kwargs, nums)
            inner = lambda *xs: one(unflatten(list(xs), structure))  # noqa: E731
            _, products, *rest = jvp(inner, tuple(leaves), tangents, has_aux=has_aux)
            flat, out_structure = flatten(products)
            shape[:] = [out_structure, *rest]
            return tuple(flat)

        columns = vmap(push, out_dims=-1, randomness=randomness, chunk_size=chunk_size)(
            *basis(leaves)
        )
        refuse_complex(list(columns), "jacfwd", "output")
        blocks = [_blocks(c, leaves, structure) for c in columns]
        jacobian = unflatten(blocks, shape[0])
        return (jacobian, shape[1]) if has_aux else jacobian

    return wrapped


def _blocks(columns: Tensor, leaves: list[Tensor], structure: Any) -> Any:
    """The columns of one output, shared out to the inputs."""
    made, start = [], 0
    for x in leaves:
        part = OPS["narrow"](columns, -1, start, x.numel())
        made.append(part.reshape((*columns.shape[:-1], *x.shape)))
        start += x.numel()
    return unflatten(made, structure)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The output of ``func`` at ``primals``, and its derivative there as a function of tangents; ``func`` runs once.

    The product of cotangents with the Jacobian is linear in the cotangents; what it is there as a function of them,
    transposed, maps tangents.

    Raises:
        RuntimeError: when called, if tangents and primals differ in structure.
    """
    level, inner = Level(), Level()
    with enable_grad():
        output, vjp_fn = pull_back(inner, func, primals, has_aux=False)
        outs, out_structure = flatten(output)
        us = [level.enter(OPS["zeros_like"](x).detach()) for x in outs]
        rows, row_structure = flatten(vjp_fn(unflatten(us, out_structure)))
    output = unflatten([level.leave(x) for x in outs], out_structure)
    level.own |= inner.own  # the result is cut off from the primals, too
    level.leaves += inner.leaves

    def jvp_fn(*tangents: Any) -> Any:
        ts, given = flatten(tangents)
        if given != row_structure:
            raise RuntimeError(
                "linearize(f, *primals)(*tangents): Expected the tangents to have the same "
                "structure as the primals: "
                f"{structure_text(row_structure)}, got {structure_text(given)}"
            )
        return unflatten(
            [level.leave(x) for x in level.gradients(rows, us, ts, keep=True)], out_structure
        )

    return output, jvp_fn
