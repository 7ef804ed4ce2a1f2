"""torch.autograd.gradcheck on the reference."""

from __future__ import annotations

from typing import Any


class GradcheckError(RuntimeError):
    """A gradient that differs from differences."""


def gradcheck(fn: Any, inputs: Any, **kwargs: Any) -> bool:
    raise NotImplementedError


def gradgradcheck(fn: Any, inputs: Any, **kwargs: Any) -> bool:
    raise NotImplementedError
