"""Gradient descent, and its average."""

from __future__ import annotations

from typing import Any

from reference_impl.optim.optimizer import (
    COMMON,
    Group,
    Optimizer,
    State,
    check_options,
    counted,
    decayed,
    kept,
    pushed,
)
from reference_impl.registry import OPS


class SGD(Optimizer):
    """Gradient descent with momentum, Nesterov's or plain, and weight decay."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_options(lr=lr, momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        grad = decayed(p, grad, group)
        momentum = group["momentum"]
        if momentum:
            held = state.get("momentum_buffer")
            if held is None:
                state["momentum_buffer"] = grad.clone()
            else:
                kept(state, "momentum_buffer", held * momentum + (1 - group["dampening"]) * grad)
            moved = state["momentum_buffer"]
            grad = grad + momentum * moved if group["nesterov"] else moved
        pushed(p, grad, group["lr"])


class ASGD(Optimizer):
    """Gradient descent whose average over the steps is kept as well (Polyak and Juditsky, 1992; Bottou, 2010)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        **options: Any,
    ) -> None:
        check_options(lr=lr, weight_decay=weight_decay)
        defaults = {"lr": lr, "lambd": lambd, "alpha": alpha, "t0": t0}
        super().__init__(params, {**defaults, "weight_decay": weight_decay, **COMMON, **options})

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        grad = decayed(p, grad, group)
        t = counted(state)
        lr, lambd = group["lr"], group["lambd"]
        eta = state.get("eta", OPS["tensor"](lr)).item()
        mu = state.get("mu", OPS["tensor"](1.0)).item()
        p.mul_(1 - lambd * eta)
        pushed(p, grad, eta)
        mean = state.get("ax", OPS["zeros_like"](p))
        state["ax"] = p.clone() if mu == 1 else mean + (p - mean) * mu
        state["eta"] = OPS["tensor"](lr / (1 + lambd * lr * t) ** group["alpha"])
        state["mu"] = OPS["tensor"](1 / max(1.0, t - group["t0"]))


class Rprop(Optimizer):
    """Steps whose sizes grow while a gradient keeps its sign and shrink when it changes (Riedmiller, Braun, 1993)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        **options: Any,
    ) -> None:
        check_options(lr=lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {"lr": lr, "etas": etas, "step_sizes": step_sizes}
        super().__init__(params, {**defaults, **COMMON, **options})

    def _update(self, p: Any, grad: Any, group: Group, state: State) -> None:
        counted(state)
        (shrink, grow), (least, most) = group["etas"], group["step_sizes"]
        before = state.get("prev", OPS["zeros_like"](p))
        size = state.get("step_size", OPS["full_like"](p, group["lr"]))
        agreed = (grad * before).sign()
        where = OPS["where"]
        size = where(agreed > 0, size * grow, where(agreed < 0, size * shrink, size))
        state["step_size"] = size = size.clamp(least, most)
        # After a change of sign the gradient is forgotten, so that the next step keeps its size.
        state["prev"] = grad = where(agreed < 0, OPS["zeros_like"](grad), grad)
        pushed(p, grad.sign() * size, 1.0)
