"""What the page of one case shows: the record, cut to known fields, sane sizes and finite numbers."""

from typing import Any

from reports.text import clean, number, one_line

LINES = 40
ELEMENTS = 64
DIMENSIONS = 8
PAIR = 2
SHOWN = 5


def case_detail(record: dict[str, Any], conflict: str | None = None) -> dict[str, Any]:
    """The fields of a case record that its page shows; empty ones are left out."""
    expected, repro, lines = (
        _dict(record.get(name)) for name in ("expected_failure", "repro", "lines")
    )
    differences = [
        item for item in _list(record.get("differences"))[:SHOWN] if isinstance(item, dict)
    ]
    places = {name: _place(lines.get(name)) for name in ("test", "reference")}
    reasons = {
        name: _text(expected.get(name), 500)
        for name in ("id", "kind", "reason", "issue", "expires")
    }
    detail = {
        "outcome": one_line(record.get("outcome"), 40),
        "reason": _text(record.get("reason"), 1000),
        "issue": _text(record.get("issue"), 500),
        "verdict": _text(record.get("verdict"), 60),
        "message": _text(record.get("message"), 4000),
        "differences": [_difference(item) for item in differences],
        "witness": _witness(_dict(record.get("witness"))),
        "arrays": _arrays(_dict(record.get("arrays"))),
        "test": _text(record.get("test"), 500),
        "lines": {name: place for name, place in places.items() if place},
        "repro": _text(repro.get("script"), 6000),
        "proven": repro.get("proven") if isinstance(repro.get("proven"), bool) else None,
        "path": _text(repro.get("path"), 300),
        "rerun": _text(record.get("rerun"), 800),
        "expected": reasons if expected else None,
        "checks": number(record.get("checks")),
        "conflict": conflict,
    }
    return {name: value for name, value in detail.items() if value not in (None, "", [], {})}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any, limit: int) -> str | None:
    return None if value is None else clean(value, limit)


def _difference(item: dict[str, Any]) -> dict[str, Any]:
    texts = {name: _text(item.get(name), 200) for name in ("where", "expected", "actual")}
    return texts | {name: _shown(item.get(name)) for name in ("error", "bound")}


def _shown(value: Any) -> float | str | None:
    """A number the page can compute with, or else the text of what stands there (nan, inf, 1+2j)."""
    finite = number(value)
    return finite if finite is not None or value is None else one_line(value, 40)


def _numbers(value: Any) -> list[Any] | float | str | None:
    if isinstance(value, list):
        return [
            _shown(item) if not isinstance(item, list) else one_line(item, 60) for item in value[:8]
        ]
    return _shown(value)


def _witness(witness: dict[str, Any]) -> dict[str, Any]:
    names = ("reference", "subject", "finite_difference", "adjoint", "taylor_slope")
    shown = {name: _numbers(witness.get(name)) for name in names}
    curve = [step for step in _list(witness.get("steps"))[:LINES] if isinstance(step, list)]
    steps = [[number(part) for part in step[:PAIR]] for step in curve]
    shown["steps"] = [step for step in steps if len(step) == PAIR and None not in step] or None
    shown["says"] = _text(witness.get("says"), 600)
    return {name: value for name, value in shown.items() if value is not None}


def _arrays(arrays: dict[str, Any]) -> dict[str, Any] | None:
    got, want = _flat(arrays.get("got"), 0), _flat(arrays.get("want"), 0)
    shape = [
        int(size)
        for size in map(number, _list(arrays.get("shape"))[:DIMENSIONS])
        if size is not None
    ]
    if not got or not want or max(len(got), len(want)) > ELEMENTS:
        return None
    return {"shape": shape, "got": got, "want": want}


def _flat(value: Any, depth: int) -> list[float | str | None]:
    if not isinstance(value, list):
        return [] if value is None else [_shown(value)]
    if depth >= DIMENSIONS or len(value) > ELEMENTS:
        return [None] * (ELEMENTS + 1)
    return [element for item in value for element in _flat(item, depth + 1)]


def _place(value: Any) -> str | None:
    if not isinstance(value, list) or len(value) != PAIR:
        return None
    return f"{one_line(value[0], 200)}:{one_line(value[1], 12)}"
