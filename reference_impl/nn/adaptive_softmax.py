"""Softmax over very many classes, in clusters by frequency."""

from __future__ import annotations

from typing import Any, NamedTuple

from reference_impl.nn import functional
from reference_impl.nn.containers import ModuleList, Sequential
from reference_impl.nn.layers import Linear
from reference_impl.nn.module import Module
from reference_impl.registry import OPS


class ASMoutput(NamedTuple):
    """Log-probabilities of the targets, and minus their mean."""

    output: Any
    loss: Any


class AdaptiveLogSoftmaxWithLoss(Module):
    """Frequent classes and one entry per cluster of rare ones in the head, the rest in tails (Grave et al., 2017)."""

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Any,
        div_value: float = 4.0,
        head_bias: bool = False,
    ) -> None:
        super().__init__()
        cuts = list(cutoffs)
        if not cuts:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if cuts != sorted(set(cuts)) or min(cuts) <= 0 or max(cuts) > n_classes - 1:
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                "value is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, [*cuts, n_classes]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cuts[0], len(cuts)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            narrow = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(Linear(in_features, narrow, False), Linear(narrow, size, False))
            )

    def log_prob(self, input: Any) -> Any:
        """Log-probabilities of all classes, (batch, n_classes)."""
        head = functional.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            at = self.shortlist_size + i
            parts.append(functional.log_softmax(tail(input), 1) + head[:, at : at + 1])
        return OPS["cat"](parts, 1)

    def predict(self, input: Any) -> Any:
        """The most probable class of each example."""
        return self.log_prob(input).argmax(1)

    def forward(self, input_: Any, target_: Any) -> ASMoutput:
        single = input_.dim() == 1
        x, target = (input_.unsqueeze(0), target_.unsqueeze(0)) if single else (input_, target_)
        out = self.log_prob(x).gather(1, target.unsqueeze(1)).squeeze(1)
        return ASMoutput(out.squeeze(0) if single else out, (-out).mean())
