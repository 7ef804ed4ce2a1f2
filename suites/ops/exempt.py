"""What is not asked of all operators: layouts that no case holds, relations that need not hold; with reasons."""

from collections.abc import Mapping

# Entries whose inputs or results have a sparse layout; a case holds plain numbers.
NOT_DENSE = frozenset({"sparse.mm.reduce", "to_sparse"})

# Functions of matrices that are not defined where the matrix is singular. The gradient of eigvals solves with the
# eigenvectors, and gels, the driver of lstsq, refuses what lacks full rank where rounding lets it notice.
_MATRIX_FUNCTIONS = """
    cholesky cholesky_inverse cholesky_solve inverse linalg.cholesky linalg.cholesky_ex linalg.inv linalg.inv_ex
    linalg.lu_factor linalg.lu_factor_ex linalg.lu_solve linalg.solve linalg.solve_ex linalg.solve_triangular
    logdet linalg.slogdet linalg.det lu_solve triangular_solve linalg.eig linalg.eigh linalg.qr qr linalg.svd svd
    linalg.svdvals linalg.cond linalg.pinv linalg.lu lu norm.nuc linalg.matrix_norm linalg.ldl_solve ormqr geqrf
    linalg.householder_product linalg.lstsq linalg.lstsq.grad_oriented linalg.eigvals linalg.matrix_power pca_lowrank
"""
MATRIX_FUNCTIONS = frozenset(_MATRIX_FUNCTIONS.split())

# Operators whose answer is not one where entries are equal: which of them is taken is unspecified (sorting), or the
# matrix that their first dimensions span is singular.
NOT_REPEATED = frozenset(
    {"sort", "msort", "topk", "kthvalue", "mode", "linalg.tensorinv", "linalg.tensorsolve"}
)

