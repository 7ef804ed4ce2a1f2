"""Devices: the CPU and ``meta``, and the layouts and memory formats that programs name."""

from __future__ import annotations

import threading
from typing import Any

from reference_impl.errors import UnsupportedError


class device:  # noqa: N801 - torch's name
    """A device by type and index; as a context, where factories put what they make."""

    def __init__(self, type: Any, index: int | None = None) -> None:  # noqa: A002 - torch's name
        if isinstance(type, device):
            type, index = str(type), type.index  # noqa: A001
        kind, _, number = str(type).partition(":")
        self.type = kind
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        return (
            f"device(type='{self.type}')"
            if self.index is None
            else f"device(type='{self.type}', index={self.index})"
        )

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __enter__(self) -> device:
        _DEFAULTS.here.append(resolve(self))
        return self

    def __exit__(self, *exc_info: object) -> None:
        _DEFAULTS.here.pop()


class _Defaults(threading.local):
    """Where factories of this thread put what they make, innermost last."""

    def __init__(self) -> None:
        self.here: list[device] = [CPU]


CPU, META = device("cpu"), device("meta")
_DEFAULTS = _Defaults()


def get_default_device() -> device:
    """Where factories put what they make."""
    return _DEFAULTS.here[-1]


def set_default_device(wanted: Any) -> None:
    """Choose where factories put what they make; None: the CPU."""
    _DEFAULTS.here[-1] = CPU if wanted is None else resolve(wanted)


def resolve(found: Any) -> device:
    """The device that is meant; the default one by None.

    Raises:
        NotImplementedError: the reference does not have it.
    """
    if found is None:
        return _DEFAULTS.here[-1]
    made = found if isinstance(found, device) else device(found)
    if made.type not in ("cpu", "meta"):
        raise UnsupportedError(
            f"the device {str(found)!r}: it computes with NumPy on the CPU, or not at all on 'meta'; leave device= out"
        )
    return made


class _Named:
    """A constant that prints as torch's."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"


strided = _Named("strided")
sparse_coo = _Named("sparse_coo")
contiguous_format = _Named("contiguous_format")
preserve_format = _Named("preserve_format")
channels_last = _Named("channels_last")
channels_last_3d = _Named("channels_last_3d")
