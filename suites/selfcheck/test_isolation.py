"""A call in a process of its own: what ends it, what is accepted and what raises otherwise are told apart."""

import pytest

from suites.harness.identity import CaseKey
from suites.harness.notes import Disagreement
from suites.harness.subject import Subject
from suites.ops.in_isolation import WRONG, Isolated, Wrong, check_isolated
from suites.ops.opinfo_source import entries

# The interpreter is crashed on purpose, the call accepted, or refused by another type.
PLANTED = {
    "crash": "__import__('ctypes').string_at(0)",
    "missing-error": "torch.ones(2, device=device)",
    "wrong-error": "{}[device]",
}


def isolated(call):
    key = CaseKey("ops/mul[refusals-planted]", Subject("cpu", "float32"), op="mul")
    return Isolated(key, None, Wrong("mul", "planted", call))


@pytest.mark.parametrize(("kind", "call"), PLANTED.items(), ids=PLANTED)
def test_what_a_call_does_instead_of_raising_is_told(kind, call):
    with pytest.raises(Disagreement) as caught:
        check_isolated(isolated(call))
    assert caught.value.kind == kind


def test_a_call_that_raises_as_it_must_is_right():
    check_isolated(isolated("torch.ones(2, device=device)[5]"))


def test_the_calls_are_of_operators_that_there_are():
    known = {entry.op for entry in entries().values()} | set(entries())
    assert {wrong.op for wrong in WRONG} <= known
    assert len({(wrong.op, wrong.label) for wrong in WRONG}) == len(WRONG)
