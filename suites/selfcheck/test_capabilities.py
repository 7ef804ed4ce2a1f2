"""A test that needs what its subject has not ends as unsupported and names it."""

import pytest

from suites.harness.capabilities import requires
from suites.harness.notes import CURRENT_NOTES, CaseNotes


def test_missing_capability_is_unsupported_and_named():
    notes = CaseNotes()
    token = CURRENT_NOTES.set(notes)
    try:
        with pytest.raises(pytest.skip.Exception, match="the subject has no streams"):
            requires([], "streams")
    finally:
        CURRENT_NOTES.reset(token)
    assert notes.facts["outcome"] == "unsupported"


def test_capability_that_is_there_lets_the_test_run():
    requires(len("one"), "streams")
