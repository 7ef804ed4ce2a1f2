"""Generated programs and the stored corpus: reference and subject run in step and agree after each line."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from suites.harness.notes import Disagreement, current_notes
from suites.harness.program import Program, compare_runs, run_program, script
from suites.harness.program_source import write_program
from suites.harness.program_writer import RandomSource
from suites.harness.reference_driver import namespace as reference_namespace
from suites.harness.strategies import programs
from suites.harness.subject import REFERENCE_SUBJECT

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.txt"))
# Programs per tier: those that Hypothesis draws (slow to draw, small when they fail), and plainly random ones.
DRAWN = {"quick": 25, "standard": 100, "full": 5_000}
SEEDED = {"quick": 50, "standard": 500, "full": 20_000}
ERROR_KINDS = ("wrong-error", "shape", "dtype")


def check(torch, program):
    """Run a program on both sides and raise at the first step after which they differ."""
    with reference_namespace(REFERENCE_SUBJECT) as reference:
        expected = run_program(reference, program)
    actual = run_program(torch, program)
    found = compare_runs(program, expected, actual)
    if found is not None:
        current_notes().facts["script"] = script(program, expected, found)
        kind = found.differences[0].kind
        raise Disagreement(
            f"{found}\n\n{program}",
            kind=kind if kind in ERROR_KINDS else "value",
            differences=found.differences,
        )


@pytest.mark.subject_only
def test_generated_programs_agree(torch, request):
    @seed(int(request.config.getoption("seed")))
    @settings(
        max_examples=DRAWN[request.config.getoption("tier")],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
    )
    @given(programs())
    def agree(program):
        check(torch, program)

    agree()


@pytest.mark.subject_only
@pytest.mark.parametrize("block", range(4))
def test_seeded_programs_agree(torch, request, block):
    """Plain random programs reach further than Hypothesis' small ones; a failure shows its program."""
    count = SEEDED[request.config.getoption("tier")]
    first = int(request.config.getoption("seed")) * 1_000_000 + block * count
    for number in range(first, first + count):
        check(torch, write_program(RandomSource(number)))


@pytest.mark.subject_only
@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_stored_program_agrees(torch, path):
    check(torch, Program.read(path))
