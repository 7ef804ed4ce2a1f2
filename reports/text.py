"""Strings and numbers of a record, made safe and short for people to read."""

import math
import re
from typing import Any

LONG = 1000
MINUTE = 60
TENTH = 0.1
_CONTROL = {
    code: f"\\x{code:02x}"
    for code in (*range(0x20), *range(0x7F, 0xA0))
    if code not in {0x09, 0x0A}
} | {
    code: f"\\u{code:04x}"
    for code in (0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"'\\]+\Z", re.IGNORECASE)
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#!|~&$@]|(?<=:)(?=//))")


def clean(value: object, limit: int = 4000) -> str:
    """``value`` as text in which nothing is invisible, reorders its neighbours or drives a terminal."""
    text = value if isinstance(value, str) else _plain(value)
    if len(text) > limit:
        more = f" ({len(text) - limit:,} more characters)" if limit >= LONG else ""
        text = f"{text[:limit]}…{more}"
    return text.translate(_CONTROL).encode("utf-8", "backslashreplace").decode("utf-8")


def one_line(value: object, limit: int = 200) -> str:
    """``value`` as a single line."""
    return " ".join(clean(value, limit).split())


def _plain(value: object) -> str:
    try:
        return str(value)
    except (
        ValueError,
        RecursionError,
    ):  # an integer of more digits than Python prints; deep nesting
        return f"<{type(value).__name__} that cannot be shown>"


def number(value: Any) -> float | None:
    """``value`` as a finite float, or None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def web_address(value: object) -> str | None:
    """``value`` when it may stand in a link, that is when it is an http or https address."""
    return value if isinstance(value, str) and _WEB_ADDRESS.match(value) else None


def markdown(value: object, limit: int = 200) -> str:
    """``value`` as one line of Markdown that shows its characters and nothing else."""
    return _MARKDOWN.sub(r"\\\1", one_line(value, limit))


def count(amount: int, noun: str, plural: str | None = None) -> str:
    """``1 case``, ``1,204 cases``."""
    return f"{amount:,} {noun if amount == 1 else plural or noun + 's'}"


def seconds(elapsed_s: float) -> str:
    """A duration at the precision a person wants."""
    if elapsed_s < TENTH:
        return f"{elapsed_s * 1000:.3g} ms"
    if elapsed_s < 100 - TENTH:
        return f"{elapsed_s:.3g} s"
    minutes, rest = divmod(round(elapsed_s), MINUTE)
    return (
        f"{minutes} min {rest} s" if minutes < MINUTE else f"{minutes // 60} h {minutes % 60} min"
    )


def listing(words: list[str], limit: int = 4) -> str:
    """``a, b and c``; the tail of a long list becomes a number."""
    if len(words) > limit:
        words = [*words[: limit - 1], f"{len(words) - limit + 1} more"]
    *first, last = words or [""]
    return f"{', '.join(first)} and {last}" if first else last
