"""Where nobody promises an answer no case is made, and next to that there is one."""

import numpy as np
import pytest

from suites.harness.case import Case
from suites.ops import set_apart
from suites.ops.conventions import is_defined
from suites.ops.edge_source import CHANGES
from suites.ops.ways import holding_for

_SECOND = "double-edges"


def _case(op, *args, by=(0,), **kwargs):
    given = tuple(np.array(a) if isinstance(a, list) else a for a in args)
    return Case(op=op, args=given, kwargs=kwargs, differentiable=by)


@pytest.mark.parametrize(
    ("op", "args", "kwargs", "is_one"),
    [
        ("nn.functional.celu", ([0.0, 1.0],), {}, False),
        ("nn.functional.celu", ([-1e-9, 1.0],), {}, True),
        ("nn.functional.softplus", ([10.0],), {"beta": 2}, False),
        ("nn.functional.softplus", ([20.0],), {"beta": 2}, True),
        ("nn.functional.softplus", ([0.5],), {"threshold": 0.5}, False),
        ("nn.functional.huber_loss", ([1.0], [0.0]), {}, True),
        ("scatter_reduce.prod", ([1.0, 2.0], 0, [1, 1], [0.0, 0.0], "prod"), {}, False),
        ("scatter_reduce.prod", ([1.0, 2.0], 0, [0, 1], [0.0, 0.0], "prod"), {}, True),
        ("index_reduce.prod", ([[1.0], [2.0]], 0, [0, 0], [[0.0], [0.0]], "prod"), {}, False),
        ("index_reduce.prod", ([[1.0, 2.0]], 1, [0, 1], [[0.0, 0.0]], "prod"), {}, True),
        ("xlogy", ([0.0, 2.0], [1.0, 0.0]), {}, False),
        ("xlogy", ([0.0, 2.0], [1.0, 1.0]), {}, True),
        ("special.xlog1py", ([2.0], [-1.0]), {}, False),
        ("linalg.solve_ex", ([[1.0, 2.0], [2.0, 4.0]], [1.0, 1.0]), {}, False),
        ("linalg.matrix_power", ([[1.0, 2.0], [2.0, 4.0]], -1), {}, False),
        ("linalg.matrix_power", ([[1.0, 2.0], [2.0, 4.0]], 2), {}, True),
        ("nn.functional.smooth_l1_loss", ([np.inf], [np.inf]), {}, False),
        ("nn.functional.smooth_l1_loss", ([np.inf], [-np.inf]), {}, True),
        ("nn.functional.cosine_embedding_loss", ([[0.0, 0.0]], [[1.0, 2.0]], [1.0]), {}, False),
        ("nn.functional.cosine_embedding_loss", ([[0.0, 1.0]], [[1e-4, 0.0]], [1.0]), {}, False),
        ("nn.functional.cosine_embedding_loss", ([[0.0, 1.0]], [[1e-2, 0.0]], [1.0]), {}, True),
        ("corrcoef", ([[1j, 2.0], [1.0, 3.0]],), {}, False),
        ("corrcoef", ([[1j, 2.0, 1.0], [1.0, 3.0, 2.0]],), {}, True),
    ],
)
def test_a_second_derivative_is_asked_for_where_there_is_one(op, args, kwargs, is_one):
    assert is_defined(op, _SECOND, _case(op, *args, **kwargs)) is is_one


