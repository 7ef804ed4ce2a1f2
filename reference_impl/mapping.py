"""Running an op once per example, where vmap is on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, NoReturn

from reference_impl.batching import Batched, example, highest, size_at
from reference_impl.grad_mode import MODE
from reference_impl.graph import accumulator
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make
from reference_impl.tree import flatten, is_named_tuple, unflatten


class Mapped(NamedTuple):
    """One vmap that is running; not ``active`` while an op runs for one of its examples."""

    level: int
    size: int
    randomness: str
    active: bool = True


DRAWS = frozenset(
    [
        "rand",
        "randn",
        "randint",
        "randperm",
        "normal",
        "bernoulli",
        "multinomial",
        "rand_like",
        "randn_like",
        "randint_like",
        "normal_",
        "uniform_",
        "bernoulli_",
        "exponential_",
        "cauchy_",
        "geometric_",
        "log_normal_",
        "random_",
        "dropout",
        "nn.functional.dropout",
        "nn.functional.dropout1d",
        "nn.functional.dropout2d",
        "nn.functional.dropout3d",
        "nn.functional.alpha_dropout",
        "nn.functional.feature_alpha_dropout",
        "nn.functional.rrelu",
        "nn.functional.gumbel_softmax",
    ]
)
DYNAMIC = frozenset(["nonzero", "argwhere", "unique", "unique_consecutive", "masked_select"])


def level_for(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    """At which level a call must run once per example; 0: at none."""
    level = max(highest(args), highest(kwargs))
    if name in DRAWS:
        own = next((m for m in reversed(MODE.vmap) if m.active), None)
        if own is not None and own.level > level and own.randomness == "different":
            return int(own.level)
    return level


def loop(
    level: int, fn: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call ``fn`` for each example at ``level`` and put the results together.

    Raises:
        RuntimeError: the op's result depends on values in a way that examples cannot share.
    """
    leaves, structure = flatten((args, kwargs))
    sizes = [n for n in (size_at(x, level) for x in leaves) if n is not None]
    if not sizes:
        sizes = [m.size for m in MODE.vmap if m.level == level]
    if name in DYNAMIC:
        refuse_dynamic(name)
    if (name.endswith("_") and not name.endswith("__")) or name == "__setitem__":
        _refuse_unbatched_target(args, level)
    results = []
    with _inactive(level) as rewind:
        for k in range(sizes[0]):
            rewind()
            a, kw = unflatten(
                [_example(x, level, k) if isinstance(x, Tensor) else x for x in leaves], structure
            )
            results.append(fn(*a, **kw))
    return _combine(level, name, leaves, results)


@contextlib.contextmanager
def _inactive(level: int) -> Iterator[Callable[[], None]]:
    """Ops inside belong to one example; what it yields makes the next example draw what the last one drew."""
    previous = MODE.vmap
    MODE.vmap = tuple(m._replace(active=False) if m.level == level else m for m in previous)
    same = any(m.level == level and m.randomness == "same" for m in previous)
    bits = OPS["default_generator"].numpy.bit_generator if same else None  # type: ignore[attr-defined]
    state = None if bits is None else bits.state

    def rewind() -> None:
        if bits is not None:
            bits.state = state

    try:
        yield rewind
    finally:
        MODE.vmap = previous


def _example(x: Tensor, level: int, k: int) -> Any:
    """Example ``k``; of a tensor that is the same for all examples, but not its tangent, a copy with its tangent."""
    if type(x) is Batched:
        return example(x, level, k)
    tangents = None if x._meta is None else x._meta.tangents
    if not tangents or all(size_at(t, level) is None for t, _ in tangents.values()):
        return x
    made = make(x._array(), x._shared())
    held = accumulator(x) if x.is_leaf and x.requires_grad else None
    made._grad_fn, made._output_nr = x.grad_fn, x._output_nr
    meta, old = made._autograd(), x._autograd()
    meta.requires_grad, meta.accumulator, meta.view = old.requires_grad, old.accumulator, old.view
    meta.tangents = {at: (example(t, level, k), serial) for at, (t, serial) in tangents.items()}
    made.__dict__.update(x.__dict__, held=held)
    return made


