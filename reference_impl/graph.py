"""Node, Edge, AccumulateGrad, sequence numbers."""

from __future__ import annotations

import itertools
import re
import weakref
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from reference_impl import errors, hooks
from reference_impl.bfloat16_array import apply_wide
from reference_impl.kinds import SEEN
from reference_impl.saved import SavedTensor, check_history, check_version
from reference_impl.tensor import Tensor, make

next_sequence = itertools.count().__next__


class _NodeType(type):
    """Nodes print as torch's do: the class name is the node's name."""

    def __repr__(cls) -> str:
        return f"<class '{cls.__name__}'>"


class Node(metaclass=_NodeType):
    """One recorded operation.

    ``edges`` is flat: node, output number, node, output number ..., one pair per tensor input, None where no gradient
    is needed. ``saved`` and ``meta`` are the values the rule's formulas name: saved tensors, and shapes and options.
    ``saved`` is None once freed. ``fix`` tells, per input, to what shape and dtype its cotangent is brought back.
    """

    __slots__ = ("__weakref__", "edges", "extra", "fix", "meta", "saved", "seq")

    rule: ClassVar[Any] = None
    saved_names: ClassVar[tuple[str, ...]] = ()
    meta_names: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[int] = 1  # 0: a number of its own per node, in `output_count`
    runs_user_code: ClassVar[bool] = False
    full_name: ClassVar[str | None] = None  # where name() says more than the class's name

    seq: int
    edges: tuple[Any, ...]
    saved: tuple[Any, ...] | None
    meta: tuple[Any, ...]
    fix: tuple[Any, ...] | None
    extra: hooks.NodeHooks | None

    if TYPE_CHECKING:  # what subclasses add

        def __getattr__(self, name: str) -> Any: ...

    def apply(self, ct: Any, tensors: bool = False) -> Any:
        """Cotangents of the inputs from the cotangent of the output; arrays, or tensors where that is asked for."""
        raise NotImplementedError

    def release(self) -> None:
        """Free what was saved."""
        if self.saved:
            self.saved = None

    # -- the public face -------------------------------------------------------------------------------------------

    def name(self) -> str:
        """The node's name, such as MulBackward0."""
        return self.full_name or type(self).__name__

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """One (node, output number) pair per tensor input; (None, 0) where no gradient flows."""
        e = self.edges
        return tuple((e[i], e[i + 1] if e[i] is not None else 0) for i in range(0, len(e), 2))

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for the user."""
        extra = self._extra()
        if extra.metadata is None:
            extra.metadata = {}
            if extra.trace is not None:  # anomaly mode was on
                extra.metadata["traceback_"] = extra.trace.splitlines(keepends=True)
        return extra.metadata

    def _extra(self) -> hooks.NodeHooks:
        if self.extra is None:
            self.extra = hooks.NodeHooks()
        return self.extra

    def register_hook(self, fn: Any) -> hooks.RemovableHandle:
        """Call ``fn(grad_inputs, grad_outputs)`` after the node; a tuple it returns replaces the former."""
        return hooks.add(self._extra().post, fn)

    def register_prehook(self, fn: Any) -> hooks.RemovableHandle:
        """Call ``fn(grad_outputs)`` before the node; a tuple it returns replaces them."""
        return hooks.add(self._extra().pre, fn)

    def _register_hook_dict(self, found: Any) -> None:
        self._extra().pre.update(found)

    def _sequence_nr(self) -> int:
        return self.seq

    def _set_sequence_nr(self, seq: int) -> None:
        self.seq = seq

    def __lt__(self, _other: Node) -> bool:
        return False  # of one sequence number, which only a user can give twice: first come, first served

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {hex(id(self))}>"

    # Properties, not ``__getattr__``: a class that has one looks up every attribute the slow way.
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in cls.saved_names:
            setattr(cls, f"_saved_{name}", property(partial(cls._saved, wanted=name)))
            setattr(cls, f"_raw_saved_{name}", property(partial(cls._raw_saved, wanted=name)))
        for at, name in enumerate(cls.meta_names):
            if not name.endswith(("_kinds", "_dtype")):
                shown = re.sub("_shape$", "_sym_sizes", name)
                setattr(cls, f"_saved_{shown}", property(partial(cls._copied, at=at)))

    def _copied(self, at: int) -> Any:
        return self.meta[at]

    def _saved(self, wanted: str) -> Any:
        if self.saved is None:
            raise errors.FreedGraphError
        if not self.saved:
            return None
        found = self.unpack(self.saved_names.index(wanted), tensors=True)
        return found if found is None else as_tensor(found)

    def _raw_saved(self, wanted: str) -> SavedTensor:
        at = self.saved_names.index(wanted)
        entry = self.saved[at] if self.saved else None
        if self.saved is None:  # its owner says that it was freed
            entry = SavedTensor(None, 0)
        if type(entry) is SavedTensor:
            entry.owner = weakref.ref(self)
            return entry
        # From now on the value has hooks or may get them: keep it as a SavedTensor.
        tensor = entry if entry is None or isinstance(entry, Tensor) else as_tensor(entry)
        made = SavedTensor(tensor, 0, is_output=wanted not in self.rule.inputs)
        made.owner = weakref.ref(self)
        self.saved = tuple(made if i == at else e for i, e in enumerate(self.saved or ()))
        return made

    # -- reading saved values --------------------------------------------------------------------------------------

    def unpack(self, at: int, *, tensors: bool) -> Any:
        """Saved value number ``at``, checked against its version; with its history where tensors are asked for."""
        assert self.saved is not None  # noqa: S101 - the caller has looked
        entry = self.saved[at]
        kind = type(entry)
        if kind is SavedTensor:
            if entry.tensor is None and entry.hooks is None:
                return None
            if entry.tensor is not None:
                check_history(entry.tensor, entry.version, self.seq)
            found: Tensor = entry.read(lambda: self._producer(at))
        elif isinstance(entry, Tensor):
            check_history(entry, 0, self.seq)
            storage = entry._storage
            if storage is not None and storage.version != 0:
                check_version(entry, 0, lambda: self._producer(at))
            found = entry
        else:
            # A Python number stays one: as a tensor it would widen a 0-d cotangent.
            return (
                as_tensor(entry)
                if tensors and isinstance(entry, np.ndarray | np.generic)
                else entry
            )
        if not tensors:
            return found._data
        return self._with_history(found, at, entry)

    def _with_history(self, found: Tensor, at: int, entry: Any) -> Tensor:
        """A saved output gets this node as its history back; an unpacked input the history it had."""
        if self.rule is None:
            return _at_its_origin(found, entry)
        name = self.saved_names[at]
        names = self.rule.output_names
        if name in names:
            made = make(found._array(), found._shared())
            if found._meta is not None and found._meta.tangents:
                made._autograd().tangents = found._meta.tangents
            if name in self.rule.differentiable:
                made._grad_fn = self
                made._output_nr = names.index(name)
            return made
        return _at_its_origin(found, entry)

    def _producer(self, at: int) -> str:
        """Where saved value number ``at`` came from, for the error about its version."""
        assert self.saved is not None  # noqa: S101 - the caller has looked
        entry = self.saved[at]
        tensor = entry.tensor if type(entry) is SavedTensor else entry
        if self.rule is not None and self.saved_names[at] in self.rule.output_names:
            place = self.rule.output_names.index(self.saved_names[at])
            return f"output {place} of {errors.plain_name(self.name())}"
        if tensor is not None and tensor._grad_fn is not None:
            return f"output {tensor._output_nr} of {errors.plain_name(tensor._grad_fn.name())}"
        return ""


def _at_its_origin(found: Tensor, entry: Any) -> Tensor:
    """What an unpack hook returned, with the place in the graph that the packed tensor had."""
    if type(entry) is not SavedTensor or entry.origin is None:
        return found
    fn, output_nr, leaf = entry.origin
    if fn is None and leaf is None:
        return found
    made = make(found._array(), found._shared())
    made._grad_fn, made._output_nr = fn, output_nr
    if fn is None:
        meta = made._autograd()
        meta.requires_grad, meta.accumulator = True, leaf
    return made


class RuleNode(Node):
    """A node of an op of the table; ``plan`` holds, per differentiable input, the formula and what it names."""

    __slots__ = ("output_count",)

    plan: ClassVar[tuple[tuple[Any, tuple[int, ...]], ...]] = ()
    variadic: ClassVar[bool] = False
    only: ClassVar[int | None] = None  # the one differentiable output of several

    def apply(self, ct: Any, tensors: bool = False) -> Any:
        saved = self.saved
        if saved is None:
            raise errors.FreedGraphError
        edges = self.edges
        if self.only is not None:
            ct = ct[self.only]
        if ct is None:
            return (None,) * (len(edges) // 2)
        if saved or not self.saved_names:
            values = [
                None if entry is None else self.unpack(at, tensors=tensors)
                for at, entry in enumerate(saved)
            ]
        else:
            values = [None] * len(self.saved_names)
        values += self.meta
        if SEEN and not tensors:
            return apply_wide(self, ct, values)
        if self.variadic:
            fn, picks = self.plan[0]
            return fn(ct, *[values[k] for k in picks])
        return [
            None if edges[2 * i] is None else fn(ct, *[values[k] for k in picks])
            for i, (fn, picks) in enumerate(self.plan)
        ]


def make_short_apply(plan: Any) -> Any:
    """``apply`` for one or two inputs whose formulas each name at most one saved value; None if it is not so.

    The same steps as ``RuleNode.apply``, unrolled. See Note [Short paths].
    """
    if len(plan) == 1 and len(plan[0][1]) <= 1:
        return _short_unary(*plan[0])
    if len(plan) == 2 and all(len(picks) <= 1 for _, picks in plan):  # noqa: PLR2004 - two inputs
        return _short_binary(*plan[0], *plan[1])
    return None


def _short_unary(fn: Any, picks: tuple[int, ...]) -> Any:
    pick = picks[0] if picks else None

    def apply(self: Any, ct: Any, tensors: bool = False) -> Any:
        saved = self.saved
        if saved is None:
            raise errors.FreedGraphError
        if ct is None:
            return (None,)
        if pick is None:
            return (fn(ct),)
        x = saved[pick]
        if type(x) is Tensor and x._storage is None and not tensors:
            return (fn(ct, x._data),)
        return (fn(ct, self.unpack(pick, tensors=tensors)),)

    return apply


def _short_binary(fa: Any, picks_a: tuple[int, ...], fb: Any, picks_b: tuple[int, ...]) -> Any:
    pick_a = picks_a[0] if picks_a else None
    pick_b = picks_b[0] if picks_b else None

    def apply(self: Any, ct: Any, tensors: bool = False) -> Any:
        saved = self.saved
        if saved is None:
            raise errors.FreedGraphError
        if ct is None:
            return (None, None)
        edges = self.edges
        if edges[0] is None:
            ga = None
        elif pick_a is None:
            ga = fa(ct)
        else:
            x = saved[pick_a]
            plain = type(x) is Tensor and x._storage is None and not tensors
            ga = fa(ct, x._data if plain else self.unpack(pick_a, tensors=tensors))
        if edges[2] is None:
            return (ga, None)
        if pick_b is None:
            return (ga, fb(ct))
        x = saved[pick_b]
        plain = type(x) is Tensor and x._storage is None and not tensors
        return (ga, fb(ct, x._data if plain else self.unpack(pick_b, tensors=tensors)))

    return apply


class AccumulateGrad(Node):
    """The end of every path: adds what arrives to the leaf's .grad."""

    __slots__ = ("variable",)
    full_name: ClassVar[str | None] = "torch::autograd::AccumulateGrad"

    def __init__(self, variable: Tensor) -> None:
        self.variable = variable
        # Earlier than every recorded node: all contributions arrive first.
        self.seq = -1
        self.edges = ()
        self.saved = ()
        self.meta = ()
        self.fix = None
        self.extra = None

    def _sequence_nr(self) -> int:
        return (1 << 64) - 1  # torch's highest priority


