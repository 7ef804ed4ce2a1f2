"""Metamorphic relations: the same derivative asked for in two ways, which need no reference and hold on any device."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Arrays, Case
from suites.harness.implementation import Implementation, tensors_in
from suites.harness.observation import array_of
from suites.ops.exempt import MATRIX_FUNCTIONS, NOT_REPEATED
from suites.ops.memory_formats import Layout, expanded, fitting

# What two ways gave: a label, the plain answer and the other one.
Pair = tuple[str, Arrays, Arrays]


@dataclass(frozen=True, slots=True)
class Asked:
    """One case on one subject, with the module that its tensors belong to."""

    torch: Any
    impl: Implementation
    case: Case

    def on(self, case: Case) -> "Asked":
        """Another case on the same subject."""
        return replace(self, case=case)


@dataclass(slots=True)
class Call:
    """An operator called on a case's tensors, ready to be differentiated."""

    tensors: list[Any]
    inputs: list[Any]
    outputs: list[Any]
    cts: list[Any]


def as_it_is(_torch: Any, x: Any) -> Any:
    """No other layout."""
    return x


def called(asked: Asked, *, layout: Layout = as_it_is, ct_layout: Layout = as_it_is) -> Call:
    """The operator's outputs that can be differentiated, each with a cotangent."""
    tensors = tensors_of(asked, layout)
    return Call(tensors, *_with_cotangents(asked, tensors, outputs_of(asked, tensors), ct_layout))


def tensors_of(asked: Asked, layout: Layout = as_it_is) -> list[Any]:
    """The tensors of the call, as leaves."""
    made = []
    for i, array in enumerate(asked.case.arrays()):
        x = asked.impl.tensor(array)
        if i in asked.case.differentiable:
            made.append(layout(asked.torch, x).requires_grad_())
        else:  # what is not differentiated need not repeat
            made.append(x if layout is expanded else layout(asked.torch, x))
    return made


def outputs_of(asked: Asked, tensors: Sequence[Any]) -> list[Any]:
    """Every output in which numbers can have a derivative."""
    op = asked.impl.op(asked.case.op)
    assert op is not None  # noqa: S101 - the rows hold operators that the subject has
    args, kwargs = asked.case.rebuilt(lambda i, _: tensors[i])
    ys = tensors_in(op(*args, **kwargs))
    return [y for y in ys if y.is_floating_point() or y.is_complex()]


def cotangents_of(asked: Asked, ys: Sequence[Any], layout: Layout = as_it_is) -> list[Any]:
    """A cotangent for each of these outputs: the same ones whichever of them require a gradient."""
    drawn = asked.case.drawn_cotangents([array_of(y) for y in ys])
    return [layout(asked.torch, asked.impl.tensor(ct)) for ct in drawn]


def _with_cotangents(
    asked: Asked, tensors: Sequence[Any], ys: Sequence[Any], layout: Layout
) -> tuple[list[Any], list[Any], list[Any]]:
    """The inputs, and the outputs that require a gradient with their cotangents."""
    pairs = list(zip(ys, cotangents_of(asked, ys, layout), strict=True))
    inputs = [tensors[i] for i in asked.case.differentiable]
    tracked = [(y, ct) for y, ct in pairs if y.requires_grad]
    return inputs, [y for y, _ in tracked], [ct for _, ct in tracked]


def gradients(call: Call, asked: Asked, **options: Any) -> Arrays:
    """The vector-Jacobian products of a call; None where an output does not depend on an input."""
    if not call.outputs:
        return tuple(None for _ in call.inputs)
    found = asked.torch.autograd.grad(
        call.outputs, call.inputs, call.cts, allow_unused=True, **options
    )
    return arrays_of(found)


def arrays_of(tensors: Sequence[Any]) -> Arrays:
    """Copies of tensors as arrays; None stays None."""
    return tuple(None if x is None else array_of(x.detach().resolve_conj()).copy() for x in tensors)


def plain(asked: Asked) -> Arrays:
    """The gradients as anybody would ask for them."""
    return gradients(called(asked), asked)


# -- the relations -----------------------------------------------------------------------------------------------------


def create_graph(asked: Asked) -> Iterator[Pair]:
    """A first gradient is the same whether or not it is recorded."""
    yield "recorded", plain(asked), gradients(called(asked), asked, create_graph=True)


def twice(asked: Asked) -> Iterator[Pair]:
    """A second pass over a retained graph gives what the first gave."""
    call = called(asked)
    first = gradients(call, asked, retain_graph=True)
    yield "second pass", first, gradients(call, asked)


def each_subset(asked: Asked) -> Iterator[Pair]:
    """An input's gradient does not depend on which others are wanted."""
    by = asked.case.differentiable
    everything = dict(zip(by, plain(asked), strict=True))
    for count in (1, 2):
        for some in combinations(by, count) if count < len(by) else ():
            alone = plain(asked.on(replace(asked.case, differentiable=some)))
            yield f"by {some} only", tuple(everything[i] for i in some), alone


def input_layouts(asked: Asked) -> Iterator[Pair]:
    """The layout of the inputs in memory does not matter."""
    contiguous = plain(asked)
    for name, layout in fitting(asked.case.arrays()).items():
        yield f"{name} inputs", contiguous, gradients(called(asked, layout=layout), asked)
    repeating = asked.on(_repeating_inputs(asked.case))
    if repeating.case is not asked.case:
        call = called(repeating, layout=expanded)
        yield "expanded inputs", plain(repeating), gradients(call, asked)


