"""One of several values, element by element: where, masks, extrema of two, clamp."""

from __future__ import annotations

from typing import Any

import numpy as np

from reference_impl import dtypes, layout
from reference_impl.ops.lang import array_of, sum, where
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _where_forward(condition: Any, self: Any, other: Any) -> Any:
    made = np.where(condition, self, other)
    if type(other) is float and made.dtype is getattr(self, "dtype", None):
        return made
    dtype = dtypes.result_dtype((self, other))
    return made if made.dtype == dtype else made.astype(dtype)


where_op = define_op(
    "where.three",
    node="WhereBackward0",
    forward=_where_forward,
    inputs=("condition", "self", "other"),
    params={},
    pointwise=True,
    promote=None,
    vjp={
        "condition": None,
        "self": lambda ct, condition: where(condition, ct, 0.0),
        "other": lambda ct, condition: where(condition, 0.0, ct),
    },
    jvp=lambda condition, self_t, other_t: where(condition, self_t, other_t),
    inplace=False,
    method=False,
)


def where_function(condition: Any, self: Any = None, other: Any = None, **kwargs: Any) -> Any:
    """``self`` where the condition holds, ``other`` elsewhere; without both, where it holds, as indices."""
    self = kwargs.get("input", self)
    if self is None and other is None:
        return OPS["nonzero"](condition, as_tuple=True)
    return where_op(condition, self, other)


define_function("where", where_function, method=False)
Tensor.where = lambda self, condition, other: where_op(condition, self, other)  # type: ignore[attr-defined]

# -- masked_fill -------------------------------------------------------------------------------------------------------


def _masked_fill(self: Any, mask: Any, value: Any) -> Any:
    if np.asarray(mask).dtype != np.bool_:
        raise RuntimeError(
            f"masked_fill only supports boolean masks, but got mask with dtype {dtypes.of_array(mask)!r}"
        )
    found = np.asarray(value).dtype.kind
    if (found == "c" and self.dtype.kind != "c") or (
        found == "f" and self.dtype.kind in "iu" and value != int(value)
    ):
        raise RuntimeError(
            f"value cannot be converted to type {dtypes.of_array(self)!r} without overflow"
        )
    return np.where(mask, np.asarray(value).astype(self.dtype), self)


masked_fill_number = define_op(
    "masked_fill.number",
    node="MaskedFillBackward0",
    forward=layout.in_rows(_masked_fill),
    inputs=("self", "mask"),
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct, mask: where(mask, 0.0, ct), "mask": None},
    jvp=lambda self_t, mask: where(mask, 0.0, self_t),
    method=False,
)
masked_fill_tensor = define_op(
    "masked_fill.tensor",
    node="MaskedFillBackward1",
    forward=layout.in_rows(_masked_fill),
    inputs=("self", "mask", "value"),
    params={},
    pointwise=True,
    promote=None,
    vjp={
        "self": lambda ct, mask: where(mask, 0.0, ct),
        "mask": None,
        "value": lambda ct, mask: sum(where(mask, ct, 0.0)),
    },
    jvp=lambda self_t, mask, value_t: where(mask, value_t, self_t),
    method=False,
)


def _check_fill(value: Any) -> None:
    if isinstance(value, Tensor) and value.ndim:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value.ndim} dimension(s)."
        )


def masked_fill(self: Tensor, mask: Tensor, value: Any) -> Any:
    """``value`` where the mask holds, ``self`` elsewhere."""
    _check_fill(value)
    return (masked_fill_tensor if isinstance(value, Tensor) else masked_fill_number)(
        self, mask, value
    )


def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Any:
    """Write ``value`` where the mask holds."""
    _check_fill(value)
    return OPS["masked_fill.tensor_" if isinstance(value, Tensor) else "masked_fill.number_"](
        self, mask, value
    )


define_function("masked_fill", masked_fill)
define_function("masked_fill_", masked_fill_)

