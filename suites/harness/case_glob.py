"""Case ids and their globs: a star stands for a whole segment, never for part of one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

STAR = "*"
_FORM = re.compile(
    r"^(?P<suite>[^/\[\]]+)/(?P<name>[^\[\]]+)\[(?P<sample>.*)\]::(?P<subject>[^\[\]]+)$"
)
_NAME_BREAK = re.compile(r"\.")
_SAMPLE_BREAK = re.compile(r"[-,]")
_WANTED = "<suite>/<clause or op>[<sample>]::<device>::<dtype>::<mode>"
FIELDS = ("suite", "name", "sample", "device", "dtype", "mode")
_NAME = FIELDS.index("name")
_BREAKS = {"name": _NAME_BREAK, "sample": _SAMPLE_BREAK}

Key = tuple[str, ...]
T = TypeVar("T")


class CaseIdError(ValueError):
    """Text that is no case id and no glob of one."""


def split_id(case_id: str) -> Key:
    """The six fields of a case id or glob: suite, name, sample, device, dtype, mode.

    Raises:
        CaseIdError: it has another form.
    """
    match = _FORM.match(case_id)
    subject = match["subject"].split("::") if match else []
    if match is None or len(subject) != 3:  # noqa: PLR2004 - device, dtype, mode
        raise CaseIdError(f"'{case_id}' is no case id, wanted {_WANTED}")
    return match["suite"], match["name"], match["sample"], *subject


def check_glob(case_id: str) -> Key:
    """The fields of a glob whose stars all stand for whole segments.

    Raises:
        CaseIdError: it has another form, or a star beside other characters.
    """
    fields = split_id(case_id)
    for label, text in zip(FIELDS, fields, strict=True):
        for segment in _segments(label, text):
            if STAR in segment and segment != STAR:
                raise CaseIdError(
                    f"'{segment}' in '{case_id}': a star stands for a whole segment, as in '{label}' or '*'"
                )
    return fields


def _segments(label: str, text: str) -> list[str]:
    return _BREAKS[label].split(text) if label in _BREAKS else [text]


@dataclass(slots=True)
class _Group(Generic[T]):
    """Globs that spell out the same fields, found by what they spell there."""

    exact: tuple[int, ...]
    by_key: dict[Key, list[tuple[dict[int, re.Pattern[str]], T]]] = field(default_factory=dict)

    def add(self, fields: Key, partial: dict[int, re.Pattern[str]], value: T) -> None:
        self.by_key.setdefault(tuple(fields[i] for i in self.exact), []).append((partial, value))

    def find(self, fields: Key) -> Iterator[T]:
        for partial, value in self.by_key.get(tuple([fields[i] for i in self.exact]), ()):
            if not partial or all(pattern.fullmatch(fields[i]) for i, pattern in partial.items()):
                yield value


class GlobIndex(Generic[T]):
    """Finds what is filed under the ids and globs that match a case, in time that does not grow with their number."""

    def __init__(self) -> None:
        self._groups: dict[str, dict[tuple[int, ...], _Group[T]]] = {}  # by name, by what is exact
        self._asked: dict[str, list[_Group[T]]] = {}

    def add(self, glob: str, value: T) -> None:
        """Files ``value`` under ``glob``."""
        fields = check_glob(glob)
        exact, partial = [], {}
        for i, (label, text) in enumerate(zip(FIELDS, fields, strict=True)):
            if STAR not in _segments(label, text):
                exact.append(i)
            elif text != STAR:
                partial[i] = _compile(label, text)
        name = fields[_NAME] if _NAME in exact else STAR
        of_name = self._groups.setdefault(name, {})
        of_name.setdefault(tuple(exact), _Group(tuple(exact))).add(fields, partial, value)
        self._asked.clear()

    def find(self, case_id: str) -> Iterator[T]:
        """What is filed under every glob that matches, the most exact first."""
        fields = split_id(case_id)
        name = fields[_NAME]
        groups = self._asked.get(name)
        if groups is None:
            groups = self._asked[name] = self._groups_of(name)
        for group in groups:
            yield from group.find(fields)

    def _groups_of(self, name: str) -> list[_Group[T]]:
        """The groups whose globs can match a case of this name, the most exact first."""
        found = [group for of in (name, STAR) for group in self._groups.get(of, {}).values()]
        return sorted(found, key=lambda group: -len(group.exact))


def _compile(label: str, text: str) -> re.Pattern[str]:
    """One segment for each star; a last star in a sample takes all that is left."""
    breaks = _BREAKS[label]
    inside = "[^.]+" if label == "name" else "[^-,]+"
    parts = breaks.split(text)
    separators = breaks.findall(text)
    body = ""
    for i, part in enumerate(parts):
        is_last = i == len(parts) - 1
        star = ".+" if is_last and label == "sample" else inside
        body += (star if part == STAR else re.escape(part)) + (
            re.escape(separators[i]) if not is_last else ""
        )
    return re.compile(body)
