"""Parametrisations that are often wanted: of unit norm, of spectral norm 1, orthogonal."""

from __future__ import annotations

from typing import Any

from reference_impl.grad_mode import no_grad
from reference_impl.nn import functional
from reference_impl.nn.module import Module
from reference_impl.nn.utils import parametrize
from reference_impl.registry import OPS


def norm_except(v: Any, dim: int | None) -> Any:
    """The norm over all dimensions but ``dim``, which are kept; over all when ``dim`` is None or -1."""
    if dim is None or dim == -1:
        return OPS["linalg.vector_norm"](v)
    others = [i for i in range(v.ndim) if i != dim % v.ndim]
    return OPS["linalg.vector_norm"](v, 2, others, True)


class _WeightNorm(Module):
    """w = g v / |v| (Salimans and Kingma, 2016)."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return weight_v * (weight_g / norm_except(weight_v, self.dim))

    def right_inverse(self, weight: Any) -> Any:
        return norm_except(weight, self.dim), weight


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Split a tensor into its size ``original0`` and its direction ``original1``."""
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)
    return module


class _SpectralNorm(Module):
    """A weight divided by its largest singular value, found by power iteration (Miyato et al., 2018)."""

    def __init__(self, weight: Any, n_power_iterations: int, dim: int, eps: float) -> None:
        super().__init__()
        self.dim, self.eps, self.n_power_iterations = dim % weight.ndim, eps, n_power_iterations
        if weight.ndim > 1:
            matrix = self._matrix(weight.detach())
            u, v = (OPS["randn"](n, dtype=matrix.dtype) for n in matrix.shape)
            self.register_buffer("_u", functional.normalize(u, dim=0, eps=eps))
            self.register_buffer("_v", functional.normalize(v, dim=0, eps=eps))
            self._iterate(matrix, 15)

    def _matrix(self, weight: Any) -> Any:
        return weight.movedim(self.dim, 0).flatten(1)

    def _iterate(self, matrix: Any, steps: int) -> None:
        with no_grad():
            for _ in range(steps):
                self._u.copy_(functional.normalize(matrix @ self._v, dim=0, eps=self.eps))
                self._v.copy_(functional.normalize(matrix.T @ self._u, dim=0, eps=self.eps))

    def forward(self, weight: Any) -> Any:
        if weight.ndim == 1:
            return functional.normalize(weight, dim=0, eps=self.eps)
        matrix = self._matrix(weight)
        if self.training:
            self._iterate(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # later iterations write to the buffers
        return weight / OPS["dot"](u, matrix @ v)

    def right_inverse(self, value: Any) -> Any:
        return value


def spectral_norm(
    module: Module,
    name: str = "weight",
    n_power_iterations: int = 1,
    eps: float = 1e-12,
    dim: int | None = None,
) -> Module:
    """Divide a tensor by its largest singular value."""
    weight = getattr(module, name)
    along = _output_dim(module) if dim is None else dim
    made = _SpectralNorm(weight, n_power_iterations, along, eps)
    parametrize.register_parametrization(module, name, made)
    return module


def _output_dim(module: Module) -> int:
    """The dimension of the outputs: transposed convolutions have it in second place."""
    return int(type(module).__name__.startswith("ConvTranspose"))


class _Orthogonal(Module):
    """An orthogonal matrix from any matrix: from the skew-symmetric one of its lower triangle, or by reflections."""

    def __init__(self, weight: Any, orthogonal_map: str, use_trivialization: bool) -> None:
        super().__init__()
        self.map, self.shape = orthogonal_map, tuple(weight.shape)
        if use_trivialization and orthogonal_map != "householder":
            self.register_buffer("base", OPS["linalg.qr"](_tall(weight.detach()))[0])

    def forward(self, x: Any) -> Any:
        wide = x.shape[-2] < x.shape[-1]
        x = _tall(x)
        n, k = x.shape[-2], x.shape[-1]
        if self.map == "householder":
            below = x.tril(-1)  # reflectors; above their diagonal stand ones
            found = OPS["linalg.householder_product"](below, 2 / (1 + (below * below).sum(-2)))
            found = found * x.diagonal(dim1=-2, dim2=-1).sign().detach().unsqueeze(-2)
        else:
            lower = x.tril(-1)
            if n != k:
                lower = OPS["cat"]([lower, x.new_zeros(*x.shape[:-1], n - k)], -1)
            skew = lower - lower.mT
            found = self._of_skew(skew)[..., :k]
            if hasattr(self, "base"):
                whole = self._of_skew(skew)
                found = (self.base @ whole) if n == k else whole @ self.base
        return found.mT if wide else found

    def _of_skew(self, skew: Any) -> Any:
        if self.map == "matrix_exp":
            return OPS["matrix_exp"](skew)
        eye = OPS["eye"](skew.shape[-1], dtype=skew.dtype)
        return OPS["linalg.solve"](eye - skew / 2, eye + skew / 2)

    def right_inverse(self, q: Any) -> Any:
        if hasattr(self, "base"):
            base = OPS["linalg.qr"](_tall(q.detach()))[0]
            self.base.copy_(base)
            return OPS["zeros_like"](q)
        if self.map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        # An orthogonal matrix is its reflectors times a diagonal of signs, R of its QR decomposition.
        packed, _ = OPS["geqrf"](_tall(q))
        signs = packed.diagonal(dim1=-2, dim2=-1).sign()
        made = packed.tril(-1)
        made.diagonal(dim1=-2, dim2=-1).copy_(OPS["where"](signs == 0, 1.0, signs))
        return made.mT if q.shape[-2] < q.shape[-1] else made


def _tall(x: Any) -> Any:
    return x.mT if x.shape[-2] < x.shape[-1] else x


def orthogonal(
    module: Module,
    name: str = "weight",
    orthogonal_map: str | None = None,
    *,
    use_trivialization: bool = True,
) -> Module:
    """Make a matrix orthogonal: a function of a free one.

    Raises:
        ValueError: the tensor is no matrix, or the map is unknown.
    """
    weight = getattr(module, name)
    if weight.ndim < 2:
        raise ValueError(
            f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions."
        )
    square = weight.shape[-2] == weight.shape[-1]
    chosen = orthogonal_map or ("matrix_exp" if square else "householder")
    if chosen not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: ' + chosen
        )
    made = _Orthogonal(weight, chosen, use_trivialization)
    parametrize.register_parametrization(module, name, made, unsafe=True)
    return module
