"""Which operations masked tensors have, and what becomes of their masks."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl.masked_array import Masked, bare, common_mask, masks_of, wrap


def _names(*lines: str) -> frozenset[str]:
    return frozenset(name for line in lines for name in line.split())


# Source: torch.masked, Supported Operators: unary and binary ones, views and selections.
UNARY = _names(
    "abs absolute acos arccos acosh arccosh angle asin arcsin asinh arcsinh atan arctan atanh arctanh bitwise_not ceil",
    "clamp clip conj conj_physical cos cosh deg2rad digamma erf erfc erfinv exp exp2 expm1 fix floor frac lgamma log",
    "log10 log1p log2 logit i0 isnan nan_to_num neg negative positive pow rad2deg reciprocal round rsqrt sigmoid sign",
    "sgn signbit sin sinc sinh sqrt square tan tanh trunc",
)
BINARY = _names(
    "add atan2 arctan2 bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift div divide",
    "floor_divide fmod logaddexp logaddexp2 mul multiply nextafter remainder rsub sub subtract true_divide eq ne le ge",
    "greater greater_equal gt less_equal lt less maximum minimum fmax fmin not_equal where",
)
SHAPED = _names(
    "view _unsafe_view expand transpose t permute squeeze unsqueeze select slice narrow split unbind unfold flip",
    "diagonal as_strided index cat stack",
)
KEPT = _names("clone _to_copy zero copy fill")


def compute(rule: Any, arrays: list[Any], params: tuple[Any, ...], on_data: Any) -> Any:
    """What an op makes of arrays of which some are masked; ``on_data`` computes with plain ones.

    Raises:
        TypeError: the op is none of those that masked tensors have.
        ValueError: the masks of two operands differ.
    """
    name = rule.name.partition(".")[0]
    if name in SHAPED:
        data = rule.forward(*rule.shape_args(bare(arrays)), *params)
        mask = rule.forward(*rule.shape_args(masks_of(arrays)), *params)
        many = isinstance(data, tuple | list)
        return tuple(map(Masked, data, mask)) if many else Masked(data, mask)
    if name not in UNARY | BINARY | KEPT:
        raise TypeError(f"{name}: there is no such operation of masked tensors")
    mask = common_mask([x for x in arrays if not isinstance(x, np.generic)])
    return wrap(on_data(bare(arrays)), mask)