def _combine(level: int, name: str, leaves: list[Any], results: list[Any]) -> Any:
    """One value for those of all examples."""
    first = results[0]
    if isinstance(first, Tensor):
        for x in leaves:
            if (
                type(x) is Batched
                and x.level == level
                and all(a is b for a, b in zip(results, x.examples, strict=True))
            ):
                return x  # written in place
        if all(r is first for r in results) and len(results) > 1:
            return first
        if any(r._data.shape != first._data.shape for r in results):
            refuse_dynamic(name)
        return Batched(level, results)
    if isinstance(first, tuple | list) and any(
        isinstance(x, Tensor) for x in flatten(list(first))[0]
    ):
        if any(len(r) != len(first) for r in results):
            refuse_dynamic(name)
        made = [
            _combine(level, name, leaves, list(column)) for column in zip(*results, strict=True)
        ]
        return type(first)(*made) if is_named_tuple(first) else type(first)(made)
    return first


def refuse_dynamic(name: str) -> NoReturn:
    """The error for an op whose result's shape depends on values."""
    raise RuntimeError(
        "vmap: We do not support batching operators that can output dynamic shape. Attempted to "
        f"vmap over aten::{name}. "
        "Please voice your support in https://github.com/pytorch/functorch/issues/256"
    )


def _refuse_unbatched_target(args: tuple[Any, ...], level: int) -> None:
    if size_at(args[0], level) is None:
        raise RuntimeError(
            "vmap: inplace arithmetic(self, *extra_args) is not possible because there exists a "
            "Tensor `other` in extra_args "
            "that has more elements than `self`. This happened due to `other` being vmapped over "
            "but `self` not being vmapped "
            f"over at level {level}. Please try to use out-of-place operators instead of inplace "
            "arithmetic."
        )


def refuse_out(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse ``out=`` where an argument is batched."""
    if max(highest(args), highest(kwargs)):
        raise RuntimeError(
            f"vmap: {name}: the op doesn't work on out= variants; use the result instead"
        )


def check_draw() -> None:
    """Called before each random draw; refuses it where a vmap around it wants none."""
    if any(m.randomness == "error" for m in MODE.vmap):
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the "
            "'same' or 'different' "
            "randomness flags on vmap or perform the randomness operation out of vmap"
        )


# -- what a transform made ---------------------------------------------------------------------------------------------


def mark(found: Any) -> Any:
    """Note that the transform that is running made ``found``, so that it may be written to inside."""
    serial = MODE.transforms[-1]
    for t in found if isinstance(found, tuple | list) else (found,):
        if isinstance(t, Tensor):
            t.__dict__["made_in"] = serial
    return found


def refuse_captured(t: Tensor, name: str) -> None:
    """Refuse a write to a tensor that the running transform did not make, or to a view of one.

    Raises:
        RuntimeError: it was made outside.
    """
    base = t if t._base is None else t._base
    if min(x.__dict__.get("made_in", -1) for x in (t, base)) < MODE.transforms[-1]:
        raise RuntimeError(
            "During a grad (vjp, jvp, grad, etc) transform, the function provided attempted to "
            f"call in-place operation (aten::{name}_) that would "
            "mutate a captured Tensor. This is not supported; please rewrite the function being "
            "transformed to explicitly accept "
            "the mutated Tensor(s) as inputs."
        )


def layered(
    fn: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Call ``fn`` as the running vmaps and transforms want it."""
    if MODE.vmap:
        level = level_for(name, args, kwargs)
        if level:
            return loop(level, lambda *a, **k: layered(fn, name, a, k), name, args, kwargs)
    found = fn(*args, **kwargs)
    return mark(found) if MODE.transforms else found
