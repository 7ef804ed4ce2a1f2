"""Adam and its relatives: steps scaled by running moments of the gradient."""

from __future__ import annotations

import math
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


class _Moments(Optimizer):
    """What the family shares: two rates, and a weight decay that passes through the moments or does not."""

    decoupled = False

    def __init__(self, params: Any, defaults: dict[str, Any], options: dict[str, Any]) -> None:
        check_options(**{n: defaults[n] for n in ("lr", "betas", "eps", "weight_decay")})
        super().__init__(params, {**defaults, **COMMON, **options})

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        if grad.is_sparse:
            raise RuntimeError(
                f"{type(self).__name__} does not support sparse gradients, please consider SparseAdam instead"
            )
        if group.get("decoupled_weight_decay", self.decoupled):
            if group["weight_decay"]:
                p.mul_(1 - group["lr"] * group["weight_decay"])
        else:
            grad = decayed(p, grad, group)
        self._push(p, grad, group, state)

    def _push(self, p: Any, grad: Any, group: Group, state: State) -> None:
        raise NotImplementedError


class Adam(_Moments):
    """Steps m / sqrt(v), with the moments freed of their start at 0 (Kingma and Ba, 2015)."""

    decay: float = 0

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float | None = None,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        decay = self.decay if weight_decay is None else weight_decay
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": decay, "amsgrad": amsgrad}
        decoupled = {"decoupled_weight_decay": self.decoupled}
        super().__init__(params, defaults, {"fused": None, **decoupled, **options})

    def _push(self, p: Any, grad: Any, group: Group, state: State) -> None:
        b1, b2 = group["betas"]
        t = counted(state)
        m = averaged(state, "exp_avg", grad, b1) / (1 - b1**t)
        v = averaged(state, "exp_avg_sq", grad * grad.conj(), b2)
        if group["amsgrad"]:
            v = OPS["maximum"](state.get("max_exp_avg_sq", v), v)
            state["max_exp_avg_sq"] = v
        pushed(p, m / ((v / (1 - b2**t)).sqrt() + group["eps"]), group["lr"])


class AdamW(Adam):
    """Adam whose weight decay does not pass through the moments (Loshchilov and Hutter, 2019)."""

    decoupled = True
    decay = 1e-2


class Adamax(_Moments):
    """Adam with the largest recent gradient in place of the second moment (Kingma and Ba, 2015, section 7)."""

    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        **options: Any,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults, options)

    def _push(self, p: Any, grad: Any, group: Group, state: State) -> None:
        b1, b2 = group["betas"]
        t = counted(state)
        m = averaged(state, "exp_avg", grad, b1)
        held = state.get("exp_inf", OPS["zeros_like"](p))
        state["exp_inf"] = largest = OPS["maximum"](b2 * held, grad.abs() + group["eps"])
        pushed(p, m / ((1 - b1**t) * largest), group["lr"])


class NAdam(_Moments):
    """Adam with Nesterov's momentum, whose rate grows with the steps (Dozat, 2016)."""

    def __init__(
        self,
        params: Any,
        lr: Any = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        **options: Any,
    ) -> None:
        check_options(momentum_decay=momentum_decay)
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        own = {"momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, {**defaults, **own}, options)

    def _push(self, p: Any, grad: Any, group: Group, state: State) -> None:
        b1, b2 = group["betas"]
        t = counted(state)
        now, after = (b1 * (1 - 0.5 * 0.96 ** (n * group["momentum_decay"])) for n in (t, t + 1))
        product = state.get("mu_product", OPS["tensor"](1.0)).item() * now
        state["mu_product"] = OPS["tensor"](product)
        m = averaged(state, "exp_avg", grad, b1)
        v = averaged(state, "exp_avg_sq", grad * grad, b2) / (1 - b2**t)
        ahead = after * m / (1 - product * after) + (1 - now) * grad / (1 - product)
        pushed(p, ahead / (v.sqrt() + group["eps"]), group["lr"])


class RAdam(_Moments):
    """Adam that waits until the variance of its scaling is finite, and corrects for it (Liu et al., 2020)."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        **options: Any,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        own = {"decoupled_weight_decay": decoupled_weight_decay}
        super().__init__(params, {**defaults, **own}, options)

    def _push(self, p: Any, grad: Any, group: Group, state: State) -> None:
        b1, b2 = group["betas"]
        t = counted(state)
        m = averaged(state, "exp_avg", grad, b1) / (1 - b1**t)
        v = averaged(state, "exp_avg_sq", grad * grad, b2)
        longest = 2 / (1 - b2) - 1
        length = longest - 2 * t * b2**t / (1 - b2**t)
        if length > 5:
            found = (length - 4) * (length - 2) * longest
            wanted = (longest - 4) * (longest - 2) * length
            m = m * math.sqrt(found / wanted) * math.sqrt(1 - b2**t) / (v.sqrt() + group["eps"])
        pushed(p, m, group["lr"])
