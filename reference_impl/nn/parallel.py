"""DataParallel, on a machine with one device."""

from __future__ import annotations

from typing import Any

from reference_impl.nn.module import Module


class DataParallel(Module):
    """The module itself: without accelerators there is nothing to spread a batch over."""

    def __init__(
        self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        self.module = module
        self.device_ids, self.output_device, self.dim = device_ids or [], output_device, dim

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self.module(*inputs, **kwargs)
