"""Losses as modules."""

from __future__ import annotations

from typing import Any, ClassVar

from reference_impl.nn import functional
from reference_impl.nn.distances import PairwiseDistance
from reference_impl.nn.module import Module


class _Loss(Module):
    """A loss: ``fn`` names it in nn.functional, ``usual`` its options in torch's order and their defaults.

    ``size_average`` and ``reduce`` are the old spelling of ``reduction``; ``last`` names what stands behind them.
    """

    fn = ""
    usual: ClassVar[dict[str, Any]] = {}
    last: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__()
        names = [*self.usual, "size_average", "reduce", "reduction", *self.last]
        if len(args) > len(names) or options.keys() - set(names):
            raise TypeError(
                f"{type(self).__name__} takes {', '.join(names)}; got {len(args)} values and {sorted(options)}"
            )
        given = dict(zip(names, args, strict=False)) | options
        reduction = given.get("reduction", "mean")
        if given.get("reduce") is False:
            reduction = "none"
        elif given.get("size_average") is False:
            reduction = "sum"
        self.reduction = reduction
        for name, value in (self.usual | self.last).items():
            if name in ("weight", "pos_weight"):
                self.register_buffer(name, given.get(name, value))
            else:
                setattr(self, name, given.get(name, value))

    def forward(self, *inputs: Any) -> Any:
        options = {n: getattr(self, n) for n in self.usual | self.last}
        return getattr(functional, self.fn)(*inputs, reduction=self.reduction, **options)


class MSELoss(_Loss):
    """Mean squared difference."""

    fn = "mse_loss"


class L1Loss(_Loss):
    """Mean absolute difference."""

    fn = "l1_loss"


class SmoothL1Loss(_Loss):
    """Quadratic near 0, linear beyond."""

    fn = "smooth_l1_loss"
    last: ClassVar[dict[str, Any]] = {"beta": 1.0}


class HuberLoss(Module):
    """Quadratic near 0, linear beyond delta."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__()
        self.reduction, self.delta = reduction, delta

    def forward(self, x: Any, target: Any) -> Any:
        return functional.huber_loss(x, target, reduction=self.reduction, delta=self.delta)


class NLLLoss(_Loss):
    """Negative log likelihood of classes."""

    fn = "nll_loss"

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.ignore_index = ignore_index

    def forward(self, x: Any, target: Any) -> Any:
        options = {"ignore_index": self.ignore_index, "reduction": self.reduction}
        return functional.nll_loss(x, target, weight=self.weight, **options)


class CrossEntropyLoss(NLLLoss):
    """Negative log softmax of classes."""

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, ignore_index, reduce, reduction)
        self.label_smoothing = label_smoothing

    def forward(self, x: Any, target: Any) -> Any:
        options = {"ignore_index": self.ignore_index, "reduction": self.reduction}
        smooth = self.label_smoothing
        return functional.cross_entropy(
            x, target, weight=self.weight, label_smoothing=smooth, **options
        )


class BCELoss(_Loss):
    """Binary cross entropy of probabilities."""

    fn = "binary_cross_entropy"
    usual: ClassVar[dict[str, Any]] = {"weight": None}


class BCEWithLogitsLoss(_Loss):
    """Binary cross entropy of logits."""

    fn = "binary_cross_entropy_with_logits"
    usual: ClassVar[dict[str, Any]] = {"weight": None}
    last: ClassVar[dict[str, Any]] = {"pos_weight": None}


class KLDivLoss(_Loss):
    """Divergence of distributions."""

    fn = "kl_div"
    last: ClassVar[dict[str, Any]] = {"log_target": False}


class PoissonNLLLoss(_Loss):
    """Negative log likelihood of counts."""

    fn = "poisson_nll_loss"

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, x: Any, target: Any) -> Any:
        options = {"log_input": self.log_input, "full": self.full, "eps": self.eps}
        return functional.poisson_nll_loss(x, target, reduction=self.reduction, **options)


class GaussianNLLLoss(Module):
    """Negative log likelihood of normal distributions of given variances."""

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__()
        self.full, self.eps, self.reduction = full, eps, reduction

    def forward(self, x: Any, target: Any, var: Any) -> Any:
        options = {"full": self.full, "eps": self.eps, "reduction": self.reduction}
        return functional.gaussian_nll_loss(x, target, var, **options)


class SoftMarginLoss(_Loss):
    """Logistic loss of signs."""

    fn = "soft_margin_loss"


class MultiLabelMarginLoss(_Loss):
    """Hinge loss of several labels."""

    fn = "multilabel_margin_loss"


class MultiLabelSoftMarginLoss(_Loss):
    """Logistic loss of several labels."""

    fn = "multilabel_soft_margin_loss"
    usual: ClassVar[dict[str, Any]] = {"weight": None}


class MultiMarginLoss(_Loss):
    """Hinge loss of classes."""

    fn = "multi_margin_loss"
    usual: ClassVar[dict[str, Any]] = {"p": 1, "margin": 1.0, "weight": None}


class HingeEmbeddingLoss(_Loss):
    """Hinge loss of distances."""

    fn = "hinge_embedding_loss"
    usual: ClassVar[dict[str, Any]] = {"margin": 1.0}


class CosineEmbeddingLoss(_Loss):
    """Hinge loss of cosines."""

    fn = "cosine_embedding_loss"
    usual: ClassVar[dict[str, Any]] = {"margin": 0.0}


class MarginRankingLoss(_Loss):
    """Hinge loss of differences."""

    fn = "margin_ranking_loss"
    usual: ClassVar[dict[str, Any]] = {"margin": 0.0}


class TripletMarginLoss(_Loss):
    """Hinge loss of the distances of one point to a near and a far one."""

    fn = "triplet_margin_loss"
    usual: ClassVar[dict[str, Any]] = {"margin": 1.0, "p": 2.0, "eps": 1e-6, "swap": False}


class TripletMarginWithDistanceLoss(Module):
    """Triplet loss under a distance of one's own."""

    def __init__(
        self,
        *,
        distance_function: Any = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        self.distance_function = distance_function or PairwiseDistance()
        self.margin = margin
        self.swap, self.reduction = swap, reduction

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return functional.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class CTCLoss(Module):
    """Negative log likelihood of label sequences over all their alignments (Graves et al., 2006)."""

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__()
        self.blank, self.reduction, self.zero_infinity = blank, reduction, zero_infinity

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        options = (self.blank, self.reduction, self.zero_infinity)
        return functional.ctc_loss(log_probs, targets, input_lengths, target_lengths, *options)
