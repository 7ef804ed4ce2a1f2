"""The JSON Schema of the record format: what exactly is wrong with a record."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from reports.text import one_line

PATH = Path(__file__).resolve().parent.parent / "docs" / "record.schema.json"


SHOWN = 200
KINDS = ("header", "clause", "case", "expectation", "fault", "footer")


@cache
def _validator(kind: str) -> Draft202012Validator:
    schema = json.loads(PATH.read_text("utf-8"))
    return Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{kind}"})


def what_is_wrong(record: dict[str, Any]) -> str | None:
    """The worst departure of a record from the schema of its type, or None where there is none."""
    kind = record.get("type")
    if kind not in KINDS:
        return f"has the unknown type {one_line(kind, 40)!r}"
    if (
        not PATH.exists()
    ):  # reports without the checkout they belong to: the reader's own checks remain
        return None
    error = best_match(_validator(str(kind)).iter_errors(record))
    if error is None:
        return None
    where = ".".join(str(part) for part in error.absolute_path)
    told = (
        error.message
        if len(error.message) <= SHOWN
        else f"is not of {error.validator} {error.validator_value!r}"
    )
    return f"{where}: {one_line(told)}" if where else one_line(told)
