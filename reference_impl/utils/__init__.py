"""torch.utils, as far as it is about autograd."""

from typing import Any

from reference_impl.missing import NotOfferedError
from reference_impl.utils import checkpoint, data, hooks

__all__ = ["checkpoint", "data", "hooks"]


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.utils", name, __all__)
