"""Module: what is called, with its modes and hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from reference_impl import dtypes, hooks
from reference_impl.devices import device
from reference_impl.nn.global_hooks import GLOBAL
from reference_impl.nn.placing import Placed
from reference_impl.nn.saving import Saving
from reference_impl.nn.watching import BackwardWatch, watch_last_node
from reference_impl.registry import OPS


class Module(Saving, Placed):
    """Base of everything with parameters; ``forward`` says what it computes."""

    training: bool

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        super().__init__()
        d = self.__dict__
        d["training"] = True
        for name in (
            "_forward_hooks",
            "_forward_pre_hooks",
            "_backward_hooks",
            "_backward_pre_hooks",
        ):
            d[name] = hooks.HookDict()
        d["_always_called"] = set()  # ids of forward hooks that run after an error too
        d["_is_full_backward_hook"] = None

    # -- modes -------------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set training mode.

        Raises:
            ValueError: ``mode`` is no truth value.
        """
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")  # noqa: TRY004 - torch's type
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """Set evaluation mode."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set the flag of every parameter."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget or zero the parameters' gradients."""
        for p in self.parameters():
            if p.grad is None:
                continue
            if set_to_none:
                p.grad = None
            else:
                p.grad.detach_().zero_()

    def apply(self, fn: Callable[[Module], Any]) -> Self:
        """Call ``fn`` on every module, children first."""
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Self:
        """Put ``fn`` of each parameter, gradient and buffer in its place."""
        for module in self.modules() if recurse else [self]:
            for held in ("_parameters", "_buffers"):
                for x in module.__dict__[held].values():
                    if x is not None:
                        x.data = fn(x.data)
                        if x.grad is not None:
                            x.grad.data = fn(x.grad.data)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating-point parameters and buffers in place.

        Raises:
            TypeError: the dtype asked for is neither floating-point nor complex.
        """
        asked = kwargs.get("dtype", next((a for a in args if isinstance(a, dtypes.dtype)), None))
        if asked is not None and not (asked.is_floating_point or asked.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={asked}"
            )
        places = [a for a in args if isinstance(a, str | device)]
        place = kwargs.get("device", places[0] if places else None)

        def moved(x: Any) -> Any:
            return x.to(*args, **kwargs) if x._data.dtype.kind in "fc" else x.to(device=place)

        return self._apply(moved)

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Parameters and buffers of the same sizes on another device, with nothing of their values."""
        _ = recurse
        return self._apply(lambda x: OPS["empty_like"](x, device=device))

    def double(self) -> Self:
        """Floating-point parameters and buffers in float64."""
        return self.to(dtypes.float64)

    def float(self) -> Self:
        """Floating-point parameters and buffers in float32."""
        return self.to(dtypes.float32)

    def half(self) -> Self:
        """Floating-point parameters and buffers in float16."""
        return self.to(dtypes.float16)

    def bfloat16(self) -> Self:
        """Floating-point parameters and buffers in bfloat16."""
        return self.to(dtypes.bfloat16)

    def type(self, dst_type: Any) -> Self:
        """All parameters and buffers in another dtype."""
        return self._apply(lambda x: x.to(dst_type))

    def cpu(self) -> Self:
        """The module itself: there is no other device."""
        return self

    def share_memory(self) -> Self:
        """The module itself: threads share memory anyhow."""
        return self

    # -- calling -----------------------------------------------------------------------------------------------------

    def forward(self, *_args: Any, **_kwargs: Any) -> Any:
        """Compute; subclasses define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def register_forward_hook(
        self,
        hook: Any,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> hooks.RemovableHandle:
        """Call ``hook(module, args, output)`` after forward; what it returns replaces the output.

        With ``always_call`` it is called after an error as well, with None for the output.
        """
        fn = hook if with_kwargs else lambda m, args, _kwargs, out: hook(m, args, out)
        handle = hooks.add(self.__dict__["_forward_hooks"], fn, prepend=prepend)
        if always_call:
            self._always_called.add(handle.id)
        return handle

    def register_forward_pre_hook(
        self, hook: Any, *, prepend: bool = False, with_kwargs: bool = False
    ) -> hooks.RemovableHandle:
        """Call ``hook(module, args)`` before forward; what it returns replaces the arguments."""
        fn = (
            (lambda m, args, kwargs: _checked_pair(hook(m, args, kwargs)))
            if with_kwargs
            else (lambda m, args, kwargs: _pair(hook(m, args), kwargs))
        )
        return hooks.add(self.__dict__["_forward_pre_hooks"], fn, prepend=prepend)

    def register_full_backward_hook(
        self, hook: Any, prepend: bool = False
    ) -> hooks.RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)``; what it returns replaces grad_input."""
        _choose_backward_hooks(self, full=True)
        return hooks.add(self.__dict__["_backward_hooks"], hook, prepend=prepend)

    def register_full_backward_pre_hook(
        self, hook: Any, prepend: bool = False
    ) -> hooks.RemovableHandle:
        """Call ``hook(module, grad_output)``; what it returns replaces grad_output."""
        return hooks.add(self.__dict__["_backward_pre_hooks"], hook, prepend=prepend)

    def register_backward_hook(self, hook: Any) -> hooks.RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` of the last node that forward made; superseded."""
        _choose_backward_hooks(self, full=False)
        return hooks.add(self.__dict__["_backward_hooks"], hook)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self._always_called:
            return self._call_impl(args, kwargs, [])
        called: list[int] = []
        try:
            return self._call_impl(args, kwargs, called)
        except Exception:
            for number, hook in tuple(self._forward_hooks.items()):
                if number in self._always_called and number not in called:
                    hook(self, args, kwargs, None)
            raise

    def _call_impl(self, args: tuple[Any, ...], kwargs: dict[str, Any], called: list[int]) -> Any:
        """forward between its hooks; ``called`` takes the ids of the forward hooks that ran."""
        d = self.__dict__
        for hook in (*GLOBAL.forward_pre.values(), *d["_forward_pre_hooks"].values()):
            found = hook(self, args, kwargs)
            if found is not None:
                args, kwargs = found
        watch = _watch(self)
        if watch is not None:
            args = watch.inputs(args)
        out = self.forward(*args, **kwargs)
        for number, hook in (*GLOBAL.forward.items(), *d["_forward_hooks"].items()):
            called.append(number)
            found = hook(self, args, kwargs, out)
            out = out if found is None else found
        if watch is not None:
            return watch.outputs(out)
        if d["_backward_hooks"] and d["_is_full_backward_hook"] is False:
            watch_last_node(self, args, out)
        return out

    # -- text --------------------------------------------------------------------------------------------------------

    def _get_name(self) -> str:
        return type(self).__name__

    def extra_repr(self) -> str:
        """What stands in the brackets of the text."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): " + repr(m).replace("\n", "\n  ") for name, m in self._modules.items()]
        extra = self.extra_repr().split("\n") if self.extra_repr() else []
        if len(extra) <= 1 and not lines:
            return f"{self._get_name()}({''.join(extra)})"
        return f"{self._get_name()}(\n  " + "\n  ".join([*extra, *lines]) + "\n)"


def _watch(module: Module) -> BackwardWatch | None:
    """What runs the module's backward hooks; None if there are none."""
    d = module.__dict__
    full = d["_backward_hooks"] and d["_is_full_backward_hook"] is not False
    if full or d["_backward_pre_hooks"] or GLOBAL.backward or GLOBAL.backward_pre:
        return BackwardWatch(module)
    return None


def _choose_backward_hooks(module: Module, *, full: bool) -> None:
    """Refuse a mixture of both kinds."""
    if module._is_full_backward_hook is (not full):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
            "one of them."
        )
    module.__dict__["_is_full_backward_hook"] = full


def _pair(found: Any, kwargs: dict[str, Any]) -> Any:
    """What a pre-hook without keywords returned, with the keywords."""
    return None if found is None else (found if isinstance(found, tuple) else (found,), kwargs)


def _checked_pair(found: Any) -> Any:
    if found is None or (isinstance(found, tuple) and len(found) == 2):
        return found
    raise RuntimeError(
        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {found}."
    )
