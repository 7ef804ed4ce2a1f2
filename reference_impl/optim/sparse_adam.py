"""SparseAdam: Adam on the rows that a sparse gradient names."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl.optim.optimizer import Group, Optimizer, State, check_options, counted
from reference_impl.registry import OPS


class SparseAdam(Optimizer):
    """Adam in which neither the moments nor the parameter move where the gradient has no entry."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        check_options(lr=lr, betas=betas, eps=eps)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize})

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        if not grad.is_sparse:
            raise RuntimeError(
                "SparseAdam does not support dense gradients, please consider Adam instead"
            )
        b1, b2 = group["betas"]
        t = counted(state)
        found = grad.coalesce()
        at = tuple(np.asarray(found.indices()._data))
        g = found.values()._data
        m = self._moved(p, state, "exp_avg", at, g, b1)
        v = self._moved(p, state, "exp_avg_sq", at, g * g, b2)
        # Kingma and Ba, 2015, end of section 2: both corrections in one factor, with eps beside the uncorrected root.
        factor = group["lr"] * math.sqrt(1 - b2**t) / (1 - b1**t)
        p.index_put_(
            tuple(OPS["tensor"](i) for i in at),
            OPS["tensor"](-factor * m / (np.sqrt(v) + group["eps"])).to(p.dtype),
            accumulate=True,
        )

    @staticmethod
    def _moved(p: Any, state: State, name: str, at: Any, found: Any, rate: float) -> Any:
        """The running average of the rows, moved towards what was found."""
        held = state.setdefault(name, OPS["zeros_like"](p))
        data = held._array()
        data[at] = rate * data[at] + (1 - rate) * found
        return data[at]
