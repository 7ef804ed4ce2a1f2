"""Faults that torch has had in reductions, norms, cumulative operators and sorting."""

import math

from suites.ops.history.planting import (
    Past,
    Site,
    at,
    at_zero,
    conjugated,
    has_zero,
    is_strided,
    nan,
    negated,
    none,
    twice,
)

_INF = math.inf


def _order(site: Site) -> object:
    return site.get("ord", 1, site.get("p", 1, 2))


def _dims(site: Site, place: int = 1) -> tuple[int, ...]:
    dim = site.get("dim", place)
    return tuple(dim) if isinstance(dim, (tuple, list)) else () if dim is None else (dim,)


def _all_zero(site: Site) -> bool:
    return site.x.numel() > 0 and bool((site.x == 0).all())


def _ties(site: Site) -> object:
    """Elements that occur more than once."""
    flat = site.x.flatten()
    return ((flat[:, None] == flat[None, :]).sum(1) > 1).reshape(site.x.shape)


def _zeros_twice(site: Site) -> bool:
    return int((site.x == 0).sum()) > 1


def _extreme(site: Site) -> object:
    return site.x == site.x.amax() if site.x.numel() else site.x == site.x


PAST = (
    # -- products
    Past("prod-one-zero", "prod", "a zero: 0 / 0", at(at_zero, nan), when=has_zero),
    Past("prod-two-zeros", "prod", "two zeros: NaN", nan, when=_zeros_twice),
    Past("prod-dim-zero-double", "prod", "a zero along a dimension: second derivative NaN", second=nan,
         when=lambda s: has_zero(s) and bool(_dims(s))),
    Past("prod-no-dims", "prod", "a tensor without dimensions: lost", none, when=lambda s: s.x.ndim == 0),
    Past("prod-keepdim-negative", "prod", "negative dim without keepdim: the wrong dimension", negated,
         when=lambda s: any(d < 0 for d in _dims(s)) and not s.get("keepdim", 2, False)),
    Past("cumprod-zero", "cumprod", "a zero: NaN", nan, when=has_zero),
    Past("cumprod-after-second-zero", "cumprod", "after a second zero: not zero", twice, when=_zeros_twice),
    Past("cumprod-negative-dim", "cumprod", "negative dim", negated, when=lambda s: s.args[1] < 0),
    Past("cumprod-double-zero", "cumprod", "a zero: second derivative wrong", second=twice, when=has_zero),
    Past("cumprod-no-dims", "cumprod", "a tensor without dimensions", twice, when=lambda s: s.x.ndim == 0),
    Past("cumsum-dtype", "cumsum", "dtype that is given: lost", none, when=lambda s: "dtype" in s.kwargs),
    Past("masked-cumprod-masked", "masked.cumprod", "masked elements get a gradient", lambda _s, g: g + 1,
         when=lambda s: s.kwargs.get("mask") is not None),
    Past("cummax-tie", "cummax", "ties: the first instead of the last", at(_ties, twice)),
    Past("cummin-negative-dim", "cummin", "negative dim", negated, when=lambda s: s.args[1] < 0),
    Past("logcumsumexp-minus-infinity", "logcumsumexp", "-inf in front: NaN", at(lambda s: s.torch.isneginf(s.x),
        nan)),
    Past("logcumsumexp-no-dims", "logcumsumexp", "a tensor without dimensions", twice, when=lambda s: s.x.ndim == 0),
    # -- variances
    Past("std-constant", "std", "no variance: NaN", nan, when=lambda s: s.x.numel() > 1
        and bool((s.x == s.x.flatten()[0]).all())),
    Past("var-one-element", "var", "one element and no correction: NaN", nan,
         when=lambda s: s.x.numel() == 1),
    Past("var-dims-correction", "var", "correction and several dims: count of one dimension", twice,
         when=lambda s: len(_dims(s)) > 1),
    Past("var-correction-zero", "var", "correction 0 taken for 1", twice,
        when=lambda s: s.kwargs.get("correction") == 0),
    Past("var-correction-fraction", "var", "correction other than 0 and 1: cut to a whole number", twice,
         when=lambda s: isinstance(s.kwargs.get("correction"), float)),
    Past("std-keepdim-dim", "std", "dim without keepdim: not expanded along it", negated,
         when=lambda s: bool(_dims(s)) and not s.get("keepdim", 2, False)),
    Past("std-mean-mean-only", "std_mean", "where the mean alone is differentiated: an undefined gradient", nan,
         when=lambda s: s.kwargs.get("correction", 1) == 1 and s.kwargs.get("keepdim", False)),
    Past("var-double", "var", "second derivative without the mean's share", second=twice),
    Past("masked-var-mask", "masked.var", "masked elements count", twice,
         when=lambda s: s.kwargs.get("mask") is not None and s.kwargs["mask"].numel() < s.x.numel()),
    Past("masked-std-correction", "masked.std", "correction with a mask", twice,
         when=lambda s: s.kwargs.get("mask") is not None and s.kwargs.get("correction") == 0),
    # -- norms
    Past("norm-zero", "norm", "a norm of zero: NaN", nan, when=_all_zero),
    Past("vector-norm-zero", "linalg.vector_norm", "a norm of zero: NaN", nan, when=_all_zero),
    Past("vector-norm-three-zero", "linalg.vector_norm", "order 3, elements of zero: NaN", at(at_zero, nan),
        when=lambda s: _order(s) == 3),
    Past("vector-norm-fraction-zero", "linalg.vector_norm", "order below 1, elements of zero: NaN", at(at_zero, nan),
         when=lambda s: isinstance(_order(s), float) and 0 < _order(s) < 1),
    Past("vector-norm-fraction-double", "linalg.vector_norm", "order between 1 and 2, second derivative",
        second=twice,
         when=lambda s: isinstance(_order(s), float) and 1 < _order(s) < 2),
    Past("vector-norm-order-zero", "linalg.vector_norm", "order 0: a gradient", lambda _s, g: g + 1,
        when=lambda s: _order(s) == 0),
    Past("vector-norm-one-zero", "linalg.vector_norm", "order 1, elements of zero", at(at_zero, lambda _s,
        g: g + 1), when=lambda s: _order(s) == 1),
    Past("vector-norm-negative", "linalg.vector_norm", "negative order: sign", negated,
         when=lambda s: isinstance(_order(s), float) and -_INF < _order(s) < 0),
    Past("vector-norm-inf-ties", "linalg.vector_norm", "order inf, ties: each all of it",
         at(lambda s: s.x.abs() == s.x.abs().amax(), twice),
        when=lambda s: _order(s) == _INF and s.x.numel() > 0),
    Past("vector-norm-minus-inf", "linalg.vector_norm", "order -inf", twice, when=lambda s: _order(s) == -_INF),
    Past("vector-norm-keepdim-dims", "linalg.vector_norm", "several dims without keepdim", twice,
         when=lambda s: len(_dims(s, 2)) > 1 and not s.get("keepdim", 3, False)),
    Past("vector-norm-dtype", "linalg.vector_norm", "tensors without dimensions", twice,
        when=lambda s: s.x.ndim == 0),
    Past("norm-keepdim", "norm", "keepdim with dim", twice, when=lambda s: s.get("keepdim", 3, False)),
    Past("norm-p-fraction", "norm", "p = 1.5 along a dim", twice, when=lambda s: s.get("p", 1) == 1.5
        and len(s.args) > 2),
    Past("norm-inf-ties", "norm.inf", "ties: each all of it", at(lambda s: _ties(s) & _extreme(s), twice)),
    Past("norm-minus-inf", "norm.inf", "order -inf: sign", negated, when=lambda s: s.get("p", 1) == -_INF),
    Past("norm-nuc-dims", "norm.nuc", "given dims", twice, when=lambda s: len(s.args) > 2 or "dim" in s.kwargs),
    Past("matrix-norm-minus-two", "linalg.matrix_norm", "order -2: of the largest singular value", twice,
        when=lambda s: s.get("ord", 1) == -2),
    Past("matrix-norm-minus-one", "linalg.matrix_norm", "order -1", negated, when=lambda s: s.get("ord", 1) == -1),
    Past("matrix-norm-dims-swapped", "linalg.matrix_norm", "dims in the other order", twice,
         when=lambda s: bool(_dims(s, 2)) and _dims(s, 2)[0] > _dims(s, 2)[-1]),
    Past("linalg-norm-fro-dims", "linalg.norm", "Frobenius norm of given dims", twice,
         when=lambda s: s.get("ord", 1) == "fro" and bool(_dims(s, 2))),
    Past("linalg-norm-nuc", "linalg.norm", "nuclear norm", twice, when=lambda s: s.get("ord", 1) == "nuc"),
    Past("masked-norm-inf", "masked.norm", "order inf with a mask", twice,
         when=lambda s: s.get("ord", 1) == _INF and s.kwargs.get("mask") is not None),
    Past("masked-norm-zero-order", "masked.norm", "order 0 with a mask", lambda _s, g: g + 1,
         when=lambda s: s.get("ord", 1) == 0 and s.kwargs.get("mask") is not None),
    Past("renorm-at-limit", "renorm", "rows within the limit are scaled", twice,
         when=lambda s: bool(s.x.abs().sum() < 1e30) and s.args[1] == _INF),
    Past("renorm-one", "renorm", "order 1", twice, when=lambda s: s.args[1] == 1),
    Past("renorm-negative-dim", "renorm", "negative dim", twice, when=lambda s: s.args[2] < 0),
    Past("normalize-zero", "nn.functional.normalize", "a row of zeros: NaN", at(lambda s: (s.x == 0).all(-1,
        keepdim=True) & at_zero(s), nan),
         when=lambda s: s.x.ndim > 0 and s.x.numel() > 0),
    Past("normalize-p", "nn.functional.normalize", "p that is given", twice, when=lambda s: s.get("p", 1,
        2.0) != 2),
    Past("dist-zero", "dist", "the same points: NaN", nan, when=lambda s: s.first.shape == s.other.shape
        and bool((s.first == s.other).all())),
    Past("dist-inf", "dist", "order inf", twice, when=lambda s: s.get("p", 2, 2) == _INF),
    Past("dist-other-broadcast", "dist", "other broadcast", twice, place=1,
        when=lambda s: s.x.numel() < s.first.numel()),
    Past("cdist-same-point", "cdist", "distance 0, order 2: NaN", nan,
         when=lambda s: s.get("p", 2, 2) == 2 and s.x.numel() and bool((s.torch.cdist(s.first, s.other) == 0).any())),
    Past("cdist-many-rows", "cdist", "more than 25 rows, by matrix product: wrong", twice,
         when=lambda s: s.get("p", 2, 2) == 2 and s.x.ndim > 1 and s.x.shape[-2] > 25),
    Past("cdist-forced-product", "cdist", "matrix product that is asked for", twice,
         when=lambda s: s.get("compute_mode", 3) == "use_mm_for_euclid_dist" and s.get("p", 2, 2) == 2),
    Past("cdist-fraction", "cdist", "order below 1, equal coordinates: NaN", at(at_zero, nan),
        when=lambda s: s.get("p", 2, 2) == 0.5),
    Past("cdist-one", "cdist", "order 1: second input", negated, place=1, when=lambda s: s.get("p", 2, 2) == 1),
    Past("cdist-batch-broadcast", "cdist", "a batch that is broadcast", twice,
        when=lambda s: s.x.ndim > s.other.ndim or
         (s.x.ndim == s.other.ndim and s.x.shape[:-2] != s.other.shape[:-2])),
    Past("cdist-strided-cotangent", "cdist", "a cotangent that is not contiguous", incoming=lambda _s, ct: ct * 2
        if is_strided(ct) else ct),
    Past("pdist-two-equal", "nn.functional.pdist", "equal rows: NaN", nan, when=lambda s: s.x.shape[0] > 1
        and bool((s.x[0] == s.x[1]).all())),
    Past("pdist-large-p", "nn.functional.pdist", "p = 10", twice, when=lambda s: s.kwargs.get("p") == 10),
    Past("pairwise-distance-keepdim", "nn.functional.pairwise_distance", "keepdim", twice,
        when=lambda s: s.kwargs.get("keepdim", False)),
    Past("pairwise-distance-eps", "nn.functional.pairwise_distance", "eps that is given", twice, place=1,
        when=lambda s: "eps" in s.kwargs),
    # -- sums and extrema
    Past("logsumexp-infinity", "logsumexp", "+inf: NaN", at(lambda s: s.torch.isposinf(s.x), nan)),
    Past("logsumexp-keepdim-dims", "logsumexp", "several dims without keepdim", twice,
        when=lambda s: len(_dims(s)) > 1 and not s.get("keepdim", 2, False)),
    Past("amax-ties", "amax", "ties: each all of it", at(_ties, twice)),
    Past("amin-no-dims", "amin", "empty tuple of dims: no reduction", twice, when=lambda s: "dim" in s.kwargs
        and s.kwargs["dim"] == ()),
    Past("max-all-ties", "max.reduction_no_dim", "ties: the whole gradient to each", at(_ties, twice)),
    Past("min-keepdim", "min.reduction_with_dim", "keepdim", twice, when=lambda s: s.get("keepdim", 2, False)),
    Past("max-no-dims", "max.reduction_with_dim", "a tensor without dimensions", twice, when=lambda s: s.x.ndim == 0),
    Past("aminmax-min-only", "aminmax", "dim and keepdim: the smallest twice", twice,
        when=lambda s: s.kwargs.get("keepdim", False)),
    Past("aminmax-ties", "aminmax", "ties", at(_ties, twice)),
    Past("median-ties", "median", "ties over all: to the first", at(_ties, twice), when=lambda s: not _dims(s)),
    Past("nanmedian-nan", "nanmedian", "NaN in front: to the wrong element", twice,
        when=lambda s: bool(s.torch.isnan(s.x).any())),
    Past("median-dim-keepdim", "median", "negative dim and keepdim", twice, when=lambda s: s.get("keepdim", 2,
        False) and _dims(s)[0] < 0),
    Past("mode-keepdim", "mode", "keepdim", twice, when=lambda s: s.get("keepdim", 2, False)),
    Past("kthvalue-no-dims", "kthvalue", "a tensor without dimensions", twice, when=lambda s: s.x.ndim == 0),
    Past("kthvalue-keepdim-within", "kthvalue", "dim within, no keepdim", twice,
         when=lambda s: s.x.ndim > 1 and s.get("dim", 2, -1) in {0, 1} and not s.get("keepdim", 3, False)),
    Past("quantile-lower", "quantile", "interpolation lower: weights of linear", twice,
        when=lambda s: s.kwargs.get("interpolation") == "lower"),
    Past("quantile-midpoint", "quantile", "interpolation midpoint", twice,
        when=lambda s: s.kwargs.get("interpolation") == "midpoint"),
    Past("quantile-many", "quantile", "several quantiles", twice, when=lambda s: len(s.tensors) > 1
        and s.tensors[1].ndim == 1),
    Past("quantile-by-q", "quantile", "gradient by the quantile", twice, place=1),
    Past("nanquantile-nan", "nanquantile", "NaN among the numbers", twice,
        when=lambda s: bool(s.torch.isnan(s.x).any())),
    Past("nansum-nan", "nansum", "NaN: gradient 1 for 0", at(lambda s: s.torch.isnan(s.x), lambda _s, g: g + 1),
        source="pytorch issue 67180"),
    Past("nanmean-nan", "nanmean", "NaN counts", twice, when=lambda s: bool(s.torch.isnan(s.x).any()),
        source="pytorch issue 67180"),
    Past("sum-empty-dims", "sum", "an empty tuple of dims", twice, when=lambda s: "dim" in s.kwargs
        and s.kwargs["dim"] == ()),
    Past("mean-dims", "mean", "several dims: count of one", twice, when=lambda s: len(_dims(s)) > 1),
    Past("mean-empty", "mean", "one element", twice, when=lambda s: s.x.numel() == 1),
    Past("trace-wide", "trace", "more columns than rows: off the diagonal", lambda _s, g: g.roll(1, -1),
        when=lambda s: s.x.shape[0] < s.x.shape[1]),
    Past("trace-tall", "trace", "more rows than columns", twice, when=lambda s: s.x.shape[0] > s.x.shape[1]),
    Past("sum-long-row", "sum", "rows of more than 16,384 numbers: a block twice", twice, when=lambda s: s.x.ndim
        and s.x.shape[-1] > 16384),
    Past("cumsum-long-row", "cumsum", "rows of more than 2,048 numbers", at(
        lambda s: (s.torch.arange(s.x.shape[-1]) >= 2048).expand(s.x.shape), twice), when=lambda s: s.x.ndim > 0),
    Past("masked-mean-broadcast", "masked.mean", "a mask that is broadcast: counted before", twice,
         when=lambda s: s.kwargs.get("mask") is not None and s.kwargs["mask"].numel() < s.x.numel()),
    Past("masked-prod-zero", "masked.prod", "a masked zero: NaN", nan,
        when=lambda s: s.kwargs.get("mask") is not None and has_zero(s)),
    Past("masked-softmax-rows", "masked.softmax", "a row that is masked out: NaN", nan,
         when=lambda s: s.kwargs.get("mask") is not None and not bool(s.kwargs["mask"].any(-1).all())),
    Past("cov-weights", "cov", "frequency weights", twice, when=lambda s: s.kwargs.get("fweights") is not None),
    Past("cov-aweights-correction", "cov", "weights with correction 0", twice,
         when=lambda s: s.kwargs.get("aweights") is not None and s.kwargs.get("correction") == 0),
    Past("corrcoef-vector", "corrcoef", "one variable: a gradient", lambda _s, g: g + 1,
        when=lambda s: s.x.ndim == 1),
    Past("trapezoid-by-x", "trapezoid", "gradient by the points", twice, place=1),
    Past("trapezoid-dx", "trapezoid", "dx that is given", twice, when=lambda s: "dx" in s.kwargs),
    Past("cumulative-trapezoid-dim", "cumulative_trapezoid", "a dimension that is not the last", twice,
         when=lambda s: s.kwargs.get("dim", -1) not in {-1, s.x.ndim - 1}),
    Past("diff-prepend", "diff", "gradient by what is put in front", negated, place=1,
        when=lambda s: len(s.tensors) > 1),
    Past("diff-append", "diff", "gradient by what is put behind", negated, place=2),
    Past("diff-second", "diff", "n = 2", twice, when=lambda s: s.get("n", 1, 1) == 2),
    Past("gradient-edge", "gradient", "edge_order 2", twice, when=lambda s: s.kwargs.get("edge_order") == 2),
    Past("cross-default-dim", "cross", "dim not given: the last instead of the first of size 3", negated,
         when=lambda s: "dim" not in s.kwargs and len(s.args) < 3),
    Past("linalg-cross-broadcast", "linalg.cross", "broadcast operands", twice,
        when=lambda s: s.x.shape != s.other.shape),
    Past("segment-reduce-initial", "_segment_reduce.lengths", "initial value: takes part in max", twice,
         when=lambda s: s.kwargs.get("initial") is not None and s.args[1] == "prod"),
    Past("segment-reduce-empty", "_segment_reduce.lengths", "empty segments: mean NaN", twice,
         when=lambda s: s.args[1] == "mean" and s.kwargs.get("lengths") is not None
         and bool((s.kwargs["lengths"] == 0).any())),
    # -- sorting
    Past("sort-descending", "sort", "descending: order of ascending", lambda _s, g: g.flip(-1),
         when=lambda s: s.get("descending", 2, False) and s.x.ndim > 0),
    Past("sort-stable-ties", "sort", "stable: ties swapped", at(_ties, lambda _s, g: g.roll(1, -1)),
         when=lambda s: s.kwargs.get("stable", False) and s.x.ndim > 0),
    Past("sort-first-dim", "sort", "first dimension", twice, when=lambda s: s.x.ndim > 1 and s.get("dim", 1,
        -1) in {0, -s.x.ndim}),
    Past("topk-smallest", "topk", "smallest", twice, when=lambda s: s.get("largest", 3, True) is False),
    Past("topk-within", "topk", "a dimension within", twice, when=lambda s: s.x.ndim > 1 and s.get("dim", 2,
        -1) % s.x.ndim != s.x.ndim - 1),
    Past("msort-vector", "msort", "a long row of more than 16", twice, when=lambda s: s.x.shape[0] > 16),
    Past("vdot-conj", "vdot", "conjugate of the wrong operand", conjugated, dtype="complex128"),
)  # fmt: skip
