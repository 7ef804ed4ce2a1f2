"""A wrong call that the sides answer differently is found; so is a departure that is none."""

import numpy as np
import pytest

import reference_impl
from suites.harness.case import Case
from suites.harness.notes import Disagreement
from suites.ops import wrong_call_outcomes
from suites.ops.opinfo_source import Sample
from suites.ops.own_wrong_calls import own_wrong_calls
from suites.ops.wrong_call_outcomes import ACCEPTED, check_own_calls, outcome
from suites.ops.wrong_calls import wrong_calls


def _raising(error):
    def call():
        raise error

    return call


def test_outcome_is_the_type_that_an_except_clause_names():
    assert outcome(lambda: 3)[0] == ACCEPTED
    assert outcome(_raising(IndexError("far")))[0] == "IndexError"
    assert outcome(_raising(NotImplementedError("no kernel")))[0] == "RuntimeError"


def test_each_argument_is_changed():
    case = Case(op="sum", args=(np.ones((2, 3)), 1), kwargs={"keepdim": True})
    names = {call.name for call in wrong_calls(Sample("0", case))}
    assert {"0:as-int64", "0:None", "1:far", "1:as-str", "keepdim:as-str", "one-too-many"} <= names
    changed = {call.name: call for call in wrong_calls(Sample("0", case))}
    assert changed["1:far"].args[1] == 101
    assert changed["0:a-dim-less"].args[0].shape == (3,)
    assert changed["keepdim:as-str"].kwargs == {"keepdim": "x"}
    assert case.args[1] == 1


def test_there_are_written_out_calls_of_all_families():
    calls = own_wrong_calls()
    assert len(calls) > 10
    assert sum(map(len, calls.values())) > 500


@pytest.mark.parametrize(
    ("call", "told"),
    [("torch.zeros(3)", "torch accepted"), ("v.no_such_method()", None), ("x[5]", None)],
    ids=["taken", "AttributeError", "IndexError"],
)
def test_call_that_is_taken_is_found(monkeypatch, call, told):
    monkeypatch.setattr(wrong_call_outcomes, "own_wrong_calls", lambda: {"planted": (call,)})
    if told is None:
        check_own_calls("planted", reference_impl)
        return
    with pytest.raises(Disagreement, match=told):
        check_own_calls("planted", reference_impl)


def test_another_type_is_found(monkeypatch):
    answers = iter([("IndexError", ""), ("ValueError", "")])
    monkeypatch.setattr(wrong_call_outcomes, "own_wrong_calls", lambda: {"planted": ("x[5]",)})
    monkeypatch.setattr(wrong_call_outcomes, "outcome", lambda _: next(answers))
    with pytest.raises(Disagreement, match="torch IndexError, the reference ValueError"):
        check_own_calls("planted", reference_impl)
