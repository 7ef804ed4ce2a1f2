"""Custom Function and its context, which is the node itself, as in torch."""

from __future__ import annotations

import functools
import inspect
import traceback
import warnings
import weakref
from typing import Any, ClassVar

from reference_impl import custom_mapping, errors, forward_ad, views
from reference_impl.grad_mode import DUAL_LEVELS, MODE, no_grad
from reference_impl.graph import Node, edge, next_sequence
from reference_impl.registry import OPS
from reference_impl.saved import SavedTensor, save
from reference_impl.tensor import Tensor, make


class FunctionCtx:
    """What ``forward`` leaves for ``backward``."""

    def save_for_backward(self, *tensors: Any) -> None:
        """Save tensors, which are checked for writes and freed with the graph."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Save tensors for ``jvp``."""
        for t in tensors:
            if not isinstance(t, Tensor) and t is not None:
                raise TypeError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """Tell which inputs ``forward`` changed in place."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Any) -> None:
        """Tell which outputs carry no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:  # noqa: FBT001 - torch's signature
        """False: undefined gradients reach ``backward`` as None, not as zeros."""
        self.materialize_grads = value

    def mark_shared_storage(self, *_pairs: Any) -> None:
        """Deprecated; views are recognised by themselves."""


class FunctionNode(Node, FunctionCtx):
    """The node of one call; user code sees it as ``ctx``."""

    runs_user_code: ClassVar[bool] = True
    outputs: ClassVar[int] = 0
    function: ClassVar[Any] = None

    def _prepare(self, args: tuple[Any, ...]) -> None:
        """Fields of a call that is about to run ``forward``."""
        self.seq = next_sequence()
        self.saved = ()
        self.meta = ()
        self.fix = self.extra = None
        self.edges = ()
        self.output_count = 1
        self.to_save: tuple[Any, ...] = ()
        self.saved_for_forward: tuple[Any, ...] = ()
        self.dirty_tensors: tuple[Any, ...] = ()
        self.non_differentiable: tuple[Any, ...] = ()
        self.materialize_grads = True
        self.needs_input_grad = tuple(isinstance(x, Tensor) and x.requires_grad for x in args)
        self._is_tensor = tuple(isinstance(x, Tensor) for x in args)
        self._input_meta = tuple((x._data.shape, x._data.dtype) if isinstance(x, Tensor) else None for x in args)
        self._freed = self._cleared = False

    def _saved(self, wanted: str, name: str) -> Any:
        if wanted == "tensors":
            return self.saved_tensors
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _raw_saved(self, wanted: str, name: str) -> Any:
        if wanted != "tensors":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if self._freed:
            raise errors.FreedGraphError
        made = []
        for entry in self.saved or ():
            made.append(entry if isinstance(entry, SavedTensor) else SavedTensor(entry, _version(entry)))
            made[-1].owner = weakref.ref(self)
        self.saved = tuple(made)
        return self.saved

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, each checked against its version."""
        if self._freed:
            raise errors.FreedGraphError
        if self.saved == () and self.to_save:
            return tuple(self.to_save)  # during forward
        if self.function.clear_saved_tensors_on_access:
            if self._cleared:
                raise RuntimeError("saved_tensors can only be accessed once when clear_saved_tensors_on_access=True")
            self._cleared = True
        found = tuple(self._read(i) for i in range(len(self.saved or ())))
        if self._cleared:
            self.saved = ()
        return found

    def _read(self, at: int) -> Any:
        assert self.saved is not None  # noqa: S101 - freed graphs were refused above
        entry = self.saved[at]
        if entry is None:
            return None
        found = self.unpack(at, tensors=True)
        if at in self._saved_outputs:
            made = make(found._array(), found._shared())
            if self._saved_outputs[at] is not None:
                made._grad_fn = self
                made._output_nr = self._saved_outputs[at]
            return made
        return found

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """Deprecated name of ``saved_tensors``."""
        return self.saved_tensors

    def _producer(self, at: int) -> str:
        if at in self._saved_outputs:
            return f"output {self._saved_outputs[at] or 0} of {self.name()}"
        return super()._producer(at)

    def _keep(self, inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        """Turn ``to_save`` into saved values, now that the outputs have their history."""
        self._saved_outputs: dict[int, int | None] = {}
        kept = []
        for at, t in enumerate(self.to_save):
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(f"save_for_backward can only save variables, but argument {at} is of type {type(t).__name__}")
            place = next((i for i, o in enumerate(outputs) if o is t), None)
            if t is not None and place is not None and t._grad_fn is self:
                self._saved_outputs[at] = place
                kept.append(save(make(t._array(), t._shared()), is_output=True))
            else:
                kept.append(None if t is None else save(t))
        self.saved = tuple(kept)
        self.to_save = ()
        _ = inputs

    def release(self) -> None:
        super().release()
        self._freed = bool(self._freed or self.saved is None)

    # -- backward --------------------------------------------------------------------------------------------------

    def apply(self, ct: Any, tensors: bool = False) -> Any:  # noqa: FBT001, FBT002 - see Node
        cts = [self._shown(i, g) for i, g in enumerate(ct)]
        fn = self._backward_fn()
        found = fn(self, list(cts)) if self.function.boxed_grads_call else fn(self, *cts)
        grads = list(found) if isinstance(found, tuple | list) else [found]
        return [g if tensors or g is None else g._data for g in self._checked(grads)]

    def _backward_fn(self) -> Any:
        cls = self.function
        own, vjp = cls.backward is not Function.backward, cls.vjp is not Function.vjp
        if own and vjp:
            raise RuntimeError("Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one of them.")
        return cls.vjp if vjp else cls.backward

    def _shown(self, i: int, ct: Any) -> Any:
        if ct is not None:
            return ct if isinstance(ct, Tensor) else make(ct)
        if not self.materialize_grads or self._output_meta[i] is None:
            return None
        shape, dtype = self._output_meta[i]
        return OPS["zeros"](shape, dtype=OPS["dtype_of"](dtype))

    def _checked(self, grads: list[Any]) -> list[Any]:
        """One gradient per tensor input, brought to its shape and dtype."""
        wanted = len(self._is_tensor)
        while len(grads) > wanted and grads[-1] is None:
            grads.pop()
        if len(grads) != wanted:
            raise errors.InvalidGradientError(
                f"function {self.name()} returned an incorrect number of gradients (expected {wanted}, got {len(grads)})"
            )
        made = []
        for i, g in enumerate(grads):
            if not self._is_tensor[i]:
                if g is not None:
                    raise errors.InvalidGradientError(
                        f"function {self.name()} returned a gradient different than None at position {i + 1}, "
                        "but the corresponding forward input was not a Variable"
                    )
                continue
            if g is not None and not isinstance(g, Tensor):
                raise TypeError(f"expected Variable or None (got {type(g).__name__})")
            made.append(None if g is None else self._fitted(g, i, len(made)))
        return made

    def _fitted(self, g: Tensor, i: int, place: int) -> Any:
        shape, dtype = self._input_meta[i]  # type: ignore[misc]
        if self.edges[2 * place] is None:
            return g
        if g._data.shape != shape:
            if not _expandable(shape, g._data.shape):
                raise errors.InvalidGradientError(
                    f"Function {self.name()} returned an invalid gradient at index {place} - got {list(g.shape)} but expected "
                    f"shape compatible with {list(shape)}"
                )
            g = OPS["sum_to_size"](g, shape)
        if g._data.dtype != dtype:
            if g._data.dtype.kind == "c" and dtype.kind != "c":
                g = OPS["real"](g)
            g = OPS["to"](g, OPS["dtype_of"](dtype))
        return g


def _version(t: Any) -> int:
    return 0 if t is None or t._storage is None else t._storage.version


def _expandable(shape: tuple[int, ...], wide: tuple[int, ...]) -> bool:
    if len(shape) > len(wide):
        return False
    return all(n in (1, w) for n, w in zip(reversed(shape), reversed(wide), strict=False))


class FunctionMeta(type):
    """Gives each Function the class of its nodes."""

    def __init__(cls, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> None:
        cls._backward_cls = type(FunctionNode)(f"{name}Backward", (FunctionNode,), {"function": cls})
        super().__init__(name, bases, attrs)


class Function(metaclass=FunctionMeta):
    """Base of custom differentiable functions: static ``forward`` and ``backward``, called by ``apply``."""

    generate_vmap_rule = False
    clear_saved_tensors_on_access = False
    boxed_grads_call = False
    _backward_cls: ClassVar[Any]

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke "
            "them on the class itself. Instantiating an autograd function will raise an error in a future version.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. "
            "Please use new-style autograd function with static forward method."
        )

    @staticmethod
    def forward(*_args: Any, **_kwargs: Any) -> Any:
        """Compute the outputs."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Leave for ``backward`` what it needs, where ``forward`` takes no ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """Gradients of the inputs from those of the outputs."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD."
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
        raise NotImplementedError("To use autograd.Function with vmap, you must either override the vmap staticmethod or set generate_vmap_rule=True.")

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the function; it becomes one node of the graph."""
        if not isinstance(inspect.getattr_static(cls, "forward"), staticmethod):
            raise RuntimeError(
                "Legacy autograd function with non-static forward method is deprecated. "
                "Please use new-style autograd function with static forward method."
            )
        separate = cls.setup_context is not Function.setup_context
        if separate and kwargs:
            args = bind_default_args(cls.forward, *args, **kwargs)
            kwargs = {}
        elif separate:
            args = bind_default_args(cls.forward, *args)
        if MODE.special and (MODE.vmap or MODE.transforms):
            if not separate:
                raise RuntimeError(
                    "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must override "
                    "the setup_context staticmethod. For more details, please see "
                    "https://pytorch.org/docs/main/notes/extending.func.html"
                )
            own = cls.vmap is not Function.vmap
            return custom_mapping.apply(cls, lambda *a: cls._apply(a, {}, separate=True), args, own=own)
        return cls._apply(args, kwargs, separate=separate)

    @classmethod
    def _apply(cls, args: tuple[Any, ...], kwargs: dict[str, Any], *, separate: bool) -> Any:
        ctx = object.__new__(cls._backward_cls)
        ctx._prepare(args)
        tracked = MODE.grad and any(ctx.needs_input_grad)
        if not MODE.grad:
            ctx.needs_input_grad = tuple(False for _ in args) if not tracked else ctx.needs_input_grad
        level = _dual_level(args)
        with no_grad(), forward_ad.highest_level((level if level is not None else 0) - 1):
            if separate:
                found = cls.forward(*args)
                cls.setup_context(ctx, args, found)
            else:
                found = cls.forward(ctx, *args, **kwargs)
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


def _dual_level(args: tuple[Any, ...]) -> int | None:
    if not DUAL_LEVELS or not MODE.fwd_grad:
        return None
    for level in reversed(DUAL_LEVELS):
        if any(forward_ad.tangent_of(x, level) is not None for x in args):
            return level
    return None


def _wrap_outputs(ctx: Any, args: tuple[Any, ...], found: Any, *, tracked: bool, level: int | None) -> Any:
    """Outputs with their place in the graph."""
    single = not isinstance(found, tuple)
    outputs = (found,) if single else found
    if not any(isinstance(o, Tensor) for o in outputs) and single and found is not None:
        raise TypeError(f"{ctx.name()}: expected Tensor or tuple of Tensor (got {type(found).__name__})")
    _check_dirty(ctx, args, outputs, tracked=tracked)
    tangents = _jvp(ctx, args, level) if level is not None else None
    old_edges = _edges(args)
    if MODE.special and MODE.anomaly:
        ctx._extra().trace = "".join(traceback.format_stack()[:-2])
    ctx.edges = old_edges
    ctx.output_count = len(outputs)
    made = tuple(_wrap_one(ctx, args, o, i, tracked=tracked) for i, o in enumerate(outputs))
    ctx._output_meta = tuple((o._data.shape, o._data.dtype) if isinstance(o, Tensor) else None for o in made)
    if tracked:
        ctx._keep(args, made) if _same(outputs, made) else ctx._keep(args, _replace(ctx, outputs, made))
        for fn in MODE.node_creation_hooks:
            fn(ctx)
    if tangents is not None:
        _set_tangents(made, tangents, level)
    return made[0] if single else made


def _same(outputs: tuple[Any, ...], made: tuple[Any, ...]) -> bool:
    return all(a is b for a, b in zip(outputs, made, strict=True))


def _replace(ctx: Any, outputs: tuple[Any, ...], made: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where an output was wrapped anew, what was saved of it is the new one."""
    ctx.to_save = tuple(
        next((m for o, m in zip(outputs, made, strict=True) if o is t and m._grad_fn is ctx), t)
        if isinstance(t, Tensor)
        else t
        for t in ctx.to_save
    )
    return made


