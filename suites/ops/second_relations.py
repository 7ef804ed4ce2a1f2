"""Metamorphic relations of double backward: by the cotangent, and with other layouts in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from suites.harness.case import Arrays
from suites.ops.forward_relations import pushed, tangents_in
from suites.ops.memory_formats import Layout, fitting
from suites.ops.relations import (
    Asked,
    Call,
    Pair,
    arrays_of,
    as_it_is,
    called,
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
    "second-layouts": second_layouts,
}
