"""Tensors as text, the way torch prints them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import dtypes, forward_ad
from reference_impl.grad_mode import DUAL_LEVELS, no_grad
from reference_impl.masked_array import Masked
from reference_impl.registry import register
from reference_impl.sparse_array import Sparse
from reference_impl.tensor import Tensor


class Options:
    """How numbers are shown; ``set_printoptions`` changes it."""

    precision = 4
    threshold = 1000
    edgeitems = 3
    linewidth = 80
    sci_mode: bool | None = None


def set_printoptions(
    precision: int | None = None,
    threshold: int | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Change how tensors print."""
    if profile is not None:
        named = {
            "default": (4, 1000, 3, 80),
            "short": (2, 1000, 2, 80),
            "full": (4, 10**18, 3, 80),
        }[profile]
        Options.precision, Options.threshold, Options.edgeitems, Options.linewidth = named
    Options.precision = Options.precision if precision is None else precision
    Options.threshold = Options.threshold if threshold is None else threshold
    Options.edgeitems = Options.edgeitems if edgeitems is None else edgeitems
    Options.linewidth = Options.linewidth if linewidth is None else linewidth
    Options.sci_mode = sci_mode


class _Formatter:
    """One width and one notation for all numbers of a tensor."""

    def __init__(self, shown: Any) -> None:
        self.floating = shown.dtype.kind == "f"
        self.whole = True
        self.scientific = False
        self.width = 1
        if not self.floating:
            self.width = max((len(str(v)) for v in shown.ravel().tolist()), default=1)
            return
        self._choose(shown.astype(np.float64).ravel())

    def _choose(self, values: Any) -> None:
        finite = values[np.isfinite(values) & (values != 0)]
        if finite.size == 0:
            return
        size = np.abs(finite)
        low, high = float(size.min()), float(size.max())
        self.whole = bool((finite == np.ceil(finite)).all())
        if self.whole:
            self.scientific = high / low > 1000.0 or high > 1.0e8  # noqa: PLR2004 - torch's thresholds
        else:
            self.scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4  # noqa: PLR2004
        if Options.sci_mode is not None:
            self.scientific = Options.sci_mode
        # As in torch, zeros, infinities and NaN do not count.
        self.width = max(len(self.text(v)) for v in finite)

    def text(self, value: Any) -> str:
        """One number, unpadded."""
        if not self.floating:
            return str(value)
        if self.scientific:
            return f"{value:.{Options.precision}e}"
        if self.whole:
            return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"
        return f"{value:.{Options.precision}f}"

    def __call__(self, value: Any) -> str:
        return self.text(value).rjust(self.width)


class _ComplexFormatter:
    """Real and imaginary parts, each with a formatter of its own."""

    def __init__(self, shown: Any) -> None:
        self.real = _Formatter(shown.real)
        self.imag = _Formatter(shown.imag)
        self.width = self.real.width + self.imag.width + 1

    def __call__(self, value: Any) -> str:
        imag = self.imag(value.imag).lstrip()
        sign = "" if imag.startswith("-") else "+"
        return f"{self.real(value.real)}{sign}{imag}j"


def _rows(data: Any, indent: int, fmt: Any, summary: bool) -> str:
    edge = Options.edgeitems
    if data.ndim == 0:
        return str(fmt(data.item() if data.dtype.kind != "f" else float(data)))
    cut = summary and len(data) > 2 * edge
    if data.ndim == 1:
        return _line(data, indent, fmt, cut)
    parts = [*data[:edge], None, *data[-edge:]] if cut else list(data)
    texts: list[str] = ["..." if p is None else _rows(p, indent + 1, fmt, summary) for p in parts]
    between = "," + "\n" * int(data.ndim - 1) + " " * (indent + 1)
    return f"[{between.join(texts)}]"


