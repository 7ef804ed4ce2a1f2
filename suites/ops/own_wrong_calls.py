"""Wrong calls written out, as users make them: read from the text beside this file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_TEXT = Path(__file__).with_suffix(".txt")


def own_wrong_calls() -> Mapping[str, tuple[str, ...]]:
    """The calls as Python expressions, by what they are about."""
    found: dict[str, list[str]] = {}
    calls: list[str] = []
    for line in _TEXT.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            calls = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            calls.append(line)
    return {name: tuple(lines) for name, lines in found.items()}


def made(call: str, torch: Any) -> Callable[[], Any]:
    """A call on tensors of one implementation, made anew."""
    names = {
        "torch": torch,
        "F": torch.nn.functional,
        "x": torch.arange(6.0).reshape(2, 3),
        "v": torch.arange(3.0),
        "m": torch.eye(3),  # the identity
        "s": torch.tensor(2.0),
        "z": torch.zeros(2, dtype=torch.complex64),
        "i": torch.tensor([0, 1]),
        "b": torch.tensor([True, False, True]),
    }
    return lambda: eval(call, names)  # noqa: S307 - an expression of ours, from the text beside this file
