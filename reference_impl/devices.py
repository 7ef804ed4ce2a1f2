"""The one device there is, and the layouts and memory formats that programs name."""

from __future__ import annotations

from typing import Any

from reference_impl.errors import UnsupportedError


class device:  # noqa: N801 - torch's name
    """A device by type and index; the reference computes on the CPU only."""

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


CPU = device("cpu")


def check_device(found: Any) -> None:
    """Refuse any device but the CPU.

    Raises:
        NotImplementedError: naming the device.
    """
    if found is not None and device(found).type != "cpu":
        raise UnsupportedError(
            f"the device {str(found)!r}: it computes with NumPy on the CPU; leave device= out or say 'cpu'"
        )


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
