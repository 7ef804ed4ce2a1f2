"""Per-thread modes: is autograd recording, is this inference, are saved tensors packed."""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable, Generator
from typing import Any, Self

import numpy as np

from reference_impl import errors, kinds


class Mode(threading.local):
    """The modes of one thread; class attributes are what a new thread starts with."""

    grad = True
    inference = False
    fwd_grad = True
    multithreading = True
    view_replay = False
    grad_layout_policy = True
    # Pack and unpack hooks, innermost last; a message while they are disabled.
    saved_hooks: tuple[tuple[Callable[..., Any], Callable[..., Any]], ...] = ()
    saved_hooks_disabled: str | None = None
    node_creation_hooks: tuple[Callable[..., Any], ...] = ()
    compute: Callable[..., Any] | None = (
        None  # asked for the arrays of each op, where somebody may have kept them
    )
    before_write: Callable[[Any], None] | None = (
        None  # told each tensor that is about to be written to
    )
    autocast: Any = None  # amp.casting.Casting, while operations choose their dtypes
    anomaly = False
    check_nan = True
    # vmaps that are running (mapping.Mapped), and serial numbers of the other function transforms, innermost last.
    vmap: tuple[Any, ...] = ()
    transforms: tuple[int, ...] = ()
    # Some feature is on that the short paths of `calls` do not know: take the long one.
    special = False

    def __init__(self) -> None:
        # Runs once per thread. torch is silent about inf and nan; asking NumPy for that op by op would cost more than
        # the op.
        np.seterr(all="ignore")

    def refresh(self) -> None:
        """Recompute ``special`` after one of the modes it stands for has changed."""
        special = bool(
            kinds.SEEN
            or self.inference
            or self.saved_hooks
            or self.anomaly
            or self.autocast
            or self.node_creation_hooks
            or self.before_write
            or self.compute
            or self.vmap
            or self.transforms
            or DUAL_LEVELS
        )
        if special:
            self.special = True
        else:
            vars(self).pop("special", None)  # what holds for all threads holds for this one


# Levels of forward-mode AD that are open, outermost first; they belong to the process, not to a thread.
DUAL_LEVELS: list[int] = []
MODE = Mode()


def _choose_paths() -> None:
    Mode.special = bool(kinds.SEEN)
    MODE.refresh()


# See Note [Other kinds of arrays]
kinds.LISTENERS.append(_choose_paths)


def is_grad_enabled() -> bool:
    """True while operations of this thread are recorded for backward."""
    return MODE.grad


def is_inference_mode_enabled() -> bool:
    """True inside ``inference_mode``."""
    return MODE.inference


