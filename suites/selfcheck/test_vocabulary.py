"""``raises`` and ``warns`` accept what the clause documents, and nothing near it."""

import warnings

import pytest

from suites.harness.assertions import raises, warns
from suites.harness.known_errors import is_same_error, raised
from suites.harness.notes import Disagreement

FREED = "retain.second-backward-through-freed-graph-raises"
WARNING = "accumulate.reading-non-leaf-grad-warns"
DOCUMENTED = "Trying to backward through the graph a second time. Specify retain_graph=True"
READ_NON_LEAF = "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed."


class OwnError(RuntimeError):
    """A class of our own below the documented one, as both implementations have some."""


def test_documented_error_passes_and_is_handed_out():
    with raises(FREED) as caught:
        raise RuntimeError(DOCUMENTED)
    assert str(caught.error) == DOCUMENTED


def test_subclass_of_ours_passes():
    with raises(FREED):
        raise OwnError(DOCUMENTED)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (None, "missing-error"),
        (RuntimeError("something else"), "wrong-error"),
        (TypeError(DOCUMENTED), "wrong-error"),
        (NotImplementedError(DOCUMENTED), "wrong-error"),
    ],
    ids=["nothing", "other-message", "other-type", "other-builtin-below-it"],
)
def test_anything_but_the_documented_error_fails(error, kind):
    def call():
        if error is not None:
            raise error

    with pytest.raises(Disagreement) as caught, raises(FREED):
        call()
    assert caught.value.kind == kind


def test_index_beyond_the_documented_messages_is_misuse():
    with pytest.raises(IndexError, match="documents 1 messages"), raises(FREED, index=7):
        pass


def test_documented_warning_passes():
    with warns(WARNING):
        warnings.warn(READ_NON_LEAF, UserWarning, stacklevel=1)


@pytest.mark.parametrize("category", [None, FutureWarning])
def test_missing_warning_fails(category):
    def call():
        if category is not None:
            warnings.warn(READ_NON_LEAF, category, stacklevel=1)

    with pytest.raises(Disagreement), warns(WARNING):
        call()


def test_errors_of_one_clause_are_the_same_whatever_else_they_say():
    one, other = raised(RuntimeError(DOCUMENTED)), raised(OwnError(f"{DOCUMENTED} (or not)"))
    assert is_same_error(one, other)
    assert one.clause is not None


@pytest.mark.parametrize(
    "error", [RuntimeError("never heard of"), TypeError(DOCUMENTED)], ids=["unknown", "other-type"]
)
def test_an_error_that_no_clause_knows_equals_nothing(error):
    found = raised(error)
    assert found.clause is None
    assert not is_same_error(found, found)
