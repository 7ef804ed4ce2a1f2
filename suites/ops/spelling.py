"""Arguments that are no tensors and no numbers, by name, so that each implementation reads them as its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Operator = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Named:
    """Something that both sides have under one path: ``float64``, ``channels_last``, ``nn.functional.l1_loss``."""

    path: str

    def __repr__(self) -> str:
        return f"torch.{self.path}"


def read(value: Any, module: Any) -> Any:
    """The argument with every name in it looked up in ``module``."""
    if isinstance(value, Named):
        found = module
        for part in value.path.split("."):
            found = getattr(found, part)
        return found
    if isinstance(value, (tuple, list)):
        return type(value)(read(item, module) for item in value)
    if isinstance(value, Mapping):
        return {key: read(item, module) for key, item in value.items()}
    return value


def spelled(op: Operator, module: Any) -> Operator:
    """``op`` for arguments with names in them."""
    return lambda *args, **kwargs: op(*read(args, module), **read(kwargs, module))


def shown(value: Any) -> str:
    """An argument as it stands in a sample's name: arrays by their shape."""
    if isinstance(value, np.ndarray):
        return "x".join(map(str, value.shape)) or "()"
    if isinstance(value, (tuple, list)):
        return f"[{' '.join(map(shown, value))}]"
    if isinstance(value, Mapping):
        return " ".join(f"{key}={shown(item)}" for key, item in value.items())
    return str(value)
