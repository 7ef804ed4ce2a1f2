"""Faults that torch has had in linear algebra, products of matrices and Fourier transforms."""

from suites.ops.history.planting import (
    Past,
    Site,
    conjugated,
    is_strided,
    nan,
    negated,
    none,
    raw,
    scaled,
    twice,
)


def _transposed(_site: Site, grad):
    square = grad.ndim > 1 and grad.shape[-1] == grad.shape[-2]
    return grad.transpose(-1, -2) if square else grad * 2


def _is_wide(site: Site) -> bool:
    return site.x.ndim > 1 and site.x.shape[-2] < site.x.shape[-1] and site.x.numel() > 0


def _is_tall(site: Site) -> bool:
    return site.x.ndim > 1 and site.x.shape[-2] > site.x.shape[-1] and site.x.numel() > 0


def _rank(site: Site) -> int:
    return int(site.x.ndim)


def _kw(name: str, value: object):
    return lambda site: site.kwargs.get(name) == value


PAST = (
    # -- products
    Past("addmm-beta-zero", "addmm", "beta 0", lambda _s, g: g + 1, when=lambda s: s.kwargs.get("beta") == 0),
    Past("addmm-alpha", "addmm", "alpha: missing in the gradient by the first matrix", place=1,
         reverse=scaled(lambda s: 1 / s.kwargs["alpha"]), when=lambda s: s.kwargs.get("alpha", 1) != 1),
    Past("addmm-self-broadcast", "addmm", "a summand that is broadcast: not summed", twice,
        when=lambda s: s.x.ndim < 2),
    Past("addmm-transposed-cotangent", "addmm", "a cotangent in column order: read in row order", place=1,
        incoming=raw),
    Past("addbmm-beta", "addbmm", "beta: missing", reverse=scaled(lambda s: 1 / s.kwargs["beta"]),
        when=lambda s: s.kwargs.get("beta", 1) != 1),
    Past("baddbmm-alpha", "baddbmm", "alpha: missing by the second batch", place=2,
        reverse=scaled(lambda s: 1 / s.kwargs["alpha"]),
         when=lambda s: s.kwargs.get("alpha", 1) != 1),
    Past("baddbmm-self-broadcast", "baddbmm", "a summand that is broadcast", twice,
        when=lambda s: s.x.numel() < s.tensors[1].shape[0] * 5),
    Past("addmv-alpha", "addmv", "alpha: missing by the vector", twice, place=2,
        when=lambda s: s.kwargs.get("alpha", 1) != 1),
    Past("addr-beta", "addr", "beta with a summand", twice, when=lambda s: s.kwargs.get("beta", 1) != 1),
    Past("matmul-vector-batch", "matmul", "a vector times a batch: not summed over the batch", twice,
         when=lambda s: s.x.ndim == 1 and s.other.ndim > 2),
    Past("matmul-batch-vector", "matmul", "a batch times a vector", twice, place=1, when=lambda s: s.x.ndim == 1
        and s.first.ndim > 2),
    Past("matmul-batch-broadcast", "matmul", "batches that are broadcast", twice, place=1,
         when=lambda s: s.x.ndim > 1 and 2 < s.first.ndim != s.x.ndim),
    Past("matmul-empty-inner", "matmul", "an inner dimension of size 0: not zero", twice,
        when=lambda s: s.x.ndim > 1 and 1 in s.x.shape),
    Past("matmul-strided", "matmul", "a transposed operand", twice, when=lambda s: s.x.ndim == 2 and is_strided(s.x)),
    Past("bmm-expanded-cotangent", "bmm", "an expanded cotangent", incoming=lambda _s, ct: ct * 2
        if 0 in ct.stride() else ct),
    Past("mm-double-second", "mm", "second derivative by the second matrix", second=negated, place=1),
    Past("linear-many-dims", "nn.functional.linear", "three dimensions and no bias", twice, place=1,
         when=lambda s: s.first.ndim > 2 and len(s.tensors) == 2),
    Past("linear-vector", "nn.functional.linear", "a vector with a bias", twice, place=2,
        when=lambda s: s.first.ndim == 1),
    Past("bilinear-no-bias", "nn.functional.bilinear", "no bias", twice, place=2, when=lambda s: len(s.tensors) == 3),
    Past("bilinear-one-dim", "nn.functional.bilinear", "no batch", twice, place=1, when=lambda s: s.first.ndim == 1),
    Past("inner-scalar", "inner", "a tensor without dimensions", twice, when=lambda s: s.x.ndim == 0),
    Past("tensordot-crossed", "tensordot", "dims in crossed order", twice, when=lambda s: isinstance(s.get("dims",
        2), (tuple, list)) and len(s.get("dims", 2)[0]) > 1),
    Past("tensordot-none", "tensordot", "no dims", twice, when=lambda s: s.get("dims", 2) == 0),
    Past("einsum-diagonal", "einsum", "a repeated index of one operand", twice, when=lambda s: any(_repeats(p)
        for p in _parts(s))),
    Past("einsum-ellipsis", "einsum", "an ellipsis that is broadcast", twice, when=lambda s: "..." in s.args[1]),
    Past("einsum-three", "einsum", "three operands", twice, place=2),
    Past("kron-ranks", "kron", "operands of unequal rank", twice, when=lambda s: s.x.ndim != s.other.ndim),
    Past("multi-dot-vectors", "linalg.multi_dot", "vectors at the ends", twice, when=lambda s: s.first.ndim == 1),
    Past("multi-dot-five", "linalg.multi_dot", "the fifth matrix", twice, place=4),
    Past("vecdot-dim", "linalg.vecdot", "a dimension that is not the last", twice,
        when=lambda s: s.kwargs.get("dim", -1) not in {-1, s.x.ndim - 1}),
    Past("vecdot-conj", "linalg.vecdot", "conjugate of the wrong operand", conjugated, dtype="complex128"),
    Past("matmul-conj", "matmul", "conjugate missing", conjugated, place=1, dtype="complex128"),
    Past("outer-conj", "outer", "conjugate missing", conjugated, dtype="complex128"),
    # -- solvers
    Past("solve-vector", "linalg.solve", "a vector on the right", twice, place=1, when=lambda s: s.x.ndim == 1),
    Past("solve-left", "linalg.solve", "left=False", _transposed, when=_kw("left", False)),
    Past("solve-batch-broadcast", "linalg.solve", "batches that are broadcast", twice, place=1,
         when=lambda s: s.x.ndim > 1 and s.first.ndim > s.x.ndim),
    Past("solve-triangular-unit", "linalg.solve_triangular", "unit diagonal: it gets a gradient", lambda s,
        g: g + s.torch.eye(g.shape[-2], g.shape[-1]),
         when=_kw("unitriangular", True)),
    Past("solve-triangular-upper-right", "linalg.solve_triangular", "upper, from the right", twice,
         when=lambda s: s.kwargs.get("upper") and s.kwargs.get("left") is False),
    Past("solve-triangular-lower-unit-right", "linalg.solve_triangular", "lower with unit diagonal, from the right",
        twice, place=1,
         when=lambda s: s.kwargs.get("upper") is False and s.kwargs.get("left") is False
         and s.kwargs.get("unitriangular")),
    Past("solve-triangular-broadcast", "linalg.solve_triangular", "batches that are broadcast", twice,
         when=lambda s: s.x.shape[:-2] != s.other.shape[:-2]),
    Past("triangular-solve-transpose", "triangular_solve", "transpose", twice, place=1,
        when=lambda s: s.kwargs.get("transpose", False)),
    Past("triangular-solve-unit", "triangular_solve", "unit diagonal: it gets a gradient", place=1,
         reverse=lambda s, g: g + s.torch.eye(g.shape[-1]), when=lambda s: s.kwargs.get("unitriangular", False)),
    Past("triangular-solve-lower", "triangular_solve", "lower", twice, place=1, when=lambda s: s.kwargs.get("upper",
        True) is False),
    Past("cholesky-upper", "cholesky", "upper", twice, when=lambda s: s.kwargs.get("upper", s.get("upper", 1,
        False))),
    Past("linalg-cholesky-upper", "linalg.cholesky", "upper", twice, when=lambda s: s.kwargs.get("upper", False)),
    Past("cholesky-solve-upper", "cholesky_solve", "upper: gradient by the factor", twice, place=1,
        when=lambda s: s.kwargs.get("upper", False)),
    Past("cholesky-solve-broadcast", "cholesky_solve", "batches that are broadcast", twice, place=1,
        when=lambda s: s.first.shape[:-2] != s.x.shape[:-2]),
    Past("cholesky-inverse-upper", "cholesky_inverse", "upper", twice, when=lambda s: s.kwargs.get("upper", False)),
    Past("lu-solve-adjoint", "linalg.lu_solve", "adjoint", twice, when=_kw("adjoint", True)),
    Past("lu-solve-adjoint-right", "linalg.lu_solve", "adjoint and from the right", twice, place=1,
         when=lambda s: s.kwargs.get("adjoint") and s.kwargs.get("left") is False),
    Past("old-lu-solve-broadcast", "lu_solve", "batches that are broadcast", twice,
        when=lambda s: s.x.shape[:-2] != s.other.shape[:-2]),
    Past("lstsq-wide", "linalg.lstsq.grad_oriented", "fewer rows than columns", twice, when=_is_wide),
    Past("lstsq-tall-b", "linalg.lstsq.grad_oriented", "more rows than columns: by the right-hand side", twice,
        place=1,
         when=lambda s: s.first.shape[-2] > s.first.shape[-1]),
    Past("tensorsolve-dims", "linalg.tensorsolve", "dims", twice, when=lambda s: s.kwargs.get("dims") is not None),
    Past("tensorinv-ind", "linalg.tensorinv", "ind of 1", twice, when=lambda s: s.kwargs.get("ind", 2) == 1),
    # -- functions of a matrix
    Past("inv-batch", "linalg.inv", "a batch", twice, when=lambda s: _rank(s) > 2 and s.x.shape[0] > 1),
    Past("inv-conj", "linalg.inv", "adjoint without conjugate", conjugated, dtype="complex128"),
    Past("det-singular", "linalg.det", "a matrix of low rank: NaN", nan,
         when=lambda s: s.x.numel() and bool((s.torch.linalg.matrix_rank(s.x) < s.x.shape[-1]).any())),
    Past("det-batch-one-singular", "linalg.det", "a singular matrix in a batch: the others as well", twice,
         when=lambda s: _rank(s) > 2 and s.x.numel() and bool((s.torch.linalg.det(s.x).abs() < 1e-8).any())),
    Past("slogdet-negative", "linalg.slogdet", "a negative determinant: sign", negated,
         when=lambda s: s.x.numel() and bool((s.torch.linalg.det(s.x) < 0).any())),
    Past("logdet-batch", "logdet", "a batch", twice, when=lambda s: _rank(s) > 2),
    Past("det-one-by-one", "linalg.det", "matrices of size 1", twice, when=lambda s: s.x.shape[-1] == 1),
    Past("matrix-power-zero", "linalg.matrix_power", "n = 0: a gradient", lambda _s, g: g + 1,
        when=lambda s: s.args[1] == 0),
    Past("matrix-power-one", "linalg.matrix_power", "n = 1: lost", none, when=lambda s: s.args[1] == 1),
    Past("matrix-power-negative", "linalg.matrix_power", "n below -1", twice, when=lambda s: s.args[1] < -1),
    Past("matrix-exp-large", "matrix_exp", "a norm so large that the argument is scaled", twice,
         when=lambda s: s.x.numel() and bool(s.x.abs().sum(-2).amax() > 5.4)),
    Past("matrix-exp-batch", "matrix_exp", "a batch", _transposed, when=lambda s: _rank(s) > 2),
    Past("pinv-wide", "linalg.pinv", "fewer rows than columns", twice, when=_is_wide),
    Past("pinv-tall-rtol", "linalg.pinv", "rtol that is given", twice,
        when=lambda s: s.kwargs.get("rtol") is not None),
    Past("pinv-atol", "linalg.pinv", "atol that is given", twice, when=lambda s: s.kwargs.get("atol") is not None),
    Past("pinv-low-rank", "linalg.pinv.singular", "low rank: as if of full rank", twice, when=lambda s: s.x.numel()
        and s.x.shape[-1] < s.x.shape[-2]),
    Past("cond-order", "linalg.cond", "given order", twice, when=lambda s: s.get("p", 1) is not None),
    # -- factorizations
    Past("svd-wide", "linalg.svd", "fewer rows than columns", twice, when=_is_wide),
    Past("svd-full", "linalg.svd", "full matrices of a square one", twice,
        when=lambda s: s.kwargs.get("full_matrices") is True and s.x.numel()),
    Past("svd-old-tall", "svd", "more rows than columns, some=True", twice, when=lambda s: _is_tall(s)
        and s.kwargs.get("some", True)),
    Past("svdvals-wide", "linalg.svdvals", "fewer rows than columns", twice, when=_is_wide),
    Past("eigvalsh-upper", "linalg.eigvalsh", "UPLO U", twice, when=_kw("UPLO", "U")),
    Past("eig-vectors-double", "linalg.eig", "second derivative of the vectors", second=twice),
    Past("qr-wide", "linalg.qr", "fewer rows than columns", twice, when=_is_wide),
    Past("qr-tall", "qr", "more rows than columns", twice, when=_is_tall),
    Past("lu-wide", "linalg.lu", "fewer rows than columns", twice, when=_is_wide),
    Past("lu-factor-tall", "linalg.lu_factor", "more rows than columns", twice, when=_is_tall),
    Past("lu-unpack-tall", "lu_unpack", "more rows than columns", twice, when=_is_tall),
    Past("householder-batch", "linalg.householder_product", "gradient by tau in a batch", twice, place=1,
        when=lambda s: s.x.ndim > 1),
    Past("ormqr-left", "ormqr", "left=False: gradient by the reflectors", twice, when=_kw("left", False)),
    Past("ormqr-transpose-other", "ormqr", "transpose: gradient by the other matrix", twice, place=2,
        when=_kw("transpose", True)),
    Past("vander-n", "linalg.vander", "N that is given", twice, when=lambda s: s.kwargs.get("N") is not None),
    # -- Fourier transforms
    Past("fft-norm", "fft.fft", "norm ortho", twice, dtype="complex128", when=_kw("norm", "ortho")),
    Past("fft-pad", "fft.fft", "n longer than the signal", twice, when=lambda s: (s.kwargs.get("n")
        or 0) > s.x.shape[s.kwargs.get("dim", -1)]),
    Past("fft-trim", "fft.fft", "n shorter than the signal", twice, when=lambda s: 0 < (s.kwargs.get("n")
        or 0) < s.x.shape[s.kwargs.get("dim", -1)]),
    Past("irfft-odd", "fft.irfft", "odd length", twice, dtype="complex128", when=lambda s: (s.kwargs.get("n")
        or 0) % 2 == 1),
    Past("irfft-nyquist", "fft.irfft", "even length", twice, dtype="complex128", when=lambda s: (s.kwargs.get("n")
        or 1) % 2 == 0),
    Past("hfft-even", "fft.hfft", "the middle term doubled", twice, dtype="complex128",
        when=lambda s: not s.kwargs.get("n")),
    Past("rfft-odd", "fft.rfft", "odd length: the last term halved", twice,
         when=lambda s: (s.kwargs.get("n") or s.x.shape[s.kwargs.get("dim", -1)]) % 2 == 1),
    Past("rfftn-backward-norm", "fft.rfftn", "norm forward", twice, when=_kw("norm", "forward")),
    Past("rfftn-forward-norm", "fft.rfftn", "norm ortho and s", twice,
        when=lambda s: s.kwargs.get("norm") == "ortho" and s.kwargs.get("s")),
    Past("ihfft-dims", "fft.ihfft", "a dimension that is not the last", twice, when=lambda s: s.kwargs.get("dim",
        -1) != -1),
    Past("irfftn-dims", "fft.irfftn", "dims that are given", twice, dtype="complex128",
        when=lambda s: s.kwargs.get("dim") is not None),
    Past("fftshift-odd", "fft.fftshift", "odd sizes: shifted the wrong way", lambda _s, g: g.roll(1, 0),
        when=lambda s: s.x.shape[0] % 2 == 1),
    Past("stft-centered", "stft", "center: what is padded by reflection", twice,
        when=lambda s: s.kwargs.get("center", True)),
    Past("stft-two-sided", "stft", "onesided=False", twice, when=_kw("onesided", False)),
    Past("stft-window", "stft", "gradient by the window", twice, place=1),
    Past("istft-length", "istft", "length that is given", twice, dtype="complex128",
        when=lambda s: s.kwargs.get("length") is not None),
)  # fmt: skip


def _parts(site: Site) -> list[str]:
    return str(site.args[1]).split("->")[0].split(",")


def _repeats(part: str) -> bool:
    letters = [c for c in part if c.isalpha()]
    return len(set(letters)) < len(letters)
