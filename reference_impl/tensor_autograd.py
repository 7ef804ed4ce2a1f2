"""What a tensor offers of autograd: backward, hooks, retained gradients, detach_, its own .grad and its copy."""

from __future__ import annotations

import weakref
from typing import Any

from reference_impl import errors, hooks
from reference_impl.devices import device
from reference_impl.grad_mode import MODE
from reference_impl.gradients import backward
from reference_impl.graph import next_sequence
from reference_impl.layout import copy_in_order
from reference_impl.meta_array import device_of
from reference_impl.registry import register
from reference_impl.tensor import Tensor


def _tensor_backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Accumulate cotangent times Jacobian of this tensor into the leaves. See ``backward``."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


def _assign_grad(self: Tensor, value: Any) -> None:
    """``x.grad = value``."""
    if value is None:
        if self._meta is not None:
            self._meta.grad = None
        return
    if not isinstance(value, Tensor):
        raise TypeError(
            f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
        )
    if value is self:
        raise errors.GradAssignmentError("can't assign Variable as its own grad")
    wanted = _grad_dtype(self)
    if wanted is not None and value.dtype is not wanted:
        raise errors.GradAssignmentError(
            f"attempting to assign a gradient with dtype '{value.dtype.short.lower()}' to a tensor with grad_dtype "
            f"'{wanted.short}'. "
            "The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype)."
        )
    if value._data.shape != self._data.shape:
        raise errors.GradAssignmentError(
            f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size '{list(self.shape)}'. "
            "Please ensure that the gradient and the tensor are the same size"
        )
    if value.device != self.device:
        raise errors.GradAssignmentError(
            f"attempting to assign a gradient with device type '{value.device.type}' to a tensor with device type "
            f"'{self.device.type}'. Please ensure that the gradient and the tensor are on the same device"
        )
    self._autograd().grad = value


def _register_hook(self: Tensor, hook: Any) -> hooks.RemovableHandle:
    """Call ``hook(grad)`` with this tensor's gradient; what it returns replaces the gradient."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    fn = self.grad_fn
    if fn is None:
        meta = self._autograd()
        if meta.hooks is None:
            meta.hooks = hooks.HookDict()
        return hooks.add(meta.hooks, hook)
    found = fn._extra().tensor_pre.setdefault(self._output_nr, hooks.HookDict())
    return hooks.add(found, hook)


def _register_post_accumulate_grad_hook(self: Tensor, hook: Any) -> hooks.RemovableHandle:
    """Call ``hook(leaf)`` after the leaf's .grad was updated."""
    if not self.requires_grad:
        raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
    if self.grad_fn is not None:
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    meta = self._autograd()
    if meta.post_hooks is None:
        meta.post_hooks = hooks.HookDict()
    return hooks.add(meta.post_hooks, hook)


def _retain_grad(self: Tensor) -> None:
    """Keep this non-leaf's gradient in .grad."""
    if MODE.special and (MODE.vmap or MODE.transforms):
        raise errors.RequiresGradFlagError(errors.IN_TRANSFORM.format("retain_grad"))
    if not self.requires_grad:
        raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
    if self._grad_fn is None:
        return
    meta = self._autograd()
    fn = self.grad_fn
    if meta.retains:
        return
    meta.retains = True
    fn._extra().retained[self._output_nr] = weakref.ref(self)


def _detach_(self: Tensor) -> Tensor:
    """Make this tensor a leaf in place."""
    if self._is_view():
        raise RuntimeError(
            "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
            "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence "
            "detach_() cannot be called on these gradients."
        )
    fn = self._grad_fn
    if fn is not None:
        self._shared()  # so that nodes that saved the tensor look twice
        meta = self._autograd()
        meta.cut_histories += ((meta.history_from, next_sequence()),)
        if fn.extra is not None:  # the tensor's hooks stay its own
            meta.hooks = fn.extra.tensor_pre.get(self._output_nr)
    self._grad_fn = None
    self._output_nr = 0
    if self._meta is not None:
        self._meta.requires_grad = False
        self._meta.accumulator = None
        self._meta.retains = False
        self._meta.tangents = None
    return self


def _deepcopy(self: Tensor, memo: dict[int, Any]) -> Tensor:
    """A copy of a leaf with its flag and gradient."""
    if id(self) in memo:
        found: Tensor = memo[id(self)]
        return found
    if self.grad_fn is not None:
        raise RuntimeError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at "
            "the moment. If "
            "you were attempting to deepcopy a module, this may be because of a torch.nn.utils.weight_norm usage, see "
            "https://github.com/pytorch/pytorch/pull/103001"
        )
    made = object.__new__(type(self))
    made._storage = made._grad_fn = made._meta = None
    made._output_nr = 0
    made._data = copy_in_order(self._array(), None)
    made.__dict__.update(self.__dict__)
    memo[id(self)] = made
    if self.requires_grad:
        made._autograd().requires_grad = True
    if self._meta is not None and self._meta.grad is not None:
        made._autograd().grad = _deepcopy(self._meta.grad, memo)
    return made


Tensor.backward = _tensor_backward  # type: ignore[attr-defined]
Tensor.register_hook = _register_hook  # type: ignore[attr-defined]
Tensor.register_post_accumulate_grad_hook = _register_post_accumulate_grad_hook  # type: ignore[attr-defined]
Tensor.retain_grad = _retain_grad  # type: ignore[attr-defined]
Tensor.detach_ = _detach_  # type: ignore[attr-defined]
Tensor.__deepcopy__ = _deepcopy  # type: ignore[attr-defined]
register("autograd.assign_grad", _assign_grad)
register("autograd.warn_non_leaf_grad", hooks.warn_non_leaf_grad)


def _name(self: Tensor) -> str | None:
    return None if self._meta is None else self._meta.name


def _device(self: Tensor) -> device:
    return device_of(self._data)


def _grad_dtype(self: Tensor) -> Any:
    """The dtype the gradient must have; None if any will do."""
    found = None if self._meta is None else self._meta.grad_dtype
    return self.dtype if found is None else None if found == "any" else found


def _set_grad_dtype(self: Tensor, value: Any) -> None:
    if not self.is_leaf:
        raise RuntimeError("grad_dtype can only be set on leaf tensors.")
    self._autograd().grad_dtype = "any" if value is None else value


Tensor.name = property(_name)  # type: ignore[attr-defined]
Tensor.device = property(_device)  # type: ignore[attr-defined]
Tensor.grad_dtype = property(_grad_dtype, _set_grad_dtype)  # type: ignore[attr-defined]
Tensor.is_cpu = property(lambda self: device_of(self._data).type == "cpu")  # type: ignore[attr-defined]
Tensor.is_meta = property(lambda self: device_of(self._data).type == "meta")  # type: ignore[attr-defined]
