"""Calls of our own by name: the points at which operators have been wrong, or have a documented answer of their own."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from suites.harness.case import Case
from suites.ops.opinfo_source import Sample

_INF = np.inf
_MASK = np.array([[True, True], [False, False]])
# Longer than a vector register, about 1 so that a product of all of them neither vanishes nor explodes.
_ROW = [0.75, 1.25, -1.5, 0.5, 1.0, 1.75, -0.875, 1.125, 1.375, -0.625] * 2


def _reduced(reduce: str) -> list[tuple[Any, ...]]:
    """An old value that equals the new one, kept and left out."""
    return [
        ([1.0, 5.0], 0, np.array([0]), [1.0], reduce, {"include_self": include})
        for include in (True, False)
    ]


_NO_RANK, _REGULAR = [[0.0, 0.0], [0.0, 0.0]], [[1.0, 2.0], [3.0, 4.0]]
_NEAR_ZERO = [1e-9 * n for n in range(1, 41)]

# Rows that lose digits each by itself: of one alone nothing may be lost, by luck.
_SMALL_FACTORS = [
    [1e-8, -2e-8, 3e-8, 1.5], [7e-9, 1.3e-8, -1.7e-8, -1.9], [-5e-9, 2.3e-8, 1.1e-8, 2.3], [3e-8, 9e-9, -6e-9, 0.7],
]  # fmt: skip

_FRAMES = [
    [[0.5, -1.0, 0.25, 1.5], [1.0, 0.75, -0.5, 0.0]], [[-0.25, 2.0, 0.5, 1.0], [0.5, -1.5, 1.25, 0.75]],
    [[1.75, 0.0, -0.75, 0.5], [0.25, 1.0, -1.0, 2.0]],
]  # fmt: skip

# What becomes of the left tail hides nothing here.
_NO_LEFT_TAIL: list[tuple[Any, ...]] = [
    ([-1.0, 0.0, 5.0, 60.0, 3e3], {"approximate": name}) for name in ("none", "tanh")
]

# By operator: its arguments, lists for tensors that are differentiated, and a table of options at the end.
_CALLS: Mapping[str, list[tuple[Any, ...]]] = {
    "abs": [([0.0, -0.0, 2.0], {})],
    "sgn": [([0.0, -3.0], {})],
    "sqrt": [([0.0, 4.0], {})],
    "rsqrt": [([0.0, 4.0], {})],
    "pow": [([0.0, 0.0, 2.0], [2.0, 1.0, 0.0], {}), ([-2.0, 0.0], [3.0, 0.0], {}), ([-_INF, 4.0], 0.5, {})],
    "float_power": [([-_INF, 4.0], -0.5, {})],
    "xlogy": [([0.0, 0.0, 2.0], [0.0, 3.0, 1.0], {})],
    "hypot": [([0.0, 3.0], [0.0, 4.0], {})],
    "atan2": [([0.0, 0.0, 1.0], [0.0, 1.0, 0.0], {})],
    "copysign": [([*_NEAR_ZERO], [-1.0], {})],
    "sinc": [([0.0, 1.0, 1e-9], {}), ([1e-5, 2e-5, -5e-5, 1e-4], {})],
    "where": [([1.0, np.nan], np.array([True, False]), [np.nan, 3.0], {})],
    **{name: [([2.0, 2.0, 2.0], 0, {}), ([2.0], {"correction": 0})] for name in ("var", "std")},
    "norm": [([0.0, 0.0], {}), ([[0.0, 0.0], [3.0, 4.0]], 3, 1, {})],
    "dist": [([1.0, 2.0], [1.0, 2.0], 2, {}), ([1.0, 2.0], [1.0, 3.0], 1, {})],
    "amax": [([[1.0, 1.0], [2.0, 1.0]], {"dim": 1}), ([1.0, np.nan, 3.0], 0, {})],
    "amin": [([1.0, np.nan, 3.0], 0, {})],
    "median": [([1.0, 3.0, 3.0, 3.0, 7.0], {})],
    "nanmedian": [([[np.nan, 2.0, 1.0], [3.0, np.nan, np.nan]], 1, {}), ([np.nan, 2.0, 1.0], {})],
    "nanquantile": [([[np.nan, 2.0, 1.0, 5.0], [3.0, np.nan, 0.5, np.nan]], 0.4, 1, {})],
    "nansum": [([np.nan, 2.0], {})],
    "nanmean": [([np.nan, 2.0, 3.0], {})],
    "maximum": [([1.0, 2.0], [1.0, 3.0], {})],
    "minimum": [([1.0, 2.0], [1.0, 3.0], {})],
    "fmax": [([1.0, 2.0], [1.0, 3.0], {})],
    "fmin": [([1.0, 2.0], [1.0, 3.0], {})],
    "clamp": [
        ([-1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0], {}),
        ([-1.0, 0.0, 1.0], [0.0, 0.0, 0.0], [-0.5, -0.5, 1.0], {}),
        ([1.0, 2.0], [1.0, 1.0], {}),
    ],
    "logaddexp": [([_INF, -_INF, 1.0], [_INF, -_INF, 1.0], {}), ([-_INF, 2.0], [1.0, _INF], {})],
    "prod": [([0.0, 0.0, 3.0], 0, {}), ([0.0, 2.0, 3.0], {}), (_ROW, 0, {}), ([_ROW, _ROW[::-1]], -1, {})],
    # Twelve segments of two equal elements each, so that some get a negative cotangent.
    **{
        f"_segment_reduce.{how}": [
            ([float(i // 2) for i in range(24)], reduce, {how: where, "axis": 0, "unsafe": False})
            for reduce in ("max", "min")
        ]
        for how, where in (("lengths", np.full(12, 2)), ("offsets", np.arange(0, 25, 2)))
    },
    "cumprod": [([2.0, 0.0, 3.0, 0.0, 5.0], 0, {}), (_SMALL_FACTORS, 1, {})],
    "masked.cumprod": [(_SMALL_FACTORS, 1, {})],
    "linalg.vector_norm": [
        ([0.0, 0.0], {}), ([1.0, -1.0, 0.5], _INF, {}), ([1.0, -1.0], -_INF, {}), ([0.0, 2.0], 1, {}),
        ([0.0, 2.0], 3, {}), ([0.0, 2.0], 1.5, {}), ([0.0, 2.0], 0.5, {}), ([0.0, 2.0], -1, {}),
    ],
    # In a batch, a matrix whose derivatives are all 0 stands beside one whose are not.
    "linalg.det": [
        ([_NO_RANK, _REGULAR], {}), ([[1.0, 0.0], [0.0, 0.0]], {}), (_NO_RANK, {}), ([[1.0, 2.0, 3.0]] * 3, {}),
        ([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]], {}),
    ],
    "renorm": [([[0.0, 0.0], [3.0, 4.0]], 2, 0, 1.0, {})],
    # Of two observations any two are correlated by 1 or -1, and nothing changes that.
    **{op: [([[0.0, 1.0, 0.0, 2.0], [1.0, 1.0, -3.0, 2000.0]], {})] for op in ("corrcoef", "cov")},
    "linalg.matrix_power": [
        ([[2.0, 60.0], [0.5, -70.0]], 2, {}), ([[2.0, 80.0], [0.0, 0.5]], 3, {}), ([[1.0, 60.0], [0.0, 2.0]], -1, {}),
    ],
    # By the 1-norm torch takes another polynomial in float64 than in float32.
    "matrix_exp": [([[0.0, 0.04], [-0.04, 0.0]], {}), ([[0.0, 0.5], [-0.5, 0.0]], {})],
    # The third of these is so large that whatever was drawn for tangents, missing digits show.
    "logcumsumexp": [([0.0, 30.0], 0, {}), ([1e10, 1e10], 0, {}), ([1e14, 1e14], 0, {}), ([-_INF, 0.0], 0, {})],
    "logsumexp": [([-_INF, 0.0], 0, {})],
    "digamma": [([-1.0, 0.5], {}), ([0.0, 0.5], {})],
    **{f"polygamma.polygamma_n_{n}": [([-1.0, 0.5], 1, {}), ([1.0], 1, {})] for n in range(5)},
    "special.polygamma.special_polygamma_n_0": [([-1.0, 0.5], 1, {}), ([1.0], 1, {})],
    "nn.functional.gelu": [([-6.0, -9.0], {}), ([-6.0, -9.0], {"approximate": "tanh"}), *_NO_LEFT_TAIL],
    "special.ndtr": [([-6.0, -8.0], {}), ([-3.0], {})],
    "special.log_ndtr": [([-1e6, -2.0], {})],
    # Between the largest exponential and the largest Bessel function: of float64 the first, of float32 the second.
    "i0": [([711.0], {}), ([90.0], {})],
    "special.i1": [([711.0], {}), ([90.0], {}), ([*_NEAR_ZERO], {})],
    "special.erfcx": [([1e4], {})],
    "special.i1e": [([*_NEAR_ZERO], {}), ([3e6, -7e6], {})],
    "special.i0e": [([3e6, -7e6], {})],
    "nn.functional.softsign": [([3e6, -7e6], {})],
    **{op: [([end, -end] * 16, {}) for end in (89.0, 710.2)] for op in ("sinh", "cosh")},
    "polar": [([0.0, 1.0], [0.3, 0.3], {}), ([*_NEAR_ZERO], [0.3], {})],
    "cdist": [([[0.0, 0.0]], [[1.0, 1.0]], _INF, {}), ([[1.0, 2.0]], [[1.0, 2.0]], {})],
    "nn.functional.lp_pool1d": [([[[0.0, 0.0, 3.0, -4.0, 0.0, 2.0]]], 2.0, 2, {})],
    "nn.functional.lp_pool2d": [([[[[0.0, 0.0, 3.0], [0.0, 0.0, -4.0]]]], 4.0, (2, 2), 1, {})],
    "nn.functional.pdist": [([[0.0, 0.0], [1.0, 1.0]], {"p": _INF}), ([[1.0, 2.0], [1.0, 2.0]], {})],
    "nn.functional.normalize": [([[0.0, 0.0], [3.0, 4.0]], {})],
    "nn.functional.cosine_similarity": [
        ([[0.0, 0.0]], [[3.0, 4.0]], {}), ([[0.1, 0.2]], [[3.0, 4.0]], {"eps": 0.5}),
    ],
    # Targets that are repeated need a frame between them: the second has one too few, and an infinite loss.
    "nn.functional.ctc_loss.after_log_softmax": [
        (_FRAMES, np.array([[1, 2], [1, 1]]), (3, 2), (2, 2), {"reduction": how, "zero_infinity": True, "blank": n})
        for how in ("none", "sum", "mean") for n in (0, 3)
    ] + [(_FRAMES, np.array([[1, 2], [1, 2]]), (3, 3), (0, 2), {"reduction": "none"})],
    "nn.functional.prelu": [([0.0, -2.0], {"weight": np.array([0.25])})],
    "nn.functional.soft_margin_loss": [([-1000.0], np.array([1.0]), {})],
    "nn.functional.binary_cross_entropy": [([0.0, 1.0], [0.5, 0.5], {})],
    "nn.functional.gaussian_nll_loss": [([1.0], [0.0], [0.0], {"eps": 0.01})],
    "kron": [([1.0, 2.0], [[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]], {})],
    "masked.logaddexp": [
        ([1.0, 2.0], [3.0, 4.0], {"input_mask": np.array([True, False]), "other_mask": np.array([True, True])}),
    ],
    "nn.functional.max_unpool2d.grad": [
        ([[[[1.0, 2.0], [3.0, 4.0]]]], np.array([[[[0, 3], [9, 14]]]]), {"kernel_size": 2}),
    ],
    "nn.functional.max_unpool3d.grad": [
        ([[[[[1.0, 2.0], [3.0, 4.0]]]]], np.array([[[[[0, 3], [9, 14]]]]]), {"kernel_size": (1, 2, 2)}),
    ],
    "masked.logsumexp": [([[1.0, 2.0], [3.0, 4.0]], 1, {"mask": _MASK})],
    "index_reduce.amax": _reduced("amax"),
    "index_reduce.amin": _reduced("amin"),
    **{
        f"scatter_reduce.{how}": [*_reduced(how), ([1.0, 5.0], 0, np.array([0, 1]), [1.0, 5.0], how, {})]
        for how in ("amax", "amin")
    },
}  # fmt: skip

_LARGE_MATRIX = [[3e7 + 1e7j, 1e7 - 2e7j], [2e7j, -1e7 + 1e7j]]
_COMPLEX_CALLS: Mapping[str, list[tuple[Any, ...]]] = {
    "log1p": [([1e-40 + 1e-40j, 1e-310 + 1e-310j, 1.0j], {})],
    "logaddexp": [
        ([1.0 + 1.0j, 8e3 - 3e3j], [-100.0 + 0.0j, -4e3 + 500.0j], {}), ([720.0 + 1.0j, 1.0], [2.0j, 2.0], {}),
    ],
    "logcumsumexp": [([720.0 + 1.0j, 2.0j], 0, {})],
    "cumprod": [([1e-8 + 1e-8j, -2e-8j, 3e-8 + 0j, 1.5 - 0.5j], 0, {})],
    "masked.cumprod": [([1e-8 + 1e-8j, -2e-8j, 3e-8 + 0j, 1.5 - 0.5j], 0, {})],
    "logsumexp": [([3e9 + 3e9j, 3e9 + 0.5 + 3e9j + 0.7j], 0, {})],
    "svd": [(_LARGE_MATRIX, {})],
    "linalg.svd": [(_LARGE_MATRIX, {})],
}  # fmt: skip


def own_samples(op: str, seed: int, *, is_complex: bool = False) -> Iterator[Sample]:
    """The calls of our own for an operator, of real or of complex numbers."""
    calls = _COMPLEX_CALLS if is_complex else _CALLS
    for number, (*args, kwargs) in enumerate(calls.get(op, ())):
        arrays = [np.array(a) if isinstance(a, list) else a for a in args]
        tensors = [a for a in args if isinstance(a, (list, np.ndarray))]
        by = tuple(i for i, a in enumerate(tensors) if isinstance(a, list))
        case = Case(op=op, args=tuple(arrays), kwargs=kwargs, differentiable=by, seed=seed + number)
        yield Sample(f"own {number}: {args} {kwargs or ''}".replace("\n", "")[:160], case)