class ModeContext:
    """A context manager that is a decorator as well, for functions, generators and classes."""

    def clone(self) -> Self:
        """A fresh context of the same kind; every call of a decorated function gets its own."""
        return type(self)()

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *exc_info: object) -> None:
        raise NotImplementedError

    def __call__(self, fn: Any) -> Any:
        if isinstance(fn, type):
            warnings.warn(
                "Decorating classes is deprecated and will be disabled in future versions. You should only "
                "decorate functions or methods. To preserve the current behavior of class decoration, you can "
                "directly decorate the `__init__` method and nothing else.",
                FutureWarning,
                stacklevel=2,
            )
            fn.__init__ = self(fn.__init__)  # type: ignore[misc]
            return fn
        if inspect.isgeneratorfunction(fn):
            return self._wrap_generator(fn)

        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return fn(*args, **kwargs)

        return wrapped

    def _wrap_generator(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Enter the mode for each step of the generator and leave it between steps."""

        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            generator = fn(*args, **kwargs)
            step: Callable[[], Any] = functools.partial(next, generator)
            while True:
                try:
                    with self.clone():
                        response = step()
                except StopIteration as stop:
                    return stop.value
                try:
                    request = yield response
                except GeneratorExit:
                    with self.clone():
                        generator.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - handed on to the generator, which may catch it
                    step = functools.partial(generator.throw, error)
                else:
                    step = functools.partial(generator.send, request)

        return wrapped


class _NoParameterMode(ModeContext):
    """A mode that may decorate with or without parentheses."""

    def __new__(cls, fn: Any = None) -> Any:
        self = super().__new__(cls)
        if fn is None:
            return self
        return self(fn)


class no_grad(_NoParameterMode):  # noqa: N801 - torch's name
    """Inside, no operation of this thread is recorded."""

    def __enter__(self) -> None:
        self.previous = MODE.grad
        MODE.grad = False

    def __exit__(self, *exc_info: object) -> None:
        MODE.grad = self.previous


class enable_grad(_NoParameterMode):  # noqa: N801 - torch's name
    """Inside, operations are recorded again, whatever mode surrounds it."""

    def __enter__(self) -> None:
        self.previous = MODE.grad
        MODE.grad = True

    def __exit__(self, *exc_info: object) -> None:
        MODE.grad = self.previous


class set_grad_enabled(ModeContext):  # noqa: N801 - torch's name
    """Switch recording at once; as a context it goes back afterwards, as a decorator it waits for the call."""

    def __init__(self, mode: bool) -> None:
        errors.check_flag(mode, "set_grad_enabled", "enabled")
        self.previous = MODE.grad
        self.mode = mode
        MODE.grad = mode

    def clone(self) -> set_grad_enabled:
        return type(self)(self.mode)

    def __call__(self, fn: Any) -> Any:
        MODE.grad = self.previous
        return super().__call__(fn)

    def __enter__(self) -> None:
        MODE.grad = self.mode

    def __exit__(self, *exc_info: object) -> None:
        MODE.grad = self.previous

    def __repr__(self) -> str:
        return f"set_grad_enabled(mode={self.mode})"


class inference_mode(ModeContext):  # noqa: N801 - torch's name
    """Inside, nothing is recorded and results are inference tensors, which autograd refuses later."""

    def __new__(cls, mode: Any = True) -> Any:
        self = super().__new__(cls)
        if isinstance(mode, bool):
            return self
        self.__init__()  # type: ignore[misc]
        return self(mode)

    def __init__(self, mode: bool = True) -> None:
        self.mode = mode

    def clone(self) -> inference_mode:
        made: inference_mode = type(self)(self.mode)
        return made

    def __enter__(self) -> None:
        self.previous = (MODE.inference, MODE.grad, MODE.fwd_grad)
        MODE.inference = self.mode
        MODE.grad = MODE.fwd_grad = not self.mode
        MODE.refresh()

    def __exit__(self, *exc_info: object) -> None:
        MODE.inference, MODE.grad, MODE.fwd_grad = self.previous
        MODE.refresh()


class set_multithreading_enabled(ModeContext):  # noqa: N801 - torch's name
    """Kept for programs that set it; this engine always runs backward in the calling thread."""

    def __init__(self, mode: bool) -> None:
        self.previous = MODE.multithreading
        self.mode = mode
        MODE.multithreading = mode

    def clone(self) -> set_multithreading_enabled:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        MODE.multithreading = self.mode

    def __exit__(self, *exc_info: object) -> None:
        MODE.multithreading = self.previous


class enforce_grad_layout_policy(ModeContext):  # noqa: N801 - torch's name
    """While True, a new .grad gets the leaf's strides; while False it keeps those of what arrived."""

    def __init__(self, mode: bool) -> None:
        self.previous = MODE.grad_layout_policy
        self.mode = mode
        MODE.grad_layout_policy = mode

    def clone(self) -> enforce_grad_layout_policy:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        MODE.grad_layout_policy = self.mode

    def __exit__(self, *exc_info: object) -> None:
        MODE.grad_layout_policy = self.previous


def is_multithreading_enabled() -> bool:
    """What ``set_multithreading_enabled`` last said."""
    return MODE.multithreading
