"""Names that programs about autograd reach through torch._C and its neighbours, as far as they have a meaning here."""

from __future__ import annotations

import pickle
import warnings
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from reference_impl import engine, grad_mode, saved
from reference_impl.autograd.forward_ad import _set_fwd_grad_enabled
from reference_impl.function import DelayedError, Function
from reference_impl.grad_mode import MODE
from reference_impl.graph import AccumulateGrad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class WeakTensorRef:
    """A weak reference to a tensor that can say whether it has gone."""

    def __init__(self, tensor: Tensor) -> None:
        self._ref = weakref.ref(tensor)

    def expired(self) -> bool:
        """True once the tensor is gone."""
        return self._ref() is None


def current_task_id() -> int:
    """Number of the backward pass under way in this thread, -1 outside of one."""
    tasks = engine.RUNNING.tasks
    return id(tasks[-1]) if tasks else -1


def _task() -> engine.GraphTask:
    if not engine.RUNNING.tasks:
        raise RuntimeError("no backward pass is under way")
    return engine.RUNNING.tasks[-1]


def set_version(tensors: Any, versions: Any) -> None:
    """Set the version counters as they are told, without a write."""
    many = (
        zip(tensors, versions, strict=True)
        if isinstance(tensors, tuple | list)
        else ((tensors, versions),)
    )
    for t, version in many:
        t._shared().version = version


class preserve_version_counter:  # noqa: N801 - torch's name
    """Inside, writes do not raise the versions of these tensors."""

    def __init__(self, tensors: Tensor | tuple[Tensor, ...]) -> None:
        self.tensors = (tensors,) if isinstance(tensors, Tensor) else tensors
        self.versions = tuple(t._version for t in self.tensors)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        set_version(self.tensors, self.versions)


class force_original_view_tracking(grad_mode.ModeContext):  # noqa: N801 - torch's name
    """Choose between replayed and strided views; here every view is replayed, and the switch is only remembered."""

    def __init__(self, mode: bool) -> None:
        self.previous = MODE.view_replay
        self.mode = mode
        MODE.view_replay = mode

    def clone(self) -> force_original_view_tracking:
        return type(self)(self.mode)

    def __enter__(self) -> None:
        MODE.view_replay = self.mode

    def __exit__(self, *exc_info: object) -> None:
        MODE.view_replay = self.previous


def is_view_replay_enabled() -> bool:
    """What ``force_original_view_tracking`` last said."""
    return MODE.view_replay


def save(obj: Any, f: Any) -> None:
    """Pickle tensors, or what holds them, to a path or an open file; history is not kept."""
    data = pickle.dumps(obj)
    if hasattr(f, "write"):
        f.write(data)
    else:
        Path(f).write_bytes(data)


def load(f: Any, **_options: Any) -> Any:
    """Read back what ``save`` wrote. As with any pickle, only from sources you trust."""
    data = f.read() if hasattr(f, "read") else Path(f).read_bytes()
    return pickle.loads(data)  # noqa: S301 - the documented meaning of load


class _Raising:
    """A function that passes tensors on and raises when they are differentiated."""

    def __init__(self, message: str, num_inputs: int) -> None:
        self.message, self.num_inputs = message, num_inputs

    def __call__(self, *tensors: Any) -> Any:
        made = DelayedError.apply(self.message, *tensors)
        return made[0] if len(made) == 1 else made


class _Undefining(Function):
    """Passes tensors on; backward gives them no gradient."""

    @staticmethod
    def forward(_ctx: Any, *tensors: Any) -> Any:
        return tuple(t.view_as(t) for t in tensors)

    @staticmethod
    def backward(_ctx: Any, *grads: Any) -> Any:
        return (None,) * len(grads)


class UndefinedGrad:
    """A function that passes tensors on and gives them undefined gradients."""

    def __call__(self, *tensors: Any) -> Any:
        made = _Undefining.apply(*tensors)
        return made[0] if len(made) == 1 else made


