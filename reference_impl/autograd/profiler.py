"""torch.autograd.profiler: the name only."""

from __future__ import annotations

from typing import NoReturn

from reference_impl.errors import UnsupportedError


def profile(*_args: object, **_kwargs: object) -> NoReturn:
    """Not offered.

    Raises:
        NotImplementedError: always.
    """
    raise UnsupportedError("torch.autograd.profiler.profile: it does not profile; use cProfile")
