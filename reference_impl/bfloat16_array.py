"""bfloat16 on NumPy: float32 memory that holds only what bfloat16 can, under a dtype of its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.kinds import Unreadable

# Note [A dtype that NumPy lacks]
# A bfloat16 number is the upper half of a float32. An array of them is kept as float32 in the byte order that is not
# the machine's: NumPy tells that dtype from float32 wherever dtypes are compared or handed on, and computes with it as
# with float32. torch takes no arrays of foreign byte order, so nothing else can be meant by it. Whatever NumPy computes
# comes out in the machine's order, and is rounded here, once per op: sums are accumulated in float32.

DTYPE: np.dtype[Any] = np.dtype(np.float32).newbyteorder()
_WIDE = np.dtype(np.float32)


class BFloat16(np.ndarray[Any, Any], Unreadable):
    """An array of bfloat16 numbers; what is computed from it is rounded."""

    why_not_numpy = "Got unsupported ScalarType BFloat16"

    def __array_ufunc__(
        self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any
    ) -> Any:
        if options.get("dtype") == DTYPE:
            options["dtype"] = _WIDE
        plain = [bare(x) for x in inputs]
        if method == "at":
            ufunc.at(*plain)
            if type(inputs[0]) is BFloat16:
                plain[0][...] = _round(plain[0])
            return None
        if out is None:
            return wrap(getattr(ufunc, method)(*plain, **options))
        found = getattr(ufunc, method)(*plain, **options)
        for target, made in zip(out, found if isinstance(found, tuple) else (found,), strict=True):
            target[...] = made
        return out[0] if len(out) == 1 else out

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func is np.copyto and isinstance(args[0], BFloat16):
            args = (args[0], round_to(args[1]), *args[2:])
        if kwargs.get("dtype") == DTYPE:
            kwargs = {**kwargs, "dtype": _WIDE}
        return wrap(func(*bare(args), **{k: bare(v) for k, v in kwargs.items()}))

    def __setitem__(self, index: Any, value: Any) -> None:
        self.view(np.ndarray)[index] = value if isinstance(value, BFloat16) else _round(value)

    def __getitem__(self, index: Any) -> Any:
        found = self.view(np.ndarray)[index]
        return found.view(BFloat16) if isinstance(found, np.ndarray) else round_to(found)

    def astype(self, dtype: Any, *args: Any, **options: Any) -> Any:
        """A copy in another dtype; of the class of that dtype."""
        made = self.view(np.ndarray).astype(dtype, *args, **options)
        return made.view(BFloat16) if made.dtype == DTYPE else made

    def __reduce__(self) -> Any:
        return round_to, (self.astype(np.float32),)


def _round(x: Any) -> Any:
    """The nearest numbers that bfloat16 has, ties to even, as float32 of the machine's order."""
    with np.errstate(all="ignore"):
        wide = np.asarray(x.real if getattr(x, "dtype", _WIDE).kind == "c" else x).astype(_WIDE)
    bits = wide.view(np.uint32)
    kept = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    rounded = (kept & np.uint32(0xFFFF0000)).view(_WIDE)
    # A NaN whose upper half is zero, or one that the addition would carry on, stays a NaN.
    return np.where(np.isnan(wide), np.float32(np.nan), rounded)


def round_to(x: Any) -> BFloat16:
    """``x`` as an array of bfloat16; a copy, unless it is one."""
    if type(x) is BFloat16 and x.dtype == DTYPE:
        return x
    made: BFloat16 = _round(x).astype(DTYPE).view(BFloat16)
    return made


def cast(x: Any, dtype: np.dtype[Any]) -> Any:
    """``x.astype(dtype)``, rounded where the dtype is bfloat16."""
    return round_to(x) if dtype == DTYPE and not _is_other(x) else x.astype(dtype)


def _is_other(x: Any) -> bool:
    """True for an array of ours without values, sparse or masked: it has ``astype``, and rounds inside."""
    return isinstance(x, Unreadable) and not isinstance(x, BFloat16)


def bare(x: Any) -> Any:
    """What NumPy computes with: the same memory as a plain array; in lists as well."""
    if isinstance(x, BFloat16):
        return x.view(np.ndarray)
    if type(x) in (list, tuple):
        return type(x)([bare(i) for i in x])
    return x


def wrap(x: Any) -> Any:
    """What NumPy computed, as bfloat16: float32 is rounded, a view of bfloat16 memory stays one."""
    if _is_other(x):
        return x.astype(DTYPE) if x.dtype == _WIDE else x
    if isinstance(x, np.ndarray | np.generic):
        if x.dtype == DTYPE:
            owned = x.base is None and x.ndim > 0
            return round_to(x) if owned else x.view(BFloat16)
        return round_to(x) if x.dtype == _WIDE else x
    return type(x)([wrap(i) for i in x]) if type(x) in (list, tuple) else x


def widen(x: Any) -> Any:
    """bfloat16 as float32 of the machine's order, for a computation that rounds at its end; in lists as well."""
    if _is_other(x):
        return x.astype(_WIDE) if x.dtype == DTYPE else x
    if isinstance(x, np.ndarray) and x.dtype == DTYPE:
        return x.view(np.ndarray).astype(_WIDE)
    if isinstance(x, np.dtype) and x == DTYPE:
        return _WIDE
    if type(x) in (list, tuple):
        return type(x)([widen(i) for i in x])
    return x


def apply_wide(node: Any, ct: Any, values: list[Any]) -> Any:
    """``RuleNode.apply`` in float32 with one rounding at the end.

    What comes out is bfloat16 if the cotangent is, or if it is the dtype that the formula names.
    """
    named: list[Any] = [v for v in values if isinstance(v, np.dtype)]
    cts = ct if type(ct) in (list, tuple) else (ct,)
    narrow = DTYPE in (named or [getattr(c, "dtype", None) for c in cts])
    ct, values = widen(ct), widen(values)
    if node.variadic:
        fn, picks = node.plan[0]
        found = fn(ct, *[values[k] for k in picks])
    else:
        found = [
            None if node.edges[2 * i] is None else fn(ct, *[values[k] for k in picks])
            for i, (fn, picks) in enumerate(node.plan)
        ]
    for c in cts:
        if _is_other(c):  # what a formula made anew is of the same kind
            found = [c.adopt(g) for g in found]
    return wrap(found) if narrow else found


class Limits:
    """The limits of bfloat16, as ``finfo`` gives them: 8 bits of exponent, 7 of fraction."""

    bits = 16
    eps = 2.0**-7
    max = (2 - 2.0**-7) * 2.0**127
    min = -(2 - 2.0**-7) * 2.0**127
    tiny = smallest_normal = 2.0**-126
    resolution = 0.01
    dtype = "bfloat16"

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, "
            f"smallest_normal={self.tiny:g}, tiny={self.tiny:g}, dtype={self.dtype})"
        )
