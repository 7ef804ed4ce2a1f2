"""Which numbers operators take."""

# ruff: noqa: ARG001 - a check has the parameters of its operator

from __future__ import annotations

from typing import Any

from reference_impl import layout
from reference_impl.ops.checks.table import before, refuse

_F = "nn.functional."


@before("kthvalue")
def _kth(self: Any, k: int, dim: int = -1, keepdim: bool = False) -> None:
    count = int(self.shape[layout.one_dim(dim, self.ndim)]) if self.ndim else 1
    refuse(
        not 1 <= int(k) <= count, f"kthvalue(): selected number k out of range for dimension {dim}"
    )


@before(f"{_F}rrelu", "rrelu")
def _rrelu(input: Any, lower: float = 0.125, upper: float = 1 / 3, *_: Any, **__: Any) -> None:
    refuse(lower > upper, "Lower bound should be less than or equal to the upper bound")


@before(f"{_F}softshrink")
def _softshrink(input: Any, lambd: float = 0.5, **_: Any) -> None:
    refuse(
        not lambd >= 0,
        f"lambda must be in range [0, 3.40282e+38] for input dtype {input.dtype}, but found {lambd}",
    )


@before(f"{_F}hardtanh")
def _hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, *_: Any, **__: Any) -> None:
    refuse(min_val > max_val, "min_val cannot be greater than max_val", ValueError)


@before(f"{_F}triplet_margin_loss", f"{_F}triplet_margin_with_distance_loss")
def _triplet(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, *_: Any, **__: Any
) -> None:
    refuse(margin <= 0, f"margin must be greater than 0, got {margin}", ValueError)
    refuse(
        not anchor.ndim == positive.ndim == negative.ndim,
        "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
        f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs",
    )
