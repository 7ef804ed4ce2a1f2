"""Which arguments of a function are differentiated, and what it may return."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl.tensor import Tensor
from reference_impl.tree import flatten

Argnums = int | tuple[int, ...]


def checked_argnums(argnums: Any, count: int) -> Argnums:
    """``argnums`` for a function of ``count`` arguments, not negative.

    Raises:
        RuntimeError: out of range, repeated, empty, or no integers.
    """
    if isinstance(argnums, int):
        return _place(argnums, count)
    if not isinstance(argnums, tuple):
        raise RuntimeError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")  # noqa: TRY004
    if not argnums:
        raise RuntimeError("argnums must be non-empty")
    if not all(isinstance(n, int) for n in argnums):
        raise RuntimeError(f"argnums elements must be int, got {argnums}")
    found = tuple(_place(n, count) for n in argnums)
    if len(set(found)) != len(found):
        raise RuntimeError(f"argnums elements must be unique, got {found}")
    return found


def _place(n: int, count: int) -> int:
    if not -count <= n < count:
        raise RuntimeError(f"Got argnum={n}, but only {count} positional inputs")
    return n % count


def chosen(args: tuple[Any, ...], argnums: Argnums) -> Any:
    """The differentiated argument, or a tuple of them."""
    return args[argnums] if isinstance(argnums, int) else tuple(args[n] for n in argnums)


def replaced(args: tuple[Any, ...], argnums: Argnums, values: Any) -> tuple[Any, ...]:
    """All arguments, with others in place of the differentiated ones."""
    new = {argnums: values} if isinstance(argnums, int) else dict(zip(argnums, values, strict=True))
    return tuple(new.get(i, x) for i, x in enumerate(args))


def tensors_of(tree: Any) -> tuple[list[Tensor], Any]:
    """Leaves and structure of a tree of tensors.

    Raises:
        ValueError: a leaf is no tensor.
    """
    leaves, structure = flatten(tree)
    for x in leaves:
        if not isinstance(x, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")  # noqa: TRY004
    return leaves, structure


def split_aux(found: Any, name: str, *, has_aux: bool) -> tuple[Any, Any]:
    """Output and auxiliary value.

    Raises:
        RuntimeError: ``has_aux``, and the function returned no pair.
    """
    if not has_aux:
        return found, None
    if not (isinstance(found, tuple) and len(found) == 2):  # noqa: PLR2004 - a pair
        raise RuntimeError(
            f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    for x in flatten(found[1])[0]:
        if not isinstance(x, Tensor):
            raise RuntimeError(f"Expected tensors, got unsupported type {type(x)}")  # noqa: TRY004
    return found


def by_argument(
    fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], argnums: Argnums
) -> Callable[..., Any]:
    """``fn`` as a function of the differentiated argument alone, or of the tuple of them."""
    return lambda values: fn(*replaced(args, argnums, values), **kwargs)
