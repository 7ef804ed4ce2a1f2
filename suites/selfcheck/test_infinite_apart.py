"""What is set apart at infinities and beside them, each time with a case on either side of the border."""

import math

import numpy as np
import pytest

from suites.harness.case import Case
from suites.ops import set_apart

_INF = math.inf


def _label(op: str, check: str, *args: object, by: tuple[int, ...] = (0,), dtype: str = "float64"):
    arrays = tuple(np.asarray(a) if isinstance(a, list) else a for a in args)
    return set_apart.label_of(op, check, Case(op=op, args=arrays, differentiable=by, dtype=dtype))


@pytest.mark.parametrize(
    ("op", "check", "x", "label"),
    [
        ("special.erfcx", "vjp-edges", _INF, "at-infinity"),
        ("special.erfcx", "vjp-edges", -_INF, None),
        ("special.erfcx", "vjp-edges", 1e4, None),
        ("special.erfcx", "double-edges", 1e4, "far-right"),
        ("special.erfcx", "double-edges", -1e4, None),
        ("special.erfcx", "double-edges", 50.0, None),
        ("i0", "value-edges", 709.7, None),
        ("i0", "value-edges", -711.0, "near-overflow"),
        ("i0", "value-edges", 714.0, None),
        ("i0", "double-edges", 714.0, "overflow"),
        ("special.i1", "value-edges", 711.0, "near-overflow"),
        ("special.i1", "reverse-over-forward-edges", 711.0, "overflow"),
        ("special.i1", "vjp-edges", 709.7, None),
        ("special.i1", "double-edges", 1e-3, "near-zero"),
        ("special.i1e", "double", -1e-3, "near-zero"),
        ("special.i1e", "double", 0.0, None),
        ("special.i1", "vjp-edges", 1e-3, None),
    ],
)
def test_functions_of_one_number(op, check, x, label):
    assert _label(op, check, [x]) == label


@pytest.mark.parametrize(("x", "label"), [(88.0, None), (90.0, "near-overflow"), (92.0, None)])
def test_single_precision_overflows_earlier(x, label):
    assert _label("i0", "value-edges", [x], dtype="float32") == label


@pytest.mark.parametrize(
    ("check", "x", "y", "by", "label"),
    [
        ("vjp-edges", 2.0, -_INF, (0, 1), "at-infinity"),
        ("vjp-edges", 2.0, -_INF, (1,), None),
        ("vjp-edges", 2.0, _INF, (0, 1), None),
        ("vjp-edges", 1.0, -_INF, (0, 1), None),
        ("vjp-edges", 0.5, _INF, (0, 1), "at-infinity"),
        ("vjp-edges", _INF, -1.5, (0, 1), "at-infinity"),
        ("vjp-edges", _INF, -1.5, (0,), None),
        ("vjp-edges", _INF, 1.5, (0, 1), None),
        ("double-edges", _INF, 1.5, (0, 1), "at-infinity"),
        ("double-edges", -_INF, 1.5, (0, 1), None),
    ],
)
def test_powers(check, x, y, by, label):
    assert _label("pow", check, [x], [y], by=by) == label


def test_roots_of_minus_infinity_that_a_second_derivative_takes():
    check = "forward-over-reverse-edges"
    assert _label("pow", check, [-_INF], 2.5) == "half-of-infinity"
    assert _label("pow", check, [_INF], 2.5) is None
    assert _label("pow", check, [-_INF], 3.5) is None
