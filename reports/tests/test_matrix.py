"""A cell shows its worst status, and never P alone where some of its cases did not run."""

import pytest

from reports.load import load_run
from reports.matrix import build_matrix
from reports.tests import samples as s

ID = "behaviours/accumulate.adds-to-existing-grad[{}]::cpu::default::eager"


def cell_of(folder, *outcomes):
    s.write_run(folder, [s.case(ID.format(n), outcome) for n, outcome in enumerate(outcomes)])
    matrix = build_matrix(load_run([folder]))
    [line] = [line for line in matrix.lines if line.name == "accumulate"]
    return line.cells[matrix.subjects[0]]


@pytest.mark.parametrize(
    ("outcomes", "letter", "words"),
    [
        (("pass", "pass"), "P", "2 passed"),
        (("pass", "fail", "pass"), "F", "1 failed, 2 passed"),
        (("fail", "crash"), "C", "1 crashed, 1 failed"),
        (("skip", "unsupported"), "U", "1 unsupported, 1 skipped"),
        (("reference-lacks",), "R", "1 the reference lacks it"),
    ],
)
def test_cell_shows_its_worst_status(tmp_path, outcomes, letter, words):
    cell = cell_of(tmp_path, *outcomes)
    assert (cell.letter, cell.words) == (letter, words)


@pytest.mark.parametrize(
    ("outcomes", "partly"),
    [(("pass", "skip"), True), (("pass", "pass"), False), (("pass", "fail"), False)],
)
def test_pass_beside_cases_that_did_not_run_is_partly(tmp_path, outcomes, partly):
    assert cell_of(tmp_path, *outcomes).partly is partly


def test_area_without_a_case_keeps_its_line(tmp_path):
    s.write_run(tmp_path, [s.case(ID.format("a"))])
    lines = {line.name: line for line in build_matrix(load_run([tmp_path])).lines}
    assert lines["leaf"].cells == {}


def test_suites_without_areas_come_last_under_their_own_name(tmp_path):
    s.write_run(tmp_path, [s.case(ID.format("a")), s.case("ops/abs[value]::cpu::float64::eager")])
    assert build_matrix(load_run([tmp_path])).lines[-1].name == "ops"
