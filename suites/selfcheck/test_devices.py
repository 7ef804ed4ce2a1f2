"""The device path, on a device that needs no hardware: what it has passes, what it lacks is said, a fault is found."""

import pytest

from suites.selfcheck.launcher import ROOT, plant, run_pytest, run_suites

DEVICE = ("--only", "subject", "--device", "simulated")
LOADED = (*DEVICE, "--load", "suites.selfcheck.simulated_device")
BEHAVIOURS = [
    f"suites/behaviours/test_{area}.py" for area in ("accumulate", "retain", "view", "inplace")
]

ON_DEVICE = """
def test_leaf_lives_on_the_device(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x[1:] * 3).sum().backward()
    assert x.device.type == x.grad.device.type == "simulated"
    assert_values(x.grad, [0.0, 3.0])

def test_dtype_it_lacks(torch):
    torch.ones(2, dtype=torch.float64)

def test_kernel_it_lacks(torch):
    torch.tensor([0.5]).erfinv()
"""

FAULT = """
import suites.selfcheck.simulated_device as device

def mul(one, other, *, out):
    out.copy_(one * other)
    out.view(-1)[:1] *= 2
    return out

device.KERNELS["aten::mul.out"] = mul
"""


# What torch gets wrong whatever the device: see suites/findings/gradient_shares_the_callers_cotangent.py.
EXPECTED = """
[[expect]]
id = "behaviours/accumulate.grad-is-not-the-passed-cotangent[changing-the-cotangent-of-a-view-later-leaves-grad-alone]::simulated::*::*"
kind = "value"
reason = "behind a view the leaf keeps a view of the caller's cotangent"
issue = "suites/findings/gradient_shares_the_callers_cotangent.py"
"""  # noqa: E501 - an id is one line


def test_documented_behaviours_hold_on_the_device(tmp_path):
    expected = tmp_path / "expected.toml"
    expected.write_text(EXPECTED)
    ran = run_suites(tmp_path, *BEHAVIOURS, *LOADED, "--expectations", str(expected))
    counts = ran.records[-1]["counts"]
    assert ran.code == 0, ran.text[-2000:]
    assert counts["pass"] > 100
    assert set(counts) <= {"pass", "unsupported", "fail"}
    assert counts.get("fail") == 1  # the expected one; any other would make the exit code 1
    assert {case["subject"]["device"] for case in ran.cases().values()} == {"simulated"}


def test_what_the_device_lacks_is_unsupported_with_its_reason(tmp_path):
    plant(tmp_path, ON_DEVICE)
    cases = run_pytest(tmp_path, *LOADED).cases()
    by_name = {case_id.partition("[")[2].partition("]")[0]: case for case_id, case in cases.items()}
    assert by_name["leaf-lives-on-the-device"]["outcome"] == "pass"
    assert by_name["dtype-it-lacks"]["outcome"] == "unsupported"
    assert "float64" in by_name["dtype-it-lacks"]["reason"]
    assert by_name["kernel-it-lacks"]["outcome"] == "unsupported"
    assert "aten::erfinv" in by_name["kernel-it-lacks"]["reason"]


def test_a_dtype_the_device_lacks_leaves_nothing_to_run(tmp_path):
    plant(tmp_path, ON_DEVICE)
    ran = run_pytest(tmp_path, *LOADED, "--dtype", "float64")
    assert set(ran.outcomes()) == {"unsupported"}
    assert ran.code == 5


@pytest.mark.parametrize("device", ["simulated", "privateuseones"])
def test_a_device_that_no_module_brought_is_wrong_usage(tmp_path, device):
    plant(tmp_path, ON_DEVICE)
    ran = run_pytest(tmp_path, "--only", "subject", "--device", device)
    assert ran.code == 4
    assert "imported with --load MODULE" in ran.text


def test_a_fault_of_the_device_is_found_and_its_script_says_where(tmp_path):
    plant(
        tmp_path,
        "@clause('vjp.passed-cotangent-is-not-modified')\ndef test_product(torch):\n"
        "    x = torch.tensor([1.0, 2.0])\n    assert_values(x * 3, [3.0, 6.0])\n",
    )
    (tmp_path / "faulty.py").write_text(FAULT, encoding="utf-8")
    ran = run_pytest(tmp_path, *DEVICE, "--load", "faulty", module_path=tmp_path)
    case = ran.only_case()
    assert (ran.code, case["outcome"]) == (1, "fail")
    assert case["differences"][0]["where"] == "value at (0,)"
    assert "torch.set_default_device('simulated')" in case["repro"]["script"]


def test_the_simulated_device_is_no_part_of_the_harness():
    harness = "".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "suites" / "harness").glob("*.py")
    )
    assert "simulated" not in harness
