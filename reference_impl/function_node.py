"""The node of a custom Function's call, which user code sees as ``ctx``."""

from __future__ import annotations

import weakref
from typing import Any, ClassVar

from reference_impl import errors
from reference_impl.graph import Node, next_sequence
from reference_impl.guarding import guard, user_code
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
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors "
                    "as attributes on ctx."
                )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """Tell which inputs ``forward`` changed in place."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Any) -> None:
        """Tell which outputs carry no gradient."""
        self.non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """False: undefined gradients reach ``backward`` as None, not as zeros."""
        self.materialize_grads = value

    def mark_shared_storage(self, *_pairs: Any) -> None:
        """Deprecated; views are recognised by themselves."""


@guard
class FunctionNode(Node, FunctionCtx):
    """The node of one call; user code sees it as ``ctx``. See Note [Names on ctx]."""

    runs_user_code: ClassVar[bool] = True
    outputs: ClassVar[int] = 0
    _forward_cls: ClassVar[Any] = None

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
        self._input_meta = tuple(
            (x._data.shape, x._data.dtype) if isinstance(x, Tensor) else None for x in args
        )
        self._freed = self._cleared = False

    def __repr__(self) -> str:
        return f"<torch.autograd.function.{type(self).__name__} object at {hex(id(self))}>"

    @property
    def _saved_tensors(self) -> tuple[Any, ...]:
        return self.saved_tensors

    @property
    def _raw_saved_tensors(self) -> tuple[Any, ...]:
        if self._freed:
            raise errors.FreedGraphError
        made = []
        for entry in self.saved or ():
            made.append(
                entry if isinstance(entry, SavedTensor) else SavedTensor(entry, version_of(entry))
            )
            made[-1].owner = weakref.ref(self)
        self.saved = tuple(made)
        return self.saved

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, each checked against its version."""
        with user_code(self, running=False):
            return self._read_all()

    def _read_all(self) -> tuple[Any, ...]:
        if self._freed:
            raise errors.FreedGraphError
        if self.saved == () and self.to_save:
            return tuple(self.to_save)  # during forward
        if self._forward_cls.clear_saved_tensors_on_access:
            if self._cleared:
                raise RuntimeError(
                    "saved_tensors can only be accessed once when clear_saved_tensors_on_access=True"
                )
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
            place = self._saved_outputs[at]
            if place is not None:
                made._grad_fn = self
                made._output_nr = place
            return made
        return found

    @property
    def saved_variables(self) -> tuple[Any, ...]:
        """Deprecated name of ``saved_tensors``."""
        return self.saved_tensors

    def _producer(self, at: int) -> str:
        if at in self._saved_outputs:
            return f"output {self._saved_outputs[at] or 0} of {self._forward_cls.__name__}"
        return super()._producer(at)

    def _keep(self, inputs: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        """Turn ``to_save`` into saved values, now that the outputs have their history."""
        self._saved_outputs: dict[int, int | None] = {}
        kept = []
        for at, t in enumerate(self.to_save):
            if t is not None and not isinstance(t, Tensor):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {at} is of type {type(t).__name__}"
                )
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

    def apply(self, ct: Any, tensors: bool = False) -> Any:
        cts = [self._shown(i, g) for i, g in enumerate(ct)]
        fn = self._backward_fn()
        with user_code(self):
            found = fn(self, list(cts)) if self._forward_cls.boxed_grads_call else fn(self, *cts)
        grads = list(found) if isinstance(found, tuple) else [found]
        return [g if tensors or g is None else g._data for g in self._checked(grads)]

    def _backward_fn(self) -> Any:
        cls = self._forward_cls
        own, vjp = cls.overrides("backward"), cls.overrides("vjp")
        if own and vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should "
                "only implement one of them."
            )
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
                f"function {self.name()} returned an incorrect number of gradients (expected {wanted}, "
                f"got {len(grads)})"
            )
        made: list[Any] = []
        for i, g in enumerate(grads):
            if not self._is_tensor[i]:
                if g is not None:
                    raise errors.InvalidGradientError(
                        f"function {self.name()} returned a gradient different than None at position {i + 1}, "
                        "but the corresponding forward input was not a Variable"
                    )
                continue
            if g is not None and not isinstance(g, Tensor):
                raise RuntimeError(f"expected Variable or None (got {type(g).__name__})")
            made.append(None if g is None else self._fitted(g, i, len(made)))
        return made

    def _fitted(self, g: Tensor, i: int, place: int) -> Any:
        shape, dtype = self._input_meta[i]  # type: ignore[misc]
        if self.edges[2 * place] is None:
            return g
        if g._data.shape != shape:
            if not _expandable(shape, g._data.shape):
                raise errors.InvalidGradientError(
                    f"Function {self.name()} returned an invalid gradient at index {place} - got "
                    f"{list(g.shape)} but expected "
                    f"shape compatible with {list(shape)}"
                )
            g = OPS["sum_to_size"](g, shape)
        if g._data.dtype != dtype:
            if (g._data.dtype.kind == "c") != (dtype.kind == "c") and g._data.dtype.kind != "f":
                raise errors.InvalidGradientError(
                    f"Function {self.name()} returned an invalid gradient at index {place} - expected a "
                    f"{'complex' if dtype.kind == 'c' else 'real'} gradient, got one of dtype {g.dtype}: "
                    "isFloatingType(grad.scalar_type()) || (input_is_complex == grad_is_complex)"
                )
            g = OPS["to"](g, OPS["dtype_of"](dtype))
        return g


def version_of(t: Any) -> int:
    """Version of a tensor; 0 for None and for what nobody wrote to."""
    return 0 if t is None or t._storage is None else t._storage.version


def _expandable(shape: tuple[int, ...], wide: tuple[int, ...]) -> bool:
    if len(shape) > len(wide):
        return False
    return all(n in (1, w) for n, w in zip(reversed(shape), reversed(wide), strict=False))