def _check_dirty(ctx: Any, args: tuple[Any, ...], outputs: tuple[Any, ...], *, tracked: bool) -> None:
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
    if not isinstance(o, Tensor):
        return o
    is_input = any(o is a for a in args)
    dirty = any(o is d for d in ctx.dirty_tensors)
    carries = not any(o is n for n in ctx.non_differentiable) and o._data.dtype.kind in "fc"
    if dirty:
        o._shared().version += 0 if _version(o) else 1
        if tracked and carries:
            views.rebase(o, ctx)
            o._output_nr = i if o._base is None else o._output_nr
            if o._meta is not None and o._meta.view is None:
                o._meta.requires_grad = False
        return o
    if is_input or not carries or not tracked:
        if is_input:
            o = views.make_view(o._array(), o, views.identity_step(o), views.CUSTOM if tracked else views.DEFAULT)
        elif o._grad_fn is not None or o.requires_grad:
            o = o.detach()
        if not (tracked and carries):
            if is_input:
                o = make(o._array(), o._shared())
            return o
    if o._grad_fn is not None and o._grad_fn is not ctx and not is_input:
        o = make(o._array(), o._shared())
    meta = o._meta
    if meta is not None and meta.view is not None and not is_input:
        meta.view.creation = views.CUSTOM
    if meta is not None and meta.view is not None:
        meta.view.version = o._shared().version
    if meta is not None:
        meta.requires_grad = False
    o._grad_fn = ctx
    o._output_nr = i
    return o


