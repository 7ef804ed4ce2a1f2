"""torch.autograd.functional: matrices of derivatives of Python functions, and products with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from reference_impl.autograd.forward_ad import make_dual, unpack_dual
from reference_impl.autograd.products import (
    CONSTANT_JACOBIAN,
    UNTRACKED_OUTPUT,
    Tensors,
    as_tuple,
    filled,
    finished,
    grads_of,
    hvp,
    jvp,
    outputs_of,
    prepared,
    require_tracked,
    vhp,
    vjp,
)
from reference_impl.forward_ad import close_level, open_level, renew
from reference_impl.grad_mode import enable_grad
from reference_impl.missing import NotOfferedError
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

UNKNOWN_STRATEGY = (
    'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs than '
    'inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
)


def _construct_standard_basis_for(
    tensors: tuple[Tensor, ...], tensor_numels: tuple[int, ...]
) -> Any:
    """The unit vectors of the space that the tensors span together: per tensor one with a row for each of them."""
    assert len(tensors) == len(tensor_numels)  # noqa: S101 - a private name of torch's; it asserts too
    eye = OPS["eye"](sum(tensor_numels))
    starts = [sum(tensor_numels[:i]) for i in range(len(tensors))]
    return tuple(
        eye[:, start : start + n].to(x.dtype)
        for x, start, n in zip(tensors, starts, tensor_numels, strict=True)
    )


def jacobian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """The Jacobian: one block of the output's shape and then the input's for each output and each input.

    Raises:
        AssertionError: the strategy is unknown.
        TypeError: inputs or outputs are no tensors.
        NotImplementedError, RuntimeError: the options exclude each other, or strict mode finds an independent output.
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(UNKNOWN_STRATEGY)
    if strategy == "forward-mode":
        return _by_columns(
            func, inputs, create_graph=create_graph, strict=strict, vectorize=vectorize
        )
    with enable_grad():
        several, xs = as_tuple(inputs, "inputs", "jacobian")
        xs = prepared(xs, create_graph=create_graph)
        many, outs = outputs_of(func, xs, "jacobian")
        require_tracked(outs, UNTRACKED_OUTPUT, strict=strict)
        if vectorize and strict:
            raise RuntimeError(
                "torch.autograd.functional.jacobian: `strict=True` and `vectorized=True` are not "
                "supported together. Please either "
                "set `strict=False` or `vectorize=False`."
            )
        blocks = [
            _rows(i, out, xs, create_graph=create_graph, strict=strict)
            for i, out in enumerate(outs)
        ]
    made = tuple(finished(tuple(row), create_graph=create_graph, several=several) for row in blocks)
    return made if many else made[0]


def _rows(i: int, out: Tensor, xs: Tensors, *, create_graph: bool, strict: bool) -> list[Tensor]:
    """The blocks of one output, one per input, row by row."""
    flat = out.reshape(-1)
    independent = (
        f"Output {i} of the user-provided function is independent of input {{}}. "
        "This is not allowed in strict mode."
    )
    rows = []
    for k in range(out.numel()):
        row = filled(
            grads_of((flat[k],), xs, None, create_graph=create_graph, keep=True),
            xs,
            strict=strict,
            message=independent,
        )
        if create_graph:
            require_tracked(row, CONSTANT_JACOBIAN, strict=strict)
        rows.append(row)
    return [
        OPS["stack"](column).reshape((*out.shape, *x.shape))
        if rows
        else OPS["zeros"]((*out.shape, *x.shape), dtype=out.dtype)
        for column, x in zip(zip(*rows, strict=True) if rows else [()] * len(xs), xs, strict=True)
    ]


def _by_columns(
    func: Callable[..., Any], inputs: Any, *, create_graph: bool, strict: bool, vectorize: bool
) -> Any:
    """The Jacobian by forward mode, one column per input element."""
    if create_graph:
        raise NotImplementedError(
            "torch.autograd.functional.jacobian: `create_graph=True` and "
            '`strategy="forward-mode"` are not supported together (yet). '
            'Please either set `create_graph=False` or `strategy="reverse-mode"`.'
        )
    if strict:
        raise RuntimeError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are '
            "not supported together (yet). "
            'Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only "
            "implemented for `vectorize=True`."
        )
    several, xs = as_tuple(inputs, "inputs", "jacobian")
    blocks: list[list[Tensor]] = []
    many, count = False, 0
    for at, x in enumerate(xs):
        columns = []
        for k in range(x.numel()):
            tangents = [OPS["zeros_like"](t).reshape(-1) for t in xs]
            tangents[at][k] = 1
            many, column = _column(
                func, xs, [t.reshape(x.shape) for t, x in zip(tangents, xs, strict=True)]
            )
            columns.append(column)
        count = len(columns[0])
        blocks.append(
            [
                OPS["stack"]([c[o] for c in columns], -1).reshape((*columns[0][o].shape, *x.shape))
                for o in range(count)
            ]
        )
    made = tuple(tuple(row[o] for row in blocks) if several else blocks[0][o] for o in range(count))
    return made if many else made[0]


def _column(func: Callable[..., Any], xs: Tensors, tangents: list[Tensor]) -> tuple[bool, Tensors]:
    """Tangents of the outputs from those of the inputs, at a dual level of their own."""
    level = open_level()
    renew(level)
    try:
        duals = tuple(make_dual(x, t, level=level) for x, t in zip(xs, tangents, strict=True))
        many, outs = outputs_of(func, duals, "jacobian")
        parts = [unpack_dual(out, level=level) for out in outs]
    finally:
        close_level(level)
    return many, tuple(
        OPS["zeros_like"](p.primal) if p.tangent is None else p.tangent for p in parts
    )


def hessian(
    func: Callable[..., Any],
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: Literal["forward-mode", "reverse-mode"] = "reverse-mode",
) -> Any:
    """The Hessian of a scalar function: one block of both inputs' shapes for each pair of inputs.

    Raises:
        AssertionError: the strategy is unknown.
        TypeError: inputs or outputs are no tensors.
        NotImplementedError, RuntimeError: the function is not scalar, the options exclude each other, or strict mode
            finds independence.
    """
    several, xs = as_tuple(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(UNKNOWN_STRATEGY)

    def scalar(*parts: Any) -> Any:
        found = func(*parts)
        many, outs = as_tuple(found, "outputs of the user-provided function", "hessian")
        require_tracked(outs, UNTRACKED_OUTPUT, strict=strict)
        if many:
            raise RuntimeError("The function given to hessian should return a single Tensor")
        if outs[0].numel() != 1:
            raise RuntimeError(
                "The Tensor returned by the function given to hessian should contain a single "
                "element"
            )
        return outs[0].reshape(())

    def gradient(*parts: Tensor) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            # Forward mode alone tracks nothing, and the inner pass needs something to differentiate by.
            parts = tuple(t if t.requires_grad else t.requires_grad_() for t in parts)
        rows = jacobian(scalar, parts, create_graph=True)
        require_tracked(rows, CONSTANT_JACOBIAN, strict=strict)
        return rows

    found = jacobian(
        gradient,
        xs,
        create_graph=create_graph,
        strict=strict,
        vectorize=vectorize,
        strategy=outer_jacobian_strategy,
    )
    return found if several else found[0][0]


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.autograd.functional", name, __all__)
