"""The one path of every op call: promote, run, record, tangent, write back."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

import numpy as np

from reference_impl import errors, forward_ad, inplace, inplace_names, mapping, views
from reference_impl.grad_mode import DUAL_LEVELS, MODE
from reference_impl.graph import AccumulateGrad, Node, as_tensor, edge, next_sequence
from reference_impl.kinds import SEEN, TWINS
from reference_impl.other_arrays import compute
from reference_impl.out_arguments import call_into, dual_level
from reference_impl.promotion import promote
from reference_impl.refusing import check_tensors, refused
from reference_impl.registry import OPS
from reference_impl.saved import save
from reference_impl.tensor import Tensor, make

new = object.__new__


def call(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run one op on tensors and numbers; the result is recorded if a gradient may be wanted."""
    if kwargs.get("out") is not None:
        return call_into(lambda *a, **k: call(rule, a, k), rule.name, args, kwargs)
    if MODE.special:
        if SEEN and (twin := _twin(rule, args)):
            return twin(*args, **kwargs)
        if MODE.autocast is not None and (policy := MODE.autocast.policy(rule.name, kwargs)):
            return MODE.autocast.call(policy, rule.call, args, kwargs)
        if MODE.vmap or MODE.transforms:
            return mapping.layered(lambda *a, **k: _call(rule, a, k), rule.name, args, kwargs)
    return _call(rule, args, kwargs)


def _twin(rule: Any, args: tuple[Any, ...]) -> Any:
    """What is called in the op's place, if an argument is of a kind that has it otherwise."""
    for x in args:
        kind = getattr(x._data, "kind", None) if isinstance(x, Tensor) else None
        if kind and (kind, rule.name) in TWINS:
            return TWINS[kind, rule.name]
    return None


