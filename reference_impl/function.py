"""Custom Function and its context, which is the node itself, as in torch."""

from __future__ import annotations

import functools
import inspect
import traceback
import warnings
from typing import Any, ClassVar

from reference_impl import custom_mapping, forward_ad, function_tangents, views
from reference_impl.function_node import FunctionNode
from reference_impl.grad_mode import MODE, no_grad
from reference_impl.graph import edge
from reference_impl.guarding import user_code
from reference_impl.tensor import Tensor, make

LEGACY = (
    "Legacy autograd function with non-static forward method is deprecated. "
    "Please use new-style autograd function with static forward method."
)


class FunctionMeta(type):
    """Gives each Function the class of its nodes."""

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        make: Any = type(FunctionNode)
        cls._backward_cls = make(f"{name}Backward", (FunctionNode,), {"_forward_cls": cls})
        super().__init__(name, bases, attrs)


class Function(metaclass=FunctionMeta):
    """Base of custom differentiable functions: static ``forward`` and ``backward``, called by ``apply``."""

    generate_vmap_rule = False
    clear_saved_tensors_on_access = False
    boxed_grads_call = False
    _backward_cls: ClassVar[Any]

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so "
            "you should invoke "
            "them on the class itself. Instantiating an autograd function will raise an error in a future version.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError(LEGACY)

    @staticmethod
    def forward(*_args: Any, **_kwargs: Any) -> Any:
        """Compute the outputs."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Leave for ``backward`` what it needs, where ``forward`` takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Gradients of the inputs from those of the outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to "
            "use it with backward mode AD."
        )

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any) -> Any:
        """Another name of ``backward``."""
        raise NotImplementedError("You must implement either the backward or vjp method.")

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """Tangents of the outputs from those of the inputs."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """The function on batched inputs."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or set "
            "generate_vmap_rule=True."
        )

    @classmethod
    def overrides(cls, name: str) -> bool:
        """True if this Function defines the method itself."""
        return getattr(cls, name) is not getattr(Function, name)

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the function; it becomes one node of the graph."""
        if not isinstance(inspect.getattr_static(cls, "forward"), staticmethod):
            raise RuntimeError(LEGACY)  # noqa: TRY004 - torch's type
        separate = cls.overrides("setup_context")
        if separate:
            args = bind_default_args(cls.forward, *args, **kwargs)
        elif kwargs:
            args = _in_order(cls.forward, args, kwargs)
        if MODE.special and (MODE.vmap or MODE.transforms):
            if not separate:
                raise RuntimeError(
                    "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, "
                    "jacrev, ...), it must override "
                    "the setup_context staticmethod. For more details, please see "
                    "https://pytorch.org/docs/main/notes/extending.func.html"
                )
            own = cls.overrides("vmap")
            return custom_mapping.apply(cls, lambda *a: cls._apply(a, separate=True), args, own=own)
        return cls._apply(args, separate=separate)

    @classmethod
    def _apply(cls, args: tuple[Any, ...], *, separate: bool) -> Any:
        ctx = object.__new__(cls._backward_cls)
        ctx._prepare(args)
        tracked = MODE.grad and any(ctx.needs_input_grad)
        if not MODE.grad:
            ctx.needs_input_grad = (
                tuple(False for _ in args) if not tracked else ctx.needs_input_grad
            )
        level = function_tangents.dual_level(args)
        with no_grad(), forward_ad.highest_level((level if level is not None else 0) - 1):
            if separate:
                found = cls.forward(*args)
            with user_code(ctx):
                if separate:
                    cls.setup_context(ctx, args, found)
                else:
                    found = cls.forward(ctx, *args)
        return _wrap_outputs(ctx, args, found, tracked=tracked, level=level)


class InplaceFunction(Function):
    """Base of older in-place functions; ``inplace`` says whether the input is overwritten."""


class NestedIOFunction(Function):
    """Kept as a name; nested inputs are passed flat."""


def bind_default_args(fn: Any, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    """Arguments in order, with defaults filled in."""
    bound = inspect.signature(fn).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args


def _in_order(fn: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
    """Arguments behind ctx in order: each counts as an input, however it was passed.

    Raises:
        TypeError: ``forward`` takes no such argument, or takes it by keyword alone.
    """
    bound = inspect.signature(fn).bind(None, *args, **kwargs)
    if bound.kwargs:
        bound.apply_defaults()
    alone = [name for name in bound.kwargs if name in kwargs]
    if alone:
        raise TypeError(f"forward() got an unexpected keyword argument {alone[0]!r}")
    return bound.args[1:]


def _wrap_outputs(
    ctx: Any, args: tuple[Any, ...], found: Any, *, tracked: bool, level: int | None
) -> Any:
    """Outputs with their place in the graph."""
    single = not isinstance(found, tuple)
    outputs = (found,) if single else found
    _check_dirty(ctx, args, outputs, tracked=tracked)
    held = {} if level is None else function_tangents.by_input(args, level)
    tangents = function_tangents.jvp(ctx, args, level) if level is not None else None
    old_edges = _edges(args)
    if MODE.special and MODE.anomaly:
        ctx._extra().trace = "".join(traceback.format_stack()[:-2])
    ctx.edges = old_edges
    ctx.output_count = len(outputs)
    made = tuple(_wrap_one(ctx, args, o, i, tracked=tracked) for i, o in enumerate(outputs))
    _forbid_writes(made)
    ctx._output_meta = tuple(
        (o._data.shape, o._data.dtype) if isinstance(o, Tensor) else None for o in made
    )
    if tracked:
        ctx._keep(args, made) if _same(outputs, made) else ctx._keep(
            args, _replace(ctx, args, outputs, made)
        )
        for fn in MODE.node_creation_hooks:
            fn(ctx)
    if level is not None and tangents is not None:
        function_tangents.set_tangents(ctx, made, tangents, level, held)
    return made[0] if single else made


def _forbid_writes(made: tuple[Any, ...]) -> None:
    """Of several differentiable outputs none that is a view may be written to."""
    carrying = [o for o in made if isinstance(o, Tensor) and o.requires_grad]
    for o in carrying if len(carrying) > 1 else ():
        if o._meta is not None and o._meta.view is not None:
            o._meta.view.creation = views.MULTI_OUTPUT


def _same(outputs: tuple[Any, ...], made: tuple[Any, ...]) -> bool:
    return all(a is b for a, b in zip(outputs, made, strict=True))


def _replace(
    ctx: Any, args: tuple[Any, ...], outputs: tuple[Any, ...], made: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Where an output was wrapped anew, what was saved of it is the new one."""
    ctx.to_save = tuple(
        next((m for o, m in zip(outputs, made, strict=True) if o is t and m._grad_fn is ctx), t)
        if isinstance(t, Tensor) and not any(t is a for a in args)
        else t
        for t in ctx.to_save
    )
    return made


