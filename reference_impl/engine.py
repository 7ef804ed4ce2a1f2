"""Backward: a ready queue by sequence number, no recursion."""

from __future__ import annotations

import threading
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import numpy as np

from reference_impl import hooks
from reference_impl.accumulate import accumulate
from reference_impl.cotangents import finish
from reference_impl.grad_mode import MODE
from reference_impl.graph import AccumulateGrad, Node
from reference_impl.kinds import copied
from reference_impl.reachable import reachable
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make
from reference_impl.views import CopySlices

ndarray = np.ndarray
_add_into: Any = np.add  # by position: the keyword costs as much as a small sum

# Note [Order of execution]
# A consumer is always recorded after what it consumes, so its sequence number is larger: a heap by sequence number
# runs every node after all its consumers, touches only what is reachable and needs no pass over the graph first. The
# end nodes (AccumulateGrad) run in torch as soon as their last contribution has arrived. Nobody can see when, unless
# user code runs (a hook, a custom Function) or an error ends the pass early; so contributions are collected first,
# and as soon as somebody could look, `_settle` works out which leaves are complete and accumulates those; from then on
# the pass counts, and accumulates each leaf at its time.


class GraphTask:
    """One backward pass."""

    __slots__ = (
        "__weakref__", "_reachable", "buffers", "callbacks", "captured", "captures", "create_graph", "fresh", "heap",
        "keep_graph", "leaves", "needed", "order", "owned", "remaining", "roots",
    )  # fmt: skip

    def __init__(self, *, keep_graph: bool, create_graph: bool) -> None:
        self.keep_graph = keep_graph
        self.create_graph = create_graph
        # The nodes that are ready or will be, by negated sequence number.
        self.heap: list[tuple[int, Node]] = []
        self.buffers: dict[Node, Any] = {}  # what each has received: a cotangent, or a list of them
        # Nodes whose cotangent only this pass holds, so that it may add into it.
        self.owned: set[Node] = set()
        self.leaves: dict[AccumulateGrad, Any] = {}
        self.fresh: set[AccumulateGrad] = set()  # the same of leaves
        # Contributions still to come, once counting.
        self.remaining: dict[AccumulateGrad, int] | None = None
        self.needed: set[Node] | None = None  # nodes on a path to an input asked for; None: all
        self.captures: dict[tuple[Node, int], list[int]] = {}
        self.captured: dict[int, Any] = {}
        self.callbacks: list[Callable[[], None]] = []
        self.order: list[Node] = []
        self.roots: list[Node] = []
        self._reachable: set[Node] | None = None

    def reachable(self) -> set[Node]:
        """Every node that can be reached from the roots."""
        if self._reachable is None:
            self._reachable = reachable(self.roots)
        return self._reachable

    # -- the queue -------------------------------------------------------------------------------------------------

    def send(self, node: Node, nr: int, ct: Any, owned: bool = False) -> None:  # noqa: PLR0912 - once per edge
        """Add a cotangent (None: undefined) to what output ``nr`` of ``node`` has received."""
        if type(node) is AccumulateGrad:
            self._send_to_leaf(node, ct, owned)
            return
        buffers = self.buffers
        if node not in buffers:
            heappush(self.heap, (-node.seq, node))
            if node.outputs == 1:
                buffers[node] = ct
                if owned:
                    self.owned.add(node)
            else:
                slots = [None] * _output_count(node)
                slots[nr] = ct
                buffers[node] = slots
            return
        if ct is None:
            return
        if node.outputs == 1:
            held = buffers[node]
            if held is None:
                buffers[node] = ct
            else:
                buffers[node] = self._add(held, ct, node in self.owned)
                self.owned.add(node)
        else:
            slots = buffers[node]
            slots[nr] = ct if slots[nr] is None else self._add(slots[nr], ct, False)

    def _send_to_leaf(self, node: AccumulateGrad, ct: Any, owned: bool) -> None:
        held = self.leaves.get(node)
        if held is None:
            self.leaves[node] = ct
            if owned:
                self.fresh.add(node)
        elif ct is not None:
            self.leaves[node] = self._add(held, ct, node in self.fresh)
            self.fresh.add(node)
        if self.remaining is not None:
            self.remaining[node] -= 1
            if self.remaining[node] == 0:
                self._finish_leaf(node)

    def _add(self, held: Any, ct: Any, own: bool) -> Any:
        if own and type(held) is ndarray and not self.create_graph and held.dtype == ct.dtype:
            return _add_into(held, ct, held)
        return held + ct

    # -- the loop --------------------------------------------------------------------------------------------------

    def run(self) -> None:  # noqa: C901, PLR0912, PLR0915 - unrolled: it runs once per node and edge
        """Run until nothing is left, then accumulate the leaves."""
        heap, buffers, owned = self.heap, self.buffers, self.owned
        leaves, fresh = self.leaves, self.fresh
        create_graph, keep_graph = self.create_graph, self.keep_graph
        watched = self.needed is not None or MODE.anomaly
        try:
            while heap:
                _, node = heappop(heap)
                ct = buffers.pop(node)
                if watched or node.extra is not None or node.runs_user_code:
                    self._run_watched(node, ct)
                    continue
                if type(node) is CopySlices:
                    held_alone = node in owned
                    grads = self._write_back(node, ct, owned=held_alone)
                else:
                    held_alone = False
                    grads = node.apply(ct, create_graph)
                    if node.fix is not None:
                        grads = finish(node, grads, tensors=create_graph)
                    if not keep_graph and node.saved:
                        node.saved = None
                edges = node.edges
                i = 0
                for g in grads:
                    to = edges[i]
                    if to is not None:
                        # A new array without a base is ours: it may be added into, or become a leaf's gradient.
                        mine = type(g) is ndarray and g.base is None and (g is not ct or held_alone)
                        if type(to) is AccumulateGrad:
                            held = leaves.get(to)
                            if g is None or self.remaining is not None:
                                self._send_to_leaf(to, g, mine)
                            elif held is None:
                                leaves[to] = g
                                if mine:
                                    fresh.add(to)
                            else:
                                leaves[to] = self._add(held, g, to in fresh)
                                fresh.add(to)
                        elif mine or to.outputs != 1 or to in buffers:
                            self.send(to, edges[i + 1], g, mine)
                        else:
                            buffers[to] = g
                            heappush(heap, (-to.seq, to))
                    i += 2
        except BaseException:
            if MODE.anomaly:
                OPS["autograd.show_trace"](node)
            if self.remaining is None:
                self._settle(run_now=True, extra=node)
            raise
        for leaf in list(self.leaves):
            self._finish_leaf(leaf)

    def _write_back(self, node: CopySlices, ct: Any, *, owned: bool) -> Any:
        """A write through a view; its cotangent is worked on in place where nobody else holds it."""
        grads = (
            node.apply(ct, self.create_graph)
            if self.create_graph or ct is None
            else node.apply_owned(ct, owned=owned)
        )
        if not self.keep_graph:
            node.release()
        return grads

    def _run_watched(self, node: Node, ct: Any) -> None:  # noqa: C901, PLR0912 - a step per kind of hook
        """A node with hooks or user code, or one that might not be needed."""
        extra = node.extra
        user = node.runs_user_code or (
            extra is not None and (extra.tensor_pre or extra.pre or extra.post)
        )
        if user and self.remaining is None:
            self._settle(run_now=True, extra=node)
        slots = ct if node.outputs != 1 else [ct]
        if extra is not None:
            slots = self._tensor_hooks(extra, list(slots))
        for nr, value in enumerate(slots):
            for at in self.captures.get((node, nr), ()):
                self.captured[at] = value
        if self.needed is not None and node not in self.needed:
            return
        if extra is not None and extra.pre:
            slots = self._node_prehooks(extra, slots)
        self.order.append(node)
        changed = slots[0] if node.outputs == 1 else slots
        grads = node.apply(changed, self.create_graph)
        if node.fix is not None:
            grads = finish(node, grads, tensors=self.create_graph)
        if extra is not None and extra.post:
            grads = self._after(extra, grads, slots)
        if MODE.anomaly and MODE.check_nan:
            OPS["autograd.check_nan"](node, grads)
        if not self.keep_graph:
            node.release()
        edges = node.edges
        for i, g in enumerate(grads):
            to = edges[2 * i] if 2 * i < len(edges) else None
            if to is not None and (self.needed is None or self._wanted(to, edges[2 * i + 1])):
                self.send(to, edges[2 * i + 1], g)

    def _wanted(self, node: Node, nr: int) -> bool:
        return self.needed is None or node in self.needed or (node, nr) in self.captures

    # -- hooks -----------------------------------------------------------------------------------------------------

    def _shown(self, ct: Any) -> Any:
        """A cotangent as user code sees it."""
        return ct if ct is None or isinstance(ct, Tensor) else make(ct)

    def _taken(self, ct: Any) -> Any:
        """A cotangent as the loop keeps it."""
        return ct if ct is None or self.create_graph or not isinstance(ct, Tensor) else ct._data

    def _tensor_hooks(self, extra: hooks.NodeHooks, slots: list[Any]) -> list[Any]:
        """Hooks of the node's output tensors, then their retained gradients."""
        for nr, found in extra.tensor_pre.items():
            if found and slots[nr] is not None:
                slots[nr] = self._taken(hooks.run_tensor_hooks(found, self._shown(slots[nr])))
        for nr, ref in extra.retained.items():
            tensor = ref()
            if tensor is not None and slots[nr] is not None:
                self._retain(tensor, slots[nr])
        return slots

    def _node_prehooks(self, extra: hooks.NodeHooks, slots: list[Any]) -> list[Any]:
        shown = tuple(self._shown(ct) for ct in slots)
        for fn in tuple(extra.pre.values()):
            result = fn(shown)
            if result is not None:
                shown = hooks.check_results(result, shown, fn, bare=True)
        return [self._taken(ct) for ct in shown]

    def _retain(self, tensor: Tensor, ct: Any) -> None:
        meta = tensor._autograd()
        if self.create_graph:
            meta.grad = ct.clone() if meta.grad is None else meta.grad + ct
        else:
            meta.grad = make(copied(ct)) if meta.grad is None else make(meta.grad._data + ct)

    def _after(self, extra: hooks.NodeHooks, grads: Any, slots: list[Any]) -> Any:
        shown = tuple(self._shown(g) for g in grads)
        outputs = tuple(self._shown(ct) for ct in slots)
        for fn in tuple(extra.post.values()):
            result = fn(shown, outputs)
            if result is not None:
                shown = hooks.check_results(result, shown, fn)
        return [self._taken(g) for g in shown]

    # -- leaves ----------------------------------------------------------------------------------------------------

    def _settle(self, *, run_now: bool, extra: Node) -> None:
        """Start counting contributions; accumulate the leaves that are complete. See Note [Order of execution]."""
        counts: dict[AccumulateGrad, int] = dict.fromkeys(self.leaves, 0)
        seen: set[Node] = set()
        stack = [extra, *self.buffers]
        while stack:
            node = stack.pop()
            if node in seen or (self.needed is not None and node not in self.needed):
                continue
            seen.add(node)
            for i in range(0, len(node.edges), 2):
                to = node.edges[i]
                if type(to) is AccumulateGrad:
                    counts[to] = counts.get(to, 0) + 1
                elif to is not None:
                    stack.append(to)
        self.remaining = counts
        if run_now:
            for leaf in [n for n in self.leaves if counts[n] == 0]:
                self._finish_leaf(leaf)

    def _finish_leaf(self, node: AccumulateGrad) -> None:  # noqa: PLR0912 - a step per kind of hook
        """Run the leaf's hooks and add what has arrived to its .grad."""
        ct = self.leaves.pop(node)
        owned = node in self.fresh
        variable = node.variable
        meta = variable._autograd()
        extra = node.extra
        if extra is None and self.needed is None and not meta.hooks and not meta.post_hooks:
            self._accumulate(variable, ct, owned=owned)
            return
        watched = meta.hooks or (extra is not None and (extra.pre or extra.post))
        if (watched or meta.post_hooks) and self.remaining is None:
            self.remaining = {}  # the loop is over: all that is left is complete
        if meta.hooks and ct is not None:
            ct = self._taken(hooks.run_tensor_hooks(meta.hooks, self._shown(ct)))
            owned = False
        slots = [ct]
        for at in self.captures.get((node, 0), ()):
            self.captured[at] = ct
        if self.needed is not None and node not in self.needed:
            return
        if extra is not None and extra.pre:
            slots, owned = self._node_prehooks(extra, slots), False
        if self._accumulate(variable, slots[0], owned=owned):
            for fn in tuple((meta.post_hooks or {}).values()):
                hooks.check_nothing(fn(variable))
        if extra is not None and extra.post:
            self._after(extra, [], slots)

    def _accumulate(self, variable: Tensor, ct: Any, *, owned: bool) -> bool:
        """Add what has arrived to a leaf's .grad; False if nothing has."""
        if variable.grad_fn is not None:
            raise RuntimeError("leaf variable has been moved into the graph interior")
        # The flag may have been cleared since the graph was recorded.
        if ct is None or not variable.requires_grad:
            return False
        accumulate(variable, ct, create_graph=self.create_graph, owned=owned)
        return True