# -- the larger, the smaller -------------------------------------------------------------------------------------------


def _won(ct: Any, ahead: Any, tie: Any) -> Any:
    """All of ``ct`` where this operand is ahead, half of it at a tie."""
    return where(ahead, ct, where(tie, ct / 2, 0.0))


def _extremum(name: str, node: str, forward: Any, first_wins: Any) -> Any:
    """``maximum`` or ``minimum``; the gradient at a tie is the subgradient of smallest norm, one half each."""

    def share(ct: Any, mine: Any, others: Any) -> Any:
        a, b = array_of(mine), array_of(others)
        return _won(ct, ~(first_wins(b, a) | (a == b)), a == b)

    return define_op(
        name,
        node=node,
        forward=forward,
        inputs=("self", "other"),
        vjp={
            "self": lambda ct, self, other: share(ct, self, other),
            "other": lambda ct, self, other: share(ct, other, self),
        },
        jvp=lambda self, other, self_t, other_t: (
            share(self_t, self, other) + share(other_t, other, self)
        ),
        inplace=False,
    )


maximum = _extremum("maximum", "MaximumBackward0", np.maximum, lambda a, b: a > b)
minimum = _extremum("minimum", "MinimumBackward0", np.minimum, lambda a, b: a < b)


def _first_of_two(name: str, node: str, forward: Any, first_wins: Any) -> Any:
    """``fmax`` or ``fmin``, where a NaN loses; all of the gradient goes to the first operand at a tie."""

    def first(self: Any, other: Any) -> Any:
        a, b = array_of(self), array_of(other)
        return first_wins(a, b) | np.isnan(b)

    return define_op(
        name,
        node=node,
        forward=forward,
        inputs=("self", "other"),
        vjp={
            "self": lambda ct, self, other: where(first(self, other), ct, 0.0),
            "other": lambda ct, self, other: where(first(self, other), 0.0, ct),
        },
        jvp=lambda self, other, self_t, other_t: where(first(self, other), self_t, other_t),
        inplace=False,
    )


fmax = _first_of_two("fmax", "FmaxBackward0", np.fmax, lambda a, b: a >= b)
fmin = _first_of_two("fmin", "FminBackward0", np.fmin, lambda a, b: a <= b)

# -- clamp -------------------------------------------------------------------------------------------------------------


def _clamp(self: Any, min: Any = None, max: Any = None) -> Any:
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    dtype = dtypes.result_dtype((self, min, max))
    made = self.astype(dtype, copy=False)
    if min is not None:
        made = np.maximum(made, np.asarray(min).astype(dtype))
    return made if max is None else np.minimum(made, np.asarray(max).astype(dtype))


def _inside(x: Any, low: Any, high: Any) -> Any:
    """Where ``clamp`` lets values pass; the bounds are inside."""
    x, low, high = array_of(x), array_of(low), array_of(high)
    if low is None:
        return x <= high
    return x >= low if high is None else (x >= low) & (x <= high)


clamp_numbers = define_op(
    "clamp.numbers",
    node="ClampBackward1",
    forward=_clamp,
    inputs=("self",),
    params={"min": None, "max": None},
    pointwise=True,
    promote=None,
    vjp={"self": lambda ct, self, min, max: where(_inside(self, min, max), ct, 0.0)},
    jvp=lambda self, self_t, min, max: where(_inside(self, min, max), self_t, 0.0),
    method=False,
)


def _low_rules(self: Any, low: Any, high: Any) -> Any:
    """Where the result is the lower bound: below it, unless the upper one is lower still.

    Where the two bounds are equal it is either; one of them must have the gradient, since all three raised
    by the same amount raise the result by it.
    """
    x, low, high = array_of(self), array_of(low), array_of(high)
    return x < low if high is None else (x < low) & (low <= high)


def _high_rules(self: Any, low: Any, high: Any) -> Any:
    x, low, high = array_of(self), array_of(low), array_of(high)
    return x > high if low is None else (x > high) | (high < low)


