"""Wrong derivatives planted in an operator of either side: each fault is one way in which a rule goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from suites.harness.implementation import Operator
from suites.harness.observation import array_of, is_tensor
from suites.ops.ways import Numbered

Bend = Callable[
    [Any, Any, Any], Any
]  # of the module, a cotangent or tangent, and the input it belongs to
When = Callable[[tuple[Any, ...], Mapping[str, Any]], bool]


def _always(_args: tuple[Any, ...], _kwargs: Mapping[str, Any]) -> bool:
    return True


def _straight(_module: Any, ct: Any, _x: Any) -> Any:
    return ct


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is done to the cotangent, or the tangent, of one input of an operator, and in which calls."""

    name: str
    reverse: Bend = _straight
    forward: Bend = _straight
    when: When = _always
    place: int = 0  # of the input among the floating tensors of the call
    dtype: str | None = None  # in which it is looked for; None for those that the tier takes


def planted(op: Operator, module: Any, fault: Fault) -> Operator:
    """``op`` with the fault in its derivative; its values stay right."""

    def called(*args: Any, **kwargs: Any) -> Any:
        numbers = Numbered((args, kwargs))
        places = [i for i, x in enumerate(numbers.tensors) if _is_floating(x)]
        if len(places) <= fault.place or not fault.when(args, kwargs):
            return op(*args, **kwargs)
        at = places[fault.place]
        bent = passed(module, numbers.tensors[at], fault.reverse, fault.forward)
        args, kwargs = numbers.with_tensors({at: bent})
        return op(*args, **kwargs)

    return called


def passed(module: Any, x: Any, reverse: Bend, forward: Bend) -> Any:
    """``x`` itself, through a node that bends what flows backward and forward."""
    here = x.detach()

    class Passed(module.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(_ctx: Any, x: Any) -> Any:
            return x.clone()

        @staticmethod
        def backward(_ctx: Any, ct: Any) -> Any:
            return reverse(module, ct, here)

        @staticmethod
        def jvp(_ctx: Any, t: Any) -> Any:
            return forward(module, t, here)

    return Passed.apply(x)


def _is_floating(x: Any) -> bool:
    return bool(x.is_floating_point() or x.is_complex())


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def _like(module: Any, mask: Any, ct: Any) -> Any:
    """A mask as a tensor of ones and zeros beside ``ct``."""
    return module.tensor(np.asarray(mask, dtype=float), dtype=ct.dtype)


def _negated(_module: Any, ct: Any, _x: Any) -> Any:
    return -ct


def _doubled(_module: Any, ct: Any, _x: Any) -> Any:
    return ct * 2


def _one_off(module: Any, ct: Any, _x: Any) -> Any:
    """The last element larger by a ten-thousandth."""
    factor = np.ones(tuple(ct.shape))
    factor.reshape(-1)[-1:] += 1e-4
    return ct * _like(module, factor, ct)


def _conjugated(_module: Any, ct: Any, _x: Any) -> Any:
    return ct.conj() if ct.is_complex() else ct


def _transposed(_module: Any, ct: Any, _x: Any) -> Any:
    is_square = ct.ndim >= 2 and ct.shape[-1] == ct.shape[-2]  # noqa: PLR2004 - a matrix has two dimensions
    return ct.transpose(-1, -2) if is_square else ct


def _unsummed(_module: Any, ct: Any, _x: Any) -> Any:
    """The share of one position of the last dimension, as where a sum over it was left out."""
    return ct * 0 + ct.narrow(-1, 0, 1) if ct.ndim and ct.shape[-1] else ct


def _wrong_at_zeros(module: Any, ct: Any, x: Any) -> Any:
    return ct + _like(module, array_of(x) == 0, ct)


def _doubled_at_ties(module: Any, ct: Any, x: Any) -> Any:
    """Twice as much wherever the input has the same number elsewhere."""
    _, inverse, counts = np.unique(array_of(x), return_inverse=True, return_counts=True)
    return ct * _like(module, 1.0 + (counts[inverse].reshape(tuple(x.shape)) > 1), ct)


def _rounded(module: Any, ct: Any, _x: Any) -> Any:
    """Rounded to eight bits, as by a kernel that accumulates in bfloat16; in float32 alone."""
    if ct.dtype != module.float32:
        return ct
    mantissa, exponent = np.frexp(array_of(ct).astype(np.float64))
    return module.tensor(np.round(mantissa * 2**8) / 2**8 * 2.0**exponent, dtype=ct.dtype)


def _wrong_where_large(module: Any, ct: Any, x: Any) -> Any:
    """Gone in the tails, as by a derivative that overflows and is clipped."""
    return ct * _like(module, np.abs(array_of(x)) < _TAIL, ct)


_TAIL = 50.0


def _second_negated(module: Any, ct: Any, _x: Any) -> Any:
    return passed(module, ct, _negated, _straight)


def _is_negative(value: Any) -> bool:
    return isinstance(value, int) and value < 0


def _has_negative_dim(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether a dimension of the call is counted from the end: no other whole number of these calls is negative."""
    given = [*args[1:], *(kwargs[name] for name in ("dim", "dims") if name in kwargs)]
    return any(
        any(map(_is_negative, value)) if isinstance(value, (tuple, list)) else _is_negative(value)
        for value in given
    )


def _has_option(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether an option is given: by name, or a switch by place."""
    by_name = [value for name, value in kwargs.items() if name not in {"dim", "dims"}]
    by_place = [value for value in args[1:] if isinstance(value, bool)]
    return any(isinstance(v, (bool, int, float, str)) for v in [*by_name, *by_place])


def _is_wide(args: tuple[Any, ...], _kwargs: Mapping[str, Any]) -> bool:
    """Whether the last dimension is longer than a vector register's worth of numbers."""
    return any(bool(is_tensor(x) and x.ndim and x.shape[-1] > _LANES) for x in args)


_LANES = 16

COARSE = "coarse in float32"
STRAIGHT = Fault(name="none at all")
FAULTS: tuple[Fault, ...] = (
    Fault(name="wrong sign", reverse=_negated),
    Fault(name="twice too large", reverse=_doubled),
    Fault(name="one element off by 1e-4", reverse=_one_off),
    Fault(name="sum over a dimension dropped", reverse=_unsummed),
    Fault(name="conjugate missing", reverse=_conjugated, dtype="complex128"),
    Fault(name="transposed", reverse=_transposed),
    Fault(name="wrong at exact zeros", reverse=_wrong_at_zeros),
    Fault(name="wrong at ties", reverse=_doubled_at_ties),
    Fault(name="wrong where large", reverse=_wrong_where_large),
    Fault(name="wrong for a negative dim", reverse=_doubled, when=_has_negative_dim),
    Fault(name="wrong for an option", reverse=_doubled, when=_has_option),
    Fault(name="wrong in rows of 17 or more", reverse=_doubled, when=_is_wide),
    Fault(name="wrong by the second input", reverse=_negated, place=1),
    Fault(name="wrong in forward mode", forward=_negated),
    Fault(name="wrong in double backward", reverse=_second_negated),
    Fault(name=COARSE, reverse=_rounded),
)
