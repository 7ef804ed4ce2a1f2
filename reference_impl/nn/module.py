"""Module: parameters, buffers, submodules, hooks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Self

from reference_impl import dtypes, hooks
from reference_impl.nn.keys import LoadedKeys
from reference_impl.nn.parameter import Parameter
from reference_impl.nn.watching import BackwardWatch
from reference_impl.tensor import Tensor

_KINDS: dict[str, tuple[Any, str, str]] = {
    "_parameters": (Parameter, "parameter", "torch.nn.Parameter"),
    "_modules": ((), "child module", "torch.nn.Module"),
    "_buffers": (Tensor, "buffer", "torch.Tensor"),
}


def _place(d: dict[str, Any], name: str, value: Any) -> str | None:
    """The dictionary in which ``value`` is held under ``name``; None for a plain attribute.

    Raises:
        TypeError: the name is held already, by something of another kind.
    """
    if isinstance(value, Parameter):
        return "_parameters"
    if isinstance(value, Module):
        return "_modules"
    for held, (kind, what, wanted) in _KINDS.items():
        if name not in d.get(held, ()):
            continue
        if value is not None and not isinstance(value, kind):
            found = (
                f"torch.{value.dtype.short}Tensor"
                if isinstance(value, Tensor)
                else type(value).__name__
            )
            raise TypeError(
                f"cannot assign '{found}' as {what} '{name}' ({wanted} or None expected)"
            )
        return held
    return None


class Module:
    """Base of everything with parameters; ``forward`` says what it computes."""

    def __init__(self) -> None:
        d = self.__dict__
        d["training"] = True
        d["_transient"] = set()  # names of buffers that are not saved
        for name in ("_parameters", "_buffers", "_modules"):
            d[name] = OrderedDict()
        for name in (
            "_forward_hooks",
            "_forward_pre_hooks",
            "_backward_hooks",
            "_backward_pre_hooks",
        ):
            d[name] = hooks.HookDict()

    # -- what it holds -----------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        d = self.__dict__
        if isinstance(value, Parameter | Module) and "_parameters" not in d:
            raise AttributeError(
                f"cannot assign {'parameters' if isinstance(value, Parameter) else 'module'} before "
                "Module.__init__() call"
            )
        held = _place(d, name, value)
        if held is None:
            object.__setattr__(self, name, value)
            return
        for other in ("_parameters", "_modules", "_buffers"):
            if other != held:
                d[other].pop(name, None)
        d.pop(name, None)
        d[held][name] = value

    def __getattr__(self, name: str) -> Any:
        d = self.__dict__
        for held in ("_parameters", "_buffers", "_modules"):
            if name in d.get(held, ()):
                return d[held][name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __delattr__(self, name: str) -> None:
        for held in ("_parameters", "_buffers", "_modules"):
            if name in self.__dict__[held]:
                del self.__dict__[held][name]
                return
        object.__delattr__(self, name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Hold ``param`` under ``name``.

        Raises:
            TypeError: it is no parameter.
        """
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{type(param).__name__}' object to parameter '{name}' (torch.nn.Parameter or None "
                "required)"
            )
        self.__dict__["_parameters"][name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Hold a tensor that is no parameter; one that is not ``persistent`` stays out of ``state_dict``.

        Raises:
            KeyError: something else is held under that name.
            TypeError: it is no tensor.
        """
        if hasattr(self, name) and name not in self._buffers:
            raise KeyError(f"attribute '{name}' already exists")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{type(tensor).__name__}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self.__dict__["_buffers"][name] = tensor
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Hold a submodule."""
        self.__dict__["_modules"][name] = module

    def named_modules(
        self, memo: set[Any] | None = None, prefix: str = ""
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        """This module and all below it."""
        for _, module in self.named_modules():
            yield module

    def children(self) -> Iterator[Module]:
        """The modules directly below."""
        yield from (m for m in self._modules.values() if m is not None)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly below, with their names."""
        yield from ((n, m) for n, m in self._modules.items() if m is not None)

    def register_module(self, name: str, module: Module | None) -> None:
        """Hold a submodule."""
        self.add_module(name, module)

    def get_submodule(self, target: str) -> Any:
        """The module of that dotted name; the module itself for an empty one."""
        return _walk(self, target)

    def get_parameter(self, target: str) -> Any:
        """The parameter of that dotted name."""
        return _walk(self, target)

    def get_buffer(self, target: str) -> Any:
        """The buffer of that dotted name."""
        return _walk(self, target)

    def _named(
        self, held: str, prefix: str, recurse: bool, distinct: bool = True
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules = self.named_modules(prefix=prefix) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, x in module.__dict__[held].items():
                if x is not None and id(x) not in seen:
                    if distinct:
                        seen.add(id(x))
                    yield (f"{path}.{name}" if path else name), x

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Parameters with their dotted names."""
        return self._named("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Parameters, each once."""
        for _, p in self.named_parameters(recurse=recurse):
            yield p

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Buffers with their dotted names."""
        return self._named("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Buffers, each once."""
        for _, b in self.named_buffers(recurse=recurse):
            yield b

    def state_dict(self, *, prefix: str = "", keep_vars: bool = False) -> OrderedDict[str, Tensor]:
        """Parameters and saved buffers by name, without history unless ``keep_vars``."""
        found: OrderedDict[str, Tensor] = OrderedDict()
        for path, module in self.named_modules(prefix=prefix.rstrip(".")):
            d = module.__dict__
            saved = {n: b for n, b in d["_buffers"].items() if n not in d["_transient"]}
            for name, x in {**d["_parameters"], **saved}.items():
                if x is not None:
                    found[f"{path}.{name}" if path else name] = x if keep_vars else x.detach()
        return found

    def load_state_dict(self, state: Any, strict: bool = True) -> Any:
        """Copy values into parameters and buffers; returns the keys that are missing or unexpected.

        Raises:
            RuntimeError: with ``strict``, names are missing or unknown.
        """
        own = self.state_dict(keep_vars=True)
        missing = [name for name in own if name not in state]
        unknown = [name for name in state if name not in own]
        if strict and (missing or unknown):
            lines = [
                f"{what} key(s) in state_dict: {', '.join(map(_quoted, keys))}. "
                for what, keys in (("Unexpected", unknown), ("Missing", missing))
                if keys
            ]
            head = f"Error(s) in loading state_dict for {type(self).__name__}:"
            raise RuntimeError("\n\t".join([head, *lines]))
        for name, value in state.items():
            if name in own:
                own[name].detach().copy_(value)
        return LoadedKeys(missing, unknown)

    # -- modes -------------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set training mode."""
        for module in self.modules():
            module.__dict__["training"] = mode
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

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating-point parameters and buffers in place."""
        for module in self.modules():
            for held in ("_parameters", "_buffers"):
                for x in module.__dict__[held].values():
                    if x is not None and x._data.dtype.kind in "fc":
                        x.data = x.data.to(*args, **kwargs)
                        if x.grad is not None:
                            x.grad.data = x.grad.data.to(*args, **kwargs)
        return self

    def double(self) -> Self:
        """Floating-point parameters and buffers in float64."""
        return self.to(dtypes.float64)

    def float(self) -> Self:
        """Floating-point parameters and buffers in float32."""
        return self.to(dtypes.float32)

    def half(self) -> Self:
        """Floating-point parameters and buffers in float16."""
        return self.to(dtypes.float16)

    def cpu(self) -> Self:
        """The module itself: there is no other device."""
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
        """Call ``hook(module, args, output)`` after forward; what it returns replaces the output."""
        _ = always_call
        fn = hook if with_kwargs else lambda m, args, _kwargs, out: hook(m, args, out)
        return hooks.add(self.__dict__["_forward_hooks"], fn, prepend=prepend)

    def register_forward_pre_hook(
        self, hook: Any, *, prepend: bool = False, with_kwargs: bool = False
    ) -> hooks.RemovableHandle:
        """Call ``hook(module, args)`` before forward; what it returns replaces the arguments."""
        fn = hook if with_kwargs else lambda m, args, kwargs: _pair(hook(m, args), kwargs)
        return hooks.add(self.__dict__["_forward_pre_hooks"], fn, prepend=prepend)

    def register_full_backward_hook(
        self, hook: Any, prepend: bool = False
    ) -> hooks.RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)``; what it returns replaces grad_input."""
        return hooks.add(self.__dict__["_backward_hooks"], hook, prepend=prepend)

    def register_full_backward_pre_hook(
        self, hook: Any, prepend: bool = False
    ) -> hooks.RemovableHandle:
        """Call ``hook(module, grad_output)``; what it returns replaces grad_output."""
        return hooks.add(self.__dict__["_backward_pre_hooks"], hook, prepend=prepend)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        d = self.__dict__
        for hook in tuple(d["_forward_pre_hooks"].values()):
            found = hook(self, args, kwargs)
            if found is not None:
                args, kwargs = found
        watch = BackwardWatch(self) if d["_backward_hooks"] or d["_backward_pre_hooks"] else None
        if watch is not None:
            args = watch.inputs(args)
        out = self.forward(*args, **kwargs)
        for hook in tuple(d["_forward_hooks"].values()):
            found = hook(self, args, kwargs, out)
            out = out if found is None else found
        return out if watch is None else watch.outputs(out)

    # -- text --------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the brackets of the text."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): " + repr(m).replace("\n", "\n  ") for name, m in self._modules.items()]
        extra = self.extra_repr()
        if not lines:
            return f"{type(self).__name__}({extra})"
        return f"{type(self).__name__}({extra}\n  " + "\n  ".join(lines) + "\n)"

    def __dir__(self) -> list[str]:
        held = (self._parameters, self._buffers, self._modules)
        return sorted({*super().__dir__(), *(name for names in held for name in names)})


def _pair(found: Any, kwargs: dict[str, Any]) -> Any:
    """What a pre-hook without keywords returned, with the keywords."""
    return None if found is None else (found if isinstance(found, tuple) else (found,), kwargs)


def _quoted(key: str) -> str:
    return f'"{key}"'


def _walk(module: Module, target: str) -> Any:
    found: Any = module
    for name in target.split(".") if target else []:
        if not hasattr(found, name):
            raise AttributeError(f"{type(found).__name__} has no attribute `{name}`")
        found = getattr(found, name)
    return found
