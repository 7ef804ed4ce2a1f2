"""Calls that users get wrong: samples of op_db with one argument changed into what does not fit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.ops.opinfo_source import Sample

Array = NDArray[Any]
Place = tuple[int | str, ...]
FAR = 100  # beyond every dimension and index of the samples


@dataclass(frozen=True, slots=True)
class WrongCall:
    """A call of an operator with one argument changed: the place of the argument, and the change."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


# What is made of an argument; None where that means nothing for this one.
_OF_TENSORS: Mapping[str, Callable[[Array], Any]] = {
    "as-int64": lambda x: x.astype(np.int64) if x.dtype.kind == "f" else None,
    "as-bool": lambda x: x.astype(bool) if x.dtype.kind != "b" else None,
    "as-complex": lambda x: x.astype(np.complex128) if x.dtype.kind == "f" else None,
    "as-float32": lambda x: x.astype(np.float32) if x.dtype.kind == "f" else None,
    "as-float64": lambda x: x.astype(np.float64) if x.dtype.kind != "f" else None,
    "without-dims": lambda x: x.reshape(-1)[:1].reshape(()) if x.ndim and x.size else None,
    "another-dim": lambda x: x[None],
    "a-dim-less": lambda x: np.asarray(x[0]) if x.ndim and len(x) else None,
    "longer-last": lambda x: np.concatenate([x, x[..., :1]], -1) if x.size and x.ndim else None,
    "longer-first": lambda x: np.concatenate([x, x[:1]]) if x.size and x.ndim > 1 else None,
    "as-number": lambda x: 1.5 if x.dtype.kind == "f" else 1,
    "None": lambda _: "None",
    "as-str": lambda _: "x",
    "far": lambda x: x + FAR if x.dtype.kind == "i" else None,
    "far-below": lambda x: x - FAR if x.dtype.kind == "i" else None,
}
_OF_WHOLES: Mapping[str, Callable[[int], Any]] = {
    "far": lambda i: i + FAR,
    "far-below": lambda i: -abs(i) - FAR,
    "as-float": lambda i: i + 0.5,
    "as-str": lambda _: "x",
}
_OF_LISTS: Mapping[str, Callable[[Any], Any]] = {
    "longer": lambda x: type(x)([*x, x[-1]]) if x else None,
    "shorter": lambda x: type(x)(x[:-1]) if x else None,
    "as-str": lambda _: "x",
}
_OF_OTHERS: Mapping[type, Mapping[str, Callable[[Any], Any]]] = {
    float: {"as-str": lambda _: "x"},
    str: {"no-such": lambda _: "no such"},
    bool: {"as-str": lambda _: "x"},
    int: _OF_WHOLES,
    tuple: _OF_LISTS,
    list: _OF_LISTS,
    np.ndarray: _OF_TENSORS,
}


def wrong_calls(sample: Sample) -> Iterator[WrongCall]:
    """The sample's call with each of its arguments changed in each way, and with one too many and an unknown one."""
    args, kwargs = sample.case.args, dict(sample.case.kwargs)
    for place, value in _leaves((args, kwargs)):
        for name, change in _OF_OTHERS.get(type(value), {}).items():
            changed = change(value)
            if changed is not None:
                a, k = _put(
                    (args, kwargs),
                    place,
                    None if isinstance(changed, str) and changed == "None" else changed,
                )
                yield WrongCall(f"{'.'.join(map(str, place[1:]))}:{name}", a, k)
    yield WrongCall("one-too-many", (*args, *[3] * 7), kwargs)
    yield WrongCall("unknown-keyword", args, {**kwargs, "nonsense": 1})


def _leaves(value: Any, place: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every argument with its place, lists before what is in them."""
    if len(place) > 1:
        yield place, value
    if isinstance(value, (tuple, list)):
        for i, item in enumerate(value):
            yield from _leaves(item, (*place, i))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, (*place, key))


def _put(value: Any, place: Place, new: Any) -> Any:
    """The arguments with another one at a place."""
    if not place:
        return new
    if isinstance(value, dict):
        return {k: _put(v, place[1:], new) if k == place[0] else v for k, v in value.items()}
    return type(value)(_put(v, place[1:], new) if i == place[0] else v for i, v in enumerate(value))
