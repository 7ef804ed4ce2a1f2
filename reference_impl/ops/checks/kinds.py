"""Which kinds of numbers operators take: some know no order of complex numbers, some no whole ones, some no bools."""

from __future__ import annotations

from typing import Any

from reference_impl.dtypes import OF_NUMPY
from reference_impl.dtypes import dtype as DType  # noqa: N812 - a class under a small name
from reference_impl.ops.checks.table import before
from reference_impl.tensor import Tensor

# Complex numbers have no order, so that nothing which compares, rounds or cuts them has a meaning; the special
# functions here are those of real numbers.
_REAL = """
    gt lt ge le max min amax amin argmax argmin aminmax cummax cummin sort argsort kthvalue median nanmedian mode
    clamp_min clamp_max ceil floor trunc round sign fmod remainder atan2 hypot copysign nextafter heaviside frac
    digamma lgamma polygamma erf erfc erfinv i0 logit xlogy special.entr special.erfcx special.i0e special.i1
    special.i1e special.log_ndtr special.ndtr special.ndtri special.xlog1py softmax log_softmax bernoulli
    native_batch_norm native_group_norm native_layer_norm nn.functional.group_norm nn.functional.layer_norm
    _batch_norm_with_update _native_batch_norm_legit nn.functional.relu nn.functional.relu6 nn.functional.hardtanh
    nn.functional.avg_pool1d
    nn.functional.avg_pool2d nn.functional.avg_pool3d
"""
# What has a meaning for floating-point numbers only.
_FLOATING = """
    frac hypot nextafter logaddexp logaddexp2 logcumsumexp lerp softmax log_softmax
    torch.ops.aten._safe_softmax.default linalg.householder_product lu ormqr native_batch_norm native_group_norm
    native_layer_norm nn.functional.group_norm nn.functional.layer_norm _native_batch_norm_legit grid_sampler_2d
    grid_sampler_3d _upsample_bilinear2d_aa nn.functional.softplus nn.functional.silu nn.functional.mish
    nn.functional.logsigmoid nn.functional.binary_cross_entropy_with_logits
"""
# Activations, losses and pooling, of real and floating-point numbers.
_NETWORK = """
    celu elu selu gelu hardshrink softshrink hardsigmoid hardswish leaky_relu rrelu binary_cross_entropy
    cross_entropy ctc_loss huber_loss mse_loss multi_margin_loss multilabel_margin_loss nll_loss smooth_l1_loss
    adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d max_unpool1d
    max_unpool2d max_unpool3d
"""
_NETWORKS = ("glu", "prelu", *(f"nn.functional.{name}" for name in _NETWORK.split()))
# What counts or measures, and takes whole numbers but no bools.
_COUNTING = """
    abs ceil floor round trunc pow remainder fmod kthvalue median nanmedian trace dot vdot mv mm bmm matmul addmm
    addmv addbmm baddbmm addcmul nn.functional.avg_pool1d nn.functional.avg_pool2d nn.functional.avg_pool3d
    nn.functional.threshold nn.functional.softsign nn.functional.conv1d nn.functional.conv2d nn.functional.conv3d
    nn.functional.conv_transpose1d nn.functional.conv_transpose2d nn.functional.conv_transpose3d
"""


# Of a single number these have nothing to compare.
_ALONE = frozenset(
    ["cummax", "cummin", "mode", "median", "nanmedian", "kthvalue", "sort", "argsort"]
)
# Of several operands the dtype counts to which they are promoted, numbers among them.
_OF_SEVERAL = frozenset(
    """
    addcmul logaddexp logaddexp2 fmod remainder hypot nextafter pow atan2 xlogy lerp special.xlog1py copysign gt lt ge
    le heaviside nn.functional.huber_loss nn.functional.mse_loss nn.functional.smooth_l1_loss
    """.split()  # noqa: SIM905 - a list of words
)


def _refuse(name: str, kinds: str) -> None:
    least = 1 if name in _ALONE else 0
    most = len(_ORDER) if name in _OF_SEVERAL else 1

    @before(name)
    def check(*args: Any, dtype: Any = None, **_: Any) -> None:
        x = args[0] if args else None
        if (
            not isinstance(x, Tensor)
            or dtype is not None
            or any(isinstance(a, DType) for a in args)
        ):
            return
        kind = max((_kind(a) for a in args[:most]), key=_ORDER.find)
        if (
            kind in kinds and x._data.size and x._data.ndim >= least
        ):  # of an empty tensor nobody asks anything
            shown = OF_NUMPY[x._data.dtype].short
            raise NotImplementedError(f"\"{name}\" not implemented for '{shown}'")


_ORDER = "buifc"  # of promotion


def _kind(x: Any) -> str:
    if isinstance(x, Tensor):
        return str(x._data.dtype.kind)
    return {bool: "b", int: "i", float: "f", complex: "c"}.get(type(x), "")


REFUSED: dict[str, str] = {}
for _names, _kinds in (
    (_REAL.split(), "c"),
    (_FLOATING.split(), "biu"),
    (_NETWORKS, "cbiu"),
    (_COUNTING.split(), "b"),
):
    for _name in _names:
        REFUSED[_name] = REFUSED.get(_name, "") + _kinds
for _name, _kinds in REFUSED.items():
    _refuse(_name, _kinds)
