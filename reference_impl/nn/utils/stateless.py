"""torch.nn.utils.stateless: the older name of torch.func.functional_call."""

from reference_impl.func.modules import functional_call

__all__ = ["functional_call"]