def _clamp_jvp(self: Any, min: Any, max: Any, self_t: Any, min_t: Any, max_t: Any) -> Any:
    made = where(_inside(self, min, max), self_t, 0.0)
    if min is not None:
        made = made + where(_low_rules(self, min, max), min_t, 0.0)
    return made if max is None else made + where(_high_rules(self, min, max), max_t, 0.0)


clamp_tensors = define_op(
    "clamp.tensors",
    node="ClampBackward0",
    forward=_clamp,
    inputs=("self", "min", "max"),
    params={},
    pointwise=True,
    promote=None,
    vjp={
        "self": lambda ct, self, min, max: where(_inside(self, min, max), ct, 0.0),
        "min": lambda ct, self, min, max: where(_low_rules(self, min, max), ct, 0.0),
        "max": lambda ct, self, min, max: where(_high_rules(self, min, max), ct, 0.0),
    },
    jvp=_clamp_jvp,
    method=False,
)


def clamp(self: Tensor, min: Any = None, max: Any = None) -> Any:
    """Values below ``min`` raised to it, values above ``max`` lowered to it."""
    if isinstance(min, Tensor) or isinstance(max, Tensor):
        return clamp_tensors(self, min, max)
    return clamp_numbers(self, min, max)


def clamp_(self: Tensor, min: Any = None, max: Any = None) -> Any:
    """``clamp`` in place."""
    tensors = isinstance(min, Tensor) or isinstance(max, Tensor)
    return OPS["clamp.tensors_" if tensors else "clamp.numbers_"](self, min, max)


define_function("clamp", clamp, aliases=("clip",))
define_function("clamp_", clamp_, aliases=("clip_",))


def _one_bound(name: str, node: str, which: str) -> None:
    """``clamp_min`` or ``clamp_max``: a number's node has the suffix 0, a tensor's the suffix 1."""

    def pair(bound: Any) -> tuple[Any, Any]:
        return (bound, None) if which == "min" else (None, bound)

    rules = _low_rules if which == "min" else _high_rules
    define_op(
        f"{name}.number",
        node=f"{node}0",
        forward=lambda self, bound: _clamp(self, *pair(bound)),
        inputs=("self",),
        pointwise=True,
        promote=None,
        vjp={"self": lambda ct, self, bound: where(_inside(self, *pair(bound)), ct, 0.0)},
        jvp=lambda self, self_t, bound: where(_inside(self, *pair(bound)), self_t, 0.0),
        method=False,
    )
    define_op(
        f"{name}.tensor",
        node=f"{node}1",
        forward=lambda self, bound: _clamp(self, *pair(bound)),
        inputs=("self", "bound"),
        pointwise=True,
        promote=None,
        vjp={
            "self": lambda ct, self, bound: where(_inside(self, *pair(bound)), ct, 0.0),
            "bound": lambda ct, self, bound: where(rules(self, *pair(bound)), ct, 0.0),
        },
        jvp=lambda self, bound, self_t, bound_t: where(
            _inside(self, *pair(bound)), self_t, bound_t
        ),
        method=False,
    )

    def bound_of(given: tuple[Any, ...], named: dict[str, Any]) -> Any:
        if len(given) + len(named) != 1 or set(named) - {which}:
            raise TypeError(f"{name}() takes a tensor and one bound, '{which}'")
        return given[0] if given else named[which]

    def op(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        bound = bound_of(args, kwargs)
        return OPS[f"{name}.tensor" if isinstance(bound, Tensor) else f"{name}.number"](self, bound)

    def write(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        bound = bound_of(args, kwargs)
        return OPS[f"{name}.tensor_" if isinstance(bound, Tensor) else f"{name}.number_"](
            self, bound
        )

    define_function(name, op)
    define_function(f"{name}_", write)


_one_bound("clamp_min", "ClampMinBackward", "min")
_one_bound("clamp_max", "ClampMaxBackward", "max")
