"""torch.overrides: subclasses of Tensor, and modes, that take torch's functions over."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Self

from reference_impl.missing import NotOfferedError
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

__all__ = [
    "DisableTorchFunctionSubclass",
    "TorchFunctionMode",
    "handle_torch_function",
    "has_torch_function",
    "is_tensor_like",
]
# First parts of names that are paths; in others the first part is the name, and the rest tells overloads apart.
_PATHS = ("nn", "linalg", "fft", "special", "masked", "random")
_METHODS = (
    "detach",
    "detach_",
    "requires_grad_",
    "register_hook",
    "backward",
)  # that are in no registry
_HOME = "reference_impl."
_OWN = ("tensor.", "autograd.", "overrides.")


class _State(threading.local):
    """What is in force in this thread."""

    def __init__(self) -> None:
        self.depth = 0  # how many handlers run that want the functions themselves
        self.modes: list[TorchFunctionMode] = []


_STATE = _State()


class DisableTorchFunctionSubclass:
    """Inside, functions run as they are, whatever their arguments' classes say."""

    def __enter__(self) -> Self:
        _STATE.depth += 1
        return self

    def __exit__(self, *exc_info: object) -> None:
        _STATE.depth -= 1


class TorchFunctionMode:
    """Inside, ``__torch_function__`` of the mode is called in place of every function."""

    def __enter__(self) -> Self:
        install()
        _STATE.modes.append(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        _STATE.modes.pop()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise NotImplementedError


def plain_torch_function(_func: Any, _types: Any, _args: Any = (), _kwargs: Any = None) -> Any:
    """What classes have that take nothing over."""
    return NotImplemented


def _takes_over(kind: type) -> bool:
    if kind.__module__.startswith(_HOME):  # tensors of our own, such as batched ones
        return False
    handler = getattr(kind, "__torch_function__", None)
    return handler is not None and handler is not plain_torch_function


def _overriding(values: Any) -> list[Any]:
    """The arguments whose classes take functions over, one of each class; subclasses before their bases."""
    found: list[Any] = []
    for x in values:
        if type(x) in (tuple, list):
            candidates = [y for y in x if _takes_over(type(y))]
        else:
            candidates = [x] if _takes_over(type(x)) else []
        for y in candidates:
            if not any(type(y) is type(z) for z in found):
                above = [i for i, z in enumerate(found) if issubclass(type(y), type(z))]
                found.insert(above[0] if above else len(found), y)
    return found


def has_torch_function(relevant_args: Any) -> bool:
    """True if one of the arguments takes functions over."""
    return not _STATE.depth and bool(_STATE.modes or _overriding(relevant_args))


def handle_torch_function(func: Any, relevant_args: Any, *args: Any, **kwargs: Any) -> Any:
    """What the arguments' classes, or the innermost mode, make of a call.

    Raises:
        TypeError: none of them wants it.
    """
    found = _overriding(relevant_args)
    types = tuple(type(x) for x in found)
    if _STATE.modes:
        mode = _STATE.modes.pop()
        try:
            result = mode.__torch_function__(func, types, args, kwargs)
        finally:
            _STATE.modes.append(mode)
        if result is not NotImplemented:
            return result
    for x in found:
        result = type(x).__torch_function__(func, types, args, kwargs)
        if result is not NotImplemented:
            return result
    raise TypeError(
        f"no implementation found for 'torch.{func.__name__}' on types that implement __torch_function__: "
        f"{[kind.__name__ for kind in types]}"
    )


def is_tensor_like(x: Any) -> bool:
    """True for tensors, and for what takes functions over as they do."""
    return isinstance(x, Tensor) or hasattr(type(x), "__torch_function__")


def _overridable(name: str, fn: Callable[..., Any]) -> Callable[..., Any]:
    first, _, rest = name.partition(".")

    @functools.wraps(fn)
    def op(*args: Any, **kwargs: Any) -> Any:
        if _STATE.depth:
            return fn(*args, **kwargs)
        values = (*args, *kwargs.values())
        if not _STATE.modes and not _overriding(values):
            return fn(*args, **kwargs)
        return handle_torch_function(op, values, *args, **kwargs)

    op.__name__ = rest.rpartition(".")[2] if first in _PATHS and rest else first
    return op


class _Installed:
    """What stood where functions now ask first."""

    def __init__(self) -> None:
        self.ops: dict[str, Any] = {}
        self.methods: dict[str, Any] = {}


_INSTALLED = _Installed()


def install() -> None:
    """Let every function ask its arguments' classes first.

    Nobody pays for that before the first subclass or mode is there.
    """
    if _INSTALLED.ops:
        return
    replaced: dict[int, Any] = {}
    for name, fn in list(OPS.items()):
        if callable(fn) and not name.startswith(_OWN) and hasattr(fn, "__name__"):
            if id(fn) not in replaced:
                replaced[id(fn)] = _overridable(name, fn)
            _INSTALLED.ops[name], OPS[name] = fn, replaced[id(fn)]
    for name, value in list(vars(Tensor).items()):
        made = replaced.get(id(value))
        if made is None and name in _METHODS:
            made = _overridable(name, value)
        if made is not None:
            _INSTALLED.methods[name] = value
            setattr(Tensor, name, made)


def uninstall() -> None:
    """Put the functions back as they were; classes that are there already take nothing over any more."""
    OPS.update(_INSTALLED.ops)
    for name, value in _INSTALLED.methods.items():
        setattr(Tensor, name, value)
    _INSTALLED.ops, _INSTALLED.methods = {}, {}


def _converted(found: Any, cls: type) -> Any:
    if isinstance(found, Tensor):
        return found if isinstance(found, cls) else as_subclass(found, cls)
    if type(found) in (tuple, list):
        return type(found)(_converted(x, cls) for x in found)
    return found


def torch_function_of_tensor(
    cls: Any, func: Any, types: Any, args: Any = (), kwargs: Any = None
) -> Any:
    """Run the function, and give its tensors the class."""
    if not all(issubclass(cls, kind) for kind in types):
        return NotImplemented
    with DisableTorchFunctionSubclass():
        found = func(*args, **(kwargs or {}))
        return _converted(found, cls)


def as_subclass(self: Tensor, cls: type) -> Any:
    """The same tensor under another class, sharing memory and history."""
    with DisableTorchFunctionSubclass():
        made = OPS["alias"](self)
    made.__class__ = cls
    return made


def _make_subclass(cls: type, data: Tensor, require_grad: bool = False) -> Any:
    """The data under another class, as a leaf."""
    made = as_subclass(data.detach(), cls)
    return made.requires_grad_(require_grad) if require_grad else made


def _install_for_subclass(cls: Any, /, **_options: Any) -> None:
    if not cls.__module__.startswith(_HOME):
        install()


for _name, _value in {
    "__torch_function__": classmethod(torch_function_of_tensor),
    "__init_subclass__": classmethod(_install_for_subclass),
    "as_subclass": as_subclass,
    "_make_subclass": staticmethod(_make_subclass),
}.items():
    setattr(Tensor, _name, _value)


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.overrides", name, __all__)
