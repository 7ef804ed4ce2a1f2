"""Nested tuples, lists and dicts as flat lists of their leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LEAF = "leaf"


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """The leaves, and the structure that puts them back; structures can be compared."""
    leaves: list[Any] = []
    return leaves, _take_apart(tree, leaves)


def _take_apart(tree: Any, leaves: list[Any]) -> Any:
    kind = type(tree)
    if isinstance(tree, dict):
        return (kind, tuple(tree), tuple(_take_apart(x, leaves) for x in tree.values()))
    if kind in (tuple, list) or is_named_tuple(tree):
        return (kind, None, tuple(_take_apart(x, leaves) for x in tree))
    leaves.append(tree)
    return LEAF


def unflatten(leaves: list[Any], structure: Any) -> Any:
    """The tree of ``structure`` with these leaves."""
    found = iter(leaves)
    return _put_together(found, structure)


def _put_together(leaves: Any, structure: Any) -> Any:
    if structure == LEAF:
        return next(leaves)
    kind, keys, parts = structure
    made = [_put_together(leaves, part) for part in parts]
    if keys is not None:
        return kind(zip(keys, made, strict=True))
    return kind(*made) if hasattr(kind, "_fields") else kind(made)


def is_named_tuple(x: Any) -> bool:
    """True for an instance of a class made by NamedTuple."""
    return isinstance(x, tuple) and hasattr(x, "_fields")


def tree_map(fn: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with ``fn`` applied to each leaf."""
    leaves, structure = flatten(tree)
    return unflatten([fn(x) for x in leaves], structure)


def broadcast(prefix: Any, tree: Any) -> list[Any] | None:
    """A leaf of ``prefix`` for each leaf of ``tree``; None if their structures do not fit.

    A leaf of the prefix stands for all leaves of the subtree at its place.
    """
    if prefix is None or isinstance(prefix, int):
        return [prefix] * len(flatten(tree)[0])
    pairs = _pairs(prefix, tree)
    if pairs is None:
        return None
    found: list[Any] = []
    for part, subtree in pairs:
        each = broadcast(part, subtree)
        if each is None:
            return None
        found += each
    return found


def _pairs(prefix: Any, tree: Any) -> list[tuple[Any, Any]] | None:
    """The parts of both that lie at the same place; None if they are not alike."""
    if type(prefix) is not type(tree) or not isinstance(prefix, tuple | list | dict):
        return None
    if isinstance(prefix, dict):
        same = set(prefix) == set(tree)
        return [(prefix[key], part) for key, part in tree.items()] if same else None
    return list(zip(prefix, tree, strict=True)) if len(prefix) == len(tree) else None


def structure_text(structure: Any) -> str:
    """A structure as a person reads it; ``*`` is a leaf."""
    if structure == LEAF:
        return "*"
    kind, keys, parts = structure
    inner = [structure_text(part) for part in parts]
    if keys is not None:
        inner = [f"{key!r}: {part}" for key, part in zip(keys, inner, strict=True)]
    return f"{kind.__name__}({', '.join(inner)})"
