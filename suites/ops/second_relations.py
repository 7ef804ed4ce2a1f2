"""Metamorphic relations of double backward: by the cotangent, and with other layouts in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Arrays
from suites.harness.observation import array_of
from suites.ops.forward_relations import pushed, tangents_in
from suites.ops.memory_formats import Layout, fitting
from suites.ops.relations import (
    Asked,
    Call,
    Pair,
    arrays_of,
    as_it_is,
    called,
    gradients,
    outputs_of,
    tensors_of,
)


def by_cotangent(asked: Asked) -> Iterator[Pair]:
    """A gradient is linear in the cotangent: its derivative by that, along a tangent, is the output's tangent."""
    call = called(asked)
    if not call.outputs:
        return
    found = second_gradients(asked, call, tangents_in(asked), call.cts)
    want = pushed(asked, tangents_in(asked))
    outputs = outputs_of(asked, tensors_of(asked))
    tracked = [w for w, y in zip(want, outputs, strict=True) if y.requires_grad]
    yield (
        "the tangent by double backward",
        tuple(tracked),
        tuple(np.zeros_like(w) if g is None else g for w, g in zip(tracked, found, strict=True)),
    )


def other_cotangents(asked: Asked) -> Iterator[Pair]:
    """What double backward finds for one cotangent tells the gradient along the tangent for any other one.

    For operators without forward mode, which would tell each element: v(ct) is linear, so that with u = d Re<t, v(ct)>
    / d ct for every other ct' Re<u, ct'> is Re<t, v(ct')>. Both are taken in units of their largest terms.
    """
    call, other = called(asked), called(asked)
    if not call.outputs:
        return
    found = second_gradients(asked, call, tangents_in(asked), call.cts)
    other.cts = [asked.impl.tensor(_turned(array_of(ct))) for ct in other.cts]
    first, tangents = gradients(other, asked), asked.case.drawn_tangents()
    want = [(t, g) for t, g in zip(tangents, first, strict=True) if g is not None]
    got = [(array_of(ct), u) for ct, u in zip(other.cts, found, strict=True) if u is not None]
    unit = max(_sum_of([(np.abs(a), np.abs(b)) for a, b in want]), 1e-300)
    yield (
        "the gradient of another cotangent by double backward",
        (np.array(_sum_of(want) / unit),),
        (np.array(_sum_of(got) / unit),),
    )


def _turned(ct: NDArray[Any]) -> NDArray[Any]:
    """Another cotangent of the same sizes: its numbers in the opposite order, and every third with the other sign."""
    signs = np.where(np.arange(ct.size) % 3 == 0, -1, 1)
    return (ct.reshape(-1)[::-1] * signs.astype(ct.real.dtype)).reshape(ct.shape)


def _sum_of(pairs: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> float:
    """The real part of the inner product of two lists of arrays."""
    wide = [(a.astype(complex), b.astype(complex)) for a, b in pairs]
    return float(sum(np.real(np.vdot(a, b)) for a, b in wide))


def second_layouts(asked: Asked) -> Iterator[Pair]:
    """Of a second derivative the layout of inputs, cotangents and tangents in memory does not matter."""
    contiguous = _laid_out(asked, as_it_is)
    for name, layout in fitting(asked.case.arrays()).items():
        yield f"everything {name}", contiguous, _laid_out(asked, layout)


def _laid_out(asked: Asked, layout: Layout) -> Arrays:
    call = called(asked, layout=layout, ct_layout=layout)
    wanted = [*call.inputs, *call.cts]
    return second_gradients(asked, call, tangents_in(asked, layout), wanted)


def second_gradients(
    asked: Asked,
    call: Call,
    tangents: Sequence[Any],
    wanted: Sequence[Any],
    *,
    by_cotangent: bool = True,
) -> Arrays:
    """The gradients of <tangents, the first gradients> by what is wanted; a tangent that is None leaves one out."""
    grad = asked.torch.autograd.grad
    if not call.outputs:
        return tuple(None for _ in wanted)
    cts = [ct.requires_grad_(by_cotangent) for ct in call.cts]
    first = grad(call.outputs, call.inputs, cts, create_graph=True, allow_unused=True)
    pairs = [
        (g, t)
        for g, t in zip(first, tangents, strict=True)
        if g is not None and t is not None and g.requires_grad
    ]
    if not pairs:
        return tuple(None for _ in wanted)
    found = grad([g for g, _ in pairs], wanted, [t for _, t in pairs], allow_unused=True)
    return arrays_of(found)


SECOND_RELATIONS: Mapping[str, Callable[[Asked], Iterator[Pair]]] = {
    "by-cotangent": by_cotangent,
    "other-cotangents": other_cotangents,
    "second-layouts": second_layouts,
}
