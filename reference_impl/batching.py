"""Batched: a tensor inside vmap, which looks like one example and holds all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from reference_impl.storage import Storage
from reference_impl.tensor import Tensor, make

# Note [One call per example]
# Inside vmap a mapped tensor is a Batched: its shape is an example's, so that the mapped function, which runs once,
# sees what it would see of one example. Every op on it runs once per example and its results make a Batched again; no
# op needs a rule of its own. Each example has the history and the tangents it would have in a loop, which is how the
# derivatives of mapped functions come about, in every order of nesting. Examples may be Batched of other levels.

NO_ITEM = (
    "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling "
    ".item() on a Tensor, "
    "please try to rewrite what you're doing with other operations."
)
NO_BRANCH = (
    "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. "
    "We don't support that yet; "
    "torch.where chooses between two values."
)


class Batched(Tensor):
    """The examples of one mapped tensor; ``source`` is the whole and the mapped dimension, if there is one."""

    __slots__ = ("examples", "level", "source")

    examples: list[Any]
    level: int
    source: tuple[Tensor, int] | None

    def __new__(cls, level: int, examples: list[Any], source: Any = None) -> Any:
        self = object.__new__(cls)
        self._storage = self._grad_fn = self._meta = None
        self._output_nr = 0
        self.level, self.examples, self.source = level, examples, source
        return self

    @property
    def _data(self) -> Any:
        return self.examples[0]._data

    def map(self, fn: Callable[[Any], Any]) -> Batched:
        """The same with ``fn`` applied to each example."""
        made: Batched = Batched(self.level, [fn(x) for x in self.examples])
        return made

    def stacked(self) -> Tensor:
        """All examples in one tensor, behind one another, to be looked at."""
        if type(self.examples[0]) is Batched:
            whole = [x.stacked() for x in self.examples]
            made: Tensor = Batched(self.examples[0].level, whole)
            return made
        return make(np.stack([np.asarray(x._data) for x in self.examples]))

    # -- what is the same for all examples ---------------------------------------------------------------------------

    def _array(self) -> Any:
        return self.examples[0]._array()

    def _shared(self) -> Storage:
        found: Storage = self.examples[0]._shared()
        return found

    @property  # type: ignore[misc]  # it cannot be set inside a transform
    def requires_grad(self) -> bool:
        return any(x.requires_grad for x in self.examples)

    @property
    def grad_fn(self) -> Any:
        return self.examples[0].grad_fn

    @property
    def is_leaf(self) -> bool:
        return bool(self.examples[0].is_leaf)

    @property
    def _version(self) -> int:
        return int(self.examples[0]._version)

    def is_inference(self) -> bool:
        return bool(self.examples[0].is_inference())

    # -- what goes through to the examples ---------------------------------------------------------------------------

    def detach(self) -> Tensor:
        return self.map(lambda x: x.detach())

    @property  # type: ignore[misc]  # nor can this
    def data(self) -> Tensor:
        return self.map(lambda x: x.data)

    # -- what depends on values, which differ between examples -------------------------------------------------------

    def item(self) -> NoReturn:
        raise RuntimeError(NO_ITEM)

    def tolist(self) -> NoReturn:
        raise RuntimeError(NO_ITEM)

    def numpy(self, *, force: bool = False) -> NoReturn:
        raise RuntimeError(
            f"vmap: a mapped Tensor has no array to give away; numpy(force={force}) asks for one"
        )

    def __bool__(self) -> NoReturn:
        raise RuntimeError(NO_BRANCH)

    def __index__(self) -> NoReturn:
        raise RuntimeError(NO_ITEM)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self, **_options: Any) -> str:  # type: ignore[override]
        shown = repr(self.stacked()).replace("\n", "\n    ")
        return f"BatchedTensor(lvl={self.level}, bdim=0, value=\n    {shown}\n)"


def highest(x: Any) -> int:
    """The highest level at which a tensor, or anything in nested lists, tuples and dicts, is batched; 0 if none."""
    kind = type(x)
    if kind is Batched:
        return max(int(x.level), highest(x.examples[0]))
    if kind is tuple or kind is list or isinstance(x, tuple):
        return max([highest(part) for part in x], default=0)
    if kind is dict:
        return max([highest(part) for part in x.values()], default=0)
    return 0


def size_at(x: Any, level: int) -> int | None:
    """How many examples a tensor has at ``level``; None if it is not batched there."""
    while type(x) is Batched:
        if x.level == level:
            return len(x.examples)
        x = x.examples[0]
    return None


def example(x: Any, level: int, k: int) -> Any:
    """Example ``k`` at ``level`` of what may be batched there or not."""
    if type(x) is not Batched:
        return x
    if x.level == level:
        return x.examples[k]
    return x.map(lambda inner: example(inner, level, k)) if size_at(x, level) is not None else x
