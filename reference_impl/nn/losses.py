"""Losses as modules."""

from __future__ import annotations

from typing import Any

from reference_impl.nn import functional
from reference_impl.nn.module import Module
from reference_impl.tensor import Tensor


class _Loss(Module):
    """A loss: ``fn`` names it in nn.functional."""

    fn = ""

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", **options: Any
    ) -> None:
        super().__init__()
        if reduce is False:
            reduction = "none"
        elif size_average is False:
            reduction = "sum"
        self.reduction, self.options = reduction, options

    def forward(self, x: Tensor, target: Tensor) -> Any:
        return getattr(functional, self.fn)(x, target, reduction=self.reduction, **self.options)


class _Weighted(_Loss):
    """A loss with a weight for each class or element."""

    def __init__(self, weight: Any = None, size_average: Any = None, **options: Any) -> None:
        super().__init__(size_average, **options)
        self.register_buffer("weight", weight)

    def forward(self, x: Tensor, target: Tensor) -> Any:
        fn = getattr(functional, self.fn)
        return fn(x, target, weight=self.weight, reduction=self.reduction, **self.options)


class MSELoss(_Loss):
    """Mean squared difference."""

    fn = "mse_loss"


class L1Loss(_Loss):
    """Mean absolute difference."""

    fn = "l1_loss"


class SmoothL1Loss(_Loss):
    """Quadratic near 0, linear beyond."""

    fn = "smooth_l1_loss"


class HuberLoss(_Loss):
    """Quadratic near 0, linear beyond delta."""

    fn = "huber_loss"


class NLLLoss(_Weighted):
    """Negative log likelihood of classes."""

    fn = "nll_loss"


class CrossEntropyLoss(_Weighted):
    """Negative log softmax of classes."""

    fn = "cross_entropy"


class BCELoss(_Weighted):
    """Binary cross entropy of probabilities."""

    fn = "binary_cross_entropy"


class BCEWithLogitsLoss(_Weighted):
    """Binary cross entropy of logits."""

    fn = "binary_cross_entropy_with_logits"


class KLDivLoss(_Loss):
    """Divergence of distributions."""

    fn = "kl_div"


class PoissonNLLLoss(_Loss):
    """Negative log likelihood of counts."""

    fn = "poisson_nll_loss"


class SoftMarginLoss(_Loss):
    """Logistic loss of signs."""

    fn = "soft_margin_loss"


class MultiLabelMarginLoss(_Loss):
    """Hinge loss of several labels."""

    fn = "multilabel_margin_loss"


class HingeEmbeddingLoss(_Loss):
    """Hinge loss of distances."""

    fn = "hinge_embedding_loss"