def _line(data: Any, indent: int, fmt: Any, cut: bool) -> str:
    edge = Options.edgeitems
    per_line = max(1, int((Options.linewidth - indent) / (fmt.width + 2)))
    values = data.tolist() if data.dtype.kind != "f" else [float(v) for v in data]
    texts = (
        [fmt(v) for v in values[:edge]] + [" ..."] + [fmt(v) for v in values[-edge:]]
        if cut
        else [fmt(v) for v in values]
    )
    lines = [texts[i : i + per_line] for i in range(0, len(texts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(", ".join(line) for line in lines) + "]"


def _summarised(data: Any) -> Any:
    """The values that a summary shows."""
    edge = Options.edgeitems
    for i, n in enumerate(data.shape):
        if n > 2 * edge:
            data = np.concatenate(
                [np.take(data, range(edge), i), np.take(data, range(n - edge, n), i)], i
            )
    return data


def tensor_text(t: Tensor) -> str:
    """``repr`` of a tensor: values, what is unusual about its dtype, and its place in the graph."""
    if isinstance(t._data, Sparse):
        with no_grad():
            return _sparse_text(t, t._data)
    if isinstance(t._data, Masked):
        return _masked_text(t._data)
    data = np.asarray(t._data)
    with no_grad():
        suffixes = _suffixes(t, data)
        if t.is_meta:
            suffixes = ["device='meta'", f"size={tuple(data.shape)}", *suffixes]
        prefix = "Parameter containing:\n" if type(t).__name__ == "Parameter" else ""
        ours = type(t).__module__.startswith("reference_impl.")
        head = "tensor(" if ours else f"{type(t).__name__}("
        if t.is_meta:
            body = "..."
        elif data.size == 0:
            body = "[]"
            if data.ndim != 1:
                suffixes.insert(0, f"size={tuple(data.shape)}")
        else:
            summary = data.size > Options.threshold
            shown = _summarised(data) if summary else data
            body = _rows(data, len(head), _formatter(shown), summary)
    return prefix + _join(head + body, suffixes, indent=len(head))


def _sparse_text(t: Tensor, data: Any) -> str:
    """Indices, values and sizes of a sparse tensor, each on lines of its own."""
    before = ("tensor(indices=tensor(", " " * len("tensor(") + "values=tensor(")
    parts = [
        start
        + (
            _rows(x, len(start), _formatter(x), summary=x.size > Options.threshold)
            if x.size
            else "[]"
        )
        + ("" if x.size else f", size={tuple(x.shape)}")
        for start, x in zip(before, (data.indices, np.asarray(data.values)), strict=True)
    ]
    kind = [s for s in _suffixes(t, data) if s.startswith("dtype")]
    rest = [s for s in _suffixes(t, data) if not s.startswith("dtype")]
    sizes = [
        f"size={tuple(data.shape)}",
        f"nnz={data.indices.shape[1]}",
        *kind,
        "layout=torch.sparse_coo",
    ]
    return _join("),\n".join(parts) + ")", [*sizes, *rest], newline=True)


def _masked_text(x: Masked) -> str:
    """Elements that do not count show as two dashes."""
    shown = "{:8.4f}" if x.dtype.kind == "f" else "{}"
    if x.ndim == 0:
        return (
            f"MaskedTensor({shown.format(x.data.item())}, True)"
            if x.mask
            else "MaskedTensor(--, False)"
        )
    rows = _masked_rows(np.asarray(x.data), x.mask, shown)
    return "MaskedTensor(\n" + "\n".join("  " + line for line in rows.split("\n")) + "\n)"


def _masked_rows(data: Any, mask: Any, shown: str) -> str:
    if data.ndim == 1:
        pairs = zip(data.tolist(), mask.tolist(), strict=True)
        return "[" + ", ".join(shown.format(v) if m else "      --" for v, m in pairs) + "]"
    rows = [_masked_rows(d, m, shown) for d, m in zip(data, mask, strict=True)]
    lines = ["\n".join("  " + line for line in row.split("\n")) for row in rows]
    return "[\n" + ",\n".join(lines) + "\n]"


def _formatter(shown: Any) -> Any:
    return _ComplexFormatter(shown) if shown.dtype.kind == "c" else _Formatter(shown)


def _suffixes(t: Tensor, data: Any) -> list[str]:
    found = []
    kind = dtypes.of_array(data)
    usual = (
        dtypes.get_default_dtype(),
        dtypes.get_default_dtype().to_complex(),
        dtypes.int64,
        dtypes.bool_,
    )
    if kind not in usual or (
        (data.size == 0 or t.is_meta) and kind in (dtypes.int64, dtypes.bool_)
    ):
        found.append(f"dtype={kind!r}")
    try:
        fn = t.grad_fn
    except RuntimeError:  # a view whose history a write has made ambiguous
        return [*found, "grad_fn=<Invalid>"]
    if fn is not None:
        name = fn.name()
        found.append(f"grad_fn=<{name.rsplit('::', maxsplit=1)[-1]}>")
    elif t.requires_grad:
        found.append("requires_grad=True")
    tangent = forward_ad.tangent_of(t, DUAL_LEVELS[-1]) if DUAL_LEVELS else None
    if tangent is not None:
        found.append(f"tangent={tangent!r}")
    return found


def _join(text: str, suffixes: list[str], *, newline: bool = False, indent: int = 7) -> str:
    """Suffixes behind the values, on a line of their own where the line would be too long."""
    last = len(text) - text.rfind("\n") + 1  # two more than there are, as torch counts
    for suffix in suffixes:
        if newline or last + len(suffix) + 2 > Options.linewidth:
            newline = False
            text += ",\n" + " " * indent + suffix
            last = indent + len(suffix)
        else:
            text += ", " + suffix
            last += len(suffix) + 2
    return text + ")"


register("tensor.repr", tensor_text)
