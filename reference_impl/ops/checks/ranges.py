"""Which numbers operators take."""

# ruff: noqa: ARG001, N803 - a check has the parameters of its operator

from __future__ import annotations

from typing import Any

import numpy as np

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


_P = "dropout probability has to be between 0 and 1"


@before(
    *(
        f"{_F}{name}"
        for name in [
            "dropout",
            "dropout1d",
            "dropout2d",
            "dropout3d",
            "alpha_dropout",
            "feature_alpha_dropout",
        ]
    )
)
def _dropped(input: Any, p: float = 0.5, *_: Any, **__: Any) -> None:
    refuse(not isinstance(p, complex) and not 0 <= p <= 1, f"{_P}, but got {p}", ValueError)


@before(f"{_F}scaled_dot_product_attention")
def _attention(  # noqa: RUF100
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False, *_: Any,
    **__: Any,
) -> None:  # fmt: skip
    refuse(not 0 <= dropout_p <= 1, f"{_P}, but got {dropout_p}")
    refuse(
        attn_mask is not None and is_causal,
        "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True",
    )


@before("cdist")
def _distance(x1: Any, x2: Any, p: float = 2.0, *_: Any, **__: Any) -> None:
    for i, x in enumerate((x1, x2), 1):
        refuse(x.ndim < 2, f"cdist only supports at least 2D tensors, X{i} got: {x.ndim}D")
    refuse(p < 0, "cdist only supports non-negative p values")


@before("multinomial")
def _samples(self: Any, num_samples: int, replacement: bool = False, **_: Any) -> None:
    refuse(self.ndim not in {1, 2}, "prob_dist must be 1 or 2 dim")
    refuse(num_samples <= 0, "cannot sample n_sample <= 0 samples")
    refuse(
        not replacement and num_samples > self.shape[-1],
        "cannot sample n_sample > prob_dist.size(-1) samples without replacement",
    )
    data = self._data
    refuse(
        data.size and not (np.isfinite(data).all() and (data >= 0).all()),
        "probability tensor contains either `inf`, `nan` or element < 0",
    )


@before("normal")
def _deviation(mean: Any = 0.0, std: Any = 1.0, *_: Any, **__: Any) -> None:
    refuse(
        isinstance(std, int | float) and std < 0, f"normal expects std >= 0.0, but found std {std}"
    )


@before("histc")
def _bins(self: Any, bins: int = 100, min: Any = 0, max: Any = 0) -> None:
    refuse(bins <= 0, f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    refuse(min > max, "torch.histc: max must be larger than min")


@before("bincount")
def _counted(self: Any, weights: Any = None, minlength: int = 0) -> None:
    wrong = (
        self.ndim != 1
        or self._data.dtype.kind not in "iu"
        or (self.numel() and self._data.min() < 0)
    )
    refuse(wrong, "bincount only supports 1-d non-negative integral inputs.")
    refuse(minlength < 0, "minlength should be >= 0")


@before(f"{_F}cross_entropy")
def _smoothing(*_: Any, label_smoothing: float = 0.0, **__: Any) -> None:
    refuse(
        not 0 <= label_smoothing <= 1,
        f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}",
    )


@before(f"{_F}multi_margin_loss")
def _target_class(input: Any, target: Any, *_: Any, **__: Any) -> None:
    _in_range(target, int(input.shape[-1]) if input.ndim else 1, 0, "target out of range")


@before(f"{_F}multilabel_margin_loss")
def _target_classes(input: Any, target: Any, *_: Any, **__: Any) -> None:
    _in_range(
        target,
        int(input.shape[-1]) if input.ndim else 1,
        -1,
        "argument #2 'target' is out of range",
    )


def _in_range(
    x: Any, end: int, start: int, message: str, error: type[Exception] = RuntimeError
) -> None:
    data = x._data
    refuse(
        data.size and data.dtype.kind in "iu" and (data.min() < start or data.max() >= end),
        message,
        error,
    )


@before(f"{_F}embedding")
def _rows(input: Any, weight: Any, *_: Any, **__: Any) -> None:
    places, table = (weight, input) if input._data.dtype.kind in "fc" else (input, weight)
    refuse(
        places._data.dtype.kind not in "iu",
        f"Expected tensor for argument #1 'indices' to hold integers: {places.dtype}",
    )
    _in_range(places, int(table.shape[0]), 0, "index out of range in self", IndexError)


@before("scatter", "scatter_")
def _scattered_how(*_: Any, reduce: Any = None, **__: Any) -> None:
    refuse(
        reduce not in {None, "add", "multiply"}, "reduce argument must be either add or multiply."
    )


@before("scatter_reduce", "scatter_reduce_")
def _reduced_how(self: Any, dim: int, index: Any, source: Any, reduce: str, **_: Any) -> None:
    refuse(
        reduce not in {"sum", "prod", "mean", "amax", "amin"},
        f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}",
    )


@before("index_reduce", "index_reduce_")
def _index_reduced_how(self: Any, dim: int, index: Any, source: Any, reduce: str, **_: Any) -> None:
    refuse(
        reduce not in {"prod", "mean", "amax", "amin"},
        f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}",
    )


@before("linalg.eigh", "linalg.eigvalsh")
def _triangle(A: Any, UPLO: str = "L") -> None:
    refuse(
        UPLO.upper() not in {"L", "U"}, f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}"
    )


@before("linalg.qr")
def _factors(A: Any, mode: str = "reduced") -> None:
    refuse(
        mode not in {"reduced", "r", "complete"},
        f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'",
    )


@before("linalg.matrix_norm", "linalg.norm", "norm")
def _order(A: Any, ord: Any = None, *_: Any, **__: Any) -> None:
    refuse(
        isinstance(ord, str) and ord not in {"fro", "nuc"},
        f"linalg.matrix_norm: Order {ord} not supported.",
    )


@before("linalg.norm")
def _order_of_many(A: Any, ord: Any = None, dim: Any = None, *_: Any, **__: Any) -> None:
    refuse(
        dim is None and ord is not None and A.ndim > 2,
        f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.ndim}D.",
    )


@before("meshgrid")
def _grid(*_: Any, indexing: str = "ij") -> None:
    refuse(
        indexing not in {"ij", "xy"},
        f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}',
    )


@before(
    "pixel_shuffle",
    "nn.functional.pixel_shuffle",
    "pixel_unshuffle",
    "nn.functional.pixel_unshuffle",
)
def _shuffled(self: Any, factor: int) -> None:
    refuse(
        isinstance(factor, int) and factor <= 0,
        f"pixel_shuffle expects a positive upscale_factor, but got {factor}",
    )


@before("chunk", "unsafe_chunk")
def _chunks(self: Any, chunks: int, *_: Any, **__: Any) -> None:
    refuse(chunks <= 0, f"chunk expects `chunks` to be greater than 0, got: {chunks}")


@before("addcdiv")
def _whole_division(self: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> None:
    refuse(
        all(x._data.dtype.kind in "iub" for x in (self, tensor1, tensor2)),
        "Integer division with addcdiv is no longer supported",
    )
