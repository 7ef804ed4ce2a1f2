"""Operators of every family in which faults are planted, and which faults mean something in them."""

from collections.abc import Mapping

# By family: operators that torch 2.13 has right in each check, so that what is found is the fault.
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "pointwise": ("exp", "mul", "div.no_rounding_mode", "pow", "atan2", "where", "lerp"),
    "special": ("erf", "lgamma", "special.i1e"),
    "reduction": ("sum", "mean", "prod", "var", "amax", "linalg.vector_norm"),
    "cumulative": ("cumsum", "cummax", "cummin"),
    "shape": ("transpose", "flip", "expand", "cat", "roll"),
    "indexing": ("index_select", "gather", "scatter_add", "masked_fill"),
    "sorting": ("sort", "topk", "kthvalue"),
    "linear algebra": ("matmul", "addmm", "linalg.inv", "linalg.solve_triangular", "linalg.matrix_power"),
    "fourier": ("fft.fft", "fft.irfft"),
    "activation": ("nn.functional.gelu", "nn.functional.softplus", "nn.functional.glu", "tanh"),
    "loss": ("nn.functional.mse_loss", "nn.functional.smooth_l1_loss", "nn.functional.nll_loss"),
    "normalization": ("nn.functional.group_norm", "nn.functional.rms_norm"),
    "convolution and pooling": (
        "nn.functional.conv2d", "nn.functional.avg_pool2d", "nn.functional.interpolate.bilinear",
    ),
    "masked": ("masked.sum", "masked.mean"),
}  # fmt: skip
FAMILY_OF = {op: family for family, ops in FAMILIES.items() for op in ops}

_DIM = (
    "sum mean prod var amax linalg.vector_norm cumsum cummin cummax transpose flip cat roll index_select gather "
    "scatter_add sort topk kthvalue fft.fft fft.irfft nn.functional.glu masked.sum masked.mean"
)
_OPTION = (
    "sum mean prod var amax linalg.vector_norm addmm fft.fft fft.irfft nn.functional.gelu nn.functional.softplus "
    "nn.functional.mse_loss nn.functional.smooth_l1_loss nn.functional.nll_loss nn.functional.group_norm "
    "nn.functional.conv2d nn.functional.avg_pool2d nn.functional.interpolate.bilinear sort topk masked.sum"
)
_TWO_INPUTS = (
    "mul div.no_rounding_mode pow atan2 where lerp cat scatter_add matmul addmm linalg.solve_triangular "
    "nn.functional.mse_loss nn.functional.smooth_l1_loss nn.functional.group_norm nn.functional.conv2d"
)
_ROWS = "sum prod var amax cumsum cummin cummax sort topk matmul linalg.inv fft.fft nn.functional.conv2d tanh"
_SQUARE = "matmul linalg.inv linalg.solve_triangular linalg.matrix_power"
# What has a second derivative.
_CURVED = (
    "exp mul div.no_rounding_mode pow atan2 lerp erf lgamma special.i1e prod var linalg.vector_norm matmul "
    "linalg.inv linalg.solve_triangular linalg.matrix_power nn.functional.gelu nn.functional.softplus "
    "nn.functional.glu tanh nn.functional.mse_loss nn.functional.smooth_l1_loss nn.functional.group_norm "
    "nn.functional.rms_norm nn.functional.conv2d"
)
# Faults that mean something in these operators only; the others mean something everywhere.
_MEANT_FOR = {
    "wrong for a negative dim": frozenset(_DIM.split()),
    "wrong for an option": frozenset(_OPTION.split()),
    "wrong by the second input": frozenset(_TWO_INPUTS.split()),
    "wrong in rows of 17 or more": frozenset(_ROWS.split()),
    "transposed": frozenset(_SQUARE.split()),
    "wrong in double backward": frozenset(_CURVED.split()),
}


# What these faults bend is zero there, or no number, or left out of our own inputs with a reason in conventions.py.
_MEANS_NOTHING = {
    "wrong where large": frozenset(("erf", "tanh")),
    "wrong at exact zeros": frozenset(("lgamma", "topk", "kthvalue")),
    "wrong at ties": frozenset(("topk", "kthvalue")),
}


def means_something(fault: str, op: str, dtypes: frozenset[str]) -> bool:
    """Whether a fault could show in this operator at all."""
    if fault == "conjugate missing":
        return "complex128" in dtypes
    if op in _MEANS_NOTHING.get(fault, ()):
        return False
    return fault not in _MEANT_FOR or op in _MEANT_FOR[fault]
