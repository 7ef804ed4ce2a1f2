"""``device=`` of modules: where a module makes its parameters."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from reference_impl.devices import resolve

OWN = "reference_impl."


class Placed:
    """A module of ours that takes ``device=`` is built with that device as the default; others see to it themselves."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        init = vars(cls).get("__init__")
        if cls.__module__.startswith(OWN) and init is not None:
            names = list(inspect.signature(init).parameters)
            if "device" in names:
                cls.__init__ = _placing(init, names.index("device") - 1)  # type: ignore[method-assign]


def _placing(init: Callable[..., None], at: int) -> Callable[..., None]:
    @functools.wraps(init)
    def placed(self: Any, *args: Any, **kwargs: Any) -> None:
        wanted = kwargs.get("device", args[at] if len(args) > at else None)
        if wanted is None:
            init(self, *args, **kwargs)
            return
        with resolve(wanted):
            init(self, *args, **kwargs)

    return placed
