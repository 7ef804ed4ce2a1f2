"""torch.utils.hooks."""

from reference_impl.hooks import RemovableHandle

__all__ = ["RemovableHandle"]
