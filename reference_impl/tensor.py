"""Tensor: data, autograd fields, operators that ask the registry."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from reference_impl import dtypes, errors, layout
from reference_impl.grad_mode import MODE
from reference_impl.kinds import Unreadable
from reference_impl.operators import Operators
from reference_impl.registry import OPS, require
from reference_impl.size import Size
from reference_impl.storage import Storage


class AutogradMeta:
    """The autograd fields that only leaves, views and tensors with hooks have."""

    __slots__ = (
        "accumulator",
        "cut_histories",
        "grad",
        "grad_dtype",
        "history_from",
        "hooks",
        "inference",
        "name",
        "post_hooks",
        "requires_grad",
        "retains",
        "tangents",
        "view",
    )

    def __init__(self) -> None:
        self.requires_grad = False
        self.grad: Tensor | None = None
        self.accumulator: weakref.ref[Any] | None = (
            None  # the leaf's AccumulateGrad node while it is alive
        )
        self.hooks: Any = None
        self.post_hooks: Any = None
        self.retains = False
        self.view: Any = None  # views.ViewInfo
        self.tangents: Any = None  # dual level -> tangent
        self.inference = False
        self.grad_dtype: Any = None
        self.history_from = -1  # sequence number of the write that gave it a history
        self.cut_histories: tuple[tuple[int, int], ...] = ()  # which detach_() ended, and where
        self.name: str | None = None


class _TensorType(type):
    """The type of tensors, which shows torch's name for what is torch's."""

    def __repr__(cls) -> str:
        shown = cls.__dict__.get("_shown_as")
        return super().__repr__() if shown is None else f"<class '{shown}'>"


class Tensor(Operators, metaclass=_TensorType):
    """An array with a history.

    ``_data`` is an array or, for a 0-d result nobody wrote to, a NumPy scalar. ``_meta`` is None for plain results
    of operations. ``_grad_fn`` may be outdated for a view: ask ``grad_fn``.
    """

    __slots__ = ("__dict__", "__weakref__", "_data", "_grad_fn", "_meta", "_output_nr", "_storage")
    __array_priority__ = 1000
    _shown_as = "torch.Tensor"

    if TYPE_CHECKING:  # the ops attach themselves as methods when they are defined

        def __getattr__(self, name: str) -> Any: ...

    _data: Any
    _storage: Storage | None
    _grad_fn: Any
    _output_nr: int
    _meta: AutogradMeta | None

    def __new__(cls, *args: Any, **_kwargs: Any) -> Any:
        self = object.__new__(cls)
        self._storage = self._grad_fn = self._meta = None
        self._output_nr = 0
        self._data = _legacy_data(args)
        return self

    # -- memory ----------------------------------------------------------------------------------------------------

    def _array(self) -> Any:
        """The data as an array that can be written to and shared."""
        data = self._data
        if type(data) is not np.ndarray and isinstance(data, np.generic):
            data = self._data = np.array(data)
        elif type(data) is np.ndarray and not data.flags.writeable:  # what a sum's backward repeats
            data = self._data = layout.copy_of_repeated(data)
        return data

    def _shared(self) -> Storage:
        """The storage, made on demand, for a tensor that is about to share it."""
        storage = self._storage
        if storage is None:
            storage = self._storage = Storage(self._array())
        return storage

    def _autograd(self) -> AutogradMeta:
        """The rare autograd fields, made on demand."""
        meta = self._meta
        if meta is None:
            meta = self._meta = AutogradMeta()
        return meta

    @property
    def _version(self) -> int:
        if self.is_inference():
            raise errors.InferenceTensorError("Inference tensors do not track version counter.")
        return 0 if self._storage is None else self._storage.version

    @property
    def data(self) -> Tensor:
        """The same memory without history and with a version counter of its own."""
        return make(self._array(), Storage(self._array()))

    @data.setter
    def data(self, value: Tensor) -> None:
        if not isinstance(value, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        layouts = {getattr(t._data, "layout", "strided") for t in (self, value)}
        if len(layouts) > 1:
            raise RuntimeError(
                "Attempted to call `variable.set_data(tensor)`, but `variable` and `tensor` have "
                "incompatible tensor type."
            )
        if self.requires_grad and value._data.dtype.kind not in "fc":
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex dtype"
            )
        self._data = value._array()

    def detach(self) -> Tensor:
        """The same memory and version counter without history."""
        made = make(self._array(), self._shared())
        meta = self._meta
        if meta is not None and meta.inference:
            made._autograd().inference = True
        return made

    # -- autograd fields -------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """True if gradients flow into this tensor or through it."""
        if self._grad_fn is not None:
            return True
        meta = self._meta
        if meta is None:
            return False
        return meta.requires_grad or (meta.view is not None and meta.view.base.requires_grad)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if type(value) is not bool:
            raise errors.RequiresGradFlagError("requires_grad must be a bool")
        if value and self._grad_fn is not None:
            raise errors.RequiresGradFlagError(
                "you can only change requires_grad flags of leaf variables."
            )
        self._set_requires_grad(value, "only Tensors of floating point and complex")

    def _set_requires_grad(
        self, value: bool, takes: str = "Only Tensors of floating point and complex"
    ) -> None:
        if self._grad_fn is not None:  # what a view of a former history would have is not asked
            if value:
                return
            raise errors.RequiresGradFlagError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if value and self._data.dtype.kind not in "fc":
            raise errors.RequiresGradFlagError(f"{takes} dtype can require gradients")
        if value and self.is_inference() and not MODE.inference:
            raise errors.InferenceTensorError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed."
            )
        if value or self._meta is not None:
            self._autograd().requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set the flag in place; returns the tensor itself."""
        errors.check_flag(requires_grad, "requires_grad_", "requires_grad")
        if MODE.special and (MODE.vmap or MODE.transforms):
            raise errors.RequiresGradFlagError(errors.IN_TRANSFORM.format("requires_grad_"))
        self._set_requires_grad(requires_grad, "only Tensors of floating point")
        return self

    @property
    def grad_fn(self) -> Any:
        """The node that computes this tensor's gradient, None for a leaf."""
        meta = self._meta
        if meta is not None and meta.view is not None:
            return meta.view.current_grad_fn(self)
        return self._grad_fn

    @property
    def is_leaf(self) -> bool:
        """True for a tensor that no recorded operation produced."""
        return self.grad_fn is None

    @property
    def output_nr(self) -> int:
        """Position among the outputs of ``grad_fn``."""
        return self._output_nr

    @property
    def _base(self) -> Tensor | None:
        meta = self._meta
        return None if meta is None or meta.view is None else meta.view.base

    def _is_view(self) -> bool:
        return self._base is not None

    @property
    def grad(self) -> Tensor | None:
        """What backward has accumulated in a leaf, or in a tensor that retains its gradient."""
        meta = self._meta
        if meta is not None and (meta.grad is not None or meta.retains):
            return meta.grad
        if self._grad_fn is not None:  # as it is: whoever reads .grad asks for no new history
            require("autograd.warn_non_leaf_grad")()
        return None

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        require("autograd.assign_grad")(self, value)

    @grad.deleter
    def grad(self) -> None:
        if self._meta is not None:
            self._meta.grad = None

    @property
    def retains_grad(self) -> bool:
        """True for a non-leaf after ``retain_grad()``."""
        return self._meta is not None and self._meta.retains

    def is_inference(self) -> bool:
        """True for a tensor made inside inference mode."""
        return self._meta is not None and self._meta.inference

    # -- geometry --------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """Extent of each dimension."""
        return Size(self._data.shape)

    @property
    def dtype(self) -> dtypes.dtype:
        """Element type under torch's name."""
        return dtypes.of_array(self._data)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return int(self._data.ndim)

    def dim(self) -> int:
        """Number of dimensions."""
        return int(self._data.ndim)

    def numel(self) -> int:
        """Number of elements."""
        return int(self._data.size)

    def __len__(self) -> int:
        if self._data.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return int(self._data.shape[0])

    # -- values ----------------------------------------------------------------------------------------------------

    def item(self) -> Any:
        """The one element as a Python number.

        Raises:
            RuntimeError: the tensor has another number of elements.
        """
        if self._data.size != 1:
            raise RuntimeError(
                f"a Tensor with {self._data.size} elements cannot be converted to Scalar"
            )
        return self._data.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self._data.tolist()

    def numpy(self, *, force: bool = False) -> Any:
        """The array itself, sharing memory.

        Raises:
            RuntimeError: the tensor requires grad, and gradients are being recorded.
        """
        if isinstance(self._data, Unreadable):
            raise self._data.numpy_error(self._data.why_not_numpy)
        if force:
            return np.array(self._data)
        if MODE.grad and self.requires_grad:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."
            )
        return self._array()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        array = self.numpy()
        return array.astype(dtype) if dtype is not None and dtype != array.dtype else array

    def __bool__(self) -> bool:
        if self._data.size != 1:
            what = "no values" if self._data.size == 0 else "more than one value"
            raise RuntimeError(f"Boolean value of Tensor with {what} is ambiguous")
        return bool(self._data.item())

    def __index__(self) -> int:
        if self._data.dtype.kind not in "iub" or self._data.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._data.item())

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return str(require("tensor.repr")(self))

    def __format__(self, spec: str) -> str:
        if self._data.ndim == 0 and type(self) is Tensor:
            return format(self._data.item(), spec)
        return object.__format__(self, spec)

    def __contains__(self, element: Any) -> bool:
        return bool((self == element).any())

    def __reversed__(self) -> Tensor:
        return self if self.ndim == 0 else self.flip(0)

    def __iter__(self) -> Any:
        if self._data.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return iter(OPS["unbind"](self, 0))

    def __getitem__(self, index: Any) -> Any:
        return OPS["__getitem__"](self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        OPS["__setitem__"](self, index, value)


def make(data: Any, storage: Storage | None = None) -> Tensor:
    """A tensor without history over ``data``; ``storage`` is given when the memory is shared."""
    made = object.__new__(Tensor)
    made._data = data
    made._storage = storage
    made._grad_fn = made._meta = None
    made._output_nr = 0
    return made


def _legacy_data(args: tuple[Any, ...]) -> Any:
    """Data for ``torch.Tensor(...)``: sizes, a sequence, an array or another tensor; always the default dtype."""
    kind = dtypes.default_numpy()
    if len(args) == 1 and isinstance(args[0], Tensor):
        return args[0]._array()
    if len(args) == 1 and isinstance(args[0], Size):
        return np.zeros(args[0], dtype=kind)
    if args and all(isinstance(n, int) for n in args):
        return np.zeros(args, dtype=kind)
    if len(args) == 1:
        return np.array(args[0], dtype=kind)
    if args:
        raise TypeError(f"Tensor() takes sizes, one sequence or one tensor, got {args!r}")
    return np.zeros((0,), dtype=kind)
