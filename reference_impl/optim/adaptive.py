"""Steps scaled by squares of past gradients: RMSprop, Adagrad, Adadelta."""

from __future__ import annotations

from typing import Any

from reference_impl.optim.optimizer import (
    COMMON,
    Group,
    Optimizer,
    State,
    averaged,
    check_options,
    counted,
    decayed,
    pushed,
)
from reference_impl.registry import OPS


class RMSprop(Optimizer):
    """Steps scaled by a running mean of squares (Hinton, 2012), or of the variance (Graves, 2013)."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        **options: Any,
    ) -> None:
        check_options(lr=lr, eps=eps, momentum=momentum, weight_decay=weight_decay, alpha=alpha)
        defaults = {"lr": lr, "momentum": momentum, "alpha": alpha, "eps": eps}
        more = {"centered": centered, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, **more, **COMMON, **options})

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        counted(state)
        grad = decayed(p, grad, group)
        spread = averaged(state, "square_avg", grad * grad, group["alpha"])
        if group["centered"]:
            mean = averaged(state, "grad_avg", grad, group["alpha"])
            spread = spread - mean * mean
        moved = grad / (spread.sqrt() + group["eps"])
        if group["momentum"]:
            held = state.get("momentum_buffer", OPS["zeros_like"](p))
            state["momentum_buffer"] = moved = group["momentum"] * held + moved
        pushed(p, moved, group["lr"])


class Adagrad(Optimizer):
    """Steps scaled by the sum of squares (Duchi, Hazan and Singer, 2011)."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        **options: Any,
    ) -> None:
        check_options(lr=lr, lr_decay=lr_decay, weight_decay=weight_decay, eps=eps)
        defaults = {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay}
        start = {"initial_accumulator_value": initial_accumulator_value}
        common = {n: v for n, v in COMMON.items() if n != "capturable"}
        super().__init__(params, {**defaults, **start, **common, "fused": None, **options})
        for group in self.param_groups:
            for p in group["params"]:
                filled = OPS["full_like"](p, initial_accumulator_value).detach()
                self.state[p] = {"step": OPS["tensor"](0.0), "sum": filled}

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        t = counted(state)
        grad = decayed(p, grad, group)
        state["sum"] = state["sum"] + grad * grad
        lr = group["lr"] / (1 + (t - 1) * group["lr_decay"])
        pushed(p, grad / (state["sum"].sqrt() + group["eps"]), lr)


class Adadelta(Optimizer):
    """Steps in the ratio of running means of past steps and past gradients (Zeiler, 2012)."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        **options: Any,
    ) -> None:
        check_options(lr=lr, eps=eps, weight_decay=weight_decay)
        if not 0 <= rho <= 1:
            raise ValueError(f"Invalid rho value: {rho}")
        defaults = {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, **COMMON, **options})

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        counted(state)
        grad = decayed(p, grad, group)
        rho, eps = group["rho"], group["eps"]
        squares = averaged(state, "square_avg", grad * grad, rho)
        past = state.get("acc_delta", OPS["zeros_like"](p))
        moved = (past + eps).sqrt() / (squares + eps).sqrt() * grad
        averaged(state, "acc_delta", moved * moved, rho)
        pushed(p, moved, group["lr"])