def cotangent_layouts(asked: Asked) -> Iterator[Pair]:
    """The layout of the incoming gradient in memory does not matter."""
    contiguous = plain(asked)
    for name, layout in fitting(called(asked).cts).items():
        yield f"{name} cotangents", contiguous, gradients(called(asked, ct_layout=layout), asked)
    repeating = asked.on(_repeating_cotangents(asked))
    yield (
        "expanded cotangents",
        plain(repeating),
        gradients(called(repeating, ct_layout=expanded), asked),
    )


def _repeating_inputs(case: Case) -> Case:
    """Inputs that repeat along their first dimension; the same case where they would not have one answer then."""
    if case.op in NOT_REPEATED or (case.op in MATRIX_FUNCTIONS and _lacks_batch(case)):
        return case
    args, kwargs = case.rebuilt(lambda i, a: _repeating(a) if i in case.differentiable else a)
    return replace(case, args=args, kwargs=kwargs)


def _lacks_batch(case: Case) -> bool:
    """Whether repeating the first dimension of an input would repeat the rows of a matrix."""
    return any(array.ndim <= 2 for array in case.inputs())  # noqa: PLR2004 - a matrix


def _repeating_cotangents(asked: Asked) -> Case:
    ys = outputs_of(asked, tensors_of(asked))
    cts = tuple(_repeating(ct) for ct in asked.case.drawn_cotangents([array_of(y) for y in ys]))
    return replace(asked.case, cotangents=cts)


def _repeating(array: NDArray[Any]) -> NDArray[Any]:
    """The first entry of the first dimension in place of all."""
    return np.array(np.broadcast_to(array[:1], array.shape)) if array.size and array.ndim else array


def saved_tensor_hooks(asked: Asked) -> Iterator[Pair]:
    """It does not matter who owns the saved tensors: hooks that copy them change nothing."""
    hooks = asked.torch.autograd.graph.saved_tensors_hooks
    with hooks(lambda x: x.detach().clone(), lambda x: x.clone()):
        call = called(asked)
    yield "copied saved tensors", plain(asked), gradients(call, asked)


def checkpointed(asked: Asked) -> Iterator[Pair]:
    """Recomputing the forward gives the same gradients as keeping it."""
    tensors = tensors_of(asked)
    checkpoint = asked.torch.utils.checkpoint.checkpoint
    ys = checkpoint(lambda *xs: tuple(outputs_of(asked, xs)), *tensors, use_reentrant=False)
    call = Call(tensors, *_with_cotangents(asked, tensors, ys, as_it_is))
    yield "recomputed", plain(asked), gradients(call, asked)


def batched(asked: Asked) -> Iterator[Pair]:
    """Several cotangents at once give what a loop over them gives."""
    call = called(asked)
    if not call.outputs:
        return
    other = called(asked.on(replace(asked.case, seed=asked.case.seed + 5))).cts
    loop = [
        gradients(replace_cts(call, cts), asked, retain_graph=True) for cts in (call.cts, other)
    ]
    stacked = [asked.torch.stack(pair) for pair in zip(call.cts, other, strict=True)]
    found = gradients(replace_cts(call, stacked), asked, is_grads_batched=True)
    for i, want in enumerate(loop):
        yield f"cotangent {i} of a batch", want, tuple(None if g is None else g[i] for g in found)


def replace_cts(call: Call, cts: list[Any]) -> Call:
    """The same call with other cotangents."""
    return Call(call.tensors, call.inputs, call.outputs, cts)


def unmodified(asked: Asked) -> Iterator[Pair]:
    """Neither inputs nor incoming gradients are written to."""
    call = called(asked)
    before = arrays_of([*call.tensors, *call.cts])
    gradients(call, asked)
    yield "inputs and cotangents afterwards", before, arrays_of([*call.tensors, *call.cts])


def functional(asked: Asked) -> Iterator[Pair]:
    """torch.func.vjp gives what torch.autograd.grad gives."""
    tensors = [x.detach() for x in tensors_of(asked)]
    by = asked.case.differentiable

    def fn(*inputs: Any) -> tuple[Any, ...]:
        given = dict(zip(by, inputs, strict=True))
        return tuple(outputs_of(asked, [given.get(i, x) for i, x in enumerate(tensors)]))

    inputs = [tensors[i] for i in by]
    ys, pull = asked.torch.func.vjp(fn, *inputs)
    found = pull(tuple(cotangents_of(asked, ys)))
    yield "torch.func.vjp", _zeros_for_none(plain(asked), inputs), arrays_of(found)


def _zeros_for_none(found: Arrays, inputs: Sequence[Any]) -> Arrays:
    """torch.func is documented to give zeros where autograd gives None."""
    return tuple(
        array_of(x.new_zeros(x.shape)) if g is None else g
        for g, x in zip(found, inputs, strict=True)
    )


REVERSE_RELATIONS: Mapping[str, Callable[[Asked], Iterator[Pair]]] = {
    "create-graph": create_graph,
    "twice": twice,
    "subsets": each_subset,
    "input-layouts": input_layouts,
    "cotangent-layouts": cotangent_layouts,
    "saved-hooks": saved_tensor_hooks,
    "checkpoint": checkpointed,
    "batched": batched,
    "unmodified": unmodified,
    "functional": functional,
}
