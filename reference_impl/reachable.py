"""Which nodes a backward pass can come to, and which it has to run."""

from __future__ import annotations

from collections.abc import Iterable

from reference_impl.graph import Node


def reachable(roots: Iterable[Node]) -> set[Node]:
    """Every node that can be reached from the roots."""
    found: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in found:
            found.add(node)
            stack.extend(to for to in node.edges[::2] if to is not None)
    return found


def needed_nodes(roots: list[tuple[Node, int]], targets: set[Node]) -> set[Node]:
    """The nodes that must run so that each node of ``targets`` gets its cotangent: those with a path to one."""
    useful: set[Node] = set()
    state: dict[Node, int] = {}
    stack = [node for node, _ in roots]
    while stack:
        node = stack[-1]
        if state.get(node) is None:
            state[node] = 0
            stack.extend(to for to in node.edges[::2] if to is not None and to not in state)
            continue
        stack.pop()
        if state[node] == 0:
            state[node] = 1
            if any(to is not None and (to in targets or to in useful) for to in node.edges[::2]):
                useful.add(node)
    return useful
