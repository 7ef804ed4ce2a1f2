"""Metamorphic relations between calls: each output alone, one tensor twice, operands of other dtypes, long tensors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import numpy as np

from suites.harness.case import Arrays, Case
from suites.harness.tolerances import EPS, SAFETY
from suites.ops.memory_formats import strided
from suites.ops.relations import (
    Asked,
    Call,
    Pair,
    arrays_of,
    as_it_is,
    called,
    cotangents_of,
    gradients,
    outputs_of,
    tensors_of,
)
from suites.ops.second_relations import second_gradients

# What torch refuses; its functions in Python assert what they want.
_REFUSED = (AssertionError, RuntimeError, NotImplementedError, TypeError, ValueError, IndexError)


def each_output(asked: Asked) -> Iterator[Pair]:
    """The gradient of all outputs is the sum of the gradients of each, where the others have none at all."""
    call = called(asked)
    if len(call.outputs) < 2:  # noqa: PLR2004 - two summands
        return
    whole = gradients(call, asked, retain_graph=True)
    parts = [
        gradients(Call(call.tensors, call.inputs, [y], [ct]), asked, retain_graph=True)
        for y, ct in zip(call.outputs, call.cts, strict=True)
    ]
    yield (
        "the sum over outputs",
        _zeros(whole, call),
        tuple(_sum(column, call, i) for i, column in enumerate(zip(*parts, strict=True))),
    )


def _zeros(found: Arrays, call: Call) -> Arrays:
    return tuple(_sum((g,), call, i) for i, g in enumerate(found))


def _sum(parts: Sequence[Any], call: Call, place: int) -> Any:
    with np.errstate(all="ignore"):
        return sum((g for g in parts if g is not None), np.zeros(tuple(call.inputs[place].shape)))


def second_subsets(asked: Asked) -> Iterator[Pair]:
    """A second derivative by one input does not depend on whether others, or the cotangent, are wanted as well."""
    by = asked.case.differentiable
    tangents = [asked.impl.tensor(t) for t in asked.case.drawn_tangents()]
    for k, place in enumerate(by):
        alone = _second(
            asked.on(replace(asked.case, differentiable=(place,))),
            0,
            tangents[k],
            by_cotangent=False,
        )
        yield f"by {place} only", _second(asked, k, tangents[k], by_cotangent=True), alone


def _second(asked: Asked, place: int, tangent: Any, *, by_cotangent: bool) -> Arrays:
    """The gradient by one input of <tangent, the first gradient by it>."""
    call = called(asked)
    tangents = [tangent if k == place else None for k in range(len(call.inputs))]
    others = [*call.inputs, *call.cts] if by_cotangent else []
    wanted = [call.inputs[place], *others]
    return second_gradients(asked, call, tangents, wanted, by_cotangent=by_cotangent)[:1]


def same_twice(asked: Asked) -> Iterator[Pair]:
    """A tensor that is given twice gets the sum of what two equal tensors get."""
    for i, j in combinations(asked.case.differentiable, 2):
        arrays = asked.case.arrays()
        if arrays[i].shape != arrays[j].shape or arrays[i].dtype != arrays[j].dtype:
            continue
        args, kwargs = asked.case.rebuilt(
            lambda k, array, i=i, j=j, arrays=arrays: arrays[i] if k == j else array
        )
        at = asked.on(replace(asked.case, args=args, kwargs=kwargs, differentiable=(i, j)))
        try:
            apart, tensors = called(at), tensors_of(at)
        except _REFUSED:
            return  # the second operand may want other numbers than the first
        tensors[j] = tensors[i]
        ys = outputs_of(at, tensors)
        pairs = [
            (y, ct) for y, ct in zip(ys, cotangents_of(at, ys), strict=True) if y.requires_grad
        ]
        once = Call(tensors, [tensors[i]], [y for y, _ in pairs], [ct for _, ct in pairs])
        yield (
            f"{i} given as {j} as well",
            (_sum(gradients(apart, at), apart, 0),),
            _zeros(gradients(once, at), once),
        )
        return


# What each operand is made, and with what error the answers may come then: as many ulps as any answer.
_DTYPES = {"float32": SAFETY["float32"] * EPS["float32"], "complex128": 0.0}


def mixed_dtypes(asked: Asked) -> Iterator[Pair]:
    """An operand of another dtype is differentiated, and lets others be, as one that is converted first."""
    if len(asked.case.differentiable) < 2:  # noqa: PLR2004 - one of each
        return
    for place in asked.case.differentiable:
        for name, error in _DTYPES.items():
            dtype = getattr(asked.torch, name)
            try:
                want = _of_dtypes(asked, place, dtype, convert=True)
                found = _of_dtypes(asked, place, dtype, convert=False)
            except _REFUSED:
                continue  # an operator may want all operands alike, or have no complex numbers
            yield f"{name} for {place}", want, _rounded(want, found, error)


def _of_dtypes(asked: Asked, place: int, dtype: Any, *, convert: bool) -> Arrays:
    """The gradients where one operand has another dtype, or is converted to the one that all would be promoted to."""
    leaves = tensors_of(asked)
    wide = asked.torch.promote_types(leaves[place].dtype, dtype)
    leaves[place] = leaves[place].detach().to(dtype).requires_grad_()
    tensors = [
        x.to(wide) if convert and i in asked.case.differentiable else x
        for i, x in enumerate(leaves)
    ]
    ys = [y for y in outputs_of(asked, tensors) if y.requires_grad]
    cts = [
        asked.impl.tensor(ct).to(y.dtype)
        for y, ct in zip(
            ys, asked.case.drawn_cotangents([np.zeros(tuple(y.shape)) for y in ys]), strict=True
        )
    ]
    inputs = [leaves[i] for i in asked.case.differentiable]
    return arrays_of(asked.torch.autograd.grad(ys, inputs, cts, allow_unused=True)) if ys else ()


def _rounded(want: Arrays, found: Arrays, error: float) -> Arrays:
    """What was found, but for what single precision has rounded: terms around 1, and as many as are added up."""
    most = max((g.size for g in want if g is not None), default=0)
    return tuple(
        f if w is None or f is None or w.shape != f.shape or not error else _near(w, f, error, most)
        for w, f in zip(want, found, strict=True)
    )


def _near(want: Any, found: Any, error: float, most: int) -> Any:
    """``found``, with what is wanted in place of what lies within the rounding of so many terms."""
    with np.errstate(all="ignore"):
        size = np.abs(want)
        terms = 1.0 + np.max(size, initial=0.0, where=np.isfinite(size))
        room = error * terms * np.sqrt(max(most / max(want.size, 1), 1.0))
        return np.where(np.abs(found - want) <= room + error * size, want, found)


SHORT, TIMES = (
    61,
    1200,
)  # more than two blocks of 32,768 numbers that kernels share out among threads
THREADS = 3


def in_blocks(asked: Asked) -> Iterator[Pair]:
    """A long tensor, shared out among threads, has the values and gradients of a short one over and over."""
    if not all(x.size for x in asked.case.arrays()) or not asked.case.differentiable:
        return
    short, long = (asked.on(_repeated(asked.case, times)) for times in (1, TIMES))
    before = asked.torch.get_num_threads()
    call = called(short)
    if not call.outputs or call.outputs[0].is_complex() or call.outputs[0].shape != (SHORT,):
        return
    want = (*arrays_of(call.outputs), *gradients(call, short))
    try:
        asked.torch.set_num_threads(THREADS)
        for name, layout in (("long", as_it_is), ("long strided", strided)):
            call = called(long, layout=layout, ct_layout=layout)
            found = (*arrays_of(call.outputs), *gradients(call, long))
            yield name, tuple(None if a is None else np.tile(a, TIMES) for a in want), found
    finally:
        asked.torch.set_num_threads(before)


def _repeated(case: Case, times: int) -> Case:
    args, kwargs = case.rebuilt(lambda _, array: np.tile(np.resize(array, SHORT), times))
    kwargs.pop("memory_format", None)  # a vector has only one
    ct = np.tile(np.linspace(0.5, 1.5, SHORT), times)
    return replace(case, args=args, kwargs=kwargs, cotangents=(ct,))


CALL_RELATIONS: Mapping[str, Callable[[Asked], Iterator[Pair]]] = {
    "outputs": each_output,
    "second-subsets": second_subsets,
    "same-twice": same_twice,
    "mixed-dtypes": mixed_dtypes,
    "blocks": in_blocks,
}
