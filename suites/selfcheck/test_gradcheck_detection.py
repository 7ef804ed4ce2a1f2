"""The measurements of gradient checkers: what they count is what happened."""

import subprocess
import sys

from suites.gradcheck.detection import Row, as_markdown, measure
from suites.gradcheck.op_detection import measure_ops
from suites.gradcheck.planting import PLANTS
from suites.selfcheck.launcher import ROOT

BY_NAME = {plant.name: plant for plant in PLANTS}


def rows(name, size, seeds=2):
    return {row.checker: row for row in measure([size], seeds, plants=[BY_NAME[name]])}


def test_ours_finds_what_torch_s_fast_mode_lets_pass():
    found = rows("one element, 5 %", 200)
    assert found["torch slow"].rejected == 2
    assert found["torch fast"].rejected == 0
    assert found["ours"].rejected == 2


def test_both_modes_of_torch_let_a_small_error_pass():
    found = rows("one element, 0.05 %", 10)
    assert [found[c].rejected for c in ("torch slow", "torch fast", "ours")] == [0, 0, 2]


def test_a_false_alarm_is_counted_as_one():
    found = rows("right: elementwise, float32", 10)
    assert found["torch slow"].says == "2 false alarms of 2"
    assert found["ours"].says == "0 false alarms of 2"


def test_what_would_take_too_long_is_said_not_to_have_run():
    assert rows("sign", 100_000, seeds=1)["torch slow"].says == "not run: 200,000 evaluations"


def test_evaluations_are_counted_and_do_not_grow_with_the_size():
    small, large = (rows("right: softmax", n, seeds=1)["ours"] for n in (10, 10_000))
    assert small.evaluations <= 5
    assert large.evaluations <= 5


def test_the_table_has_a_cell_for_each_checker_and_totals():
    table = as_markdown(
        [
            Row("sign", True, 10, "torch slow", not_run="not run: 9 evaluations"),
            Row("sign", True, 10, "torch fast", 0, 3, 4.0, 1.5),
            Row("sign", True, 10, "ours", 3, 3, 280.0, 20.0),
        ],
        seeds=3,
    )
    assert (
        "| sign | 10 | not run: 9 evaluations | caught 0 of 3; 4, 1.5 ms | caught 3 of 3; 280, 20 ms |"
        in table
    )
    assert "| mistakes caught | 0 of 0 (1 rows not run) | 0 of 3 | 3 of 3 |" in table


def test_mistakes_of_half_a_percent_are_found_in_operators():
    tally = measure_ops(
        each=1, seeds=[5], names=["sin", "matmul", "softmax", "linalg.det", "cumsum"]
    )
    assert tally.right >= 5
    assert tally.rejected == []
    assert sum(tally.planted.values()) > 40
    assert [name for name in tally.missed if "0.05 %" not in name] == []


def test_the_command_prints_the_table():
    command = [sys.executable, "-m", "suites.gradcheck", "detect", "--sizes", "2", "--seeds", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("# What gradient checkers find")
    assert done.stdout.count("\n| ") > len(PLANTS)