def _output_count(node: Node) -> int:
    return int(node.output_count)


# -- running a task ----------------------------------------------------------------------------------------------------


class _Running(threading.local):
    """The passes of this thread that are under way, innermost last."""

    def __init__(self) -> None:
        self.tasks: list[GraphTask] = []


RUNNING = _Running()


def execute(task: GraphTask, roots: list[tuple[Node, int, Any]]) -> None:
    """Send the cotangents to the roots and run; grad mode inside is ``create_graph``."""
    task.roots = [node for node, _, _ in roots]
    for node, nr, ct in roots:
        task.send(node, nr, ct if ct is None or task.create_graph else ct._data)
    RUNNING.tasks.append(task)
    previous = MODE.grad
    MODE.grad = task.create_graph
    try:
        task.run()
        while task.callbacks:
            task.callbacks.pop(0)()
    finally:
        MODE.grad = previous
        RUNNING.tasks.pop()


def queue_callback(fn: Callable[[], None]) -> None:
    """Call ``fn`` when the running pass is over."""
    if not RUNNING.tasks:
        raise RuntimeError("Final callbacks can only be installed during backward pass.")
    RUNNING.tasks[-1].callbacks.append(fn)


def will_run(task: GraphTask, node: Any) -> bool:
    """True if the pass will run ``node``, or has run it."""
    if node is None:
        return False
    if (
        task.needed is not None
        and node not in task.needed
        and not any(n is node for n, _ in task.captures)
    ):
        return False
    return node in task.reachable()
