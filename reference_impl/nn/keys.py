"""What ``load_state_dict`` found amiss."""

from __future__ import annotations

from typing import NamedTuple


class LoadedKeys(NamedTuple):
    """Keys of the module that the state lacks, and keys of the state that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not (self.missing_keys or self.unexpected_keys):
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"
