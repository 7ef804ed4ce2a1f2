"""A wrong input that is taken, or refused in another way, is found."""

import numpy as np
import pytest

from suites.harness.notes import Disagreement
from suites.ops.opinfo_source import Laid, Refusal
from suites.ops.refusals import called, check_refusal, hold


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


def test_excused_refusal_must_depart():
    hold(_refusal(lambda: 3), excused=True, side="reference")
    with pytest.raises(Disagreement) as found:
        hold(_refusal(_raising(ValueError("n must be positive"))), excused=True, side="reference")
    assert found.value.kind == "unneeded-exception"


def test_reference_is_called_with_tensors_that_share_memory():
    memory = np.arange(6.0)
    whole = Laid(memory, "float64", (2, 3), (3, 1), 0, requires_grad=False)
    row = Laid(memory, "float64", (3,), (1,), 3, requires_grad=True)
    refusal = Refusal("wrong input 0", print, ValueError, "", (whole, [row]), {"out": whole})
    a, (b,), c = called(lambda x, y, *, out: (x, y, out), refusal)()
    assert b.requires_grad
    assert b.tolist() == [3.0, 4.0, 5.0]
    assert np.shares_memory(a.numpy(), b.detach().numpy())
    assert np.shares_memory(a.numpy(), c.numpy())