def _call(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    inputs, params = rule.bind(args, kwargs)
    if rule.pointwise:
        check_tensors(rule, inputs)
    if MODE.special and DUAL_LEVELS and MODE.fwd_grad:
        level = dual_level(inputs)
        if level is not None:
            return _call_dual(rule, inputs, params, level)
    if MODE.special and MODE.compute is not None:
        out = MODE.compute(rule, inputs, params, lambda: _forward(rule, inputs, params))
    else:
        out = _forward(rule, inputs, params)
    return _wrap(rule, inputs, params, out)


def _forward(rule: Any, inputs: list[Any], params: tuple[Any, ...]) -> Any:
    """What the op computes, on arrays; NumPy's refusals come out as torch's."""
    try:
        arrays = promote(rule, inputs)
        if SEEN:
            return compute(rule, arrays, params)
        return rule.forward(*rule.shape_args(arrays), *params)
    except (ValueError, IndexError) as error:
        found = refused(rule.name, inputs, error)
        if found is error:
            raise
        raise found from error
    except TypeError:
        # A parameter may have asked for bfloat16, of which nothing was known before the op read it.
        if not SEEN:
            raise
        return compute(rule, promote(rule, inputs), params)


def _wrap(rule: Any, inputs: list[Any], params: tuple[Any, ...], out: Any) -> Any:
    """Tensors over what ``forward`` returned, with views marked and history recorded."""
    hidden: tuple[Any, ...] = ()
    if rule.hidden:
        out, hidden = out[: -rule.hidden], out[-rule.hidden :]
        out = out[0] if rule.single else out
    if rule.view:
        made = _wrap_views(rule, inputs[0], params, out)
    else:
        made = make(out) if rule.single else tuple([make(x) for x in out])
    if MODE.grad and rule.tracked and _any_tracked(inputs) and not MODE.inference:
        record(rule, inputs, params, made, hidden)
    if inputs[0].is_inference() if rule.view else MODE.inference:
        for t in (made,) if rule.single else made:
            t._autograd().inference = True
    return made


def _any_tracked(inputs: list[Any]) -> bool:
    """True if a gradient may be wanted for one of the inputs."""
    for x in inputs:
        if isinstance(x, Tensor) and (
            x._grad_fn is not None or (x._meta is not None and x.requires_grad)
        ):
            return True
    return False


def _wrap_views(rule: Any, source: Tensor, params: tuple[Any, ...], out: Any) -> Any:
    """Views of ``source``, whose data became an array in ``shape_args``."""
    if source.is_inference():
        creation = views.INFERENCE
    elif not MODE.grad:
        creation = views.INFERENCE if MODE.inference else views.NO_GRAD
    else:
        creation = views.DEFAULT if rule.single else views.MULTI_OUTPUT
    meta = rule.view_meta(source, params)
    if rule.single:
        return views.make_view(
            out, source, views.Step(rule, params, meta, 0, source._data), creation
        )
    return tuple(
        [
            views.make_view(x, source, views.Step(rule, params, meta, i, source._data), creation)
            for i, x in enumerate(out)
        ]
    )


def record(  # noqa: PLR0913, PLR0917 - what is taken before a write comes along
    rule: Any,
    inputs: list[Any],
    params: tuple[Any, ...],
    made: Any,
    hidden: tuple[Any, ...] = (),
    edges: tuple[Any, ...] | None = None,
    kept: list[Any] | None = None,
) -> Node | None:
    """Give the results a node; None if no result can carry a gradient.

    ``edges`` and ``kept`` (saved inputs) are given when they had to be taken before a write.
    """
    outs, carrying = _carrying(rule, made)
    if not carrying:
        return None
    node = new(rule.node_class)
    node.edges = edges = input_edges(rule, inputs) if edges is None else edges
    kept = save_inputs(rule, inputs, edges) if kept is None else kept
    node.saved = _saved_values(rule, outs, hidden, kept) if kept else ()
    node.seq = next_sequence()
    node.meta = rule.meta_of(inputs, params, outs) if rule.meta_names else ()
    node.fix = _fixes(rule, inputs, outs[0]) if rule.fixes else None
    node.extra = None
    if not rule.single:
        node.output_count = len(outs)
    for i in carrying:
        t = outs[i]
        t._grad_fn = node
        t._output_nr = i
        if t._meta is not None and t._meta.view is not None:
            t._meta.view.version = t._shared().version
    if MODE.special:
        _note_creation(node)
    return node  # type: ignore[no-any-return]


def _carrying(rule: Any, made: Any) -> tuple[tuple[Tensor, ...], Sequence[int]]:
    """The outputs, and the numbers of those that can carry a gradient."""
    if rule.single:
        return (made,), (0,) if made._data.dtype.kind in "fc" else ()
    return made, [
        i
        for i, (t, name) in enumerate(zip(made, rule.each_output(len(made)), strict=True))
        if name in rule.differentiable and t._data.dtype.kind in "fc"
    ]


def input_edges(rule: Any, inputs: list[Any]) -> tuple[Any, ...]:
    """Where the cotangents of the differentiable inputs go, flat. See ``Node``."""
    edges: list[Any] = []
    for at in rule.diff_at(inputs):
        x = inputs[at]
        if isinstance(x, Tensor):
            edges += (edge(x), x._output_nr)
        else:
            edges += (None, 0)
    return tuple(edges)


_LATER = object()  # stands for a saved value that is an output


def save_inputs(rule: Any, inputs: list[Any], edges: tuple[Any, ...]) -> list[Any]:
    """Saved values that are inputs, for the inputs that need a gradient; outputs are left for later."""
    kept: list[Any] = []
    if not rule.saved_names:
        return kept
    for want, (where, at) in zip(rule.saved_for(edges), rule.saved_sources, strict=True):
        if not want:
            kept.append(None)
        elif where == "input":
            x = inputs[at]
            kept.append(save(x) if isinstance(x, Tensor) else x)
        else:
            kept.append(_LATER)
    return kept


def _saved_values(
    rule: Any, outs: tuple[Tensor, ...], hidden: tuple[Any, ...], kept: list[Any]
) -> tuple[Any, ...]:
    """What the formulas of the inputs that need a gradient name. See Note [What a node saves]."""
    if rule.saves_output:
        kept = list(kept)
        for i, (where, at) in enumerate(rule.saved_sources):
            if kept[i] is _LATER:
                kept[i] = (
                    as_tensor(hidden[at])
                    if where == "hidden"
                    else save(alias(outs[at]), is_output=True)
                )
    for value in kept:
        if value is not None:
            return tuple(kept)
    return ()


def alias(t: Tensor) -> Tensor:
    """A tensor that shares memory and version with ``t`` but does not refer to its node."""
    return make(t._array(), t._shared())


def _fixes(rule: Any, inputs: list[Any], out: Tensor) -> tuple[Any, ...] | None:
    """Which inputs were broadcast or promoted, with what their cotangents must come back to."""
    shape, dtype = out._data.shape, out._data.dtype
    # NumPy would widen a product of two dtypes further than torch does, so each cotangent is brought back.
    mixed, wide = rule.mixes_complex, False
    for x in inputs:
        if isinstance(x, Tensor):
            data = x._data
            mixed = mixed or data.dtype is not dtype
            wide = wide or data.shape != shape
    if not mixed and not (wide and rule.pointwise):
        return None
    fixes: list[Any] = []
    for at in rule.diff_at(inputs):
        x = inputs[at]
        if not isinstance(x, Tensor):
            fixes.append(None)
            continue
        data = x._data
        wide = rule.pointwise and data.shape != shape
        same = data.dtype == dtype and not mixed
        fixes.append(None if same and not wide else (data.shape if wide else None, data.dtype))
    return tuple(fixes) if any(f is not None for f in fixes) else None


def _note_creation(node: Node) -> None:
    if MODE.anomaly:
        node._extra().trace = "".join(traceback.format_stack()[:-4])
    for fn in MODE.node_creation_hooks:
        fn(node)


# -- forward mode ------------------------------------------------------------------------------------------------------


def _call_dual(rule: Any, inputs: list[Any], params: tuple[Any, ...], level: int) -> Any:
    """Run the op on primals and its JVP on primals and tangents, both seen from below ``level``."""
    tangents = [forward_ad.tangent_of(x, level) for x in inputs]
    with forward_ad.highest_level(level - 1):
        args, kwargs = rule.unbind(inputs, params)
        made = call(rule, args, kwargs)
        found = rule.tangent(inputs, tangents, params, made)
    for i, (t, tangent) in enumerate(
        zip((made,) if rule.single else made, (found,) if rule.single else found, strict=True)
    ):
        if tangent is not None and t._data.dtype.kind in "fc":
            fitting = _as_dtype(tangent, t)
            forward_ad.set_tangent(t, fitting, level)
            _save_tangent(rule, t._grad_fn, i, fitting, level)
    return made


def _save_tangent(rule: Any, node: Any, i: int, tangent: Tensor, level: int) -> None:
    """Where a node saved its output number ``i``, the tangent is saved too, for forward over reverse mode."""
    for entry, source in zip(getattr(node, "saved", None) or (), rule.saved_sources, strict=False):
        kept = getattr(entry, "tensor", entry)  # a tensor, or a SavedTensor with one
        if source == ("output", i) and isinstance(kept, Tensor):
            forward_ad.set_tangent(kept, tangent, level)


def _as_dtype(tangent: Tensor, primal: Tensor) -> Any:
    return tangent if tangent._data.dtype == primal._data.dtype else tangent.to(primal.dtype)


# -- in place ----------------------------------------------------------------------------------------------------------


def write(rule: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: C901, PLR0912 - a step per check
    """Run the op on its first input in place.

    Raises:
        RuntimeError: the write is forbidden, or the result fits neither the tensor's shape nor its dtype.
    """
    if MODE.special and MODE.vmap:
        level = mapping.level_for(f"{rule.name}_", args, kwargs)
        if level:
            return mapping.loop(
                level, lambda *a, **k: write(rule, a, k), f"{rule.name}_", args, kwargs
            )
    inputs, params = rule.bind(args, kwargs)
    target = inputs[0]
    if not isinstance(target, Tensor):
        raise TypeError(f"{rule.name}_() writes to a tensor, got {type(target).__name__}")
    tracked = MODE.grad and rule.tracked and _any_tracked(inputs) and not MODE.inference
    views.check_writable(target, recorded=tracked, uniform=rule.uniform)
    inplace.check_inference(target)
    if MODE.special and MODE.transforms:
        mapping.refuse_captured(target, rule.name)
    if inplace.reads_while_writing(rule) and inplace.overlaps_in_part(target, inputs[1:]):
        _ = input_edges(rule, inputs) if tracked else None  # a lost history is told first
        raise errors.OverlapWriteError(partial=True)
    dual = dual_level(inputs) if MODE.special and MODE.fwd_grad else None
    if dual is not None:
        return _write_dual(rule, inputs, params, dual)
    result = _forward(rule, inputs, params)
    hidden: tuple[Any, ...] = ()
    if rule.hidden:
        result, hidden = result[0], result[-rule.hidden :]
    inplace.check_fits(rule.name, target, result)
    if not tracked:
        if MODE.grad and not rule.tracked and target.requires_grad and not MODE.inference:
            # What the target was no longer matters, so its gradient ends here, as it does at a copy of a constant.
            return OPS["copy_"](target, make(np.asarray(result)))
        inplace.store(target, result)
        return target
    # A rule that needs the value from before the write keeps a copy of it, with its history.
    edges = input_edges(rule, inputs)
    before = [
        _copy_before(target) if rule.saves_first and rule.saved_for(edges)[0] else target,
        *inputs[1:],
    ]
    kept = save_inputs(rule, before, edges)
    inplace.store(target, result)
    node = record(rule, inputs, params, alias(target), hidden, edges, kept)
    if node is not None:
        views.rebase(target, inplace_names.renamed(node))
    return target


def _copy_before(target: Tensor) -> Tensor:
    """The value a tensor had before a write, with the history it had."""
    made = make(np.array(target._data))
    fn = edge(target)
    if type(fn) is AccumulateGrad:
        copy: Tensor = target.clone()
        return copy
    made._grad_fn, made._output_nr = fn, target._output_nr
    if target._meta is not None and target._meta.tangents:
        made._autograd().tangents = {
            at: (t.clone(), serial) for at, (t, serial) in target._meta.tangents.items()
        }
    return made


def _write_dual(rule: Any, inputs: list[Any], params: tuple[Any, ...], level: int) -> Any:
    target = inputs[0]
    tangents = [forward_ad.tangent_of(x, level) for x in inputs]
    with forward_ad.highest_level(level - 1):
        args, kwargs = rule.unbind(inputs, params)
        made = call(rule, (target.clone(), *args[1:]), kwargs)
        found = rule.tangent([target.clone(), *inputs[1:]], tangents, params, made)
        write(rule, args, kwargs)
        found = _as_dtype(found, target)
        if tangents[0] is not None:
            tangents[0].copy_(found)
        else:
            forward_ad.start_tangent(target, found, level)
    fn = target._grad_fn if target._base is None else getattr(target._base._grad_fn, "fn", None)
    _save_tangent(rule, fn, 0, found, level)
    return target
