"""torch.testing: comparing values, and tensors to try things on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from reference_impl import dtypes
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

__all__ = ["assert_allclose", "assert_close", "make_tensor"]

# The documented tolerances, relative and absolute; dtypes without an entry are compared exactly.
_TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}


def assert_close(  # noqa: PLR0913 - torch's signature
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """Nothing, if both are close: tensors, numbers, or sequences and mappings of them.

    Raises:
        AssertionError: they are not.
        ValueError: one tolerance is given without the other.
        TypeError: something in them cannot be compared.
    """
    _ = allow_subclasses, check_device, check_layout
    if (rtol is None) != (atol is None):
        raise ValueError(
            "Both 'rtol' and 'atol' must be either specified or omitted, but got no "
            f"{'atol' if atol is None else 'rtol'}."
        )
    options = {
        "tolerances": None if rtol is None else (rtol, atol),
        "equal_nan": equal_nan,
        "check_dtype": check_dtype,
        "check_stride": check_stride,
    }
    found = _difference(actual, expected, options)
    if found is not None:
        raise AssertionError(msg(found) if callable(msg) else msg or found)


assert_allclose = assert_close


def _difference(actual: Any, expected: Any, options: dict[str, Any]) -> str | None:
    """How both differ, in words; None if they are close."""
    both = (actual, expected)
    if all(isinstance(x, Mapping) for x in both):
        return _of_mappings(actual, expected, options)
    if all(isinstance(x, Sequence) and not isinstance(x, str) for x in both):
        if len(actual) != len(expected):
            return f"The length of the sequences mismatch: {len(actual)} != {len(expected)}"
        return _each([(i, *pair) for i, pair in enumerate(zip(*both, strict=True))], options)
    if all(isinstance(x, int | float | complex) for x in both):
        options = options | {"check_dtype": False}
        actual, expected = (np.asarray(x) for x in both)
    elif not all(isinstance(x, Tensor | np.ndarray) for x in both):
        raise TypeError(
            f"No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}."
        )
    return _of_tensors(OPS["as_tensor"](actual), OPS["as_tensor"](expected), options)


def _of_mappings(actual: Any, expected: Any, options: dict[str, Any]) -> str | None:
    if actual.keys() != expected.keys():
        missing, extra = expected.keys() - actual.keys(), actual.keys() - expected.keys()
        return (
            "The keys of the mappings do not match:\n"
            f"Missing keys in the actual mapping: {sorted(missing)}\n"
            f"Additional keys in the actual mapping: {sorted(extra)}"
        )
    return _each([(k, actual[k], expected[k]) for k in actual], options)


def _each(pairs: list[tuple[Any, Any, Any]], options: dict[str, Any]) -> str | None:
    for key, actual, expected in pairs:
        found = _difference(actual, expected, options)
        if found is not None:
            return f"{found}\n\nThe failure occurred for item [{key}]"
    return None


def _of_tensors(actual: Any, expected: Any, options: dict[str, Any]) -> str | None:
    a, b = actual.detach(), expected.detach()
    if a.shape != b.shape:
        return f"The values for attribute 'shape' do not match: {a.shape} != {b.shape}."
    if options["check_dtype"] and a.dtype != b.dtype:
        return f"The values for attribute 'dtype' do not match: {a.dtype} != {b.dtype}."
    if options["check_stride"] and a.stride() != b.stride():
        return f"The values for attribute 'stride()' do not match: {a.stride()} != {b.stride()}."
    usual = [_TOLERANCES.get(str(x.dtype).removeprefix("torch."), (0.0, 0.0)) for x in (a, b)]
    rtol, atol = options["tolerances"] or max(usual)
    x, y = np.asarray(a._array()), np.asarray(b._array())
    with np.errstate(all="ignore"):
        bad = ~np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=options["equal_nan"])
        if not bad.any():
            return None
        return _mismatch(x, y, bad, (rtol, atol))


def _mismatch(x: Any, y: Any, bad: Any, tolerances: tuple[float, float]) -> str:
    apart = np.abs(x - y) if x.dtype.kind in "fciu" else x ^ y
    relative = np.where(bad, apart / np.abs(y), 0)
    rtol, atol = tolerances
    if not rtol and not atol:
        head = "Scalars are not equal!" if x.ndim == 0 else "Tensor-likes are not equal!"
        allowed = ("", "")
    else:
        head = "Scalars are not close!" if x.ndim == 0 else "Tensor-likes are not close!"
        allowed = (f" (up to {atol} allowed)", f" (up to {rtol} allowed)")
    if x.ndim == 0:
        return (
            f"{head}\n\nExpected {y.item()} but got {x.item()}.\nAbsolute difference: {apart.item()}{allowed[0]}\n"
            f"Relative difference: {relative.item()}{allowed[1]}"
        )
    lines = [f"{head}\n", f"Mismatched elements: {bad.sum()} / {x.size} ({bad.mean() * 100:.1f}%)"]
    for what, values, most in (("absolute", apart, allowed[0]), ("relative", relative, allowed[1])):
        at = np.unravel_index(np.argmax(np.where(bad, values, -1)), x.shape)
        place = tuple(int(i) for i in at)
        lines.append(f"Greatest {what} difference: {values[at]} at index {place}{most}")
    return "\n".join(lines)


def make_tensor(  # noqa: PLR0913 - torch's signature
    *shape: Any,
    dtype: Any,
    device: Any = "cpu",
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Any:
    """A tensor of uniform draws from [low, high): by default [-9, 9), or [0, 2) of truth values.

    Raises:
        ValueError: the interval is empty, or a gradient is asked for whole numbers.
    """
    _ = device, memory_format
    sizes = tuple(shape[0]) if len(shape) == 1 and isinstance(shape[0], list | tuple) else shape
    smooth = dtype.is_floating_point or dtype.is_complex
    if requires_grad and not smooth:
        raise ValueError(
            f"`requires_grad=True` is not supported for boolean and integral dtypes, but got dtype={dtype}"
        )
    usual = (
        (0, 2)
        if dtype == dtypes.bool_
        else (0, 10)
        if dtype == dtypes.uint8
        else (-9, 9 if smooth else 10)
    )
    least, most = usual[0] if low is None else low, usual[1] if high is None else high
    if not least < most:
        raise ValueError(f"`low` must be less than `high`, but got {least} >= {most}")
    wide = (*sizes[:-1], 2 * sizes[-1]) if noncontiguous and sizes else sizes
    made = _drawn(wide, dtype, (least, most))
    if noncontiguous and sizes:
        made = made[..., ::2]
    if exclude_zero:
        made[made == 0] = 1
    return made.requires_grad_(requires_grad) if smooth else made


def _drawn(sizes: tuple[int, ...], dtype: Any, interval: tuple[float, float]) -> Any:
    low, high = interval
    if dtype.is_complex:
        real = dtypes.float32 if dtype == dtypes.complex64 else dtypes.float64
        parts = [OPS["rand"](*sizes, dtype=real) * (high - low) + low for _ in range(2)]
        return OPS["complex"](*parts)
    if dtype.is_floating_point:
        return (OPS["rand"](*sizes, dtype=dtypes.float64) * (high - low) + low).to(dtype)
    return OPS["randint"](int(low), int(high), sizes).to(dtype)
