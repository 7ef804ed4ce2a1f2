"""Casting: the arguments of one call brought to the dtype that autocast wants."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from reference_impl import dtypes
from reference_impl.amp.lists import policy_of
from reference_impl.grad_mode import MODE
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor
from reference_impl.tree import flatten


class Casting:
    """What ``MODE.autocast`` holds while autocast is on: the lower dtype, and parameters that were cast already."""

    def __init__(self, dtype: dtypes.dtype, *, cached: bool, shared: Casting | None = None) -> None:
        self.dtype = dtype
        self.cached = cached
        # Keyed by identity; torch, too, casts a parameter once for all its uses within the outermost context.
        self.held: dict[Any, tuple[weakref.ref[Any], Tensor]] = (
            {} if shared is None else shared.held
        )

    def policy(self, name: str, kwargs: dict[str, Any]) -> str | None:
        """What the lists say of this call."""
        return policy_of(name, kwargs.get("mode") if name == "nn.functional.pad" else None)

    def call(
        self, policy: str, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """``fn`` on arguments that were cast, with autocast off inside."""
        if policy != "untouched":
            target = self._target(policy, (args, kwargs))
            args = tuple(self._cast(a, target) for a in args)
            kwargs = {k: self._cast(v, target) for k, v in kwargs.items()}
        MODE.autocast = None
        try:
            return fn(*args, **kwargs)
        finally:
            MODE.autocast = self

    def _target(self, policy: str, given: Any) -> dtypes.dtype:
        if policy == "lower":
            return self.dtype
        if policy == "full":
            return dtypes.float32
        found = [x.dtype for x in flatten(given)[0] if _eligible(x)]
        return self.dtype if all(d is self.dtype for d in found) else dtypes.float32

    def _cast(self, x: Any, target: dtypes.dtype) -> Any:
        if type(x) in (list, tuple):
            return type(x)(self._cast(i, target) for i in x)
        if not _eligible(x) or x.dtype is target:
            return x
        if target is dtypes.float32 or not (
            self.cached and x.requires_grad and x.is_leaf and MODE.grad
        ):
            return OPS["to"](x, target)
        key = (id(x), target)
        found = self.held.get(key)
        if found is None or found[0]() is not x:
            found = self.held[key] = (weakref.ref(x), OPS["to"](x, target))
        return found[1]


class as_then:  # noqa: N801 - used like a mode
    """Inside, operations are cast as they were when ``casting`` was in force; for what is run again."""

    def __init__(self, casting: Casting | None) -> None:
        again = casting is not None and Casting(casting.dtype, cached=casting.cached)
        self.casting = again or None

    def __enter__(self) -> None:
        self.before, MODE.autocast = MODE.autocast, self.casting
        MODE.refresh()

    def __exit__(self, *exc_info: object) -> None:
        MODE.autocast = self.before
        MODE.refresh()


def _eligible(x: Any) -> bool:
    """True for what autocast casts: floats up to float32."""
    return isinstance(x, Tensor) and x.dtype in (dtypes.float16, dtypes.bfloat16, dtypes.float32)