# -- forward mode ------------------------------------------------------------------------------------------------------


def _jvp(ctx: Any, args: tuple[Any, ...], level: int) -> tuple[Any, ...]:
    """Tangents of the outputs, computed below ``level``."""
    tangents = [forward_ad.tangent_of(x, level) if isinstance(x, Tensor) else None for x in args]
    if ctx.materialize_grads:
        tangents = [
            OPS["zeros_like"](x) if t is None and isinstance(x, Tensor) and x._data.dtype.kind in "fc" else t
            for x, t in zip(args, tangents, strict=True)
        ]
    kept, ctx.to_save = ctx.to_save, (ctx.saved_for_forward or ctx.to_save)
    with forward_ad.highest_level(level - 1):
        found = ctx.function.jvp(ctx, *tangents)
    ctx.to_save = kept
    return found if isinstance(found, tuple) else (found,)


def _set_tangents(made: tuple[Any, ...], tangents: tuple[Any, ...], level: int | None) -> None:
    assert level is not None  # noqa: S101 - tangents exist only at a level
    for i, (o, t) in enumerate(zip(made, tangents, strict=True)):
        if not isinstance(o, Tensor) or t is None:
            continue
        if not isinstance(t, Tensor):
            raise TypeError(f"jvp must return tensors or None, got {type(t).__name__} for output {i}")
        if t._data.shape != o._data.shape:
            raise RuntimeError(f"the tangent that jvp returned for output {i} has shape {list(t.shape)}, expected {list(o.shape)}")
        forward_ad.set_tangent(o, t, level)


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
        marked = DelayedError.apply("trying to differentiate twice a function that was marked with @once_differentiable", *dummies)
        full = list(many)
        for i, t in zip(spots, marked, strict=True):
            full[i] = t
        return tuple(full) if isinstance(found, tuple) else full[0]

    return wrapped

