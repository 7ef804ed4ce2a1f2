"""Both sides of an operator are asked about numbers that the row's dtype has: inputs, cotangents and tangents."""

import numpy as np
import pytest

from suites.harness import torch_driver
from suites.harness.case import Case
from suites.harness.columns import Column
from suites.harness.representable import rounded
from suites.harness.subject import Subject
from suites.ops.rows import rows_of

COARSE = ("float32", "complex64", "float16", "bfloat16")
NUMBERS = np.array(
    [
        1 / 3,
        1 + 2**-8,
        1 + 3 * 2**-8,
        3.39e38,
        3.4e38,
        1e-40,
        65519.0,
        65520.0,
        -0.0,
        np.inf,
        np.nan,
    ]
)


def as_torch_has_it(array, dtype):
    return (
        torch_driver.torch.tensor(array, dtype=getattr(torch_driver.torch, dtype)).double().numpy()
    )


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_numbers_are_rounded_as_torch_rounds_them(dtype):
    np.testing.assert_array_equal(rounded(NUMBERS, dtype), as_torch_has_it(NUMBERS, dtype))


def test_parts_of_complex_numbers_are_rounded_alone_and_counts_are_left():
    (found,) = rounded(np.array([complex(1 / 3, np.inf)]), "complex64")
    assert found == complex(np.float32(1 / 3), np.inf)
    np.testing.assert_array_equal(rounded(np.array([2**31 - 1]), "bfloat16"), [2**31 - 1])


@pytest.mark.parametrize("dtype", COARSE)
def test_a_case_draws_numbers_of_its_dtype(dtype):
    case = Case(op="mul", args=(np.ones(5, complex),), differentiable=(0,)).in_dtype(dtype)
    for drawn in (*case.drawn_tangents(), *case.drawn_cotangents([np.ones(5)])):
        np.testing.assert_array_equal(rounded(drawn, dtype), drawn)


@pytest.mark.parametrize(
    ("check", "dtype"), [("value-edges", "float32"), ("vjp-edges", "complex64"), ("vjp", "float16")]
)
def test_a_row_asks_about_numbers_of_its_dtype(check, dtype):
    column = Column(Subject("cpu", dtype), torch_driver)
    (row,) = rows_of(column, "standard", check, ("tanh",))
    samples = row.samples(0)
    assert samples
    for sample in samples:
        for array in (*sample.case.arrays(), *sample.case.drawn_tangents()):
            np.testing.assert_array_equal(rounded(array, dtype), array)


ASKED = ("value", "vjp", "jvp", "vjp-edges")


@pytest.mark.parametrize(("dtype", "planned"), [("bfloat16", ASKED[:2]), ("float32", ASKED)])
def test_a_dtype_asked_for_by_name_gets_what_the_tier_full_plans(dtype, planned):
    column = Column(Subject("cpu", dtype), torch_driver)
    found = [check for check in ASKED if any(rows_of(column, "standard", check, ("tanh",)))]
    assert found == list(planned)
