"""torch.utils.checkpoint: compute saved tensors again in backward instead of keeping them."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from reference_impl import gradients
from reference_impl.amp.casting import as_then
from reference_impl.engine import RUNNING
from reference_impl.function import Function
from reference_impl.grad_mode import MODE, enable_grad, no_grad
from reference_impl.missing import NotOfferedError
from reference_impl.tensor import Tensor
from reference_impl.utils.recompute import (
    DETERMINISM,
    CheckpointError,
    Frame,
    random_state,
    replayed,
)
from reference_impl.utils.selective import (
    CheckpointPolicy,
    SelectiveCheckpointContext,
    create_selective_checkpoint_contexts,
)

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "CheckpointPolicy",
    "SelectiveCheckpointContext",
    "checkpoint",
    "checkpoint_sequential",
    "create_selective_checkpoint_contexts",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
]

WANT_EXPLICIT = (
    "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. Starting "
    "in PyTorch 2.9, calling checkpoint "
    "without use_reentrant will raise an exception. use_reentrant=False is recommended, but if "
    "you need to preserve the current "
    "default behavior, you can pass use_reentrant=True. Refer to docs for more details on the "
    "differences between the two variants."
)


class _Settings:
    """What the two context managers set; None: as the call says."""

    early_stop: bool | None = None
    debug: bool | None = None


def noop_context_fn() -> tuple[Any, Any]:
    """Two contexts that do nothing, for the first run and for recomputation."""
    return contextlib.nullcontext(), contextlib.nullcontext()


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Whether checkpoints made inside stop recomputing once they have all they need."""
    previous, _Settings.early_stop = _Settings.early_stop, enable
    try:
        yield
    finally:
        _Settings.early_stop = previous


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Whether errors of checkpoints made inside list what both runs recorded; None: as the call says."""
    previous, _Settings.debug = _Settings.debug, enabled
    try:
        yield
    finally:
        _Settings.debug = previous


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Call ``function`` now without keeping what it saves, and again in backward.

    Args:
        function: what to call.
        args: its arguments.
        use_reentrant: True: run backward inside backward; False: recompute what is saved when it is read.
        context_fn: gives a context for each of the two runs.
        determinism_check: "default" compares shape, dtype and device of what both runs save; "none" does not.
        debug: errors list what both runs recorded.
        early_stop: recomputation ends as soon as all that is needed exists.
        kwargs: ``preserve_rng_state`` (True: both runs draw the same random numbers) and arguments of ``function``.

    Raises:
        ValueError: an option does not go with the variant.
        CheckpointError: in backward, if recomputation saves something else.
    """
    if use_reentrant is None:
        warnings.warn(WANT_EXPLICIT, UserWarning, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve, *args)
    if determinism_check not in DETERMINISM:
        raise ValueError(
            f"determinism_check should be one of {list(DETERMINISM)} but got {determinism_check}"
        )
    if not MODE.grad:
        return function(*args, **kwargs)
    first, again = context_fn()
    state = random_state() if preserve else None

    def rerun() -> None:
        with replayed(state), again:
            function(*args, **kwargs)

    frame = Frame(
        rerun,
        early_stop=early_stop if _Settings.early_stop is None else _Settings.early_stop,
        check=DETERMINISM[determinism_check],
        debug=debug if _Settings.debug is None else _Settings.debug,
    )
    with frame.recording(), first:
        return function(*args, **kwargs)


class CheckpointFunction(Function):
    """The reentrant variant: its backward runs the function again, recording, and then backward through it."""

    @staticmethod
    def forward(ctx: Any, function: Callable[..., Any], preserve: bool, *args: Any) -> Any:
        if not any(isinstance(x, Tensor) and x.requires_grad for x in args):
            warnings.warn(
                "None of the inputs have requires_grad=True. Gradients will be None",
                UserWarning,
                stacklevel=4,
            )
        ctx.function_to_run, ctx.args = function, args
        ctx.state = random_state() if preserve else None
        ctx.casting = MODE.autocast
        ctx.places = [i for i, x in enumerate(args) if isinstance(x, Tensor)]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return function(*args)

    @staticmethod
    def backward(ctx: Any, *cts: Any) -> Any:
        if RUNNING.tasks and RUNNING.tasks[-1].needed is not None:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to "
                ".backward(). To resolve this error, you can either set use_reentrant=False, or "
                "call .backward() without passing "
                "the `inputs` argument."
            )
        inputs = list(ctx.args)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = t.detach().requires_grad_(ctx.args[i].requires_grad)
        with replayed(ctx.state), enable_grad(), as_then(ctx.casting):
            found = ctx.function_to_run(*inputs)
        outputs = found if isinstance(found, tuple) else (found,)
        live = [
            (o, ct)
            for o, ct in zip(outputs, cts, strict=True)
            if isinstance(o, Tensor) and o.requires_grad
        ]
        if not live:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        gradients.backward([o for o, _ in live], [ct for _, ct in live])
        return None, None, *(x.grad if isinstance(x, Tensor) else None for x in inputs)


def checkpoint_sequential(
    functions: Any,
    segments: int,
    input: Any,
    use_reentrant: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Call functions one after the other in ``segments`` parts, each but the last checkpointed.

    Raises:
        ValueError: an unknown option.
    """
    if use_reentrant is None:
        warnings.warn(
            WANT_EXPLICIT.replace("calling checkpoint", "calling checkpoint_sequential"),
            UserWarning,
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    steps = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(steps) // segments
    parts = [steps[i * size : (i + 1) * size] for i in range(segments - 1)]
    x = input
    for part in parts:
        x = checkpoint(_chain(part), x, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _chain(steps[(segments - 1) * size :])(x)


def _chain(steps: list[Any]) -> Callable[[Any], Any]:
    def run(x: Any) -> Any:
        for step in steps:
            x = step(x)
        return x

    return run


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.utils.checkpoint", name, __all__)
