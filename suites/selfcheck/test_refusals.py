"""A wrong input that is taken, or refused in another way, is found."""

import pytest

from suites.harness.notes import Disagreement
from suites.ops.opinfo_source import Refusal
from suites.ops.refusals import check_refusal


def _raising(error):
    def call():
        raise error

    return call


def _refusal(call):
    return Refusal("wrong input 0", call, ValueError, "must be positive")


@pytest.mark.parametrize(
    "call",
    [_raising(ValueError("n must be positive")), lambda: NotImplemented],
    ids=["the-error", "NotImplemented"],
)
def test_refusal_passes(call):
    check_refusal(_refusal(call))


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: 3, "missing-error"),
        (_raising(TypeError("n must be positive")), "wrong-error"),
        (_raising(ValueError("something else")), "wrong-error"),
    ],
    ids=["taken", "other-type", "other-words"],
)
def test_missing_or_other_refusal_fails(call, kind):
    with pytest.raises(Disagreement) as found:
        check_refusal(_refusal(call))
    assert found.value.kind == kind