@pytest.mark.parametrize(
    ("op", "args", "kwargs", "label"),
    [
        ("norm", ([[0.0, 0.0], [3.0, 4.0]],), {"dim": 1}, "zero-vector"),
        ("norm", ([[0.0, 1.0], [3.0, 4.0]],), {"dim": 1}, None),
        ("norm", ([0.0, 0.0], 3), {}, None),
        ("masked.norm", ([0.0, 1.0], 2.0), {"mask": [True, False]}, "zero-vector"),
        ("masked.norm", ([0.0, 1.0], 2.0), {"mask": [False, True]}, None),
        ("dist", ([1.0, 2.0], [1.0, 2.0], 2), {}, "zero-vector"),
        ("dist", ([1.0, 2.0], [1.0, 2.0], 1), {}, None),
        ("dist", ([1.0, 2.0], [1.0, 3.0], 0.5), {}, "fractional-order"),
        ("linalg.norm", ([[0.0, 0.0], [3.0, 4.0]], "fro", -1), {}, "zero-vector"),
        ("linalg.norm", ([[0.0, 0.0], [3.0, 4.0]], 2), {}, None),
        ("linalg.norm", ([0.0, 2.0], -1), {}, "zero-vector"),
        ("renorm", ([[0.0, 0.0], [3.0, 4.0]], 3, 0, 1.0), {}, "zero-vector"),
        ("renorm", ([[0.0, 0.0], [3.0, 4.0]], 3, 1, 1.0), {}, None),
        ("linalg.norm", ([[1e4, 0.0], [0.0, 1j]], "nuc"), {}, "large"),
        ("linalg.norm", ([[1e4, 0.0], [0.0, 1j]], "fro"), {}, None),
        ("linalg.det", ([[1.0, 2.0], [2.0, 4.0]],), {}, None),
        ("linalg.det", ([[0.0, 0.0], [0.0, 0.0]],), {}, "rankless"),
        ("linalg.det", ([[1j, 2.0], [2j, 4.0]],), {}, "singular"),
        ("sgn", ([0j, 1j],), {}, "at-zero"),
        ("sgn", ([0.0, 1.0],), {}, None),
        ("pow", ([0.0], [0.5]), {"by": (0, 1)}, None),
        ("pow", ([0.0], [2.0]), {"by": (0, 1)}, "zero-base"),
        ("pow", ([0.0], [0.5]), {"by": (1,)}, "zero-base"),
        ("linalg.vector_norm", ([0.0, 2.0], 2.5), {}, "fractional-order"),
        ("linalg.vector_norm", ([0.0, 2.0], 3.5), {}, None),
        ("nn.functional.binary_cross_entropy", ([1e-6], [0.5]), {}, "near-bounds"),
        ("nn.functional.binary_cross_entropy", ([1e-3], [0.5]), {}, None),
        ("nn.functional.mish", ([710.0],), {}, "overflow"),
        ("nn.functional.mish", ([-710.0],), {}, None),
        ("linalg.householder_product", ([[9.0], [2.0]], [0.2]), {}, "near-pole"),
        ("linalg.householder_product", ([[9.0], [2.0]], [0.3]), {}, None),
    ],
)
def test_only_what_is_known_to_be_wrong_is_set_apart(op, args, kwargs, label):
    assert set_apart.label_of(op, _SECOND, _case(op, *args, **kwargs)) == label


@pytest.mark.parametrize(
    ("op", "args", "by", "label"),
    [
        ("std", ([2.0, 2.0],), (0,), "without-deviation"),
        ("std", ([[2.0, 2.0], [1.0, 3.0]], 1), (0,), "without-deviation"),
        ("std", ([[2.0, 2.0], [1.0, 3.0]], 0), (0,), None),
        ("norm", ([0.0, 0.0], 3), (0,), "zero-vector"),
        ("norm", ([0.0, 0.0], 1), (0,), "one-norm"),
        ("linalg.vander", ([0.0, 1.0],), (0,), "at-zero"),
        ("masked.cumprod", ([0.0, 1.0], 0), (0,), "at-zero"),
        ("nn.functional.binary_cross_entropy", ([0.5], [0.5]), (1,), "by-target"),
        ("nn.functional.binary_cross_entropy", ([0.5], [0.5]), (0, 1), None),
        ("nn.functional.mish", ([710.0],), (0,), "overflow"),  # as in double backward
        ("copysign", ([1e-9], [1.0]), (0,), "near-zero"),  # as away from edges
    ],
)
def test_modes_composed_at_edges_have_what_is_set_apart_from_each(op, args, by, label):
    check = "reverse-over-forward-edges"
    assert set_apart.label_of(op, check, _case(op, *args, by=by)) == label
    assert label is None or label in set_apart.labels(op, check)


@pytest.mark.parametrize(
    ("op", "args", "by", "is_one"),
    [
        ("pow", ([0.0], [0.5]), (0, 1), False),
        ("pow", ([0.0], [0.5]), (1,), True),
        ("pow", ([0.0], [1.0]), (0, 1), False),
        ("pow", ([0.0], [1.5]), (0, 1), True),
        ("pow", ([0.0], [2.0]), (0, 1), True),
        ("pow", ([0.5], [0.0]), (0, 1), True),
        ("__rpow__", ([0.5], [0.0]), (0, 1), False),
    ],
)
def test_a_slope_of_powers_is_asked_for_inside_their_domain(op, args, by, is_one):
    assert is_defined(op, "forward-over-reverse-edges", _case(op, *args, by=by)) is is_one


