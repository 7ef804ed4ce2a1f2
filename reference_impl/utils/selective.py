"""Selective checkpointing: which results of ops to keep for recomputation."""

from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from reference_impl.grad_mode import MODE, no_grad
from reference_impl.ops import aten
from reference_impl.ops.aten import Overload
from reference_impl.tensor import make


class CheckpointPolicy(enum.Enum):
    """What may become of an op's result."""

    MUST_SAVE = 0
    PREFER_SAVE = 1
    MUST_RECOMPUTE = 2
    PREFER_RECOMPUTE = 3
    MUST_CPU_OFFLOAD = 4
    PREFER_CPU_OFFLOAD = 5


_KEPT = frozenset(
    [
        CheckpointPolicy.MUST_SAVE,
        CheckpointPolicy.PREFER_SAVE,
        CheckpointPolicy.MUST_CPU_OFFLOAD,
        CheckpointPolicy.PREFER_CPU_OFFLOAD,
    ]
)


RECOMPUTE, TAKEN = "recompute", "taken"  # what else may have become of a result


class SelectiveCheckpointContext:
    """What a policy is told beside the op and its arguments: the result, as tensors without history."""

    def __init__(self, *, is_recompute: bool, op_output: Any = None) -> None:
        self.is_recompute, self.op_output = is_recompute, op_output


class _Kept:
    """The result of one op, with a copy that shows whether somebody wrote to it."""

    def __init__(self, out: Any) -> None:
        self.out = out
        self.copies = [np.array(x) for x in _arrays(out)]

    def read(self, *, may_differ: bool) -> Any:
        """The result.

        Raises:
            RuntimeError: it was written to since.
        """
        same = (
            np.array_equal(now, then, equal_nan=then.dtype.kind in "fc")
            for now, then in zip(_arrays(self.out), self.copies, strict=True)
        )
        if not may_differ and not all(same):
            raise RuntimeError(
                "Tensor cached during selective activation checkpoint has been mutated"
            )
        return self.out


def _arrays(out: Any) -> tuple[Any, ...]:
    return out if isinstance(out, tuple) else (out,)


# Which overload an op with a tensor for its second operand is.
_OF_TENSORS = frozenset(
    ["add", "sub", "mul", "div", "remainder", "fmod", "eq", "ne", "lt", "le", "gt", "ge"]
)
_NAMES = {"true_divide": "div", "softmax": "_softmax", "log_softmax": "_log_softmax"}


def _overload(rule: Any) -> Any:
    """The overload that a row of the op table stands for; the same object for the same op."""
    name = rule.name.split(".")[0]
    name = _NAMES.get(name, name)
    return getattr(getattr(aten, name), "Tensor" if name in _OF_TENSORS else "default")


class _Region:
    """Inside, each op that runs is counted, and its arrays come from ``result``."""

    def __init__(self, kept: defaultdict[Any, list[Any]]) -> None:
        self.kept = kept  # op -> what became of each of its results, in order
        self.seen: Counter[Any] = Counter()

    def __enter__(self) -> None:
        self.seen.clear()
        self.previous, MODE.compute = MODE.compute, self.compute
        MODE.refresh()

    def __exit__(self, *exc_info: object) -> None:
        MODE.compute = self.previous
        MODE.refresh()

    def compute(self, rule: Any, inputs: list[Any], params: tuple[Any, ...], run: Any) -> Any:
        """The arrays that the op gives."""
        if rule.view:
            return run()
        op = _overload(rule)
        number = self.seen[op]
        self.seen[op] += 1
        MODE.compute = None  # what the policy itself computes is its own
        try:
            return self.result(op, number, (*inputs, *params), run)
        finally:
            MODE.compute = self.compute

    def result(self, op: Any, number: int, args: tuple[Any, ...], run: Any) -> Any:
        """The arrays of call ``number`` of that op."""
        raise NotImplementedError


class _FirstRun(_Region):
    """Each op runs; the policy says whether its result is kept."""

    def __init__(self, kept: defaultdict[Any, list[Any]], policy: Callable[..., Any]) -> None:
        super().__init__(kept)
        self.policy = policy

    def result(self, op: Any, number: int, args: tuple[Any, ...], run: Any) -> Any:
        _ = number
        out = run()
        tensors = tuple(make(x) for x in out) if isinstance(out, tuple) else make(out)
        context = SelectiveCheckpointContext(is_recompute=False, op_output=tensors)
        with no_grad():
            wanted = self.policy(context, op, *args)
        if isinstance(wanted, bool):
            wanted = CheckpointPolicy.MUST_SAVE if wanted else CheckpointPolicy.PREFER_RECOMPUTE
        self.kept[op].append(_Kept(out) if wanted in _KEPT else RECOMPUTE)
        return out


class _Recomputation(_Region):
    """Kept results are taken, once; the other ops run again."""

    def __init__(self, kept: defaultdict[Any, list[Any]], *, may_differ: bool) -> None:
        super().__init__(kept)
        self.may_differ = may_differ

    def result(self, op: Any, number: int, args: tuple[Any, ...], run: Any) -> Any:
        _ = args
        known = self.kept[op]
        if number >= len(known):
            raise RuntimeError(
                f"{op!r} invocation index {number} encountered during backward but not found in storage: recomputation "
                "ran another sequence of ops than the first run"
            )
        entry = known[number]
        if entry is RECOMPUTE:
            return run()
        if entry is TAKEN:
            raise RuntimeError(
                "Trying to backward an extra time. You are only allowed to backward once on any region computed under "
                "selective activation checkpoint."
            )
        known[number] = TAKEN
        return entry.read(may_differ=self.may_differ)


def create_selective_checkpoint_contexts(
    policy_fn_or_list: Any,
    allow_cache_entry_mutation: bool = False,
) -> tuple[Any, Any]:
    """Contexts for ``context_fn``, for the first run and for recomputation, that keep the results a policy names.

    Args:
        policy_fn_or_list: called with a context, the op and its arguments; or the ops whose results to keep.
        allow_cache_entry_mutation: take a kept result even if it was written to since.

    Raises:
        ValueError: the list holds something other than overloads.
        TypeError: the policy is neither a list nor a function.
    """
    if isinstance(policy_fn_or_list, list):
        for op in policy_fn_or_list:
            if not isinstance(op, Overload):
                raise ValueError(  # noqa: TRY004
                    f"Expected op in `op_list` to be an OpOverload but got: {op} of type {type(op)}. Please update the "
                    "OpOverloadPacket to a specific OpOverload."
                )
        policy = _policy_of(policy_fn_or_list)
    elif callable(policy_fn_or_list):
        policy = policy_fn_or_list
    else:
        raise TypeError("policy_fn_or_list must be either a function or a list of ops.")
    kept: defaultdict[Any, list[Any]] = defaultdict(list)
    return _FirstRun(kept, policy), _Recomputation(kept, may_differ=allow_cache_entry_mutation)


def _policy_of(ops: list[Any]) -> Callable[..., bool]:
    return lambda _ctx, op, *_args, **_kwargs: op in ops
