"""Collection stays out of the way: ten thousand cases in under three seconds of processor time."""

import resource

from suites.selfcheck.launcher import plant, run_pytest

LIMIT_S = 3.0
FEW, MANY = 10, 10_000


def collect(folder, count):
    body = "@pytest.mark.parametrize('n', range({}))\ndef test_x(torch, n):\n    pass\n"
    plant(folder, "@clause('vjp.passed-cotangent-is-not-modified')\n" + body.format(count))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = run_pytest(folder, "--only", "reference", "--collect-only", "-q")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert f"{count} tests collected" in ran.text
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_ten_thousand_cases_are_collected_in_three_seconds(tmp_path):
    few, many = tmp_path / "few", tmp_path / "many"
    few.mkdir()
    many.mkdir()
    assert collect(many, MANY) - collect(few, FEW) < LIMIT_S
