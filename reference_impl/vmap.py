"""vmap: a function of one example as a function of many."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from typing import Any

from reference_impl.batching import Batched, example, size_at
from reference_impl.grad_mode import MODE
from reference_impl.mapping import Mapped
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor
from reference_impl.tree import broadcast, flatten, unflatten

# Each call of a mapped function has a level of its own, higher than those of the calls around it.
_levels = itertools.count(1)


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """``func`` applied to each slice of its arguments; it is called once and sees one example's shapes.

    Args:
        func: from tensors to tensors, in nested containers.
        in_dims: the mapped dimension of each argument, None for one that all examples share.
        out_dims: where the mapped dimension goes in each output.
        randomness: "error", "different" (each example draws) or "same" (all share a draw).
        chunk_size: how many examples are mapped at a time; None: all.

    Raises:
        ValueError: the chunk size is not positive; the arguments have no mapped dimension, or several sizes of it.
        RuntimeError: ``randomness`` is unknown; ``func`` asks for a value of a mapped tensor.
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if randomness not in ("error", "different", "same"):
            raise RuntimeError(
                "Only allowed values for randomness are 'error', 'different', or 'same'. Got "
                f"{randomness}"
            )
        call = _Call(func, in_dims, out_dims, randomness, args, kwargs)
        return call.whole() if chunk_size is None else call.in_chunks(chunk_size)

    return wrapped