@pytest.mark.parametrize(
    ("x", "y", "is_one"),
    [
        ([0.0], [2e-4], False),
        ([1.0, -2e-4], [1.0, 0.0], False),
        ([2e-4], [2e-4], True),
        ([0.0], [0.0], True),
        ([0.0], [-0.1], True),
    ],
)
def test_a_length_along_an_axis_is_bent_where_it_is_not_short(x, y, is_one):
    assert is_defined("hypot", "double-edges", _case("hypot", x, y, by=(0, 1))) is is_one


@pytest.mark.parametrize("how", ["", ".chunked", ".chunked_none"])
@pytest.mark.parametrize(
    ("dtype", "target", "is_one"),
    [
        ("float32", [[0.5, 2.0]], False),
        ("float32", [[0.5, 0.5]], True),
        ("float32", [1], True),
        ("float64", [[0.5, 2.0]], True),
    ],
)
def test_targets_are_probabilities_in_single_precision(how, dtype, target, is_one):
    op = f"nn.functional.linear_cross_entropy{how}"
    args = (np.ones((1, 3)), np.ones((2, 3)), np.array(target))
    case = Case(op=op, args=args, differentiable=(0, 1), dtype=dtype)
    assert is_defined(op, "double-edges", case) is is_one


@pytest.mark.parametrize(
    ("dtype", "shape", "options", "is_one"),
    [
        ("float32", (2, 1), {}, False),
        ("float32", (1, 2), {"dim": 0, "p": 0.5}, False),
        ("float32", (), {"dim": 0}, False),
        ("float32", (1, 2), {}, True),
        ("float64", (2, 1), {}, True),
    ],
)
def test_the_size_of_single_numbers_is_divided_by_in_double_precision(
    dtype, shape, options, is_one
):
    case = Case(
        op="nn.functional.normalize", args=(np.full(shape, 0.1),), kwargs=options, dtype=dtype
    )
    for modes in ("forward-over-reverse", "reverse-over-forward"):
        assert is_defined(case.op, f"{modes}-edges", case) is is_one


@pytest.mark.parametrize("check", ["reverse-over-forward-edges", "forward-over-reverse-edges"])
def test_modes_composed_at_edges_have_the_conventions_of_double_backward(check):
    assert not is_defined("xlogy", check, _case("xlogy", [0.0], [0.0]))
    assert is_defined("xlogy", check, _case("xlogy", [0.0], [1.0]))
    assert holding_for(check)[0] == check
    assert holding_for("double-edges") == ("double-edges",)


@pytest.mark.parametrize(
    ("matrix", "is_one"),
    [
        ([[3.0, 1.0], [1.0, 2.0]], True),
        ([[3.0, 1.0, 0.0], [1.0, 2.0, 1.0], [-1.0, 3.0, 5.0]], True),
        # Less a third of the first row, 7/3 and -7/3 are left below 1.
        ([[3.0, 1.0, 0.0], [1.0, 8 / 3, 1.0], [-1.0, -8 / 3, 5.0]], False),
        ([[3.0, 1.0], [-3.0, 2.0]], True),  # the first of two equal ones, before any rounding
        ([[1.0, 2.0], [2.0, 4.0]], False),
    ],
)
@pytest.mark.parametrize("check", ["value-edges", "jvp-edges"])
def test_factors_are_asked_for_where_rounding_does_not_pick_the_pivots(matrix, is_one, check):
    assert is_defined("linalg.lu", check, _case("linalg.lu", matrix)) is is_one


def test_infinities_are_put_among_real_numbers_alone():
    (made,) = CHANGES["infinities"](_case("abs", [1.0, 2.0])).args
    assert np.isinf(made[0])
    assert CHANGES["infinities"](_case("abs", [1j, 2.0])) is None
    assert CHANGES["infinities"](_case("add", [1.0, 2.0], [1j, 2.0])) is None


@pytest.mark.parametrize(("op", "is_one"), [("linalg.eigvalsh", False), ("linalg.eigvals", True)])
def test_equal_eigenvalues_are_looked_for_in_the_matrix_that_is_read(op, is_one):
    """eigvalsh is given the Hermitian part, here the identity; of the matrix itself 1 + i and 1 - i are apart."""
    case = Case(op=op, args=(np.array([[1.0, 1.0], [-1.0, 1.0]]),), differentiable=(0,))
    for check in ("vjp-edges", "jvp-edges", "double-edges", "reverse-over-forward-edges"):
        assert is_defined(op, check, case) == is_one
