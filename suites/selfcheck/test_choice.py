"""Of many samples a tier takes those that show most: what is empty shows little, an option that no other has much."""

import numpy as np
import pytest

from suites.harness import torch_driver
from suites.harness.case import Case
from suites.harness.columns import Column
from suites.harness.subject import Subject
from suites.ops.choice import is_empty, ranked
from suites.ops.opinfo_source import Sample
from suites.ops.rows import rows_of

COLUMN = Column(Subject("cpu"), torch_driver)


def sample(name, *shapes, **options):
    case = Case(op="made_up", args=tuple(np.ones(s) for s in shapes), kwargs=options, seed=0)
    return Sample(name, case)


def names(samples, most=10):
    return [found.name for found in ranked(samples, most)[0]]


def test_the_first_that_holds_a_number_comes_first():
    assert names([sample("empty", (0, 3)), sample("full", (2, 3))]) == ["full", "empty"]


def test_options_of_empty_tensors_show_nothing():
    samples = [
        sample("plain", (2, 3)),
        sample("empty", (0, 3)),
        sample("empty, upper", (0, 3), upper=True),
        sample("empty, lower", (0, 3), upper=False),
        sample("upper", (2, 3), upper=True),
        sample("lower", (2, 3), upper=False),
    ]
    found, enough = ranked(samples, 10)
    assert {s.name for s in found[:enough]} == {"plain", "empty", "upper", "lower"}


def test_each_operand_that_is_empty_is_something_else():
    samples = [
        sample("both", (2, 0), (0, 2)),
        sample("one", (2, 0), (2, 2)),
        sample("plain", (2, 2), (2, 2)),
    ]
    assert ranked(samples, 10)[1] == len(samples)


@pytest.mark.parametrize("tier", ["quick", "standard"])
@pytest.mark.parametrize("op", ["cholesky_inverse", "constant_pad_nd", "matmul", "sum", "exp"])
def test_few_samples_hold_numbers(op, tier):
    row = next(rows_of(COLUMN, tier, "vjp", (op,)))
    samples = row.samples(0)
    assert sum(map(is_empty, samples)) * 2 < len(samples)


@pytest.mark.parametrize("op", ["cholesky_inverse", "constant_pad_nd"])
def test_edges_are_made_of_samples_with_numbers(op):
    row = next(rows_of(COLUMN, "standard", "vjp-edges", (op,)))
    assert not any(map(is_empty, row.samples(0)))