def unique_sorted(x: Tensor, sorted: bool = True, return_inverse: bool = False) -> Any:  # noqa: A002 - torch's name
    """The different values, and where each element is among them."""
    values, inverse, _ = OPS["unique"](x, sorted, True, True)
    return values, inverse if return_inverse else OPS["empty"](0, dtype=inverse.dtype)


def unique_counted(
    x: Tensor,
    sorted: bool = True,  # noqa: A002 - torch's name
    return_inverse: bool = False,
    return_counts: bool = False,
) -> Any:
    """The different values, where each element is among them, and how often each occurs."""
    return unique_dim(x, None, sorted, return_inverse, return_counts)


def unique_dim(
    x: Tensor,
    dim: int | None,
    sorted: bool = True,  # noqa: A002 - torch's name
    return_inverse: bool = False,
    return_counts: bool = False,
) -> Any:
    """The same of slices along ``dim``."""
    values, inverse, counts = OPS["unique"](x, sorted, True, True, dim)
    none = OPS["empty"](0, dtype=inverse.dtype)
    return values, inverse if return_inverse else none, counts if return_counts else none


# There is no accelerator.
cuda = SimpleNamespace(is_available=lambda: False, device_count=lambda: 0)

VF = SimpleNamespace(unique_dim=unique_dim, _unique=unique_sorted, _unique2=unique_counted)

C = SimpleNamespace(
    _WeakTensorRef=WeakTensorRef,
    _set_fwd_grad_enabled=_set_fwd_grad_enabled,
    is_grad_enabled=grad_mode.is_grad_enabled,
    _current_graph_task_id=current_task_id,
    _current_graph_task_execution_order=lambda: list(_task().order),
    _will_engine_execute_node=lambda node: engine.will_run(_task(), node),
    _functions=SimpleNamespace(
        AccumulateGrad=AccumulateGrad, DelayedError=_Raising, UndefinedGrad=UndefinedGrad
    ),
    _autograd=SimpleNamespace(
        SavedTensor=saved.PublicSavedTensor,
        _saved_tensors_hooks_is_enabled=lambda: MODE.saved_hooks_disabled is None,
        _get_current_graph_task_keep_graph=lambda: _task().keep_graph,
        _unsafe_set_version_counter=set_version,
    ),
)


def _reduce(self: Tensor) -> Any:
    return _rebuild, (type(self), self._array(), self.requires_grad)


def _rebuild(kind: Any, data: Any, requires_grad: bool) -> Any:
    made = object.__new__(kind)
    made._storage = made._grad_fn = made._meta = None
    made._output_nr = 0
    made._data = data
    if requires_grad:
        made.requires_grad = True
    return made


def _backward_hooks(self: Tensor) -> Any:
    return None if self._meta is None else self._meta.hooks


def _post_accumulate_grad_hooks(self: Tensor) -> Any:
    return None if self._meta is None else self._meta.post_hooks


setattr(Tensor, "__reduce_ex__", lambda self, _protocol: _reduce(self))  # noqa: B010 - mypy refuses the assignment
for _name, _getter in {
    "_backward_hooks": _backward_hooks,
    "_post_accumulate_grad_hooks": _post_accumulate_grad_hooks,
    "_cdata": id,
}.items():
    setattr(Tensor, _name, property(_getter))
# What a tensor of another kind would be: here none is.
for _name in (
    "cuda", "ipu", "maia", "meta", "mkldnn", "mps", "mtia", "nested", "quantized", "sparse",
    "sparse_csr", "vulkan", "xla", "xpu",
):  # fmt: skip
    setattr(Tensor, f"is_{_name}", False)


def _volatile(_self: Tensor) -> bool:
    warnings.warn(
        "volatile was removed (Variable.volatile is always False)", UserWarning, stacklevel=2
    )
    return False


def _set_volatile(_self: Tensor, _value: Any) -> None:
    warnings.warn(
        "volatile was removed and now has no effect. Use `with torch.no_grad():` instead.",
        UserWarning,
        stacklevel=2,
    )


Tensor.volatile = property(_volatile, _set_volatile)  # type: ignore[attr-defined]
