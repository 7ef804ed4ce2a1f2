"""Matrices: how many dimensions, which are square, which sizes must agree."""

# ruff: noqa: ARG001, N803 - a check has the parameters of its operator

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import layout
from reference_impl.ops.checks.table import before, refuse
from reference_impl.ops.checks.table import sizes as _sizes

_F = "nn.functional."


@before("ormqr")
def _ormqr(self: Any, tau: Any, other: Any, *_: Any, **__: Any) -> None:
    refuse(self.ndim < 2, "torch.ormqr: input must have at least 2 dimensions.")
    refuse(other.ndim < 2, "torch.ormqr: other must have at least 2 dimensions.")
    refuse(tau.ndim != self.ndim - 1, "torch.ormqr: tau should have one dimension less than input.")


@before("linalg.lstsq")
def _lstsq(A: Any, B: Any, *_: Any, **__: Any) -> None:
    refuse(A.ndim < 2, "torch.linalg.lstsq: input must have at least 2 dimensions.")
    refuse(B.ndim < 1, "torch.linalg.lstsq: other must have at least 1 dimension.")
    refuse(
        not 0 <= A.ndim - B.ndim <= 1,
        "torch.linalg.lstsq: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1",
    )


@before("cross")
def _cross_of_three(self: Any, other: Any, dim: int | None = None) -> None:
    _cross(self, other, dim=dim)


@before("linalg.cross")
def _cross(input: Any, other: Any, *, dim: int | None = -1) -> None:
    refuse(
        input.ndim != other.ndim, "linalg.cross: inputs must have the same number of dimensions."
    )
    if dim is None:
        return
    at = layout.one_dim(dim, input.ndim)
    refuse(
        input.shape[at] != 3 or other.shape[at] != 3,
        f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[at]} and {other.shape[at]}",
    )


@before("linalg.vander")
def _powers(x: Any, *, N: int | None = None) -> None:
    refuse(x.ndim == 0 and N is None, "N must be greater than 1.")


@before("vander")
def _powers_of_vector(x: Any, *_: Any, **__: Any) -> None:
    refuse(x.ndim != 1, "x must be a one-dimensional tensor.")


@before("baddbmm")
def _batches(self: Any, a: Any, b: Any, **_: Any) -> None:
    refuse(
        self.ndim < 3 and a.ndim < 3 and b.ndim < 3,
        "Dimension out of range (expected to be in range of [-2, 1], but got 2)",
        IndexError,
    )


@before("tensordot")
def _contracted(a: Any, b: Any, dims: Any = 2) -> None:
    refuse(
        isinstance(dims, int) and dims > min(a.ndim, b.ndim),
        f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}",
    )
    refuse(
        isinstance(dims, float | str) or (isinstance(dims, int) and dims < 0),
        f"tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]], but got dims={dims}",
    )


_ADDED_TO = {"addmm": 2, "addbmm": 2, "addr": 2, "baddbmm": 3, "addmv": 1}
_FACTORS = {"addmm": (2, 2), "addbmm": (3, 3), "addr": (1, 1), "baddbmm": (3, 3), "addmv": (2, 1)}


def _check_product(name: str) -> None:
    @before(name)
    def check(self: Any, a: Any, b: Any, **_: Any) -> None:
        refuse(
            self.ndim > _ADDED_TO[name],
            f"{name}: expand: the number of sizes provided ({_ADDED_TO[name]}) must be greater or equal to the number "
            f"of dimensions in the tensor ({self.ndim})",
        )
        refuse(
            (a.ndim, b.ndim) != _FACTORS[name] and ((a.ndim and b.ndim) or name == "addr"),
            f"{name}: tensors of {_FACTORS[name]} dimensions expected, got {a.ndim} and {b.ndim}",
        )
        refuse(
            name == "addmv" and 0 in {a.ndim, b.ndim},
            f"vector + matrix @ vector expected, got {self.ndim}, {a.ndim}, {b.ndim}",
        )


for _name in _ADDED_TO:
    _check_product(_name)


@before("cholesky_solve")
def _solved(self: Any, L: Any, *_: Any, **__: Any) -> None:
    for what, x in (("b", self), ("u", L)):
        refuse(
            x.ndim < 2,
            f"{what} should have at least 2 dimensions, but has {x.ndim} dimensions instead",
        )


@before("linalg.householder_product")
def _reflected(A: Any, tau: Any) -> None:
    refuse(A.ndim < 2, "torch.linalg.householder_product: input must have at least 2 dimensions.")
    refuse(
        A.shape[-2] < A.shape[-1],
        "torch.linalg.householder_product: input.shape[-2] must be >= input.shape[-1]",
    )
    refuse(
        A.shape[-1] < tau.shape[-1] if tau.ndim else False,
        "input.shape[-1] must be greater than or equal to tau's",
    )
    refuse(
        tau.ndim != A.ndim - 1,
        f"torch.linalg.householder_product: Expected tau to have one dimension less than input, but got {tau.ndim}",
    )