class GradientEdge(NamedTuple):
    """Where a tensor's gradient is computed."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def accumulator(leaf: Tensor) -> AccumulateGrad:
    """The leaf's AccumulateGrad; the same one as long as somebody refers to it."""
    meta = leaf._autograd()
    node = None if meta.accumulator is None else meta.accumulator()
    if node is None:
        node = AccumulateGrad(leaf)
        meta.accumulator = weakref.ref(node)
    return node


def edge(t: Tensor) -> Any:
    """The node that a consumer of ``t`` sends its cotangent to, or None; the output number is ``t._output_nr``."""
    meta = t._meta
    if meta is None:
        return t._grad_fn
    fn = t._grad_fn if meta.view is None else meta.view.current_grad_fn(t)
    if fn is None and meta.requires_grad:
        held = meta.accumulator
        if held is not None:
            fn = held()
        if fn is None:
            fn = accumulator(t)
    return fn


def new_node(kind: type[Node], edges: tuple[Any, ...]) -> Any:
    """A node without saved values."""
    node = object.__new__(kind)
    node.seq = next_sequence()
    node.edges = edges
    node.saved = ()
    node.meta = ()
    node.fix = node.extra = None
    return node


def as_tensor(x: Any) -> Tensor:
    """A number or array as a tensor without history."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, np.ndarray | np.generic):
        return make(x)
    return make(
        np.array(x)
    )  # a number is as precise as Python has it; it never widens what it meets
