"""The schema that ships is the format that is read and written."""

import json

import pytest
from jsonschema import Draft202012Validator

from reports.schema import KINDS, PATH, what_is_wrong
from reports.tests import sample_runs
from reports.tests import samples as s

SCHEMA = json.loads(PATH.read_text("utf-8"))
WORDS = (PATH.parent / "record-format.md").read_text("utf-8")


def every_kind():
    cases = [*sample_runs.believable(), *sample_runs.many(50, failing_share=0.5)]
    return [
        s.header(),
        *(s.clause(*row) for row in s.CLAUSES),
        *cases,
        *sample_runs.endings(),
        s.footer(cases),
    ]


def test_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


def test_samples_follow_the_schema():
    validator = Draft202012Validator(SCHEMA)
    for record in every_kind():
        validator.validate(record)
        assert what_is_wrong(record) is None


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_is_told_in_words(kind):
    missing = [name for name in SCHEMA["$defs"][kind]["properties"] if f"`{name}`" not in WORDS]
    assert missing == []


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "ok"},
        {"elapsed_s": -1},
        {"subject": {"device": "cpu"}},
        {"blame": "me"},
        {"checks": "3"},
        {"differences": [{}]},
    ],
)
def test_schema_refuses_what_is_wrong(change):
    assert what_is_wrong(s.case("ops/a[b]::c::d::e") | change) is not None