class _Call:
    """One call of a mapped function."""

    def __init__(
        self,
        func: Any,
        in_dims: Any,
        out_dims: Any,
        randomness: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self.func, self.out_dims, self.randomness = func, out_dims, randomness
        self.name = getattr(func, "__name__", repr(func))
        self.where = f"vmap({self.name}, in_dims={in_dims}, ...)(<inputs>)"
        self.dims = self._mapped_dims(in_dims, args)
        self.leaves, self.structure = flatten((args, kwargs))
        self.dims += [None] * (
            len(self.leaves) - len(self.dims)
        )  # keywords are the same for all examples
        sizes = [x.shape[d] for x, d in zip(self.leaves, self.dims, strict=True) if d is not None]
        if not sizes:
            raise ValueError("vmap: Expected at least one Tensor to vmap over")
        if any(n != sizes[0] for n in sizes):
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got "
                f"sizes {sizes} for the mapped dimension"
            )
        self.size = sizes[0]

    def _mapped_dims(self, in_dims: Any, args: tuple[Any, ...]) -> list[int | None]:
        """The mapped dimension of each positional leaf, not negative."""
        if not isinstance(in_dims, int | tuple | list | dict):
            raise ValueError(  # noqa: TRY004
                f"{self.where}: expected `in_dims` to be int or a (potentially nested) tuple "
                "matching the structure of inputs, "
                f"got: {type(in_dims)}."
            )
        if not args:
            raise ValueError(
                f"{self.where}: got no inputs. Maybe you forgot to add inputs, or you are trying "
                "to vmap over a function with no "
                "inputs. The latter is unsupported."
            )
        dims = broadcast(tuple(in_dims) if isinstance(in_dims, list) else in_dims, args)
        leaves = flatten(args)[0]
        if dims is None:
            raise ValueError(
                f"{self.where}: in_dims is not compatible with the structure of inputs. in_dims "
                f"has {in_dims!r}"
            )
        return [self._checked(x, d) for x, d in zip(leaves, dims, strict=True)]

    def _checked(self, x: Any, d: Any) -> int | None:
        if d is None:
            return None
        if not isinstance(d, int):
            raise ValueError(  # noqa: TRY004
                f"{self.where}: Got in_dim={d} for an input but in_dim must be either an integer "
                "dimension or None."
            )
        if not isinstance(x, Tensor):
            raise ValueError(  # noqa: TRY004
                f"{self.where}: Got in_dim={d} for an input but the input is of type {type(x)}. "
                "We cannot vmap over non-Tensor "
                "arguments, please use None as the respective in_dim"
            )
        if not -x.ndim <= d < x.ndim:
            raise ValueError(
                f"{self.where}: Got in_dim={d} for some input, but that input is a Tensor of "
                f"dimensionality {x.ndim} so expected "
                f"in_dim to satisfy -{x.ndim} <= in_dim < {x.ndim}."
            )
        return d % x.ndim

    # -- running -----------------------------------------------------------------------------------------------------

    def whole(self) -> Any:
        """All examples at once."""
        flat, structure, dims = self._run(range(self.size))
        return unflatten(
            [self._joined(parts, d) for parts, d in zip(flat, dims, strict=True)], structure
        )

    def in_chunks(self, chunk_size: int) -> Any:
        """So many examples at a time."""
        structure: Any = None
        dims: list[Any] = []
        chunks = []
        for start in range(0, self.size, chunk_size):
            flat, structure, dims = self._run(range(start, min(start + chunk_size, self.size)))
            chunks.append(flat)
        columns = [
            [part for parts in column for part in parts] if d is not None else column[0]
            for column, d in zip(zip(*chunks, strict=True), dims, strict=True)
        ]
        return unflatten(
            [self._joined(parts, d) for parts, d in zip(columns, dims, strict=True)], structure
        )

    def _run(self, which: range) -> tuple[list[Any], Any, list[Any]]:
        """Per output leaf its examples (None mapped: the output itself), the structure, and the mapped dimensions."""
        level = next(_levels)
        leaves = [
            x if d is None else self._batch(x, d, level, which)
            for x, d in zip(self.leaves, self.dims, strict=True)
        ]
        previous = MODE.vmap
        MODE.vmap = (*previous, Mapped(level, max(len(which), 1), self.randomness))
        MODE.refresh()
        try:
            args, kwargs = unflatten(leaves, self.structure)
            found = self.func(*args, **kwargs)
        finally:
            MODE.vmap = previous
            MODE.refresh()
        outs, structure = flatten(found)
        for x in outs:
            if not isinstance(x, Tensor):
                raise ValueError(  # noqa: TRY004
                    f"vmap({self.name}, ...): `{self.name}` must only return Tensors, got type "
                    f"{type(x)}. Did you mean to set "
                    "out_dims= to None for output?"
                )
        dims = broadcast(self.out_dims, found)
        if dims is None:
            raise ValueError(
                f"vmap({self.name}, ..., out_dims={self.out_dims!r}): out_dims is not compatible "
                "with the structure of outputs."
            )
        return (
            [self._parts(x, d, level, len(which)) for x, d in zip(outs, dims, strict=True)],
            structure,
            dims,
        )

    def _batch(self, x: Tensor, d: int, level: int, which: range) -> Batched:
        if not len(which):  # an example there is not, for the shapes that the function gives
            shape = (*x.shape[:d], *x.shape[d + 1 :])
            return Batched(level, [OPS["new_zeros"](x, shape)])  # type: ignore[no-any-return]
        source = (x, d) if len(which) == self.size else None
        return Batched(level, [OPS["select"](x, d, k) for k in which], source)  # type: ignore[no-any-return]

    def _parts(self, x: Tensor, d: Any, level: int, count: int) -> Any:
        if d is None:
            if size_at(x, level) is not None:
                raise ValueError(
                    f"vmap({self.name}, ...): `{self.name}` can not return a BatchedTensor when "
                    "out_dim is None"
                )
            return x
        return [example(x, level, k) for k in range(count)] or [example(x, level, 0)]

    def _joined(self, parts: Any, d: Any) -> Any:
        if d is None:
            return parts
        ndim = parts[0].ndim + 1
        if not -ndim <= d < ndim:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but "
                f"got {d})"
            )
        made = OPS["stack"](parts, d)
        return made if self.size else OPS["narrow"](made, d, 0, 0)