# (operator, relation): why the two ways need not give the same.
_BY_STRIDES = "the result is documented to depend on the strides of the input"
_IN_STORAGE = "the samples are views into a larger storage, which plain numbers do not hold"
_CONTIGUOUS = (
    "an internal operator that is documented to want contiguous memory; the public one sees to that"
)
_OVERLAPS = "with indices that occur twice the operator is documented to be nondeterministic"
_KINK = "every sample lies on the kink of the norm, where no second derivative is documented"
_PHASES = "eigenvectors have a phase of their own, which tangents fix anew: second derivatives are of no one function"
_DRAWS = "the result is a draw, whose derivative is zero"
_WRITES_BUFFERS = (
    "the forward updates its running statistics in place, which recomputation does again"
)
_GRADIENT_ALONE = (
    "padding_idx and scale_grad_by_freq are documented to change the gradient alone, not the result"
)
_COARSER = "its gradients are rounded to a coarser dtype, whose ulps the bound of the relation does not know"
# Source: torch.func, "UX Limitations", vmap limitations: in-place operations.
_TO_SHARED = "it adds in place to zeros that the examples share, which vmap is documented to refuse"
_CHUNKED = (
    "the chunked path is documented not to support torch.func, batched gradients or higher orders"
)
RELATED_BY_NOBODY: Mapping[tuple[str, str], str] = {
    **dict.fromkeys(
        [
            (op, relation)
            for relation in ("input-layouts", "tangent-layouts", "second-layouts")
            for op in ("as_strided", "as_strided_copy", "view", "view_as", "view_copy", "view_as_complex",
                "view_as_real")
        ],
        _BY_STRIDES,
    ),
    ("as_strided_scatter", "tangent-layouts"): _BY_STRIDES,
    ("as_strided_scatter", "second-layouts"): _BY_STRIDES,
    **dict.fromkeys(
        [
            ("as_strided.partial_views", relation)
            for relation in (
                "create-graph", "twice", "subsets", "input-layouts", "cotangent-layouts", "saved-hooks", "checkpoint",
                "batched", "unmodified", "functional", "vmap", "tangent-layouts", "tangent-sums", "functional-jvp",
                "adjoint", "forward-over-forward", "second-orders", "second-subsets", "outputs", "same-twice",
                "mixed-dtypes", "batched-tangents", "by-cotangent", "second-layouts", "vmap-with-indices",
                "vmap-of-one", "other-cotangents",
            )
        ],
        _IN_STORAGE,
    ),
    **dict.fromkeys(
        [
            (f"nn.functional.linear_cross_entropy.{kind}", relation)
            for kind in ("chunked", "chunked_none")
            for relation in ("functional", "batched", "second-subsets", "second-layouts", "other-cotangents")
        ],
        _CHUNKED,
    ),
    **dict.fromkeys(
        [(f"nn.AdaptiveLogSoftmaxWithLoss{what}", "vmap-of-one") for what in ("", ".of_one")], _TO_SHARED
    ),
    ("nn.functional.prelu", "positions"): "its weight belongs to channels, so that places differ",
    ("nn.functional.prelu", "blocks"): "its weight belongs to channels, so that places differ",
    ("native_group_norm", "input-layouts"): _CONTIGUOUS,
    ("native_group_norm", "tangent-layouts"): _CONTIGUOUS,
    ("native_group_norm", "second-layouts"): _CONTIGUOUS,
    **dict.fromkeys(
        [(f"nn.functional.max_unpool{n}d", relation) for n in (1, 2, 3) for relation in ("adjoint", "by-cotangent")],
        _OVERLAPS,
    ),
    **dict.fromkeys([(op, "vmap") for op in ("normal", "normal.number_mean", "bernoulli")], _DRAWS),
    ("nn.functional.embedding", "adjoint"): _GRADIENT_ALONE,
    ("nn.functional.embedding", "by-cotangent"): _GRADIENT_ALONE,
    **dict.fromkeys([(op, "other-cotangents") for op in ("half", "bfloat16", "float", "cfloat")], _COARSER),
    ("cov", "mixed-dtypes"): "the two sorts of weights are multiplied in their own dtype before they are promoted",
    ("linalg.norm.subgradients_at_zero", "second-orders"): _KINK,
    ("linalg.eig", "second-orders"): _PHASES,
    ("linalg.eig", "forward-over-forward"): _PHASES,
    ("linalg.norm.subgradients_at_zero", "forward-over-forward"): _KINK,
    ("nn.functional.instance_norm", "checkpoint"): _WRITES_BUFFERS,
}  # fmt: skip

# (operator, relation): why two ways are further apart in half precision than its bound.
_ONE_IN_A_GROUP = (
    "a group of one number has a gradient of 0, left of two terms of 1 / sqrt(eps) that cancel: two formulas may round "
    "them by 2"
)
RELATED_IN_FULL_PRECISION: Mapping[tuple[str, str], str] = {
    ("nn.functional.group_norm", "create-graph"): _ONE_IN_A_GROUP,
    ("nn.functional.group_norm", "functional"): _ONE_IN_A_GROUP,
}

# (operator, wrong input of op_db): why it is right to take it.
_BOUND = "op_db counts a number as bound among the wrong inputs; torch.clamp_max is documented to take one"
NOT_REFUSED: Mapping[tuple[str, str], str] = {
    ("clamp_max", "wrong input 0"): _BOUND,
    ("clamp_min", "wrong input 0"): _BOUND,
}

# (operator, wrong input of op_db): why the reference does not refuse it as torch does.
_META = "it is about a tensor on another device, and the reference has no other"
_DIMS = (
    "it is about a tensor of 65 dimensions, of which NumPy makes none: it refuses with ValueError"
)
ONLY_TORCH_REFUSES: Mapping[tuple[str, str], str] = {
    **{("gradient", f"wrong input {i}"): _META for i in (3, 10, 17)},
    **{(op, f"wrong input {i}"): _DIMS for op in ("amax", "amin", "aminmax") for i in (1, 2)},
}
