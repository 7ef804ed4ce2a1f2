"""Nodes of in-place forms that torch names otherwise than those of the op itself."""

from __future__ import annotations

import functools
from typing import Any

from reference_impl.graph import Node

# EluBackward1 beside EluBackward0, and so on.
NAMED_OTHERWISE = frozenset(
    [
        "CeluBackward0",
        "EluBackward0",
        "LeakyReluBackward0",
        "RreluWithNoiseBackward0",
        "ThresholdBackward0",
    ]
)


def renamed(node: Node) -> Node:
    """The node of a write, under the name that it has in place."""
    kind = type(node)
    if kind.__name__ in NAMED_OTHERWISE:
        node.__class__ = _twin(kind)
    return node


@functools.cache
def _twin(kind: type[Node]) -> type[Node]:
    name = kind.__name__.removesuffix("0") + "1"
    make: Any = type(kind)
    made: type[Node] = make(name, (kind,), {"__slots__": ()})
    return made
