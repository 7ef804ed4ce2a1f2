"""Other ways to call an operator than out of place: in place, through a view, and as a derivative of itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from suites.harness.case import Case
from suites.harness.implementation import Operator, tensors_in
from suites.harness.observation import is_tensor

# What torch documents as views: notes of torch.Tensor, "Tensor Views".
_VIEW_NAMES = """
    __getitem__ as_strided as_strided.partial_views diagonal expand expand_as movedim narrow permute select
    slice squeeze squeeze.multiple transpose t T H mT mH real imag view_as_real view_as_complex unflatten
    unfold unsqueeze view view_as unbind split split.list_args split_with_sizes hsplit vsplit dsplit
    tensor_split chunk ravel reshape reshape_as flatten contiguous broadcast_to positive
"""
VIEWS = frozenset(_VIEW_NAMES.split())

_BY = "differentiated_by"  # keyword that tells a way which tensors of the call the inner derivative is by
_SEED = "drawn_from"
_DTYPE = "drawn_in"


class NotInPlaceError(AssertionError):
    """An in-place operator that returned something else than the tensor it was given."""


@dataclass(frozen=True, slots=True)
class Way:
    """How an operator is called, and which of the harness's checks are made of that call."""

    checks: tuple[str, ...]
    call: Callable[[Any, Operator], Operator] | None = None
    needs: str | None = None
    orders: int = 0  # derivatives that the call itself takes


def in_place(write: Operator) -> Operator:
    """``write`` on a copy of the first argument, which is what comes back."""

    def called(x: Any, *args: Any, **kwargs: Any) -> Any:
        target = x.clone()
        if write(target, *args, **kwargs) is not target:
            raise NotInPlaceError("the in-place operator returned another tensor than its target")
        return target

    return called


def _written_view(_module: Any, op: Operator) -> Operator:
    """The base after its view was written to, and the view: a copy of the first argument is the base."""

    def called(x: Any, *args: Any, **kwargs: Any) -> Any:
        base = x.clone()
        views = tensors_in(op(base, *args, **kwargs))
        for view in views:
            view.mul_(3)
        return (base * 1, *views)

    return called


def _tangent(module: Any, op: Operator) -> Operator:
    """The tangent of the result along drawn tangents, in forward mode."""
    forward_ad = module.autograd.forward_ad

    def called(*args: Any, **kwargs: Any) -> Any:
        by, draw = kwargs.pop(_BY), (kwargs.pop(_SEED), kwargs.pop(_DTYPE))
        numbers = Numbered((args, kwargs))
        xs = [numbers.tensors[i] for i in by]
        with forward_ad.dual_level():
            duals = [
                forward_ad.make_dual(x, t)
                for x, t in zip(xs, drawn(module, xs, *draw), strict=True)
            ]
            args, kwargs = numbers.with_tensors(dict(zip(by, duals, strict=True)))
            found = [forward_ad.unpack_dual(y).tangent for y in tensors_in(op(*args, **kwargs))]
        return tuple(t for t in found if t is not None)

    return called


def _cotangent(module: Any, op: Operator) -> Operator:
    """The gradient of the result along drawn cotangents, recorded."""

    def called(*args: Any, **kwargs: Any) -> Any:
        by, draw = kwargs.pop(_BY), (kwargs.pop(_SEED), kwargs.pop(_DTYPE))
        numbers = Numbered((args, kwargs))
        xs = [numbers.tensors[i] for i in by]
        # A dual tensor that is detached has no tangent any more.
        xs = [x if x.requires_grad else x.requires_grad_() for x in xs]
        args, kwargs = numbers.with_tensors(dict(zip(by, xs, strict=True)))
        ys = [y for y in tensors_in(op(*args, **kwargs)) if y.requires_grad]
        cts = drawn(module, ys, *draw)
        found = module.autograd.grad(ys, xs, cts, create_graph=True, allow_unused=True)
        return tuple(
            module.zeros_like(x) if g is None else g for g, x in zip(found, xs, strict=True)
        )

    return called


WAYS: Mapping[str, Way] = {
    "value": Way(("value",)),
    "vjp": Way(("vjp",)),
    "jvp": Way(("jvp",), needs="jvp"),
    "double": Way(("double",), needs="double"),
    "value-edges": Way(("value",)),
    "vjp-edges": Way(("vjp",)),
    "jvp-edges": Way(("jvp",), needs="jvp"),
    "double-edges": Way(("double",), needs="double"),
    "inplace": Way(("value", "vjp", "jvp"), needs="inplace"),
    "view": Way(("value", "vjp"), _written_view, needs="view"),
    "reverse-over-forward": Way(("vjp",), _tangent, needs="mixed", orders=1),
    "forward-over-reverse": Way(("jvp",), _cotangent, needs="mixed", orders=1),
    "reverse-over-forward-edges": Way(("vjp",), _tangent, needs="mixed", orders=1),
    "forward-over-reverse-edges": Way(("jvp",), _cotangent, needs="mixed", orders=1),
}


def holding_for(check: str) -> tuple[str, ...]:
    """The checks whose conventions hold for this one: of modes composed at edges those of double backward, too."""
    composed = check.removesuffix("-edges")
    return (
        (check, composed, "double-edges") if composed != check and WAYS[check].orders else (check,)
    )


def case_for(way: Way, case: Case) -> Case:
    """The case with what the way has to be told."""
    if not way.orders:
        return case
    told = {_BY: case.differentiable, _SEED: case.seed, _DTYPE: case.dtype}
    return replace(case, kwargs={**case.kwargs, **told})


def is_composed(case: Case) -> bool:
    """Whether the call takes a derivative itself."""
    return _BY in case.kwargs


def plain(case: Case) -> Case:
    """The case of the operator itself: what `case_for` added is taken away."""
    told = {_BY, _SEED, _DTYPE}
    return replace(case, kwargs={k: v for k, v in case.kwargs.items() if k not in told})


def drawn(module: Any, like: Sequence[Any], seed: int, dtype: str) -> list[Any]:
    """Tangents or cotangents of the shapes of these tensors, numbers of ``dtype``: the same on each side."""
    shapes = [np.zeros(tuple(x.shape), complex if x.is_complex() else float) for x in like]
    by = tuple(range(len(shapes)))
    case = Case(op="", args=tuple(shapes), differentiable=by, seed=seed, dtype=dtype)
    return [
        module.tensor(t, dtype=x.dtype, device=x.device)
        for t, x in zip(case.drawn_tangents(), like, strict=True)
    ]


class Numbered:
    """The tensors of a call in the order in which a case numbers its arrays."""

    def __init__(self, call: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
        self._call = call
        self.tensors = list(_found(call))

    def with_tensors(self, given: Mapping[int, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The call with some of its tensors replaced, by number."""
        counter = iter(range(len(self.tensors)))
        args, kwargs = _replaced(self._call, counter, given)
        return args, kwargs


def _found(value: Any) -> Iterator[Any]:
    if is_tensor(value):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _found(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _found(item)


def _replaced(value: Any, counter: Iterator[int], given: Mapping[int, Any]) -> Any:
    if is_tensor(value):
        return given.get(next(counter), value)
    if isinstance(value, (tuple, list)):
        return type(value)(_replaced(item, counter, given) for item in value)
    if isinstance(value, Mapping):
        return {key: _replaced(item, counter, given) for key, item in value.items()}
    return value
