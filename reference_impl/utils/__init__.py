"""torch.utils, as far as it is about autograd."""

from reference_impl.utils import checkpoint, hooks

__all__ = ["checkpoint", "hooks"]
