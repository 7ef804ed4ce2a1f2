"""torch.autograd.profiler: the name only."""

from __future__ import annotations

from typing import NoReturn, Self

from reference_impl.errors import UnsupportedError


def profile(*_args: object, **_kwargs: object) -> NoReturn:
    """Not offered.

    Raises:
        NotImplementedError: always.
    """
    raise UnsupportedError("torch.autograd.profiler.profile: it does not profile; use cProfile")


class record_function:  # noqa: N801 - torch's name
    """A label for what runs inside; nothing is recorded."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Nothing was begun."""
