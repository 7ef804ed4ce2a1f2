"""A small device that needs no hardware: torch's PrivateUse1 backend in Python, its memory on the CPU.

``pytest --device simulated --load suites.selfcheck.simulated_device`` exercises every part of the device path. It has
no float64 and no ``erfinv``, as real accelerators lack a dtype or a kernel, and says so as their dispatchers do.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree, backend_registration

NAME = "simulated"
LACKS_DTYPE = torch.float64
LACKS_OP = "aten::erfinv"
HOST = torch.device("cpu")
COPIES = ("aten::_copy_from", "aten::_copy_from_and_resize")
_META = torch._C.DispatchKeySet(torch._C.DispatchKey.Meta)

# The device's memory: for each of its storages the one on the CPU that holds the numbers. A storage that is gone
# leaves its entry until another takes its address, which for a device this small is soon enough.
MEMORY: dict[int, torch.UntypedStorage] = {}

# Kernels that stand in for the host's, by name: where a test plants a fault in the device.
KERNELS: dict[str, Callable[..., Any]] = {}


def _is_ours(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.device.type == NAME


def to_host(value: Any) -> Any:
    """The tensor on the CPU that has the same memory and geometry; the CPU for the device; anything else as it is."""
    if _is_ours(value) and value._is_zerotensor():
        return torch.zeros(value.shape, dtype=value.dtype, device=HOST)
    if _is_ours(value):
        memory = MEMORY[value.untyped_storage()._cdata]
        empty = torch.empty(0, dtype=value.dtype, device=HOST)
        return empty.set_(memory, value.storage_offset(), value.size(), value.stride())
    return HOST if isinstance(value, torch.device) and value.type == NAME else value


def to_device(value: Any) -> Any:
    """The tensor of the device for one on the CPU: of the same memory, so that views stay views."""
    if not isinstance(value, torch.Tensor) or _is_ours(value):
        return value
    fresh = torch._C._acc.create_empty_tensor(value.shape, value.dtype)
    MEMORY[fresh.untyped_storage()._cdata] = value.untyped_storage()
    # Geometry is no matter of memory, so the kernel of the device without memory can set it.
    return torch.ops.aten.as_strided.default.redispatch(
        _META, fresh, value.size(), value.stride(), value.storage_offset()
    )


def run(op: Any, *args: Any, **kwargs: Any) -> Any:
    """Any operator, on the CPU; what it wrote to comes back as the tensor it was."""
    flat, spec = _pytree.tree_flatten((args, kwargs))
    _refuse(op, [x for x in flat if _is_ours(x)], kwargs)
    hosts = [to_host(x) for x in flat]
    known = {id(host): x for host, x in zip(hosts, flat, strict=True) if _is_ours(x)}
    host_args, host_kwargs = _pytree.tree_unflatten(hosts, spec)
    if op.name() in COPIES:
        host_args[1].copy_(host_args[0])
        return args[1]
    result = KERNELS.get(op.name(), op)(*host_args, **host_kwargs)
    if any(_is_ours(x) and host.shape != x.shape for host, x in zip(hosts, flat, strict=True)):
        raise _missing(op.name())  # an ``out`` that must grow: this device's memory cannot
    return _pytree.tree_map(lambda x: known[id(x)] if id(x) in known else to_device(x), result)


def _refuse(op: Any, tensors: list[torch.Tensor], options: dict[str, Any]) -> None:
    if op.name().startswith(LACKS_OP):
        raise _missing(LACKS_OP)
    if LACKS_DTYPE in [tensor.dtype for tensor in tensors] or options.get("dtype") == LACKS_DTYPE:
        raise NotImplementedError(f"\"{op.name()}\" not implemented for '{LACKS_DTYPE}'")


def _missing(name: str) -> NotImplementedError:
    return NotImplementedError(f"Could not run '{name}' with arguments from the '{NAME}' backend.")


backend_registration._setup_privateuseone_for_python_backend(NAME)
LIBRARY = torch.library.Library("_", "IMPL")
LIBRARY.fallback(run, "PrivateUse1")
