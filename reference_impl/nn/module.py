"""Module: parameters, buffers, submodules, hooks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Self

from reference_impl import hooks
from reference_impl.function import Function
from reference_impl.grad_mode import MODE
from reference_impl.nn.parameter import Parameter
from reference_impl.tensor import Tensor


class Module:
    """Base of everything with parameters; ``forward`` says what it computes."""

    def __init__(self) -> None:
        d = self.__dict__
        d["training"] = True
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
        for held in ("_parameters", "_modules", "_buffers"):
            if held in d:
                d[held].pop(name, None)
        if isinstance(value, Parameter | Module) and "_parameters" not in d:
            raise AttributeError(
                f"cannot assign {'parameters' if isinstance(value, Parameter) else 'module'} before "
                "Module.__init__() call"
            )
        if isinstance(value, Parameter):
            d["_parameters"][name] = value
        elif isinstance(value, Module):
            d["_modules"][name] = value
        else:
            object.__setattr__(self, name, value)

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
        """Hold ``param`` under ``name``."""
        self.__dict__["_parameters"][name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Hold a tensor that is no parameter."""
        _ = persistent
        self.__dict__["_buffers"][name] = tensor

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

    def _named(self, held: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for prefix, module in self.named_modules() if recurse else [("", self)]:
            for name, x in module.__dict__[held].items():
                if x is not None and id(x) not in seen:
                    seen.add(id(x))
                    yield (f"{prefix}.{name}" if prefix else name), x

    def named_parameters(self, recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Parameters with their dotted names."""
        return self._named("_parameters", recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Parameters, each once."""
        for _, p in self.named_parameters(recurse):
            yield p

    def named_buffers(self, recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Buffers with their dotted names."""
        return self._named("_buffers", recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Buffers, each once."""
        for _, b in self.named_buffers(recurse):
            yield b

    def state_dict(self) -> OrderedDict[str, Tensor]:
        """Parameters and buffers by name, without history."""
        found = OrderedDict((n, p.detach()) for n, p in self.named_parameters())
        found.update((n, b.detach()) for n, b in self.named_buffers())
        return found

    def load_state_dict(self, state: Any, strict: bool = True) -> None:
        """Copy values into parameters and buffers.

        Raises:
            RuntimeError: with ``strict``, names are missing or unknown.
        """
        own = dict(self.named_parameters()) | dict(self.named_buffers())
        if strict and set(own) != set(state):
            raise RuntimeError(
                f"Error(s) in loading state_dict: missing {sorted(set(own) - set(state))}, unexpected "
                f"{sorted(set(state) - set(own))}"
            )
        for name, value in state.items():
            if name in own:
                own[name].detach().copy_(value)

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
        return self

    def double(self) -> Self:
        """Parameters in float64."""
        for p in [*self.parameters(), *self.buffers()]:
            p.data = p.data.double()
        return self

    def float(self) -> Self:
        """Parameters in float32."""
        for p in [*self.parameters(), *self.buffers()]:
            p.data = p.data.float()
        return self

    def cpu(self) -> Self:
        """The module itself: there is no other device."""
        return self

    # -- calling -----------------------------------------------------------------------------------------------------

    def forward(self, *_args: Any, **_kwargs: Any) -> Any:
        """Compute; subclasses define it."""
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    def register_forward_hook(self, hook: Any, **_options: Any) -> hooks.RemovableHandle:
        """Call ``hook(module, args, output)`` after forward; what it returns replaces the output."""
        return hooks.add(self.__dict__["_forward_hooks"], hook)

    def register_forward_pre_hook(self, hook: Any, **_options: Any) -> hooks.RemovableHandle:
        """Call ``hook(module, args)`` before forward; what it returns replaces the arguments."""
        return hooks.add(self.__dict__["_forward_pre_hooks"], hook)

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
            found = hook(self, args)
            if found is not None:
                args = found if isinstance(found, tuple) else (found,)
        watch = _BackwardWatch(self) if d["_backward_hooks"] or d["_backward_pre_hooks"] else None
        if watch is not None:
            args = watch.inputs(args)
        out = self.forward(*args, **kwargs)
        for hook in tuple(d["_forward_hooks"].values()):
            found = hook(self, args, out)
            out = out if found is None else found
        return out if watch is None else watch.outputs(out)

    # -- text --------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands in the brackets of the text."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): " + repr(m).replace("\n", "\n  ") for name, m in self._modules.items()]
        if not lines:
            return f"{type(self).__name__}({self.extra_repr()})"
        return f"{type(self).__name__}({self.extra_repr()}\n  " + "\n  ".join(lines) + "\n)"


class _Pass(Function):
    """An identity through which all inputs, or all outputs, of a module pass as one node."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any) -> Any:
        ctx.set_materialize_grads(False)
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        _ = ctx
        return grads


class _BackwardWatch:
    """Runs a module's backward hooks when its inputs' gradients are known."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.grad_output: tuple[Any, ...] | None = None
        self.has_input_grad = False

    def _through(self, values: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
        at = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
        if not MODE.grad or not any(values[i].requires_grad for i in at):
            return values, None
        made = _Pass.apply(*[values[i] for i in at])
        full = list(values)
        for i, t in zip(at, made, strict=True):
            full[i] = t
        return tuple(full), made[0].grad_fn

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments through a node that calls the hooks after it ran."""
        args, node = self._through(args)
        if node is not None:
            self.has_input_grad = True
            node.register_hook(self._after)
        return args

    def outputs(self, out: Any) -> Any:
        """The output through a node that notes the gradients that come in."""
        single = not isinstance(out, tuple)
        made, node = self._through((out,) if single else out)
        if node is not None:
            node.register_prehook(self._before)
        return made[0] if single else made

    def _before(self, grad_output: tuple[Any, ...]) -> Any:
        for hook in tuple(self.module.__dict__["_backward_pre_hooks"].values()):
            found = hook(self.module, grad_output)
            if found is not None:
                grad_output = found if isinstance(found, tuple) else (found,)
        self.grad_output = grad_output
        if not self.has_input_grad:
            self._call_hooks(())
        return grad_output

    def _after(self, grad_input: tuple[Any, ...], _grad_output: tuple[Any, ...]) -> Any:
        return self._call_hooks(grad_input)

    def _call_hooks(self, grad_input: tuple[Any, ...]) -> Any:
        for hook in tuple(self.module.__dict__["_backward_hooks"].values()):
            found = hook(self.module, grad_input, self.grad_output)
            if found is not None:
                grad_input = found if isinstance(found, tuple) else (found,)
        return grad_input or None


class Sequential(Module):
    """Modules one behind the other."""

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        named = (
            modules[0].items()
            if len(modules) == 1 and isinstance(modules[0], dict)
            else ((str(i), m) for i, m in enumerate(modules))
        )
        for name, m in named:
            self.add_module(name, m)

    def forward(self, x: Any) -> Any:
        for m in self.children():
            x = m(x)
        return x

    def __getitem__(self, index: Any) -> Any:
        found = list(self.children())[index]
        return Sequential(*found) if isinstance(index, slice) else found

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return self.children()


class ModuleList(Sequential):
    """A list of modules."""

    def __init__(self, modules: Any = ()) -> None:
        super().__init__(*modules)

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end."""
        self.add_module(str(len(self)), module)
        return self


class ModuleDict(Module):
    """Modules by name."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        for name, m in (modules or {}).items():
            self.add_module(name, m)

    def __getitem__(self, name: str) -> Any:
        return self._modules[name]
