"""A repro needs torch alone, was executed, and exits 1 while the fault is there."""

import ast
import subprocess
import sys

import numpy as np
import pytest
import torch

from suites.harness import torch_driver
from suites.harness.case import Case
from suites.harness.examine import Sides, repro_of
from suites.harness.repro import prove
from suites.harness.subject import Subject
from suites.harness.tolerances import fixed_tolerance
from suites.selfcheck.launcher import plant, run_pytest

SUBJECT = ("--only", "subject")
STANDARD = {"sys", "torch", "traceback", "contextlib", "re", "types", "warnings", "math"}
BODY = """
import math

FACTOR = 3.0

def half(x):
    return x / 2

@clause("inplace.write-to-leaf-raises")
@pytest.mark.parametrize("shape", [(2,), (2, 3)], ids=["2", "2x3"])
def test_half(torch, shape):
    x = torch.ones(shape, requires_grad=True)
    with raises("inplace.write-to-leaf-raises"):
        x.add_(1)
    assert_same(x.detach(), torch.ones(shape))
    assert_values(half(x).sum(), math.prod(shape) * FACTOR)
"""


def imported(script):
    nodes = [
        node
        for node in ast.walk(ast.parse(script))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    ]
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return set(names + [node.module for node in nodes if isinstance(node, ast.ImportFrom)])


def test_a_failure_comes_with_a_script_that_fails_alone(tmp_path):
    plant(tmp_path, BODY)
    cases = run_pytest(tmp_path, *SUBJECT).cases().values()
    assert len(cases) == 2
    for case in cases:
        repro = case["repro"]
        assert repro["proven"] is True
        assert imported(repro["script"]) <= STANDARD
        done = subprocess.run(
            [sys.executable, str(tmp_path / "records" / repro["path"])],
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1
        assert b"Mismatch" in done.stderr or b"not close" in done.stderr


def test_a_failure_that_the_script_does_not_show_is_not_claimed(tmp_path):
    plant(
        tmp_path,
        "SEEN = []\ndef test_first(torch):\n    SEEN.append(1)\ndef test_state(torch):\n    assert not SEEN\n",
    )
    cases = run_pytest(tmp_path, *SUBJECT).cases()
    (failed,) = [case for case in cases.values() if case["outcome"] == "fail"]
    assert failed["repro"]["proven"] is False


def test_a_test_with_fixtures_of_its_own_has_no_script(tmp_path):
    plant(tmp_path, "def test_one(torch, tmp_path):\n    assert tmp_path is None\n")
    assert run_pytest(tmp_path, *SUBJECT).only_case()["repro"] is None


CASES = {
    "two-inputs": Case(op="mul", args=(np.array([1.0, 2.0]), np.array(3.0)), differentiable=(0, 1)),
    "a-list": Case(
        op="cat",
        args=([np.ones((2, 2)), np.ones((1, 2))],),
        kwargs={"dim": 0},
        differentiable=(0, 1),
    ),
    "an-index": Case(
        op="index_select", args=(np.array([1.0, 2.0]), 0, np.array([1, 0])), differentiable=(0,)
    ),
}


@pytest.mark.parametrize("check", ["value", "vjp", "jvp"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_script_of_a_case_fails_where_the_numbers_differ_and_only_there(case, check):
    cpu = Subject("cpu", "float64")
    right = torch_driver.implementation(cpu)
    wrong = torch_driver.implementation(
        cpu, {case.op: lambda *a, **k: getattr(torch, case.op)(*a, **k) * 1.001}
    )
    bound = fixed_tolerance("float64", 1)
    codes = []
    for reference in (right, wrong):
        script = repro_of(
            Sides(reference=reference, subject=right, forward=right), case, check, cpu, bound
        )
        assert imported(script) <= STANDARD
        scope = {"__name__": "script"}
        try:
            exec(compile(script, "repro.py", "exec"), scope)  # noqa: S102 - the script is our own
        except SystemExit as stop:
            codes.append(stop.code)
        else:
            codes.append(0)
    assert codes == [0, 1]


@pytest.mark.parametrize("mode", ["aot_eager"])
def test_a_mode_is_part_of_the_script(tmp_path, mode):
    plant(tmp_path, "def test_one(torch):\n    assert_values(torch.ones(2), [2.0, 2.0])\n")
    case = run_pytest(tmp_path, *SUBJECT, "--mode", mode).only_case()
    assert case["subject"]["mode"] == mode
    assert "torch.compile(test_one, backend='aot_eager')" in case["repro"]["script"]


@pytest.mark.parametrize(("code", "fails"), [(1, True), (0, False), (3, None)])
def test_a_script_of_any_length_is_proven(code, fails):
    longer_than_an_argument = "# " + "1.0, " * 100_000
    assert prove(f"import sys\n{longer_than_an_argument}\nsys.exit({code})\n") is fails
