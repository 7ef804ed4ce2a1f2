"""torch.nn.functional: the ops that op_db names so."""

from __future__ import annotations

from typing import Any

from reference_impl.missing import NotOfferedError
from reference_impl.registry import OPS


def __getattr__(name: str) -> Any:
    """Ops are found in the registry under op_db's name, ``nn.functional.<name>``, or under the bare one."""
    for key in (f"nn.functional.{name}", name):
        if key in OPS:
            return OPS[key]
    offered = [n.removeprefix("nn.functional.") for n in OPS if n.startswith("nn.functional.")]
    raise NotOfferedError("torch.nn.functional", name, offered)
