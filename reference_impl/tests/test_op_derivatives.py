"""Ops of the table against differences: reverse, forward and second order, real and complex."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import reference_impl as torch
from reference_impl import forward_ad
from reference_impl.finite_difference import numerical_jvp
from reference_impl.registry import require
from reference_impl.tensor import Tensor, make


@dataclass(frozen=True)
class Row:
    """An op, the shapes of its differentiable inputs, and what else it takes."""

    name: str
    shapes: tuple[tuple[int, ...], ...]
    more: tuple[Any, ...] = ()
    options: dict[str, Any] | None = None
    listed: bool = False  # the tensors come as one list
    dtypes: str = "dc"
    prepare: Any = None  # makes the input one the op takes: positive definite, ...
    call: Any = None  # how to call the op and what to make of its results, if that is not plain

    def __call__(self, tensors: list[Tensor]) -> Any:
        tensors = [self.prepare(t) for t in tensors] if self.prepare else tensors
        if self.call:
            return self.call(require(self.name), *tensors)
        args = (tensors, *self.more) if self.listed else (*tensors, *self.more)
        return first_float(require(self.name)(*args, **(self.options or {})))


def first_float(made: Any) -> Any:
    """The result that carries a gradient."""
    if isinstance(made, Tensor):
        return made
    return next(t for t in made if t._data.dtype.kind in "fc")


def index(*numbers: Any) -> Any:
    return torch.tensor(list(numbers))


def positive_definite(x: Tensor) -> Any:
    eye = make(np.eye(x.shape[-1], dtype=x._data.dtype))
    return x @ (x.mH if x._data.dtype.kind == "c" else x.mT) + 3 * eye


def diagonally_dominant(x: Tensor) -> Any:
    return x + 4 * make(np.eye(*x.shape[-2:], dtype=x._data.dtype))


def polar(u: Tensor, _: Tensor, vh: Tensor) -> Any:
    return u @ vh


def rebuilt(values: Tensor, vectors: Tensor) -> Any:
    return (vectors * values.log()) @ vectors.mH


def spectral(values: Tensor, vectors: Tensor) -> Any:
    return (vectors * values.exp()) @ torch.linalg.inv(vectors)


ROWS = [
    Row("sum", ((2, 3),), (1,)), Row("mean", ((2, 3),), (0, True)), Row("prod", ((2, 3),), (1,)),
    Row("prod", ((4,),)), Row("var", ((3, 4),), (1,)), Row("std", ((3, 4),), (0,), {"correction": 0}),
    Row("amax", ((3, 4),), (1,), dtypes="d"), Row("max", ((3, 4),), (0,), dtypes="d"),
    Row("median", ((5,),), dtypes="d"), Row("kthvalue", ((3, 4),), (2,), dtypes="d"),
    Row("sort", ((3, 4),), (0,), dtypes="d"), Row("topk", ((3, 4),), (2,), dtypes="d"),
    Row("logsumexp", ((3, 4),), (1,)), Row("linalg.vector_norm", ((3, 4),), (3, 1)),
    Row("linalg.vector_norm", ((3, 4),), (float("inf"), 1), dtypes="d"), Row("cumsum", ((3, 4),), (1,)),
    Row("cumprod", ((3, 4),), (1,)), Row("cummax", ((3, 4),), (1,), dtypes="d"),
    Row("logcumsumexp", ((3, 4),), (1,), dtypes="d"), Row("diff", ((3, 5),), (2,)),
    Row("quantile", ((3, 5),), (0.3, 1), dtypes="d"),
    Row("cat", ((2, 3), (4, 3)), (0,), listed=True), Row("stack", ((2, 3), (2, 3)), (1,), listed=True),
    Row("block_diag", ((2, 3), (1, 2))), Row("flip", ((2, 3),), ((0, 1),)), Row("roll", ((2, 3),), (2, 1)),
    Row("repeat", ((2, 3),), (2, 1, 3)), Row("repeat_interleave", ((3,),), (index(2, 0, 1), 0)),
    Row("unfold", ((7,),), (0, 3, 2)), Row("as_strided", ((3, 4),), ((2, 2), (1, 2), 1)),
    Row("as_strided_scatter", ((6,), (2,)), ((2,), (2,), 1)), Row("diagonal", ((3, 4),), (1,)),
    Row("diag_embed", ((2, 3),), (-1,)), Row("tril", ((3, 4),), (1,)), Row("trace", ((3, 4),)),
    Row("select_scatter", ((3, 4), (3,)), (1, 2)), Row("diagonal_scatter", ((3, 3), (3,))),
    Row("index_add", ((3, 4),), (0, index(2, 0), torch.ones(2, 4, dtype=torch.float64)), dtypes="d"),
    Row("index_select", ((3, 4),), (1, index(3, 0, 3))), Row("gather", ((3, 4),), (1, index([0, 3], [2, 2]))),
    Row("take", ((3, 4),), (index(5, -1, 5),)),
    Row("masked_select", ((4,),), (torch.tensor([True, False, True, True]),)),
    Row("constant_pad_nd", ((2, 3),), ([1, -1, 0, 2],)), Row("renorm", ((3, 4),), (2, 0, 0.5)),
    Row("mm", ((2, 3), (3, 4))), Row("bmm", ((2, 2, 3), (2, 3, 2))), Row("mv", ((2, 3), (3,))),
    Row("dot", ((3,), (3,))),
    Row("vdot", ((3,), (3,))), Row("addmm", ((2, 4), (2, 3), (3, 4)), (), {"beta": 0.5, "alpha": -2.0}),
    Row("matmul", ((2, 1, 2, 3), (3, 3, 4))), Row("kron", ((2, 2), (3, 2))),
    Row("tensordot", ((2, 3, 4), (4, 3)), (([2, 1], [0, 1]),)),
    Row("linalg.cross", ((2, 3), (1, 3))), Row("nn.functional.linear", ((2, 3), (4, 3), (4,))),
    Row("linalg.inv", ((3, 3),), prepare=diagonally_dominant), Row("linalg.det", ((3, 3),)),
    Row("logdet", ((3, 3),), prepare=positive_definite, dtypes="d"),
    Row("linalg.solve", ((3, 3), (3, 2))), Row("linalg.solve", ((2, 2), (3, 2)), (), {"left": False}),
    Row("linalg.solve_triangular", ((3, 3), (3, 2)), (), {"upper": True}, prepare=lambda x: x + 3),
    Row("cholesky_inverse", ((3, 3),), prepare=diagonally_dominant),
    Row("cholesky_solve", ((3, 2), (3, 3)), (True,), prepare=lambda x: x + 3),
    Row("linalg.cholesky", ((3, 3),), prepare=positive_definite),     Row("linalg.lu_factor", ((3, 5),)),
    Row("linalg.lu_factor", ((5, 3),)), Row("linalg.svdvals", ((3, 4),)),
    Row("linalg.eigvalsh", ((3, 3),), prepare=positive_definite), Row("matrix_exp", ((3, 3),)),
    Row("linalg.matrix_power", ((3, 3),), (-3,), prepare=diagonally_dominant),
    Row("linalg.pinv", ((3, 2),)), Row("linalg.pinv", ((2, 3),)), Row("linalg.householder_product", ((4, 3), (2,))),
    Row("linalg.matrix_norm", ((3, 4),), ("nuc",)), Row("cdist", ((3, 2), (4, 2)), (3.0,), dtypes="d"),
    Row("fft.fftn", ((3, 4),)), Row("fft.irfft", ((2, 4),), (5, 1)), Row("fft.hfftn", ((2, 4),)),
    Row("fft.ihfft", ((5,),), dtypes="d"), Row("fft.rfft2", ((3, 4),), ((4, 3),), dtypes="d"),
    Row("nn.functional.conv1d", ((2, 4, 7), (6, 2, 3), (6,)), (2, 1, 2, 2)),
    Row("nn.functional.conv2d", ((1, 2, 5, 6), (3, 2, 2, 3))),
    Row("nn.functional.conv_transpose2d", ((1, 2, 3, 3), (2, 2, 2, 3), (2,)), (2, 1, 1)),
    Row("nn.functional.conv3d", ((1, 1, 3, 4, 3), (2, 1, 2, 2, 2))),
    Row("nn.functional.unfold", ((1, 2, 4, 5),), ((2, 3), 1, 1, 2)),
    Row("nn.functional.fold", ((1, 8, 6),), ((3, 4), (2, 2))),
    Row("nn.functional.avg_pool2d", ((1, 2, 5, 6),), (3, 2, 1, True, False), dtypes="d"),
    Row("nn.functional.adaptive_avg_pool1d", ((1, 2, 7),), (3,), dtypes="d"),
    Row("nn.functional.max_pool2d", ((1, 2, 5, 6),), (3, 2, 1), dtypes="d"),
    Row("nn.functional.adaptive_max_pool2d", ((1, 2, 5, 6),), ((2, 3),), dtypes="d"),
    Row("nn.functional.lp_pool1d", ((1, 2, 6),), (3, 2), dtypes="d", prepare=lambda x: x.exp()),
    Row("nn.functional.interpolate", ((1, 2, 3, 4),), ((5, 3), None, "bicubic", True), dtypes="d"),
    Row("nn.functional.interpolate", ((1, 2, 4),), (None, 1.7, "linear"), dtypes="d"),
    Row("nn.functional.pad", ((1, 2, 4),), ((3, 2), "reflect")),
    Row("nn.functional.pad", ((1, 2, 4),), ((5, -1), "circular")),
    Row("nn.functional.grid_sample", ((1, 2, 4, 5), (1, 2, 3, 2)), ("bilinear", "reflection", False), dtypes="d"),
    Row("nn.functional.pixel_shuffle", ((1, 8, 2, 3),), (2,)),
    Row("nn.functional.normalize", ((3, 4),)), Row("nn.functional.cosine_similarity", ((3, 4), (1, 4)), dtypes="d"),
    Row("nn.functional.scaled_dot_product_attention", ((2, 3, 4), (2, 5, 4), (2, 5, 2)), dtypes="d"),
    Row("nn.functional.bilinear", ((2, 3), (2, 4), (5, 3, 4), (5,)), dtypes="d"),
    Row("linalg.lu", ((4, 3),), call=lambda fn, x: fn(x)[1]),
    Row("linalg.lu", ((3, 4),), call=lambda fn, x: fn(x)[2]),
    # Functions of vectors that do not depend on their phases.
    Row("linalg.svd", ((4, 3),), call=lambda fn, x: polar(*fn(x, False))),
    Row("linalg.svd", ((2, 3),), call=lambda fn, x: polar(*fn(x, False))),
    Row("linalg.eigh", ((3, 3),), prepare=positive_definite, call=lambda fn, x: rebuilt(*fn(x))),
    Row("linalg.eig", ((3, 3),), call=lambda fn, x: spectral(*fn(x))),
    Row("linalg.qr", ((4, 3),), call=lambda fn, x: fn(x)[0]),
    Row("linalg.qr", ((4, 3),), call=lambda fn, x: fn(x)[1]),
    Row("linalg.qr", ((2, 4),), call=lambda fn, x: fn(x)[0] @ fn(x)[1].exp()),
    Row("linalg.slogdet", ((3, 3),), call=lambda fn, x: fn(x)[0] * fn(x)[1]),
    Row("linalg.lstsq", ((4, 2), (4, 3)), call=lambda fn, a, b: fn(a, b)[0]),
    Row("nn.functional.layer_norm", ((2, 3, 4), (3, 4), (3, 4)), dtypes="d",
        call=lambda fn, x, w, b: fn(x, (3, 4), w, b)),
    Row("nn.functional.group_norm", ((2, 4, 3), (4,), (4,)), dtypes="d", call=lambda fn, x, w, b: fn(x, 2, w, b)),
    Row("native_group_norm", ((2, 4, 3),), dtypes="d", call=lambda fn, x: fn(x, None, None, 2, 4, 3, 2, 0.1)[2]),
    Row("nn.functional.batch_norm", ((5, 3), (3,), (3,)), dtypes="d",
        call=lambda fn, x, w, b: fn(x, None, None, w, b, True)),
    Row("nn.functional.batch_norm", ((5, 3), (3,)), dtypes="d",
        call=lambda fn, x, w: fn(x, torch.ones(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64) * 2, w)),
    Row("nn.functional.embedding", ((4, 3),), dtypes="d", call=lambda fn, w: fn(index(3, 0, 3), w)),
    Row("nn.functional.embedding_bag", ((4, 3), (3,)), dtypes="d",
        call=lambda fn, w, p: fn(index(3, 0, 3), w, index(0, 2), mode="sum", per_sample_weights=p)),
    Row("scatter_reduce", ((2, 3), (2, 3)), dtypes="d",
        call=lambda fn, x, y: fn(x, 1, index([0, 0, 2], [1, 1, 1]), y, "prod")),
    Row("index_reduce", ((3, 2), (3, 2)), dtypes="d",
        call=lambda fn, x, y: fn(x, 0, index(0, 0, 2), y, "mean", include_self=False)),
    Row("_segment_reduce", ((5, 2),), dtypes="d", call=lambda fn, x: fn(x, "prod", lengths=index(2, 0, 3), axis=0)),
    Row("scatter", ((3, 4), (2, 2)), call=lambda fn, x, y: fn(x, 1, index([0, 3], [2, 1]), y)),
    Row("index_copy", ((3, 4), (2, 4)), call=lambda fn, x, y: fn(x, 0, index(2, 0), y)),
    Row("put", ((3, 4), (2,)), call=lambda fn, x, y: fn(x, index(5, 0), y)),
    Row("masked_scatter", ((4,), (3,)), call=lambda fn, x, y: fn(x, torch.tensor([True, False, True, False]), y)),
    Row("einsum", ((2, 3, 3), (3, 2)), call=lambda fn, x, y: fn("bii,ik->bk", x, y)),
    Row("index_fill", ((3, 4), ()), call=lambda fn, x, y: fn(x, 1, index(1, 1, 3), y)),
    Row("masked.var", ((3, 4),), (1,), {"mask": torch.tensor([True, False, True, True])}, dtypes="d"),
    Row("cov", ((3, 4),)), Row("corrcoef", ((3, 4),), dtypes="d"),
    Row("stft", ((16,),), (4,), {"window": None, "return_complex": True}, dtypes="d"),
    Row("trapezoid", ((3, 4), (3, 4)), dtypes="d"),
    Row("gradient", ((5,),), (), {"spacing": 0.7, "edge_order": 2}, dtypes="d"),
]  # fmt: skip
CASES = [(row, kind) for row in ROWS for kind in row.dtypes]
KINDS = {"d": np.float64, "c": np.complex128}


def draw(shape, kind, rng):
    values = rng.standard_normal(shape)
    if kind == "c":
        values = values + 1j * rng.standard_normal(shape)
    return np.asarray(values, dtype=KINDS[kind])


def leaves(arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def inner(a, b):
    return float(np.sum(np.conj(a) * b).real)


def jvp(row, arrays, tangents):
    """The forward derivative, by dual numbers."""
    level = forward_ad.open_level()
    try:
        duals = [make(a.copy()) for a in arrays]
        for dual, t in zip(duals, tangents, strict=True):
            forward_ad.set_tangent(dual, make(t.copy()), level)
        found = forward_ad.tangent_of(row(duals), level)
        return None if found is None else np.asarray(found._data)
    finally:
        forward_ad.close_level(level)


def along(fn, arrays, tangents):
    """The derivative of a function of several arrays along one direction in all of them, by differences."""

    def line(s):
        moved = [a + s.item() * t for a, t in zip(arrays, tangents, strict=True)]
        return np.asarray(fn(moved))

    return numerical_jvp(line, np.zeros(()), np.ones(()), step=1e-5)


def name_of(case):
    return f"{case[0].name}-{'x'.join(map(str, case[0].shapes[0]))}-{case[1]}"


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_reverse_and_forward_agree_with_differences(case):
    row, kind = case
    rng = np.random.default_rng(7)
    arrays = [draw(s, kind, rng) for s in row.shapes]
    tangents = [draw(s, kind, rng) for s in row.shapes]
    inputs = leaves(arrays)
    made = row(inputs)
    ct = draw(made.shape, "c" if made._data.dtype.kind == "c" else "d", rng)
    grads = torch.autograd.grad(made, inputs, torch.tensor(ct))
    wanted = along(lambda moved: row([make(a) for a in moved])._data, arrays, tangents)
    found = jvp(row, arrays, tangents)
    # The differences are good to some 1e-9 of values of the order of 1; a wrong rule is off by far more than 1e-6.
    assert np.allclose(found, wanted, rtol=1e-6, atol=1e-7)
    backward = sum(inner(g._data, t) for g, t in zip(grads, tangents, strict=True))
    assert backward == pytest.approx(inner(ct, wanted), rel=1e-6, abs=1e-7)
    assert backward == pytest.approx(inner(ct, found), rel=1e-10, abs=1e-10)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_second_order_agrees_with_differences(case):
    row, kind = case
    rng = np.random.default_rng(8)
    arrays = [draw(s, kind, rng) for s in row.shapes]
    tangents = [draw(s, kind, rng) for s in row.shapes]
    ct = draw(row([make(a) for a in arrays]).shape, "d", rng)
    ct = ct.astype(row([make(a) for a in arrays])._data.dtype)
    weights = [draw(s, kind, rng) for s in row.shapes]

    def weighted(moved, *, graph):
        inputs = leaves(moved)
        grads = torch.autograd.grad(row(inputs), inputs, torch.tensor(ct), create_graph=graph)
        return inputs, grads

    def number(moved):
        return sum(
            inner(w, g._data) for w, g in zip(weights, weighted(moved, graph=False)[1], strict=True)
        )

    inputs, grads = weighted(arrays, graph=True)
    plain = weighted(arrays, graph=False)[1]
    for a, b in zip(grads, plain, strict=True):
        # One formula at two speeds: only the order of sums may differ, by a few ulps.
        assert np.allclose(a._data, b._data, rtol=1e-12, atol=1e-13)
    used = [(g, w) for g, w in zip(grads, weights, strict=True) if g.requires_grad]
    wanted = along(number, arrays, tangents)
    if not used:
        assert abs(float(wanted)) < 1e-6
        return
    second = torch.autograd.grad(
        [g for g, _ in used], inputs, [torch.tensor(w) for _, w in used], allow_unused=True
    )
    found = sum(inner(g._data, t) for g, t in zip(second, tangents, strict=True) if g is not None)
    assert found == pytest.approx(float(wanted), rel=1e-5, abs=1e-5)


def test_the_table_of_rows_is_large_and_names_real_ops():
    assert len({row.name for row in ROWS}) >= 90
    assert all(require(row.name) for row in ROWS)