def _check_dirty(
    ctx: Any, args: tuple[Any, ...], outputs: tuple[Any, ...], *, tracked: bool
) -> None:
    for t in ctx.dirty_tensors:
        if not any(t is o for o in outputs):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that "
                "are modified inplace must all be outputs of the Function."
            )
        if tracked:
            views.check_writable(t, recorded=True)
    _ = args


def _edges(args: tuple[Any, ...]) -> tuple[Any, ...]:
    found: list[Any] = []
    for x in args:
        if isinstance(x, Tensor):
            found += (edge(x), x._output_nr)
    return tuple(found)


def _wrap_one(ctx: Any, args: tuple[Any, ...], o: Any, i: int, *, tracked: bool) -> Any:
    """Output number ``i`` with the place in the graph that fits how ``forward`` came by it."""
    if not isinstance(o, Tensor):
        return o
    constant = any(o is n for n in ctx.non_differentiable) or o._data.dtype.kind not in "fc"
    carries = tracked and not constant
    if any(o is d for d in ctx.dirty_tensors):
        return _wrap_written(ctx, o, i, carries=carries)
    if any(o is a for a in args):
        return _wrap_returned_input(ctx, o, i, carries=carries)
    return _wrap_new(ctx, o, i, carries=carries)


def _wrap_written(ctx: Any, o: Tensor, i: int, *, carries: bool) -> Tensor:
    """An input that ``forward`` wrote to: the call becomes its history, as with any write."""
    o._shared().version += 1
    if carries:
        views.rebase(o, ctx)
        o._output_nr = i if o._base is None else o._output_nr
        if o._meta is not None and o._meta.view is None:
            o._meta.requires_grad = False
    return o


def _wrap_returned_input(ctx: Any, o: Tensor, i: int, *, carries: bool) -> Tensor:
    """An input that is returned as it is comes out as a view, which may not be written to."""
    if not carries:
        return make(o._array(), o._shared())
    made = views.make_view(o._array(), o, views.identity_step(o), views.CUSTOM)
    made._grad_fn, made._output_nr = ctx, i
    return made


def _wrap_new(ctx: Any, o: Tensor, i: int, *, carries: bool) -> Tensor:
    """A result of ``forward``'s own making."""
    if not carries:
        return o.detach() if o.requires_grad else o
    if o._grad_fn is not None and o._grad_fn is not ctx:
        o = make(o._array(), o._shared())
    meta = o._meta
    if meta is not None:
        meta.requires_grad = False
        if meta.view is not None:
            meta.view.creation = views.CUSTOM
            meta.view.version = o._shared().version
    o._grad_fn, o._output_nr = ctx, i
    return o


# -- decorators --------------------------------------------------------------------------------------------------------


class DelayedError(Function):
    """Raises when it is differentiated."""

    @staticmethod
    def forward(ctx: Any, message: str, *tensors: Any) -> Any:
        ctx.message = message
        return tuple(t.detach() for t in tensors)

    @staticmethod
    def backward(ctx: Any, *_grads: Any) -> Any:
        raise RuntimeError(ctx.message)


def once_differentiable(fn: Any) -> Any:
    """For a ``backward`` that is not written with differentiable operations: differentiating it again raises."""

    @functools.wraps(fn)
    def wrapped(ctx: Any, *args: Any) -> Any:
        with no_grad():
            found = fn(ctx, *args)
        if not MODE.grad or not any(isinstance(a, Tensor) and a.requires_grad for a in args):
            return found
        many = found if isinstance(found, tuple) else (found,)
        spots = [i for i, t in enumerate(many) if isinstance(t, Tensor)]
        # The results hang on nodes that raise, with edges to a dummy that requires grad.
        dummies = [t.detach().requires_grad_() for t in (many[i] for i in spots)]
        marked = DelayedError.apply(
            "trying to differentiate twice a function that was marked with @once_differentiable",
            *dummies,
        )
        full = list(many)
        for i, t in zip(spots, marked, strict=True):
            full[i] = t
        return tuple(full) if isinstance(found, tuple) else full[0]

    return wrapped
