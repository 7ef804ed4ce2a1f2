"""What autocast does to each operation on the CPU, as torch's documentation lists it."""

from __future__ import annotations


def _named(names: str, *, prefix: str = "") -> frozenset[str]:
    return frozenset(prefix + n for n in names.split())


# Source: Automatic Mixed Precision package, CPU Op-Specific Behavior; under the registry's names.
_CONVOLUTIONS = "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d prelu"
_PRODUCTS = "mm bmm baddbmm addmm addbmm matmul linalg.vecdot"
# Composed of the listed ones in torch, and cast as a whole here.
_COMPOSED = "einsum tensordot inner chain_matmul linalg.multi_dot linalg.matrix_power matrix_power"
LOWER = (
    _named(_PRODUCTS)
    | _named(_COMPOSED)
    | _named(_CONVOLUTIONS)
    | _named(f"{_CONVOLUTIONS} linear scaled_dot_product_attention", prefix="nn.functional.")
)

_LOSSES = (
    "mse_loss cosine_embedding_loss nll_loss hinge_embedding_loss poisson_nll_loss smooth_l1_loss cross_entropy "
    "l1_loss huber_loss margin_ranking_loss soft_margin_loss triplet_margin_loss multi_margin_loss ctc_loss kl_div "
    "multilabel_margin_loss binary_cross_entropy binary_cross_entropy_with_logits"
)
_POOLS = (
    "avg_pool3d max_pool3d max_unpool2d max_unpool3d adaptive_avg_pool3d fractional_max_pool2d fractional_max_pool3d "
    "adaptive_max_pool3d grid_sample"
)
_FUNCTIONS = (
    "polar prod quantile nanquantile stft cdist trace view_as_complex cholesky cholesky_inverse cholesky_solve inverse "
    "lu_solve orgqr ormqr geqrf qr svd lu triangular_solve grid_sampler_2d grid_sampler_3d"
)
_LINALG = (
    "cond matrix_rank solve cholesky svdvals eigvals eigvalsh inv householder_product tensorinv tensorsolve qr "
    "cholesky_ex svd eig eigh lstsq inv_ex det slogdet"
)
FULL = (
    _named(_LOSSES, prefix="nn.functional.")
    | _named(_POOLS, prefix="nn.functional.")
    | _named(_FUNCTIONS)
    | _named(_LINALG, prefix="linalg.")
)

WIDEST = _named("cat stack index_copy")

# Composed here of operations that are cast, where torch has an operation of its own that is not.
UNTOUCHED = _named(
    "kron outer ger addr addmv mv dot vdot matrix_exp linalg.matrix_exp cov corrcoef"
) | _named(
    "bilinear cosine_similarity pairwise_distance layer_norm group_norm batch_norm",
    prefix="nn.functional.",
)


def policy_of(name: str, mode: str | None = None) -> str | None:
    """What happens to the arguments of the operation; None: nothing.

    ``mode`` is that of ``pad``, whose reflecting and replicating forms are operations of their own.
    """
    if name in LOWER:
        return "lower"
    if name in FULL or name.startswith("fft.") or mode in ("reflect", "replicate"):
        return "full"
    if name in WIDEST:
        return "widest"
    return "untouched" if name in UNTOUCHED else None
