"""Parameter: a leaf that requires grad by default and that modules collect."""

from __future__ import annotations

from typing import Any

from reference_impl.overrides import plain_torch_function
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class Parameter(Tensor):
    """A tensor that is a module's parameter when assigned to one."""

    __torch_function__ = staticmethod(plain_torch_function)
    _shown_as = "torch.nn.parameter.Parameter"

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Any:
        made = object.__new__(cls)
        made._storage = made._grad_fn = made._meta = None
        made._output_nr = 0
        if data is None:
            made._data = super().__new__(Tensor)._data
        else:
            made._data = data._array()
            made._storage = data._shared()
        if requires_grad:
            made._set_requires_grad(True)
        return made


def new_parameter(*size: int, dtype: Any = None) -> Parameter:
    """A parameter of that shape, to be filled."""
    made: Parameter = Parameter(OPS["empty"](*size, dtype=dtype))
    return made


class Buffer(Tensor):
    """A tensor that is a module's buffer when assigned to one; ``persistent`` says whether it is saved."""

    __torch_function__ = staticmethod(plain_torch_function)

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        made = object.__new__(cls)
        made._storage = made._grad_fn = made._meta = None
        made._output_nr = 0
        if data is None:
            made._data = super().__new__(Tensor)._data
        else:
            made._data = data._array()
            made._storage = data._shared()
        made.persistent = persistent
        return made


class UninitializedParameter(Parameter):
    """A parameter whose shape is not known yet."""

    def __new__(cls, requires_grad: bool = True, device: Any = None, dtype: Any = None) -> Any:
        _ = device
        return super().__new__(cls, OPS["empty"](0, dtype=dtype), requires_grad)

    def materialize(self, data: Any) -> None:
        """Take the values of ``data``."""
        self.data = data.data
        self.__class__ = Parameter  # type: ignore[assignment]

    @property
    def shape(self) -> Any:
        """There is none yet."""
        raise RuntimeError(
            "Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
            "`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call `forward` "
            "to initialize the parameters before accessing their attributes."
        )

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        _ = tensor_contents
        return "<UninitializedParameter>"


class UninitializedBuffer(Buffer):
    """A buffer whose shape is not known yet."""

    def __new__(cls, requires_grad: bool = False, device: Any = None, dtype: Any = None) -> Any:
        _ = device, requires_grad
        return super().__new__(cls, OPS["empty"](0, dtype=dtype))

    def materialize(self, data: Any) -> None:
        """Take the values of ``data``."""
        self.data = data
        self.__class__ = Buffer  # type: ignore[assignment]
