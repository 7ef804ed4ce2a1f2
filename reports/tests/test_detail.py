"""What a case page gets: known fields, sane sizes, finite numbers, whatever the record holds."""

import json
import math

import pytest

from reports import embed
from reports.detail import case_detail
from reports.tests import samples as s
from reports.tests.hostile import hostile_records, odd_records
from reports.text import clean, markdown, number, seconds, web_address

ID = "ops/mul[vjp-2]::cpu::float64::eager"


def test_detail_keeps_what_a_page_shows():
    detail = case_detail(s.failing(ID))
    assert detail["differences"][0] == {
        "where": "grad[0] at (1, 2)",
        "expected": "1.5",
        "actual": "3.0",
        "error": 1.5,
        "bound": 1e-6,
    }
    assert detail["arrays"] == {
        "shape": [2, 3],
        "got": [0.1, 0.5000004, -0.25, 0.0, 1.0, 3.0],
        "want": [0.1, 0.5, -0.25, 0.0, 1.0, 1.5],
    }
    assert detail["witness"]["taylor_slope"] == 1.02
    assert detail["lines"]["reference"] == "reference_impl/engine.py:40"


@pytest.mark.parametrize(
    "record", [*hostile_records(), *odd_records()], ids=lambda record: record["type"]
)
def test_detail_of_anything_is_small_json_with_finite_numbers(record):
    text = json.dumps(case_detail(record), allow_nan=False)
    assert len(text) < 40_000


@pytest.mark.parametrize(
    "arrays",
    [
        {"shape": [100], "got": [0.0] * 100, "want": [0.0] * 100},
        {"shape": [1], "got": None, "want": [1]},
        [],
        "x",
        {"shape": 3},
    ],
)
def test_array_that_cannot_be_shown_is_left_out(arrays):
    assert "arrays" not in case_detail(s.case(ID, "fail", arrays=arrays))


def test_number_that_json_lacks_stands_as_text():
    got = case_detail(
        s.case(
            ID, "fail", arrays={"shape": [3], "got": ["nan", "inf", "(1+2j)"], "want": [1, 2, 3]}
        )
    )
    assert got["arrays"]["got"] == ["nan", "inf", "(1+2j)"]


@pytest.mark.parametrize("value", [True, "1", None, [1], math.inf, math.nan, 10**400])
def test_what_is_no_finite_number_is_none(value):
    assert number(value) is None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\u202eb", "a\\u202eb"),
        ("\ud800", "\\ud800"),
        ("tab\tnew\n", "tab\tnew\n"),
        ("x" * 5000, None),
    ],
)
def test_clean_text_shows_what_would_be_invisible(value, told):
    assert clean(value) == (told if told is not None else "x" * 4000 + "… (1,000 more characters)")


def test_integer_too_long_to_print_is_told():
    assert clean(10**5000) == "<int that cannot be shown>"


@pytest.mark.parametrize(
    ("address", "ok"),
    [
        ("https://a.b/c?d=e#f", True),
        ("HTTP://a", True),
        ("javascript:x", False),
        ("https://a b", False),
        ("//a.b", False),
        ("data:text/html,x", False),
        (" https://a", False),
        ('https://a"b', False),
        (None, False),
        ("https://a\nb", False),
    ],
)
def test_only_web_addresses_are_linked(address, ok):
    assert (web_address(address) is not None) is ok


def test_markdown_cannot_leave_its_line_or_its_cell():
    assert markdown("a|b\n# c `d` <e> http://f") == "a\\|b \\# c \\`d\\` \\<e\\> http:\\//f"


@pytest.mark.parametrize(
    ("elapsed", "told"),
    [
        (0.00123, "1.23 ms"),
        (1.234, "1.23 s"),
        (75, "75 s"),
        (125, "2 min 5 s"),
        (7260, "2 h 1 min"),
    ],
)
def test_durations_are_told_at_a_useful_precision(elapsed, told):
    assert seconds(elapsed) == told


def test_an_infinite_number_is_spelled_in_the_page_data():
    """A difference of a shape has no finite size, and JSON has no word for infinity."""
    found = json.loads(embed._json({"error": float("inf"), "all": [1.5, float("nan")]}))
    assert found == {"error": "inf", "all": [1.5, "nan"]}