@before("linalg.lu_solve")
def _lu_solved(LU: Any, pivots: Any, B: Any, *_: Any, **__: Any) -> None:
    _squares("torch.linalg.lu_solve", LU)
    refuse(B.ndim < 2, "linalg.lu_solve: B must have at least 2 dimensions.")
    refuse(
        _sizes(LU)[:-1] != _sizes(pivots),
        f"linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got {_sizes(pivots)}",
    )


@before("lu_solve")
def _lu_solved_first(self: Any, LU_data: Any, LU_pivots: Any) -> None:
    _lu_solved(LU_data, LU_pivots, self)


@before("cholesky_inverse")
def _inverted(self: Any, *_: Any, **__: Any) -> None:
    _squares("cholesky_inverse", self)


@before("triangular_solve")
def _triangle_solved(self: Any, A: Any, *_: Any, **__: Any) -> None:
    for x in (self, A):
        refuse(
            x.ndim < 2,
            f"torch.triangular_solve: Expected at least 2 dimensions, but it has {x.ndim}",
        )
    _squares("triangular_solve", A)
    refuse(
        self.shape[-2] != A.shape[-1],
        f"Incompatible matrix sizes for triangular_solve: {_sizes(A)} and {_sizes(self)}",
    )


@before("linalg.solve_triangular")
def _triangular(A: Any, B: Any, *, upper: bool, left: bool = True, **_: Any) -> None:
    for what, x in (("A", A), ("B", B)):
        refuse(
            x.ndim < 2,
            f"linalg.solve_triangular: The input tensor {what} must have at least 2 dimensions.",
        )
    _squares("linalg.solve_triangular", A)
    refuse(
        B.shape[-2 if left else -1] != A.shape[-1],
        f"linalg.solve_triangular: Incompatible shapes of A and B for the equation: {_sizes(A)} and {_sizes(B)}",
    )


def _squares(name: str, x: Any) -> None:
    refuse(x.ndim < 2, f"{name}: The input tensor must have at least 2 dimensions.")
    refuse(
        x.shape[-1] != x.shape[-2],
        f"{name}: A must be batches of square matrices, but they are {x.shape[-2]} by {x.shape[-1]} matrices",
    )


@before("pca_lowrank", "svd_lowrank")
def _low_rank(A: Any, *_: Any, **__: Any) -> None:
    refuse(A.ndim < 2, f"not enough values to unpack (expected 2, got {A.ndim})", ValueError)


@before("linalg.lstsq")
def _driver(A: Any, B: Any, rcond: Any = None, *, driver: str | None = None) -> None:
    refuse(
        isinstance(driver, str) and driver not in {"gels", "gelsy", "gelsd", "gelss"},
        f"torch.linalg.lstsq: parameter `driver` should be one of (gels, gelsy, gelsd, gelss), got {driver}",
    )


@before("mv")
def _applied(self: Any, vec: Any) -> None:
    refuse(
        (self.ndim, vec.ndim) != (2, 1),
        f"vector + matrix @ vector expected, got 1, {self.ndim}, {vec.ndim}",
    )


@before("linalg.multi_dot", "chain_matmul")
def _chained(*tensors: Any) -> None:
    given = tensors[0] if isinstance(tensors[0], tuple | list) else tensors
    for x in given:
        refuse(hasattr(x, "ndim") and x.ndim not in {1, 2}, "multi_dot(): tensors must be 1D or 2D")


@before("linalg.solve", "linalg.solve_ex")
def _right_side(A: Any, B: Any, **_: Any) -> None:
    refuse(B.ndim < 1, "linalg.solve: B must have at least 1 dimension")


@before("linalg.matrix_norm")
def _matrix_dims(A: Any, ord: Any = "fro", dim: Any = (-2, -1), *_: Any, **__: Any) -> None:
    refuse(A.ndim < 2, "linalg.matrix_norm: The input tensor A must have at least 2 dimensions.")
    refuse(len(dim) != 2, f"linalg.matrix_norm: dim must be a 2-tuple. Got {dim}")
    for d in dim:
        layout.one_dim(d, A.ndim)
    refuse(
        not isinstance(ord, str) and abs(ord) not in {1, 2, np.inf},
        f"linalg.matrix_norm: Order {ord} not supported.",
    )


@before("lu_unpack")
def _unpacked(LU_data: Any, LU_pivots: Any, *_: Any, **__: Any) -> None:
    places, rows = LU_pivots._data, int(LU_data.shape[-2])
    refuse(
        places.dtype != np.int32,
        "lu_unpack: expected LU_pivots to be a Tensor of scalar type torch.int32",
    )
    refuse(
        LU_pivots.ndim != LU_data.ndim - 1 or _sizes(LU_pivots)[:-1] != _sizes(LU_data)[:-2],
        f"lu_unpack: pivots of shape {_sizes(LU_pivots)} do not belong to a matrix of shape {_sizes(LU_data)}",
    )
    refuse(
        places.size and (places.min() < 1 or places.max() > rows),
        "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive. Did you properly pass the result of "
        "lu_factor?",
    )
