"""The error for a name of torch's that the reference does not have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class NotOfferedError(AttributeError):
    """A name of torch's that the reference does not have; the text, made when it is read, gives the nearest it has."""

    def __init__(self, where: str, wanted: str, offered: Iterable[str]) -> None:
        super().__init__(where, wanted)
        self.where, self.wanted, self.offered = where, wanted, offered

    def __str__(self) -> str:
        near = difflib.get_close_matches(self.wanted, sorted(self.offered), n=1, cutoff=0.5)
        hint = f"; the nearest that it has is {self.where}.{near[0]}" if near else ""
        return (
            f"{self.where} has no attribute {self.wanted!r}: the reference does not offer it{hint}"
        )
