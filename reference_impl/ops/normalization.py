"""Normalization: by batch, layer, group and instance; to unit length."""

# ruff: noqa: N803 - torch's signatures

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from reference_impl.bfloat16_array import cast
from reference_impl.grad_mode import no_grad
from reference_impl.meta_array import placed
from reference_impl.ops.lang import op, reshape, shape_of, sum, sum_to
from reference_impl.ops.rule import define_function, define_op
from reference_impl.ops.windows import Maps
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make

# Note [Standardized values]
# y = (x - m) r with the mean m and r = 1 / sqrt(variance + eps), over n elements. With the cotangent g of y,
# the cotangent of x is r (g - mean(g) - y mean(g y)), for dm = mean(dx) and dr = -r^2 mean(y dx).


class Groups(NamedTuple):
    """Over what a normalization takes its mean and variance."""

    split: tuple[int, ...]  # the input's shape for the purpose of statistics
    dims: tuple[int, ...]  # axes of it that are averaged over
    stats: tuple[int, ...]  # the shape in which mean and 1 / deviation are returned
    affine: tuple[int, ...]  # the shape in which weight and bias broadcast against the input
    eps: float


def _moments(x: Any, groups: Groups) -> tuple[Any, Any]:
    wide = x.reshape(groups.split)
    mean = np.mean(wide, axis=groups.dims, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        var = np.mean((wide - mean) ** 2, axis=groups.dims, keepdims=True)
        return mean, 1 / np.sqrt(var + x.dtype.type(groups.eps))


def _forward(input: Any, weight: Any, bias: Any, groups: Groups) -> tuple[Any, Any, Any]:
    mean, rstd = _moments(input, groups)
    made = ((input.reshape(groups.split) - mean) * rstd).reshape(input.shape)
    if weight is not None:
        made = made * weight.reshape(groups.affine)
    if bias is not None:
        made = made + bias.reshape(groups.affine)
    return made, mean.reshape(groups.stats), rstd.reshape(groups.stats)


def _kept(groups: Groups) -> tuple[int, ...]:
    return tuple(1 if i in groups.dims else n for i, n in enumerate(groups.split))


def _standardized(input: Any, mean: Any, rstd: Any, groups: Groups) -> tuple[Any, Any]:
    """y and r in the shape for statistics."""
    kept = _kept(groups)
    r = reshape(rstd, kept)
    return (reshape(input, groups.split) - reshape(mean, kept)) * r, r


def _average(x: Any, groups: Groups) -> Any:
    return sum(x, list(groups.dims), keepdim=True) / math.prod(groups.split[d] for d in groups.dims)


def _input_vjp(cts: Any, input: Any, weight: Any, mean: Any, rstd: Any, groups: Groups) -> Any:
    """See Note [Standardized values]; mean and 1 / deviation are results as well."""
    y, r = _standardized(input, mean, rstd, groups)
    made = None
    if cts[0] is not None:
        g = cts[0] if weight is None else cts[0] * reshape(weight, groups.affine)
        g = reshape(g, groups.split)
        made = r * (g - _average(g, groups) - y * _average(g * y, groups))
    n = math.prod(groups.split[d] for d in groups.dims)
    if cts[1] is not None:
        part = reshape(cts[1], _kept(groups)) / n + 0 * y
        made = part if made is None else made + part
    if cts[2] is not None:
        part = -reshape(cts[2], _kept(groups)) * r * r * y / n
        made = part if made is None else made + part
    return None if made is None else reshape(made, shape_of(input))


def _weight_vjp(
    cts: Any, input: Any, mean: Any, rstd: Any, weight_shape: Any, groups: Groups
) -> Any:
    if cts[0] is None:
        return None
    y, _ = _standardized(input, mean, rstd, groups)
    return reshape(sum_to(cts[0] * reshape(y, shape_of(input)), groups.affine), weight_shape)


def _jvp(
    input_t: Any,
    weight_t: Any,
    bias_t: Any,
    input: Any,
    weight: Any,
    bias: Any,
    mean: Any,
    rstd: Any,
    groups: Groups,
) -> Any:
    y, r = _standardized(input, mean, rstd, groups)
    d = op("reshape", input_t, groups.split)
    dm, dr = _average(d, groups), -r * r * _average(y * d, groups)
    dy = op("reshape", (d - dm) * r + y * dr / r, tuple(input.shape))
    made = dy if weight is None else dy * op("reshape", weight, groups.affine)
    if weight is not None:
        made = made + op("reshape", y, tuple(input.shape)) * op("reshape", weight_t, groups.affine)
    if bias is not None:
        made = made + op("reshape", bias_t, groups.affine)
    return made, op("reshape", dm, groups.stats), op("reshape", dr, groups.stats)


def _row(name: str, node: str) -> Any:
    return define_op(
        name,
        node=node,
        forward=_forward,
        inputs=("input", "weight", "bias"),
        outputs=("result", "mean", "rstd"),
        vjp={
            "input": _input_vjp,
            "weight": _weight_vjp,
            "bias": lambda cts, bias_shape, groups: (
                None if cts[0] is None else reshape(sum_to(cts[0], groups.affine), bias_shape)
            ),
        },
        jvp=_jvp,
        method=False,
    )


layer_norm_op = _row("layer_norm.over", "NativeLayerNormBackward0")
group_norm_op = _row("group_norm.over", "NativeGroupNormBackward0")
batch_norm_op = _row("batch_norm.over", "NativeBatchNormBackward0")

# -- with the statistics given -----------------------------------------------------------------------------------------


def _given(
    input: Any, weight: Any, bias: Any, mean: Any, var: Any, shape: tuple[int, ...], eps: float
) -> Any:
    made = (input - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + input.dtype.type(eps))
    if weight is not None:
        made = made * weight.reshape(shape)
    return made if bias is None else made + bias.reshape(shape)


def _scale(var: Any, shape: tuple[int, ...], eps: float) -> Any:
    return (reshape(var, shape) + eps) ** -0.5


given_op = define_op(
    "batch_norm.given",
    node="NativeBatchNormBackward0",
    forward=_given,
    inputs=("input", "weight", "bias", "mean", "var"),
    vjp={
        "input": lambda ct, weight, var, shape, eps: (
            (ct if weight is None else ct * reshape(weight, shape)) * _scale(var, shape, eps)
        ),
        "weight": lambda ct, input, mean, var, weight_shape, shape, eps: reshape(
            sum_to(ct * (input - reshape(mean, shape)) * _scale(var, shape, eps), shape),
            weight_shape,
        ),
        "bias": lambda ct, bias_shape, shape: reshape(sum_to(ct, shape), bias_shape),
        "mean": None,
        "var": None,
    },
    jvp=lambda input_t, weight_t, bias_t, input, weight, bias, mean, var, shape, eps: _given_jvp(
        input_t, weight_t, bias_t, (input, weight, bias, mean, var), shape, eps
    ),
    method=False,
)


def _given_jvp(
    input_t: Any, weight_t: Any, bias_t: Any, inputs: Any, shape: tuple[int, ...], eps: float
) -> Any:
    input, weight, bias, mean, var = inputs
    scale = _scale(var, shape, eps)
    made = input_t * scale
    if weight is not None:
        y = (input - op("reshape", mean, shape)) * scale
        made = made * op("reshape", weight, shape) + y * op("reshape", weight_t, shape)
    return made if bias is None else made + op("reshape", bias_t, shape)


# -- torch's functions -------------------------------------------------------------------------------------------------


def _channel_shape(x: Tensor) -> tuple[int, ...]:
    return tuple(n if i == 1 else 1 for i, n in enumerate(x.shape))


def _batch_groups(x: Tensor, eps: float) -> Groups:
    dims = tuple(i for i in range(x.ndim) if i != 1)
    return Groups(tuple(x.shape), dims, (x.shape[1],), _channel_shape(x), eps)


def _move_running(running: Any, found: Any, momentum: float) -> None:
    """Running averages follow the batch, outside of the graph."""
    if running is not None:
        with no_grad():
            running.mul_(1 - momentum).add_(
                make(placed(cast(np.asarray(found), running._data.dtype), running.device))
                * momentum
            )


def _batch_norm(
    x: Tensor,
    weight: Any,
    bias: Any,
    mean: Any,
    var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """(result, mean, 1 / deviation) of a batch; the running averages move along."""
    if x.numel() == 0 and x.ndim < 2:
        nothing = make(np.empty((0,), dtype=x._data.dtype))
        return op("clone", x), nothing, nothing
    if not training:
        nothing = make(np.empty((0,), dtype=x._data.dtype))
        return given_op(x, weight, bias, mean, var, _channel_shape(x), eps), nothing, nothing
    found = batch_norm_op(x, weight, bias, _batch_groups(x, eps))
    data = np.asarray(x._data)
    dims = tuple(i for i in range(x.ndim) if i != 1)
    n = max(data.size // max(data.shape[1], 1), 1)
    _move_running(mean, data.mean(axis=dims) if data.size else 0, momentum)
    _move_running(var, data.var(axis=dims) * (n / max(n - 1, 1)) if data.size else 0, momentum)
    return found[0], found[1].detach(), found[2].detach()


def batch_norm(
    input: Tensor, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Each channel to mean 0 and variance 1 over the batch, or by running averages."""
    if training and input.ndim > 1 and input.numel() == input.shape[1]:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {input.shape}"
        )
    return _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)[0]


define_function("nn.functional.batch_norm", batch_norm, method=False)
define_function(
    "native_batch_norm",
    lambda input, weight, bias, running_mean, running_var, training, momentum, eps: _batch_norm(
        input, weight, bias, running_mean, running_var, training, momentum, eps
    ),
    method=False,
)


def native_batch_norm_legit(input: Tensor, weight: Any, bias: Any, *rest: Any) -> Any:
    """native_batch_norm with or without running averages."""
    mean, var, training, momentum, eps = rest if len(rest) == 5 else (None, None, *rest)
    return _batch_norm(input, weight, bias, mean, var, training, momentum, eps)


define_function("_native_batch_norm_legit", native_batch_norm_legit, method=False)


def batch_norm_with_update(
    input: Tensor, weight: Any, bias: Any, mean: Any, var: Any, momentum: float, eps: float
) -> Any:
    """native_batch_norm in training, with a fourth result that only kernels use."""
    found = _batch_norm(input, weight, bias, mean, var, True, momentum, eps)
    return (*found, make(np.empty((0,), dtype=np.uint8)))


define_function("_batch_norm_with_update", batch_norm_with_update, method=False)


def native_layer_norm(
    input: Tensor, normalized_shape: Any, weight: Any, bias: Any, eps: float
) -> Any:
    """(result, mean, 1 / deviation) over the last axes."""
    shape = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
    if tuple(input.shape[input.ndim - len(shape) :]) != shape:
        raise RuntimeError(
            f"Given normalized_shape={list(shape)}, expected input with shape [*, "
            f"{', '.join(map(str, shape))}], but got "
            f"input of size{list(input.shape)}"
        )
    first = input.ndim - len(shape)
    stats = (*input.shape[:first], *(1,) * len(shape))
    groups = Groups(tuple(input.shape), tuple(range(first, input.ndim)), stats, shape, eps)
    found = layer_norm_op(input, weight, bias, groups)
    return found[0], found[1].detach(), found[2].detach()


define_function("native_layer_norm", native_layer_norm, method=False)
define_function(
    "nn.functional.layer_norm",
    lambda input, normalized_shape, weight=None, bias=None, eps=1e-5: native_layer_norm(
        input, normalized_shape, weight, bias, eps
    )[0],
    method=False,
)


def native_group_norm(
    input: Tensor,
    weight: Any,
    bias: Any,
    N: int,
    C: int,
    HxW: int,
    group: int,
    eps: float,
) -> Any:
    """(result, mean, 1 / deviation) over groups of channels."""
    split = (N, group, C // group * HxW)
    return group_norm_op(
        input, weight, bias, Groups(split, (2,), (N, group), (1, C, *(1,) * (input.ndim - 2)), eps)
    )


def group_norm(
    input: Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Groups of channels to mean 0 and variance 1, sample by sample."""
    n, c = input.shape[:2]
    if c % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(input.shape)} "
            f"and num_groups={num_groups}"
        )
    return native_group_norm(
        input, weight, bias, n, c, math.prod(input.shape[2:]), num_groups, eps
    )[0]


define_function("native_group_norm", native_group_norm, method=False)
define_function("nn.functional.group_norm", group_norm, method=False)


def instance_norm(
    input: Tensor, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Each channel of each sample to mean 0 and variance 1; running averages are of all samples."""
    if not use_input_stats:
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    b, c = input.shape[:2]
    data = np.asarray(input._data)
    dims, n = tuple(range(2, input.ndim)), math.prod(input.shape[2:])
    _move_running(running_mean, data.mean(axis=dims).mean(axis=0), momentum)
    _move_running(running_var, (data.var(axis=dims) * (n / max(n - 1, 1))).mean(axis=0), momentum)
    x = op("reshape", input, (1, b * c, *input.shape[2:]))
    repeated = [None if p is None else op("repeat", p, (b,)) for p in (weight, bias)]
    return op("view", batch_norm_op(x, *repeated, _batch_groups(x, eps))[0], tuple(input.shape))


define_function("nn.functional.instance_norm", instance_norm, method=False)


def rms_norm(input: Tensor, normalized_shape: Any, weight: Any = None, eps: Any = None) -> Any:
    """Divided by the root of the mean square over the last axes."""
    dims = list(range(input.ndim - len(tuple(normalized_shape)), input.ndim))
    least = float(np.finfo(input._data.real.dtype).eps) if eps is None else eps
    made = input * op("rsqrt", op("mean", input * input, dims, keepdim=True) + least)
    return made if weight is None else made * weight


define_function("nn.functional.rms_norm", rms_norm, method=False)


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """Divided by a power of the mean square over neighbouring channels."""
    c = input.shape[1]
    at = np.arange(c)
    near = (at[None] >= at[:, None] - size // 2) & (at[None] <= at[:, None] + (size - 1) // 2)
    maps = Maps((near / size, *(None,) * (input.ndim - 2)))
    return input / (op("axis_maps.avg2", input * input, maps) * alpha + k) ** beta


define_function("nn.functional.local_response_norm", local_response_norm, method=False)

# -- to unit length, and angles ----------------------------------------------------------------------------------------


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12) -> Any:
    """Divided by the p-norm along ``dim``."""
    length = op("clamp_min", OPS["linalg.vector_norm"](input, p, dim, True), eps)
    return input / op("expand_as", length, input)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between vectors along ``dim``."""
    wide = np.broadcast_shapes(tuple(x1.shape), tuple(x2.shape))
    a, b = op("expand", x1, wide), op("expand", x2, wide)
    parts = [x / op("clamp_min", OPS["linalg.vector_norm"](x, 2, dim, True), eps) for x in (a, b)]
    return op("sum", parts[0] * parts[1], dim)


def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    """The p-norm of the difference along the last axis."""
    return OPS["linalg.vector_norm"](x1 - x2 + eps, p, -1, keepdim)


define_function("nn.functional.normalize", normalize, method=False)
define_function(
    "nn.functional.cosine_similarity",
    cosine_similarity,
    method=False,
    aliases=("cosine_similarity",),
)
define_function(
    "nn.functional.pairwise_distance",
    pairwise_distance,
    method=False,
    aliases=("pairwise_distance",),
)
