"""Documented options, shapes and numbers of arguments that the samples of op_db leave out: calls of our own."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from suites.harness.case import Case
from suites.ops.drawn_numbers import Drawn, c, p, r, u, w, z
from suites.ops.network_options import NETWORKS
from suites.ops.opinfo_source import Sample

_T, _F, _INF = True, False, np.inf
_MASK = np.array([[True, False, True], [True, True, False]])
_EACH = ("none", "mean", "sum")

# By operator: its arguments, and a table of options at the end.
_POINTWISE: Mapping[str, list[tuple[Any, ...]]] = {
    "pow": [(r(2, 3), n, {}) for n in (0, 1, 2, 3)] + [(p(2, 3), n, {}) for n in (0.5, -1, -2, 0.0, 2.5)],
    "__rpow__": [(p(2, 3), 0, {}), (r(2, 3), 2.5, {}), (r(2, 3), 1, {})],
    "float_power": [(p(2, 3), 2, {}), (p(2, 3), -0.5, {})],
    "xlogy": [(r(2, 3), 2.5, {}), (r(4), p(), {})],
    "special.xlog1py": [(r(2, 3), 2.5, {})],
    **{name: [(r(2, 3), 2.5, {}), (r(2, 3), -3, {})] for name in ("mul", "add", "sub", "__rsub__", "__rmul__",
        "fmod", "remainder")},
    **{
        name: [(r(), p(3, 4), {}), (r(3, 1), p(4), {}), (r(2, 1, 3), p(1, 4, 1), {})]
        for name in ("mul", "add", "sub", "div.no_rounding_mode", "atan2", "maximum", "fmod", "remainder",
            "logaddexp", "hypot")
    },
    "add": [(r(3), r(2, 1), {"alpha": 0.5}), (r(2, 3), 2.5, {"alpha": 3})],
    "sub": [(r(3), r(2, 1), {"alpha": 0.5}), (r(2, 3), 2.5, {"alpha": 3})],
    "rsub": [(r(3), r(2, 1), {"alpha": 0.5}), (r(2, 3), 2.5, {"alpha": 3})],
    "div.floor_rounding": [(r(2, 3), 0.7, {"rounding_mode": "floor"})],
    "div.trunc_rounding": [(r(2, 3), -0.7, {"rounding_mode": "trunc"})],
    "lerp": [(r(2, 3), r(2, 3), -0.5, {}), (r(2, 3), r(2, 3), 0.75, {}), (r(2, 3), r(3), r(2, 1), {}), (r(3), r(2,
        3), r(), {})],
    "addcmul": [(r(3), r(2, 1), r(2, 3), {"value": -2}), (r(2, 3), r(), r(3), {})],
    "addcdiv": [(r(3), r(2, 1), p(2, 3), {"value": -2}), (r(2, 3), r(), p(3), {})],
    "clamp": [(r(2, 3), -0.5, 0.5, {}), (r(2, 3), None, 0.5, {}), (r(2, 3), {"min": -0.5}), (r(2, 3), 1.0, -1.0,
        {}), (r(2, 3), r(3), None, {})],
    "clamp_min": [(r(2, 3), 0.25, {})],
    "clamp_max": [(r(2, 3), 0.25, {})],
    "nan_to_num": [(r(2, 3), {"nan": 1.5, "posinf": 2.0, "neginf": -2.0})],
    "logit": [(u(2, 3), 0.3, {}), (u(2, 3), None, {})],
    "where": [(r(2, 3), _MASK, 0.5, {}), (r(), _MASK, r(), {}), (r(3), _MASK, r(2, 1), {})],
    "masked.logaddexp": [(r(2, 3), r(2, 3), {"input_mask": _MASK}), (r(2, 3), r(2, 3), {"other_mask": _MASK})],
    "ldexp": [(r(2, 3), w(-2, 0, 3), {})],
    "copysign": [(r(2, 3), -2.0, {})],
    "round.decimals_0": [(r(2, 3), {"decimals": 1})],
    "nn.functional.elu": [(r(2, 3), {"alpha": 0.5}), (r(2, 3), {"alpha": -0.5})],
    "nn.functional.celu": [(r(2, 3), {"alpha": 0.5}), (r(2, 3), {"alpha": -0.5})],
    "nn.functional.leaky_relu": [(r(2, 3), {"negative_slope": s}) for s in (0.0, -0.5, 1.0)],
    "nn.functional.hardtanh": [(r(2, 3), {"min_val": -0.25, "max_val": 1.5})],
    "nn.functional.softplus": [(r(2, 3), {"beta": 0.5}), (r(2, 3), {"beta": -1.0}), (r(2, 3), {"threshold": 0.5})],
    "nn.functional.rrelu": [(r(2, 3), {"lower": 0.2, "upper": 0.4, "training": _F})],
    "nn.functional.threshold": [(r(2, 3), 0.5, -1.0, {})],
    "nn.functional.hardshrink": [(r(2, 3), {"lambd": 1.0})],
    "nn.functional.softshrink": [(r(2, 3), {"lambd": 1.0})],
    "nn.functional.gelu": [(r(2, 3), {"approximate": "tanh"})],
    "nn.functional.prelu": [(r(2, 3, 4), {"weight": r(3)}), (r(2, 3, 2, 2), {"weight": r(3)}), (r(2, 3),
        {"weight": r(1)})],
    "nn.functional.glu": [(r(4, 3, 2), {"dim": 0}), (r(3, 4, 2), {"dim": -2})],
    **{
        name: [(r(2, 3, 4), dim, {}) for dim in (0, 1, -2)]
        for name in ("softmax", "log_softmax", "nn.functional.softmin", "cumsum", "cumprod", "cummax", "cummin",
            "logcumsumexp")
    },
}  # fmt: skip

_ORDERS = (0, 1, 3, 0.5, 1.5, 2.5, -1, -0.5, _INF, -_INF)
_REDUCTIONS: Mapping[str, list[tuple[Any, ...]]] = {
    **{
        name: [(r(2, 3, 4), {"dim": [0, 2], **o}) for o in ({}, {"keepdim": _T}, {"correction": 2},
            {"correction": 0.5})] + [(r(3), {"correction": 0})]
        for name in ("var", "std", "var_mean", "std_mean")
    },
    **{name: [(r(2, 3, 4), {"dim": [-1, 0]}), (r(2, 3, 4), {"dim": [-2], "keepdim": _T})] for name in ("sum",
        "mean", "amax", "amin", "nansum", "nanmean")},
    "prod": [(r(2, 3, 4), {"dim": -2, "keepdim": _F}), (r(), {})],
    "logsumexp": [(r(2, 3, 4), [0, -1], {}), (r(2, 3, 4), 1, {"keepdim": _T})],
    "linalg.vector_norm": [(r(2, 3), n, {"dim": d}) for n in _ORDERS for d in (None, -1)] + [(r(2, 3, 2), 3,
        {"dim": [0, 2], "keepdim": _T})],
    "norm": [(r(2, 3), n, 0, {}) for n in _ORDERS] + [(r(2, 3), 3, [0, 1], {"keepdim": _T})],
    "linalg.norm": [(r(2, 3, 4), "fro", {"dim": [0, 2]})] + [(r(3, 4), n, {}) for n in (1, -1, 2, -2, _INF, -_INF,
        "fro", "nuc")] + [(r(2, 3, 4), 3,
        {"dim": -1})],
    "linalg.matrix_norm": [(r(2, 3, 4), n, {"dim": [2, 0]}) for n in (1, -1, 2, -2, _INF, -_INF, "fro", "nuc")],
    "masked.norm": [(r(2, 3), n, {"dim": 1, "mask": _MASK}) for n in _ORDERS],
    "masked.prod": [(r(2, 3), {"dim": 1, "mask": _MASK})],
    "masked.mean": [(r(2, 3), {"dim": 1, "mask": w(1, 0, 1).astype(bool)})],
    "masked.var": [(r(2, 3), {"dim": 1, "mask": w(1, 0, 1).astype(bool), "correction": 0})],
    "renorm": [(r(3, 4), n, d, 0.75, {}) for n in (1, 2, 3, _INF) for d in (0, -1)],
    "dist": [(r(2, 3), r(3), n, {}) for n in _ORDERS if n != _INF] + [(r(2, 3), r(2, 3), _INF, {}), (r(3), r(2, 1),
        2, {})],
    "cdist": [(r(3, 2), r(4, 2), n, {}) for n in (0.5, 1, 1.5, 2, 3, _INF)]
    + [(r(30, 3), r(28, 3), {}), (r(2, 1, 3, 2), r(3, 4, 2), {}), (r(2, 30, 3), r(28, 3),
        {"compute_mode": "use_mm_for_euclid_dist"})],
    "nn.functional.pdist": [(r(4, 3), {"p": n}) for n in (0.5, 1, 1.5, 2, 3, 10, _INF)],
    "nn.functional.pairwise_distance": [(r(3, 4), r(4), {"p": n, "eps": 0.01}) for n in (1, 1.5, 2, 3,
        _INF)] + [(r(3, 4), r(3, 4), {"keepdim": _T})],
    "nn.functional.normalize": [(r(2, 3, 4), {"p": n, "dim": d}) for n in (1, 3, 0.5, _INF) for d in (0, -1)],
    "nn.functional.cosine_similarity": [(r(2, 3, 4), r(3, 4), {"dim": -1}), (r(2, 3), r(1, 3), {"dim": 0,
        "eps": 0.5}), (r(3), r(3), {"dim": 0})],
    **{
        name: [(r(3, 4), 0.4, {"dim": d, "interpolation": how, "keepdim": k}) for how in ("linear", "lower",
            "higher", "midpoint", "nearest") for d, k in ((0, _T), (-1, _F))]
        + [(r(4), u(2), {})]
        for name in ("quantile", "nanquantile")
    },
    "median": [(r(2, 3, 4), 1, {}), (r(2, 4), {})],
    "nanmedian": [(r(2, 3, 4), 1, {}), (r(2, 4), {})],
    "mode": [(r(2, 3, 4), 1, {})],
    "kthvalue": [(r(2, 3, 4), 2, 0, {}), (r(2, 3, 4), 2, 1, _T, {})],
    "topk": [(r(2, 3, 4), 2, 1, _F, {}), (r(2, 5), 3, -1, _F, _T, {}), (r(), 1, {})],
    "sort": [(r(2, 3, 4), {"dim": 1, "descending": _T}), (r(2, 3, 4), {"dim": 0, "descending": _T, "stable": _T}),
        (r(40), {"descending": _T})],
    "cov": [(r(3, 4), {"fweights": w(1, 2, 1, 3), "correction": 0}), (r(3, 4), {"aweights": c(4)}), (r(4), {})],
    "corrcoef": [(r(3, 4), {}), (r(4), {})],
    "trapezoid": [(r(3, 4), {"dx": 0.5, "dim": 0}), (r(3, 4), r(4), {}), (r(3, 4), r(3), {"dim": 0})],
    "cumulative_trapezoid": [(r(3, 4), {"dx": 0.5, "dim": 0}), (r(3, 4), r(4), {}), (r(3, 4), r(3), {"dim": 0})],
    "diff": [(r(3, 4), 2, 0, {}), (r(4, 2), {}), (r(4), 1, -1, r(2), r(3), {})],
    "gradient": [(r(4, 5), {"dim": [1], "edge_order": 2}), (r(4, 5), {"spacing": 0.5})],
    "trace": [(r(3, 5), {}), (r(5, 3), {})],
    "cross": [(r(3, 4, 3), r(3, 4, 3), {}), (r(2, 3), r(2, 3), {"dim": -1})],
    "linalg.cross": [(r(2, 3), r(1, 3), {}), (r(3, 2), r(3, 2), {"dim": 0})],
    "_segment_reduce.lengths": [(r(6), how, {"lengths": w(2, 0, 4), "axis": 0, "unsafe": _F}) for how in ("sum",
        "mean", "prod", "max", "min")],
}  # fmt: skip

_PIVOTS = np.array([2, 2, 3], np.int32)
_LINEAR: Mapping[str, list[tuple[Any, ...]]] = {
    "addmm": [(r(2, 4), r(2, 3), r(3, 4), {"beta": b, "alpha": a}) for b, a in ((0, 1), (2, 3), (1, 0))] + [(r(4),
        r(2, 3), r(3, 4), {"beta": 0.5}), (r(), r(2, 3), r(3, 4), {})],
    "addmv": [(r(2), r(2, 3), r(3), {"beta": b, "alpha": a}) for b, a in ((0, 1), (2, 3), (1, 0))],
    "addr": [(r(2, 3), r(2), r(3), {"beta": b, "alpha": a}) for b, a in ((0, 1), (2, 3))],
    "addbmm": [(r(3), r(2, 2, 3), r(2, 3, 3), {"beta": b, "alpha": a}) for b, a in ((0, 1), (2, 3))],
    "baddbmm": [(r(2, 1, 4), r(2, 2, 3), r(2, 3, 4), {"beta": b, "alpha": a}) for b, a in ((0, 1), (2, 3))],
    "matmul": [(r(3, 0), r(0, 4), {}), (r(3), r(2, 3, 4), {}), (r(2, 4, 3), r(3), {}), (r(3), r(3), {}), (r(2, 1, 3,
        4), r(5, 4, 2), {}), (r(4, 3), r(2, 3, 2), {}), (r(2, 3, 4), r(4, 5), {})],
    "mm": [(r(3, 0), r(0, 4), {}), (r(1, 5), r(5, 1), {})],
    "bmm": [(r(2, 3, 0), r(2, 0, 4), {}), (r(0, 3, 2), r(0, 2, 4), {})],
    "inner": [(r(2, 3), r(4, 3), {}), (r(3), r(2, 2, 3), {})],
    "tensordot": [(r(2, 3), r(4), {"dims": 0}), (r(2, 3, 4), r(4, 3, 5), {"dims": [[1, 2], [1, 0]]}), (r(2, 3), r(3,
        4), {"dims": 1})],
    "einsum": [([r(2, 3), r(3, 4), r(4, 2)], "ij,jk,ki->i", {}), ([r(3, 3)], "ii->i", {}), ([r(3, 3)], "ii", {}),
        ([r(2, 3), r(2, 3)], "ij,ij->", {}),
               ([r(2, 1, 3), r(4, 3)], "...ij,kj->...ik", {}), ([r(2, 3)], "ij->ji", {})],
    "kron": [(r(2, 3), r(2), {}), (r(2), r(2, 1, 3), {}), (r(), r(2, 2), {})],
    "linalg.eigh": [(r(4, 4), {"UPLO": how}) for how in "LU"],
    "linalg.multi_dot": [([r(3), r(3, 4), r(4)], {}), ([r(3), r(3, 4), r(4, 2)], {}), ([r(2, 3), r(3, 4), r(4)],
        {}), ([r(2, 3), r(3, 2), r(2, 4), r(4, 3)], {})],
    "linalg.vecdot": [(r(2, 3, 4), r(3, 1), {"dim": 1})],
    "linalg.solve": [(r(2, 1, 3, 3), r(3, 3, 2), {}), (r(3, 3), r(2, 3), {"left": _F}),
        (r(3, 3), r(3), {}), (r(2, 3, 3), r(3, 2), {})],
    "linalg.solve_ex": [(r(3, 3), r(2, 3), {"left": _F})],
    "linalg.solve_triangular": [
        (r(3, 3), r(*((2, 3, 2) if left else (2, 2, 3))), {"upper": up, "left": left, "unitriangular": unit})
            for up in (_T, _F) for left in (_T, _F) for unit in (_T, _F)
    ] + [(p(2, 1, 3, 3), r(3, 3, 2), {"upper": _T})],
    "triangular_solve": [
        (r(3, 2), p(3, 3), {"upper": up, "transpose": t, "unitriangular": unit})
        for up in (_T, _F) for t in (_T, _F) for unit in (_T, _F)
    ],
    "cholesky_solve": [(r(2, 3, 2), p(3, 3), {"upper": up}) for up in (_T, _F)] + [(r(3, 3, 2), p(2, 1, 3, 3), {})],
    "linalg.tensorinv": [(r(6, 2, 3), {"ind": 1})],
    "linalg.matrix_power": [(r(3, 3), n, {}) for n in (1, 2, 4, -1, -3)] + [(r(2, 3, 3), -2, {})],
    "linalg.pinv": [(r(2, 4), {}), (r(4, 2), {"atol": 1e-8}), (r(2, 2, 4), {"rtol": 1e-8})],
    "linalg.cond": [(r(3, 3), n, {}) for n in (1, -1, 2, -2, _INF, "fro", "nuc")],
    "linalg.qr": [(r(2, 4, 3), {})],
    "linalg.lstsq.grad_oriented": [(r(5, 2), r(5, 3), {"driver": "gelsd"}), (r(2, 5), r(2, 3), {"driver": "gelsd"})],
    "linalg.svd": [(r(2, 4), {"full_matrices": _F}), (r(4, 2), {"full_matrices": _F})],
    "svd": [(r(2, 4), {"some": _T}), (r(4, 2), {"some": _T})],
    "lu_solve": [(r(3, 3, 2), p(2, 1, 3, 3), np.array([[[1, 2, 3]], [[3, 2, 3]]], np.int32), {}), (r(2, 3, 2), p(3, 3),
        _PIVOTS, {})],
    "linalg.lu_solve": [(p(3, 3), _PIVOTS, r(2, 3, 2), {}), (p(3, 3), _PIVOTS, r(2, 2, 3), {"left": _F}), (p(2,
        1, 3, 3), np.array([[[1, 2, 3]], [[3, 2, 3]]], np.int32), r(3, 3, 2), {})],
    "linalg.lu": [(r(2, 4), {}), (r(4, 2), {})],
    "linalg.vander": [(r(3), {"N": 5}), (r(2, 3), {"N": 2}), (r(3), {})],
    "nn.functional.linear": [(r(2, 2, 3), r(4, 3), {}), (r(2, 2, 3), r(4, 3), r(4), {}), (r(3), r(4, 3), r(4), {}),
        (r(0, 3), r(4, 3), r(4), {})],
    "nn.functional.bilinear": [(r(3), r(4), r(2, 3, 4), r(2), {}), (r(2, 2, 3), r(2, 2, 4), r(5, 3, 4), {})],
    **{
        f"fft.{name}": [(r(3, 5), {"n": n, "dim": d, "norm": how}) for n, d, how in ((4, 0, "forward"), (3, -1,
            "ortho"), (7, 1, "backward"))]
        for name in ("fft", "ifft", "rfft", "ihfft")
    },
    **{
        f"fft.{name}": [(r(3, 5), {"s": [2, 6], "norm": how}) for how in ("forward", "backward", "ortho")] + [(r(2,
            3, 4), {"dim": [0, 2]})]
        for name in ("rfftn", "fftn", "ifftn")
    },
}  # fmt: skip

_I = w([0, 2, 1, 0], [1, 1, 0, 2])
_SHAPES: Mapping[str, list[tuple[Any, ...]]] = {
    **{name: [(r(3, 4, 2), {"offset": o, "dim1": 2, "dim2": 0}) for o in (0, -1, 1)] + [(r(3, 5), {"offset": 2})]
        for name in ("diagonal", "linalg.diagonal", "diagonal_copy")},
    "diag_embed": [(r(2, 3), {"offset": o, "dim1": 2, "dim2": 0}) for o in (0, -1, 1)],
    "tril": [(r(2, 3, 4), k, {}) for k in (-1, 1, 5, -5)],
    "triu": [(r(2, 3, 4), k, {}) for k in (-1, 1, 5, -5)],
    "tile": [(r(2, 3, 2), [2], {}), (r(2, 3), [2, 1, 2], {}), (r(2, 3), [0, 2], {})],
    "repeat": [(r(2, 3), [2, 1, 2], {}), (r(2, 3), [0, 2], {}), (r(), [2], {})],
    "repeat_interleave": [(r(2, 3), 2, {}), (r(3, 2), w(2, 0, 1), {"dim": 0}), (r(2, 3), w(1, 0, 2), {"dim": -1})],
    "roll": [(r(3, 4), [1, -2], [0, 1], {}), (r(3, 4), 5, {}), (r(3, 4), [1, 2], [1, 1], {})],
    "rot90": [(r(3, 4), k, d, {}) for k in (-1, 1, 2, 3) for d in ([0, 1], [1, 0])],
    "flip": [(r(2, 3, 4), [0, -1], {})],
    "narrow": [(r(3, 4), 1, -3, 2, {}), (r(3, 4), 0, 1, 0, {})],
    "select": [(r(2, 3, 4), 1, -2, {})],
    "unfold": [(r(5, 3), 0, 3, 1, {}), (r(3, 7), 1, 2, 3, {})],
    "as_strided": [(r(12), [3, 4], [2, 1], 2, {}), (r(6), [3, 3], [0, 2], {})],
    "cat": [([np.zeros(0), r(2, 3), r(1, 3)], {}), ([r(2, 3), r(2, 1), r(2, 2)], {"dim": -1}), ([r(2, 0), r(2, 3)],
        {"dim": 1})],
    "stack": [([r(2, 3), r(2, 3), r(2, 3)], d, {}) for d in (1, -1, -3)] + [([r(2, 3, 2), r(2, 3, 2)], 1, {})],
    "block_diag": [(r(), r(2), r(2, 3), {})],
    "split_with_sizes": [(r(5, 3), [2, 0, 3], {}), (r(3, 5), [1, 4], -1, {})],
    "tensor_split": [(r(5, 3), [1, 1, 4], {}), (r(3, 5), 3, 1, {})],
    "chunk": [(r(7, 2), 3, {}), (r(2, 5), 4, -1, {})],
    "unbind": [(r(3, 2), 1, {}), (r(2, 3, 2), -2, {}), (r(2, 3), {})],
    "clone": [(r(2, 3, 2, 2), {}), (r(2, 3, 2, 2, 2), {})],
    "contiguous": [(r(2, 3, 2, 2), {})],
    "__getitem__": [
        (r(4, 3), w(-1, 0, -1), {}), (r(4, 3), (None, Ellipsis, -1), {}), (r(4, 3), (slice(3, None), w(0, -1)), {}),
            (r(2, 3), _MASK, {}), (r(4, 3), (slice(1, 4, 2), slice(None, -1)), {}),
        (r(2, 3), w(1, 0).astype(bool), {}), (r(4, 3, 2), (w(0, 0), slice(None), w(1, 1)), {}), (r(4, 3), (w([0],
            [1]), w(0, 2)), {}),
    ],
    "index_select": [(r(3, 4), 0, w(2, 0, 2, 2), {}), (r(3, 4), -1, w(1, 1), {})],
    "index_add": [(r(3, 2), 0, w(1, 0, 1, 1), r(4, 2), {"alpha": 2}), (r(2, 3), -1, w(2, 2), r(2, 2), {})],
    "index_copy": [(r(3, 2), 0, w(2, 0), r(2, 2), {}), (r(2, 3), -1, w(1, 2), r(2, 2), {})],
    "index_fill": [(r(3, 2), 0, w(1, 1), r(), {}), (r(2, 3), -1, w(-1, 0), 2.5, {})],
    "index_put": [
        (r(3, 2), [w(1, 0, 1)], r(3, 2), {"accumulate": _T}), (r(3, 2), [w(-1, 0)], r(2), {}), (r(3, 2), [w(2, 0,
            2), w(1, 1, 1)], r(), {"accumulate": _T}), (r(2, 3), [_MASK], r(4), {}),
        (r(2, 3), [_MASK], r(), {"accumulate": _T}),
    ],
    "index_reduce.prod": [(p(3, 2), 0, w(1, 0, 1), p(3, 2), "prod", {"include_self": i}) for i in (_T, _F)],
    "index_reduce.mean": [(r(3, 2), 0, w(1, 0, 1), r(3, 2), "mean", {"include_self": i}) for i in (_T, _F)],
    "masked_fill": [(r(3), _MASK, r(), {}), (r(2, 3), w(1, 0, 1).astype(bool), 2.5, {})],
    "masked_select": [(r(3), _MASK, {}), (r(2, 3), w(1, 0, 1).astype(bool), {}), (r(2, 1), _MASK, {})],
    "masked_scatter": [(r(2, 3), w(1, 0, 1).astype(bool), r(7), {}), (r(2, 3), _MASK, r(2, 2), {})],
    "take": [(r(3, 2), w([0, 5], [5, -1]), {})],
    "put": [(r(3, 2), w(0, 4, -1), r(3), _F, {}), (r(3, 2), w(0, 4, 0), r(3), _T, {})],
    "take_along_dim": [(r(3, 4), w([0, 2, 1, 0]), 0, {}), (r(3, 4), w(0, 11, 5), {}), (r(1, 4), w([0, 1], [3, 3]),
        -1, {})],
    "gather": [(r(3, 5), 0, _I, {}), (r(2, 3), -1, _I, {})],
    "scatter_add": [(r(3, 5), 0, _I, r(2, 4), {}), (r(2, 3), -1, _I[:, :2], r(2, 2), {})],
    "scatter": [(r(3, 5), 0, w([0, 2, 1, 0]), r(1, 4), {}), (r(3, 4), 0, w([0, 2, 1, 0]), 2.5, {}), (r(2, 3), -1,
        w([2], [0]), r(2, 1), {})],
    **{
        f"scatter_reduce.{how}": [(p(3, 4), 0, _I, p(2, 4), how, {"include_self": i}) for i in (_T, _F)]
        for how in ("sum", "prod", "mean", "amax", "amin")
    },
    "nn.functional.pad.constant": [(r(2, 3, 4), [-1, 2], "constant", 0.5, {}), (r(3, 4), [1, -2, -1, 1], {})],
    "nn.functional.pad.reflect": [(r(1, 2, 4), [3, 1], "reflect", {}), (r(1, 3, 4), [1, 2, 0, 2], "reflect", {})],
    "nn.functional.pad.replicate": [(r(1, 2, 4), [5, 1], "replicate", {}), (r(2, 4), [3, 1], "replicate", {}), (r(1,
        2, 2, 3), [1, 2, 0, 3], "replicate", {})],
    "nn.functional.pad.circular": [(r(1, 2, 4), [4, 1], "circular", {}), (r(1, 2, 3, 4), [1, 2, 3, 0], "circular",
        {})],
    "nn.functional.pixel_shuffle": [(r(4, 2, 3), {"upscale_factor": 2}), (r(2, 2, 8, 2, 3), {"upscale_factor": 2})],
    "nn.functional.pixel_unshuffle": [(r(2, 4, 6), {"downscale_factor": 2}), (r(2, 9, 3), {"downscale_factor": 3})],
    "nn.functional.channel_shuffle": [(r(1, 6, 2, 2), 3, {})],
    "nn.functional.unfold": [(r(1, 2, 5, 6), [2, 3], {"dilation": [2, 1], "padding": [1, 2], "stride": [2, 1]}),
        (r(2, 4, 5), 2, {})],
    "squeeze": [(r(2, 1, 3), 0, {}), (r(2, 1, 3), -2, {})],
    "expand": [(r(), [2, 3], {}), (r(1, 3), [2, -1, 3], {})],
    "transpose": [(r(2, 3, 4), -1, 0, {})],
    "permute": [(r(2, 3, 4), [-1, 0, 1], {})],
    "movedim": [(r(2, 3, 4), [0, 1], [-1, 0], {})],
}  # fmt: skip

# Rows longer than the blocks in which kernels reduce (2,048 to 16,384 numbers).
_LONG: Mapping[str, list[tuple[Any, ...]]] = {
    **{
        name: [(r(20_001), {})]
        for name in (
            "sum", "mean", "nansum", "nanmean", "linalg.vector_norm", "norm", "var", "std", "amax", "amin",
            "max.reduction_no_dim", "min.reduction_no_dim", "sort", "msort", "median",
        )
    },
    **{
        name: [(r(2, 5_003), -1, {})]
        for name in (
            "cumsum", "cummax", "cummin", "logsumexp", "softmax", "log_softmax", "nn.functional.softmin",
            "max.reduction_with_dim", "min.reduction_with_dim",
        )
    },
    "cumprod": [(Drawn((2_051,), 0.999, 1.001), 0, {})],
    "logcumsumexp": [(r(2_051), 0, {})],
    "prod": [(Drawn((20_001,), 0.9999, 1.0001), {})],
    "dot": [(r(20_001), r(20_001), {})],
    "mv": [(r(2, 5_003), r(5_003), {})],
    "mm": [(r(2, 5_003), r(5_003, 2), {})],
    "nn.functional.layer_norm": [(r(2, 5_003), [5_003], {})],
    "nn.functional.cross_entropy": [(r(2, 5_003), w(4_999, 17), {})],
    "nn.functional.mse_loss": [(r(20_001), r(20_001), {})],
}  # fmt: skip
_COMPLEX: Mapping[str, list[tuple[Any, ...]]] = {
    "istft": [(z(5, 6), {"n_fft": 8, "length": 27}), (z(2, 5, 6), {"n_fft": 8, "hop_length": 3, "length": 18})],
    **{name: [(z(2, 5), {"n": n, "norm": how}) for n, how in ((8, "forward"), (5, "ortho"), (None, "backward"))]
        for name in ("fft.irfft", "fft.hfft")},
}  # fmt: skip
_TABLES = (_POINTWISE, _REDUCTIONS, _LINEAR, _SHAPES, NETWORKS, _LONG)


def option_samples(op: str, seed: int, *, is_complex: bool = False) -> Iterator[Sample]:
    """The calls of our own that bring options, of real or of complex numbers."""
    tables = (_COMPLEX,) if is_complex else _TABLES
    calls = [call for table in tables for call in table.get(op, ())]
    for number, (*args, kwargs) in enumerate(calls):
        rng = np.random.default_rng((seed, number))
        drawn = [_drawn(rng, value) for value in (args, kwargs)]
        tracked = [value for value in _drawns((args, kwargs)) if value is not None]
        by = tuple(
            i for i, value in enumerate(tracked) if isinstance(value, Drawn) and value.tracked
        )
        case = Case(
            op=op,
            args=tuple(drawn[0]),
            kwargs=drawn[1],
            differentiable=by,
            seed=1000 * seed + 7 * number + 3,
        )
        yield Sample(f"option {number}: {args} {kwargs or ''}".replace("\n", "")[:160], case)


def is_option(sample: Sample) -> bool:
    """Whether a sample is one of the calls here."""
    return sample.name.startswith("option ")


def _drawn(rng: np.random.Generator, value: Any) -> Any:
    if isinstance(value, Drawn):
        return value.draw(rng)
    if isinstance(value, (list, tuple)):
        return type(value)(_drawn(rng, item) for item in value)
    if isinstance(value, Mapping):
        return {key: _drawn(rng, item) for key, item in value.items()}
    return value


def _drawns(value: Any) -> Iterator[Any]:
    """The tensors of a call, in order."""
    if isinstance(value, (Drawn, np.ndarray)):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _drawns(item)
    elif isinstance(value, Mapping):
        yield from _drawns(list(value.values()))
