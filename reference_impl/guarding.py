"""Names that a node needs for itself, and that user code may all the same use on its ``ctx``."""

from __future__ import annotations

from typing import Any

# Note [Names on ctx]
# ``ctx`` is the node, as in torch, and programs keep what they like on it: ``ctx.saved``, ``ctx.meta``,
# ``ctx.outputs``. While user code runs, such a name means the user's value; at any other time the node's own.


class Guarded:
    """An attribute of the node, and another one of the same name for user code."""

    def __init__(self, name: str, inner: Any) -> None:
        self.name, self.inner = name, inner
        self.own = f"own {name}"  # where a value of the node's own lies that has no slot

    def __get__(self, node: Any, owner: Any = None) -> Any:
        if node is None:
            return self.inner
        held = node.__dict__
        if held.get("_in_user_code") and self.name in held:
            return held[self.name]
        if hasattr(self.inner, "__get__"):
            return self.inner.__get__(node, owner)
        return held.get(self.own, self.inner)

    def __set__(self, node: Any, value: Any) -> None:
        if node.__dict__.get("_in_user_code"):
            node.__dict__[self.name] = value
        elif hasattr(self.inner, "__set__"):
            self.inner.__set__(node, value)
        else:
            node.__dict__[self.own] = value


GUARDED = (
    "edges", "extra", "fix", "meta", "saved", "seq", "output_count",
    "rule", "saved_names", "meta_names", "outputs", "runs_user_code", "full_name",
    "apply", "release", "unpack", "name",
)  # fmt: skip


def guard(node_class: type) -> type:
    """Class decorator: user code may use the names of ``GUARDED`` on instances."""
    for name in GUARDED:
        setattr(node_class, name, Guarded(name, getattr(node_class, name, None)))
    return node_class


class user_code:  # noqa: N801 - used like a mode
    """Inside, user code runs with ``node`` as its ctx (or, with ``running=False``, does not for a moment)."""

    def __init__(self, node: Any, *, running: bool = True) -> None:
        self.held, self.running = node.__dict__, running

    def __enter__(self) -> None:
        self.previous = self.held.get("_in_user_code", False)
        self.held["_in_user_code"] = self.running

    def __exit__(self, *exc_info: object) -> None:
        self.held["_in_user_code"] = self.previous
