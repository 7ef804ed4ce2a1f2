"""How many dimensions normalizations and functions of vectors take, and which sizes must agree."""

# ruff: noqa: ARG001 - a check has the parameters of its operator

from __future__ import annotations

import math
from typing import Any

from reference_impl.ops.checks.table import before, refuse
from reference_impl.ops.checks.table import sizes as _sizes

_F = "nn.functional."


# -- normalization -----------------------------------------------------------------------------------------------------


@before("native_layer_norm", f"{_F}rms_norm", f"{_F}layer_norm")
def _normalized(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, *_: Any, **__: Any
) -> None:
    shape = (
        [normalized_shape]
        if isinstance(normalized_shape, int)
        else [int(n) for n in normalized_shape]
    )
    refuse(
        not shape,
        "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
        "normalized_shape = []",
    )
    refuse(
        _sizes(input)[max(input.ndim - len(shape), 0) :] != shape,
        f"Given normalized_shape={shape}, expected input with shape [*{', '.join(map(str, shape))}], but got input of "
        f"size{_sizes(input)}",
    )
    for what, x in (("weight", weight), ("bias", bias)):
        refuse(
            hasattr(x, "shape") and _sizes(x) != shape,
            f"Expected {what} to be of same shape as normalized_shape, but got {what} of another shape and "
            f"normalized_shape = {shape}",
        )


@before(f"{_F}group_norm")
def _groups(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, *_: Any, **__: Any
) -> None:
    refuse(
        input.ndim < 2,
        f"Expected at least 2 dimensions for input tensor but received {input.ndim}",
    )
    refuse(num_groups < 1, f"Expected num groups to be greater than 0, got {num_groups}")
    _per_channel(input, weight, bias)


def _per_channel(input: Any, *params: Any) -> None:
    for x in params:
        refuse(
            x is not None and _sizes(x) != [int(input.shape[1])],
            f"Expected weight and bias to be a vector of size equal to the number of channels in input, but got one of "
            f"shape {None if x is None else _sizes(x)} and input of shape {_sizes(input)}",
        )


@before(f"{_F}batch_norm")
def _batch(
    input: Any, running_mean: Any, running_var: Any, weight: Any = None, bias: Any = None, training: bool = False,
    momentum: Any = 0.1, eps: float = 1e-5,
) -> None:  # fmt: skip
    refuse(
        not training and (running_mean is None or running_var is None),
        "Expected running_mean and running_var to be defined when training=False",
    )
    refuse(
        input.ndim < 2 and input.numel() != 0,
        f"batch_norm: expected at least 2 dimensions, got {input.ndim}",
    )
    if input.ndim > 1:
        _vectors(int(input.shape[1]), running_mean, running_var)
        _counts(int(input.shape[1]), weight, bias)
    refuse(
        training and eps <= 0,
        f"batch_norm eps must be positive during training, but got {eps}",
        ValueError,
    )


def _counts(count: int, *params: Any) -> None:
    for x in params:
        refuse(
            x is not None and x.numel() != count,
            f"weight and bias should contain {count} elements not {None if x is None else x.numel()}",
        )


def _vectors(count: int, *params: Any) -> None:
    for x in params:
        refuse(
            x is not None and (x.numel() != count or x.ndim != 1),
            f"running_mean, running_var, weight and bias should contain {count} elements not "
            f"{None if x is None else x.numel()}",
        )


@before(f"{_F}instance_norm")
def _instance(
    input: Any, running_mean: Any = None, running_var: Any = None, weight: Any = None, bias: Any = None,
    use_input_stats: bool = True, *_: Any, **__: Any,
) -> None:  # fmt: skip
    refuse(
        not use_input_stats and (running_mean is None or running_var is None),
        "Expected running_mean and running_var to be defined when use_input_stats is false",
    )
    refuse(
        use_input_stats and math.prod(_sizes(input)[2:]) == 1,
        f"Expected more than 1 spatial element when training, got input size {input.shape}",
        ValueError,
    )
    refuse(input.ndim < 2, f"instance_norm: expected at least 2 dimensions, got {input.ndim}")
    _vectors(int(input.shape[1]), running_mean, running_var, weight, bias)


# -- matrices ----------------------------------------------------------------------------------------------------------


# -- tables and losses -------------------------------------------------------------------------------------------------


@before("cartesian_prod", "combinations")
def _vectors_alone(*args: Any, **_: Any) -> None:
    tensors = args[0] if args and isinstance(args[0], tuple | list) else args
    for x in tensors:
        refuse(
            hasattr(x, "ndim") and x.ndim != 1,
            f"Expect a 1D vector, but got shape {_sizes(x) if hasattr(x, 'ndim') else x}",
        )


@before("searchsorted")
def _sequence(sorted_sequence: Any, self: Any, **_: Any) -> None:
    if not hasattr(self, "shape") or sorted_sequence.ndim == 1:
        return
    refuse(
        _sizes(sorted_sequence)[:-1] != _sizes(self)[:-1],
        "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
        f"tensor and input value tensor must match, but we got {_sizes(sorted_sequence)} and {_sizes(self)}",
    )


@before("bucketize")
def _boundaries(input: Any, boundaries: Any, **_: Any) -> None:
    refuse(
        boundaries.ndim != 1,
        f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})",
    )


@before("cdist")
def _mode(x1: Any, x2: Any, p: float = 2.0, compute_mode: Any = None) -> None:
    known = {
        None,
        "use_mm_for_euclid_dist_if_necessary",
        "use_mm_for_euclid_dist",
        "donot_use_mm_for_euclid_dist",
    }
    refuse(
        compute_mode not in known,
        f"{compute_mode} is not a valid value for compute_mode",
        ValueError,
    )


@before(f"{_F}batch_norm", f"{_F}instance_norm")
def _both_running(
    input: Any, running_mean: Any = None, running_var: Any = None, *_: Any, **__: Any
) -> None:
    refuse(
        (running_mean is None) != (running_var is None),
        "running_mean and running_var must either both be None or neither be None",
        ValueError,
    )
