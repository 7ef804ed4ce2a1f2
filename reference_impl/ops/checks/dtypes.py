"""Which dtypes operators take, and which must be the same."""

# ruff: noqa: ARG001 - a check has the parameters of its operator

from __future__ import annotations

from typing import Any

from reference_impl.ops.checks.table import before, refuse


def _kind(x: Any) -> str:
    kind: str = x._data.dtype.kind
    return kind


@before("complex", "polar")
def _parts(real: Any, imag: Any) -> None:
    if not (hasattr(real, "dtype") and hasattr(imag, "dtype")):
        return
    refuse(
        _kind(real) != "f",
        f"Expected both inputs to be Half, Float or Double tensors but got {real.dtype}",
    )
    refuse(
        real.dtype != imag.dtype,
        f"Expected object of scalar type {real.dtype} but got scalar type {imag.dtype} for second argument",
    )


@before("masked_scatter", "masked_select", "masked_fill", "masked_fill_")
def _mask(self: Any, mask: Any, *_: Any) -> None:
    refuse(_kind(mask) != "b", f"only supports boolean masks, but got mask with dtype {mask.dtype}")


@before("scatter", "scatter_", "scatter_add", "scatter_add_")
def _scattered(self: Any, dim: int, index: Any, src: Any = None, **_: Any) -> None:
    _index("scatter", index)
    refuse(
        hasattr(src, "_data") and src.dtype != self.dtype,
        "scatter(): Expected self.dtype to be equal to src.dtype",
    )


@before("index_copy", "index_copy_", "index_add", "index_add_", "index_reduce", "index_reduce_")
def _indexed(self: Any, dim: int, index: Any, source: Any, *_: Any, **__: Any) -> None:
    _index("index_copy_()", index)
    refuse(
        self.dtype != source.dtype,
        f"self and source expected to have the same dtype, but got (self) {self.dtype} and (source) {source.dtype}",
    )


def _index(name: str, index: Any) -> None:
    refuse(_kind(index) != "i", f"{name}: Expected dtype int32/int64 for index")


@before("neg", "neg_")
def _negated(self: Any) -> None:
    refuse(
        hasattr(self, "_data") and _kind(self) == "b",
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
        "the `~` or `logical_not()` operator instead.",
    )
