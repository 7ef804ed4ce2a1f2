"""The line of a passing case as one regular expression: most lines are such, and parsing each as JSON is slow.

A line that departs from it in anything goes through the JSON parser, which alone decides what it means.
"""

import json
import re
from typing import Any, NamedTuple

_PLAIN = r'[^"\\\x00-\x1f]'
_TEXT = f'"{_PLAIN}*"'
_TEXT_OR_NULL = f"(?:null|{_TEXT})"
# No more digits than a float can have, so that each number is finite.
_NUMBER = r"(?:0|[1-9]\d{0,19})(?:\.\d{1,20})?(?:[eE][+-]?\d{1,2})?"
_FLAT = r"\{[^{}\n]*\}"
_LINE = (
    rf'\{{"type": "case", "id": "({_PLAIN}+)"'
    rf', ("suite": {_TEXT}, "subject": {_FLAT}, "area": {_TEXT_OR_NULL}, "clause": {_TEXT_OR_NULL}'
    rf', "op": {_TEXT_OR_NULL}, "check": {_TEXT_OR_NULL})'
    rf', "test": "([^"\\\x00-\x1f\[]*){_PLAIN}*", "outcome": "pass", "expectation": null'
    rf', "reason": null, "issue": null, "verdict": {_TEXT_OR_NULL}, "blame": null'
    rf', "elapsed_s": ({_NUMBER}), "checks": (0|[1-9]\d{{0,8}})'
    rf', "error": (?:null|\{{"over_bound": ({_NUMBER}), "ulps": ({_NUMBER}), "absolute": {_NUMBER}\}})'
    r', "differences": \[\], "witness": null, "arrays": null, "message": null, "signature": null'
    rf', ("lines": {_FLAT}), "repro": null, "rerun": {_TEXT_OR_NULL}, "expected_failure": null\}}\n'
)
_ANY = r"[^\n]*(?:\n|\Z)"
_LINES = re.compile(f"{_LINE}|{_ANY}", re.ASCII)


class Passing(NamedTuple):
    """The parts of the line of a passing case as text; all of them empty where a line is something else."""

    id: str = ""
    row: str = ""
    test: str = ""
    elapsed_s: str = ""
    checks: str = ""
    over_bound: str = ""
    ulps: str = ""
    lines: str = ""


def passing_lines(chunk: bytes) -> list[tuple[str, ...]]:
    """The fields of ``Passing`` for every line of ``chunk``, in their order; perhaps an empty one more at the end."""
    try:
        return _LINES.findall(chunk.decode("utf-8"))
    except UnicodeDecodeError:
        return [Passing()] * (chunk.count(b"\n") + 1)


def part_of(text: str) -> dict[str, Any] | None:
    """A run of fields as an object, or None where a field stands there twice or is no JSON."""
    try:
        fields = _STRICT.decode(f"{{{text}}}")
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field stands there twice")
    return fields


_STRICT = json.JSONDecoder(object_pairs_hook=_without_doubles)
