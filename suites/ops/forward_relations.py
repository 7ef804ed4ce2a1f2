"""Metamorphic relations of forward mode, of second derivatives and of vmap: more of what ``relations`` has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from suites.harness.case import Arrays
from suites.ops.memory_formats import Layout, fitting
from suites.ops.relations import (
    Asked,
    Pair,
    arrays_of,
    as_it_is,
    called,
    cotangents_of,
    gradients,
    outputs_of,
    tensors_of,
)


def tangents_in(asked: Asked, layout: Layout = as_it_is) -> list[Any]:
    """A tangent for each input, laid out in memory in some way."""
    return [layout(asked.torch, asked.impl.tensor(t)) for t in asked.case.drawn_tangents()]


def pushed(asked: Asked, tangents: Sequence[Any], *, layout: Layout = as_it_is) -> Arrays:
    """The outputs' tangents, by dual tensors; inputs whose tangent is None stay plain."""
    tensors = [x.detach() for x in tensors_of(asked, layout)]
    forward_ad = asked.torch.autograd.forward_ad
    with forward_ad.dual_level():
        for i, t in zip(asked.case.differentiable, tangents, strict=True):
            if t is not None:
                tensors[i] = forward_ad.make_dual(tensors[i], t)
        found = [forward_ad.unpack_dual(y) for y in outputs_of(asked, tensors)]
        return _filled([y.tangent for y in found], [y.primal for y in found])


def _filled(tangents: Sequence[Any], outputs: Sequence[Any]) -> Arrays:
    """Tangents with zeros for those that are missing: a constant has the tangent 0."""
    return arrays_of(
        [y.new_zeros(y.shape) if t is None else t for t, y in zip(tangents, outputs, strict=True)]
    )


def function_of(asked: Asked) -> tuple[Callable[..., tuple[Any, ...]], list[Any]]:
    """The operator as a function of its differentiable inputs alone, and these."""
    tensors = [x.detach() for x in tensors_of(asked)]
    by = asked.case.differentiable

    def fn(*inputs: Any) -> tuple[Any, ...]:
        given = dict(zip(by, inputs, strict=True))
        return tuple(outputs_of(asked, [given.get(i, x) for i, x in enumerate(tensors)]))

    return fn, [tensors[i] for i in by]


def tangent_layouts(asked: Asked) -> Iterator[Pair]:
    """Neither the inputs' nor the tangents' layout in memory matters."""
    contiguous = pushed(asked, tangents_in(asked))
    for name, layout in fitting(asked.case.arrays()).items():
        yield f"{name} tangents", contiguous, pushed(asked, tangents_in(asked, layout))
        yield (
            f"{name} inputs",
            contiguous,
            pushed(asked, tangents_in(asked, layout), layout=layout),
        )


def tangent_sums(asked: Asked) -> Iterator[Pair]:
    """The tangent along all inputs is the sum of those along each input alone."""
    tangents = tangents_in(asked)
    if len(tangents) < 2:  # noqa: PLR2004 - two summands
        return
    whole = pushed(asked, tangents)
    parts = [
        pushed(asked, [t if k == i else None for k, t in enumerate(tangents)])
        for i in range(len(tangents))
    ]
    yield "the sum over inputs", whole, tuple(_sum(column) for column in zip(*parts, strict=True))


def _sum(parts: Sequence[Any]) -> Any:
    with np.errstate(all="ignore"):
        return np.sum(np.stack(parts), axis=0, dtype=parts[0].dtype)


def functional_jvp(asked: Asked) -> Iterator[Pair]:
    """torch.func.jvp gives what dual tensors give."""
    fn, inputs = function_of(asked)
    _, found = asked.torch.func.jvp(fn, tuple(inputs), tuple(tangents_in(asked)))
    yield "torch.func.jvp", pushed(asked, tangents_in(asked)), arrays_of(found)


def adjoint(asked: Asked) -> Iterator[Pair]:
    """Forward and reverse mode are adjoint: Re<ct, J t> = Re<J^H ct, t>."""
    call = called(asked)
    fn, inputs = function_of(asked)
    tangents = tangents_in(asked)
    outputs = fn(*inputs)
    cts = arrays_of(cotangents_of(asked, outputs))
    forward = _inner(pushed(asked, tangents), cts)
    reverse = _inner(gradients(call, asked), arrays_of(tangents))
    scale = max(_inner_of_magnitudes(pushed(asked, tangents), cts), 1.0)
    yield "forward mode", (np.array(reverse / scale),), (np.array(forward / scale),)


def _inner(ones: Arrays, others: Arrays) -> float:
    pairs = [(a, b) for a, b in zip(ones, others, strict=True) if a is not None and b is not None]
    return float(sum(np.real(np.vdot(a, b)) for a, b in pairs))


def _inner_of_magnitudes(ones: Arrays, others: Arrays) -> float:
    return _inner(
        tuple(None if a is None else np.abs(a) for a in ones),
        tuple(None if b is None else np.abs(b) for b in others),
    )


