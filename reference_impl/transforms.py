"""Levels of function transforms: what enters a differentiated function, and what leaves it."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from typing import Any

from reference_impl import forward_ad, gradients
from reference_impl.batching import Batched, highest
from reference_impl.grad_mode import DUAL_LEVELS, MODE, set_grad_enabled
from reference_impl.graph import AccumulateGrad, edge
from reference_impl.mapping import loop, mark
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

# Note [What enters and leaves a transform]
# Inside func.grad the arguments are leaves of their own, or aliases that lead on to what the caller tracks: then
# autograd, or a transform around this one, can differentiate the result further. Whatever leaves the level is cut off
# unless more than its own leaves can be reached from it.

_serials = itertools.count()


@contextlib.contextmanager
def transform() -> Iterator[None]:
    """Inside, a function is being transformed: backward() and flags are refused, and writes to what it captured."""
    previous = MODE.transforms
    MODE.transforms = (*previous, next(_serials))
    MODE.refresh()
    try:
        yield
    finally:
        MODE.transforms = previous
        MODE.refresh()


class Level:
    """One call of a function that is being differentiated in reverse mode."""

    def __init__(self) -> None:
        self.own: set[int] = set()  # ids of the leaves made here
        self.leaves: list[Tensor] = []  # which keeps them alive, and their ids theirs
        self.outside = MODE.grad

    def enter(self, x: Tensor) -> Tensor:
        """``x`` as the function sees it."""
        if type(x) is Batched:
            return x.map(self.enter)
        if x.requires_grad:
            made: Tensor = OPS["alias"](x)
            return made
        made = _with_tangents(x.detach(), x)
        if MODE.transforms:
            mark(made)
        made._set_requires_grad(True, "only Tensors of floating point")
        self.own.add(id(made))
        self.leaves.append(made)
        return made

    def leads_outside(self, x: Any) -> bool:
        """True if more than this level's own leaves can be reached from a tensor's history."""
        if type(x) is Batched:
            return any(self.leads_outside(e) for e in x.examples)
        start = edge(x) if isinstance(x, Tensor) else None
        seen, stack = {start}, [start]
        while stack:
            node = stack.pop()
            if isinstance(node, AccumulateGrad) and id(node.variable) not in self.own:
                return True
            if node is not None:
                fresh = [n for n in node.edges[::2] if n is not None and n not in seen]
                seen.update(fresh)
                stack += fresh
        return False

    def leave(self, x: Any) -> Any:
        """``x`` as the caller sees it, cut off where only this level's leaves are behind it."""
        if type(x) is Batched:
            return x.map(self.leave)
        if not isinstance(x, Tensor):
            return x
        cut = x.requires_grad and not (self.outside and self.leads_outside(x))
        tangents = None if x._meta is None else x._meta.tangents
        if not cut and not tangents:
            return x
        made = x.detach() if cut else x
        if tangents:
            made._autograd().tangents = {
                at: (self.leave(t), serial) for at, (t, serial) in tangents.items()
            }
        return made

    def gradients(
        self, outs: list[Any], primals: list[Any], cts: list[Any] | None, *, keep: bool = False
    ) -> list[Any]:
        """Cotangents of the primals as the caller sees them; zeros where nothing flows."""
        further = (
            self.outside and MODE.grad and any(self.leads_outside(x) for x in (*outs, *(cts or ())))
        )
        create = bool(further or DUAL_LEVELS)
        with set_grad_enabled(create or MODE.grad):
            found = _pull(outs, primals, cts, create, keep)
        return [self.leave(g) for g in found]


def _pull(
    outs: list[Any],
    primals: list[Any],
    cts: list[Any] | None,
    create: bool,
    keep: bool,
) -> list[Any]:
    level = highest([outs, primals])
    if level:
        pulled: list[Any] = loop(level, _pull, "grad", (outs, primals, cts, create, True), {})
        return pulled
    given = [None] * len(outs) if cts is None else cts
    live = [(out, ct) for out, ct in zip(outs, given, strict=True) if out.requires_grad]
    found: Any = [None] * len(primals)
    if live:
        roots, vs = zip(*live, strict=True)
        found = gradients.grad(roots, primals, vs, keep or create, create, allow_unused=True)
    return [
        OPS["zeros_like"](x).detach() if g is None else g
        for g, x in zip(found, primals, strict=True)
    ]


def _with_tangents(made: Tensor, x: Tensor) -> Tensor:
    if x._meta is not None and x._meta.tangents:
        made._autograd().tangents = dict(x._meta.tangents)
    return made


@contextlib.contextmanager
def dual_level() -> Iterator[int]:
    """A level of forward mode, whatever levels are open; inside, tangents are propagated."""
    previous = MODE.fwd_grad
    level = forward_ad.open_level()
    forward_ad.renew(level)
    MODE.fwd_grad = True
    try:
        yield level
    finally:
        MODE.fwd_grad = previous
        forward_ad.close_level(level)
