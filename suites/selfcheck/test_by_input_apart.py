"""What is set apart by the inputs that are differentiated, or by an option: a case on either side of each border."""

import numpy as np
import pytest

from suites.harness.case import Case
from suites.ops import set_apart

_X, _V = np.ones((2, 3)), np.ones(3)
_B, _C = np.ones((2, 4, 3)), np.ones((2, 3, 5))
_CLASSES = np.array([0, 1])
_UNDER, _OVER = "reverse-over-forward", "forward-over-reverse"
_CHUNKED = "nn.functional.linear_cross_entropy.chunked"


def _label(op, check, args, by, **kwargs):
    case = Case(op=op, args=args, kwargs=kwargs, differentiable=by)
    return set_apart.label_of(op, check, case)


@pytest.mark.parametrize(
    ("op", "check", "args", "right", "wrong", "label"),
    [
        ("as_strided_scatter", "vjp-edges", (_X, _V), (1,), (0, 1), "by-self"),
        ("native_layer_norm", f"{_UNDER}-edges", (_X, [3], _V, _V), (1, 2), (0,), "own-statistics"),
        ("_batch_norm_with_update", f"{_UNDER}-edges", (_X, _V, _V), (1,), (0, 1), "own-statistics"),
        ("native_batch_norm", _UNDER, (_X, _V, _V, _V, _V, True), (1, 2), (0,), "own-statistics"),
        ("nn.functional.instance_norm", f"{_UNDER}-edges", (_X,), (1,), (0,), "own-statistics"),
        ("linalg.solve", f"{_UNDER}-edges", (np.eye(3), _V), (1,), (0, 1), "by-matrix"),
        ("triangular_solve", "jvp-edges", (_X.T, np.eye(3)), (0,), (0, 1), "by-matrix"),
        ("triangular_solve", f"{_OVER}-edges", (_X.T, np.eye(3)), (0,), (1,), "by-matrix"),
        ("nn.functional.binary_cross_entropy", f"{_UNDER}-edges", (_V / 2, _V / 2), (0, 1), (1,), "by-target"),
        ("nn.functional.mse_loss", _OVER, (_V, _V), (0, 1), (1,), "by-one"),
    ],
)  # fmt: skip
def test_derivatives_by_the_other_inputs_are_asked(op, check, args, right, wrong, label):
    assert _label(op, check, args, right) is None
    assert _label(op, check, args, wrong) == label
    assert label in set_apart.labels(op, check)


@pytest.mark.parametrize(
    ("op", "args", "kwargs", "label"),
    [
        ("native_batch_norm", (_X, _V, _V, _V, _V, False), {}, None),
        ("_native_batch_norm_legit", (_X, None, None, True, 0.5, 1e-5), {}, "own-statistics"),
        ("nn.functional.batch_norm", (_X, _V, _V), {"training": False}, None),
        ("nn.functional.batch_norm", (_X, _V, _V), {"training": True}, "own-statistics"),
        ("nn.functional.batch_norm", (_X[:0], _V, _V), {"training": True}, None),
        ("nn.functional.instance_norm", (_X,), {"use_input_stats": False}, None),
        ("nn.functional.normalize", (_X,), {"p": 1.0}, "one-norm"),
        ("nn.functional.normalize", (_X,), {"p": 1.5}, None),
        ("nn.functional.normalize", (_X,), {}, None),
        ("masked.normalize", (_X, 1, 0), {}, "one-norm"),
        ("masked.normalize", (_X, 2.0, 1), {}, None),
        ("masked.norm", (_X, 1), {}, "one-norm"),
        ("masked.norm", (_X, np.inf), {}, None),
        ("renorm", (_X, 1, 0, 0.5), {}, "one-norm"),
        ("renorm", (_X, 2, 1, 0.5), {}, None),
        ("cumprod", (np.array([2.0, 0.0]), 0), {}, "at-zero"),
        ("cumprod", (np.array([2.0, 1.0]), 0), {}, None),
        ("masked.logaddexp", (_V, _V), {"input_mask": _V > 0}, "masked"),
        ("masked.logaddexp", (_V, _V), {"input_mask": None}, None),
    ],
)
def test_options_and_numbers_for_which_forward_mode_is_right_are_asked(op, args, kwargs, label):
    assert _label(op, _UNDER, args, (0,), **kwargs) == label


@pytest.mark.parametrize(
    ("args", "label"),
    [
        ((_X, np.ones((4, 3)), _CLASSES), "in-chunks"),
        ((_X, np.ones((4, 3)), np.ones((2, 4))), None),
        ((_X, np.ones((2, 2, 3)), _CLASSES), None),
    ],
)
def test_what_does_not_go_in_chunks_has_its_second_derivative_asked(args, label):
    assert _label(_CHUNKED, "double", args, (0, 1)) == label


def test_a_target_of_the_shape_of_the_product_is_written():
    assert _label("addbmm", "inplace", (np.ones((4, 5)), _B, _C), (0,)) is None
    assert _label("addbmm", "inplace", (np.ones(5), _B, _C), (0,)) == "broadcast"


def test_a_length_of_0_counts_where_it_is_differentiated_by():
    args = (np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert _label("polar", "vjp-edges", args, (0, 1)) == "at-zero"
    assert _label("polar", "vjp-edges", args, (1,)) is None
    assert _label("polar", "vjp-edges", (args[0] + 1, args[1]), (0, 1)) is None


def test_a_scan_that_rises_steeply_is_set_apart_alone():
    check = f"{_OVER}-edges"
    assert _label("logcumsumexp", check, (np.array([0.0, 30.0]), 0), (0,)) == "rising"
    assert _label("logcumsumexp", check, (np.array([30.0, 0.0]), 0), (0,)) is None


def test_a_zero_vector_has_the_first_derivative_that_is_documented():
    op, pair = "nn.functional.cosine_similarity", (np.zeros((1, 2)), np.ones((1, 2)))
    short = (np.full((1, 2), 1e-9), pair[1])
    assert _label(op, "vjp-edges", pair, (0, 1)) is None
    assert _label(op, "double-edges", pair, (0, 1)) == "below-eps"
    assert _label(op, "vjp-edges", short, (0, 1)) == "below-eps"
