"""Faults that torch has had, planted in their narrow place: a sample of them is found; each can be named."""

import numpy as np
import pytest
import torch

from suites.harness import torch_driver
from suites.harness.columns import Column
from suites.harness.compare import Worst
from suites.harness.judge import DIFFER, Verdict
from suites.harness.subject import Subject
from suites.ops import opinfo_source
from suites.ops.expected import room, tells
from suites.ops.history.collection import COLLECTION, FAMILIES, MISSED, search
from suites.ops.history.page import HEADING, section, told
from suites.ops.history.planting import Past, planted_again
from suites.ops.rows import rows_of

COLUMN = Column(Subject("cpu"), torch_driver)
EVERY = 24  # one in so many is looked for here; all of them by python -m suites.ops.killrate --part past
SLOW = frozenset(
    {"nn.functional.ctc_loss", "nn.functional.rrelu", "triangular_solve", "masked.logaddexp"}
)


def a_few(config):
    """Each so many-th of those that can be found, others for each seed; all that a -k names."""
    names = [n for n, past in COLLECTION.items() if n not in MISSED and past.op not in SLOW]
    return names[int(config.getoption("seed")) % EVERY :: EVERY]


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", a_few(metafunc.config))


def test_a_fault_that_torch_has_had_is_found(name):
    assert search(COLLECTION[name], COLUMN).is_found


def test_every_fault_names_an_operator_of_op_db_and_no_name_occurs_twice():
    assert {past.op for past in COLLECTION.values()} <= set(opinfo_source.checked())
    assert len(COLLECTION) == sum(map(len, FAMILIES.values()))
    assert set(MISSED) <= set(COLLECTION)


def test_nothing_planted_is_nothing_found():
    found = search(Past("nothing", "mul", "nothing wrong"), COLUMN)
    assert not found.is_found
    assert found.met > 0


@pytest.mark.parametrize(
    ("op", "check", "far"),
    [
        ("mul", "vjp", 0.0),
        ("as_strided_scatter", "vjp", np.inf),
        ("nn.functional.hardsigmoid", "vjp", 1e6),
        ("nn.functional.cosine_similarity", "vjp-edges", 0.0),
        ("logcumsumexp", "reverse-over-forward", np.inf),  # which is expected to raise
    ],
)
def test_a_fault_counts_as_found_where_a_run_says_so(op, check, far):
    row = next(rows_of(COLUMN, "standard", check, (op,)))
    assert room(row) == far
    assert not tells(row, Verdict(kind=DIFFER, worst=Worst(far, 1.0, 1.0)))
    assert tells(row, Verdict(kind=DIFFER, worst=Worst(2 * far + 1, 1.0, 1.0))) is (far < np.inf)
    assert tells(row, Verdict(kind=DIFFER)) is (far < np.inf)


def test_a_dtype_that_is_asked_for_has_the_expectations_of_the_full_tier():
    column = Column(Subject("cpu", "complex128"), torch_driver)
    row = next(rows_of(column, "standard", "jvp", ("cholesky_inverse",)))
    assert room(row) == np.inf  # by an entry of the tier full


def test_a_fault_that_stands_in_expected_failures_alone_is_not_found():
    sides = ("masked_fill", "as_strided_scatter")
    found = [search(Past("turned", op, "", lambda _s, g: -g), COLUMN) for op in sides]
    assert found[0].found_by == "vjp"
    assert found[1].found_by not in {"vjp", "vjp-edges"}
    assert found[1].met > 0


def test_a_fault_stands_where_its_condition_holds_alone():
    past = Past("tall", "mul", "", lambda _s, g: 2 * g, when=lambda s: s.x.shape[0] > 2)
    op = planted_again(torch.mul, torch, past, "vjp")
    for size, wanted in ((2, 3.0), (3, 6.0)):
        x = torch.ones(size, requires_grad=True)
        assert (
            torch.autograd.grad(op(x, torch.full((size,), 3.0)).sum(), x)[0].tolist()
            == [wanted] * size
        )


def test_the_section_tells_of_what_is_not_found():
    past = COLLECTION["sinc-zero"]
    lost = search(Past(past.name, past.op, past.told, when=lambda _s: False), COLUMN)
    text = section([lost], "standard")
    assert text.startswith(HEADING)
    assert "0 of 1 found" in text
    assert told(lost) in text
    assert "no call meets the condition" in text