def forward_over_forward(asked: Asked) -> Iterator[Pair]:
    """A second derivative along two directions does not depend on their order."""
    fn, inputs = function_of(asked)
    torch = asked.torch
    other = replace(asked.case, seed=asked.case.seed + 9)
    u, v = tuple(tangents_in(asked)), tuple(tangents_in(asked.on(other)))

    def along(a: Any, b: Any) -> Any:
        return torch.func.jvp(lambda *xs: torch.func.jvp(fn, xs, a)[1], tuple(inputs), b)[1]

    yield "the other order", arrays_of(along(u, v)), arrays_of(along(v, u))


def forward_over_reverse(asked: Asked) -> Iterator[Pair]:
    """Second derivatives by reverse over reverse and by forward over reverse are the same."""
    fn, inputs = function_of(asked)
    torch, cts = asked.torch, tuple(cotangents_of(asked, fn(*inputs)))
    v = tuple(tangents_in(asked))

    def pull(*xs: Any) -> Any:
        return torch.func.vjp(fn, *xs)[1](cts)

    _, rr = torch.func.vjp(pull, *inputs)
    # A Hessian is symmetric, for real numbers: its product from the left is that from the right.
    yield (
        "forward over reverse",
        arrays_of(rr(v)),
        arrays_of(torch.func.jvp(pull, tuple(inputs), v)[1]),
    )


def mapped(asked: Asked) -> Iterator[Pair]:
    """vmap over two examples gives what a loop gives: values and gradients."""
    yield from _mapped(asked, asked.case.differentiable)


def mapped_of_one(asked: Asked) -> Iterator[Pair]:
    """The same where examples share all tensors but one."""
    by = asked.case.differentiable
    if len(by) > 1:
        for place in by:
            for way, want, got in _mapped(asked, (place,)):
                yield f"{way}, which differ in input {place}", want, got


def mapped_with_indices(asked: Asked) -> Iterator[Pair]:
    """The same where examples have indices, masks and pivots of their own as well."""
    everything = range(len(asked.case.arrays()))
    if len(asked.case.differentiable) < len(everything):
        yield from _mapped(asked, everything)


def _mapped(asked: Asked, places: Sequence[int]) -> Iterator[Pair]:
    """Two examples that differ in the tensors at these places, by vmap and one after the other."""
    torch, by = asked.torch, asked.case.differentiable
    tensors = [x.detach() for x in tensors_of(asked)]
    ones = [tensors[i] for i in places]
    others = [x * 0.875 if x.is_floating_point() or x.is_complex() else x for x in ones]
    cts = tuple(cotangents_of(asked, outputs_of(asked, tensors)))

    def pull(*xs: Any) -> Any:
        given = dict(zip(places, xs, strict=True))
        whole = [given.get(i, x) for i, x in enumerate(tensors)]

        def fn(*inputs: Any) -> tuple[Any, ...]:
            tracked = dict(zip(by, inputs, strict=True))
            return tuple(outputs_of(asked, [tracked.get(i, x) for i, x in enumerate(whole)]))

        ys, back = torch.func.vjp(fn, *(whole[i] for i in by))
        return ys, back(cts)

    stacked = [torch.stack(pair) for pair in zip(ones, others, strict=True)]
    found_ys, found_grads = torch.func.vmap(pull)(*stacked)
    for i, xs in enumerate((ones, others)):
        ys, grads = pull(*xs)
        yield f"values of example {i}", arrays_of(ys), arrays_of([y[i] for y in found_ys])
        yield f"gradients of example {i}", arrays_of(grads), arrays_of([g[i] for g in found_grads])


def batched_tangents(asked: Asked) -> Iterator[Pair]:
    """Several tangents at once, as jacfwd pushes them, give what a loop over them gives."""
    fn, inputs = function_of(asked)
    torch = asked.torch
    other = asked.on(replace(asked.case, seed=asked.case.seed + 5))
    loop = [tuple(tangents_in(asked)), tuple(tangents_in(other))]
    stacked = tuple(torch.stack(pair) for pair in zip(*loop, strict=True))

    def push(*tangents: Any) -> Any:
        return torch.func.jvp(fn, tuple(inputs), tangents)[1]

    found = torch.func.vmap(push)(*stacked)
    for i, tangents in enumerate(loop):
        yield (
            f"tangent {i} of a batch",
            arrays_of(push(*tangents)),
            arrays_of([t[i] for t in found]),
        )


FORWARD_RELATIONS: Mapping[str, Callable[[Asked], Iterator[Pair]]] = {
    "vmap": mapped,
    "vmap-of-one": mapped_of_one,
    "vmap-with-indices": mapped_with_indices,
    "batched-tangents": batched_tangents,
    "tangent-layouts": tangent_layouts,
    "tangent-sums": tangent_sums,
    "functional-jvp": functional_jvp,
    "adjoint": adjoint,
    "forward-over-forward": forward_over_forward,
    "second-orders": forward_over_reverse,
}
