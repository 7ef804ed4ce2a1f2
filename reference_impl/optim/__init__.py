"""torch.optim: what programs about autograd use to follow a gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reference_impl.grad_mode import enable_grad, no_grad
from reference_impl.missing import NotOfferedError
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop"]


class Optimizer:
    """Holds parameters, in groups with options; ``step`` moves them."""

    def __init__(self, params: Iterable[Any], defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but "
                f"got {type(params).__name__}"
            )
        given = list(params)
        if not given:
            raise ValueError("optimizer got an empty parameter list")
        groups = given if isinstance(given[0], dict) else [{"params": given}]
        self.param_groups = [{**defaults, **g, "params": list(g["params"])} for g in groups]
        self.state: dict[Tensor, dict[str, Any]] = {}
        for group in self.param_groups:
            for p in group["params"]:
                if not isinstance(p, Tensor):
                    raise TypeError(
                        f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}"
                    )
                if not (p.is_leaf or p.retains_grad):
                    raise ValueError("can't optimize a non-leaf Tensor")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget or zero all gradients."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p.grad = None
                elif p.grad is not None:
                    p.grad.detach_().zero_()

    def step(self, closure: Any = None) -> Any:
        """Move every parameter that has a gradient; ``closure`` computes the loss anew."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self._move(p, p.grad, group, self.state.setdefault(p, {}))
        return loss

    def _move(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        raise NotImplementedError


class SGD(Optimizer):
    """Gradient descent with momentum, Nesterov's or plain, and weight decay."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0.0,
        *,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        if nesterov and not momentum:
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "nesterov": nesterov})

    def _move(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        grad = _decayed(p, grad, group)
        if group["momentum"]:
            held = state.get("momentum_buffer")
            moved = grad.clone() if held is None else held * group["momentum"] + grad
            state["momentum_buffer"] = moved
            grad = grad + group["momentum"] * moved if group["nesterov"] else moved
        p.add_(grad, alpha=-group["lr"])


def _decayed(p: Any, grad: Any, group: dict[str, Any]) -> Any:
    return grad + group["weight_decay"] * p if group["weight_decay"] else grad


class Adam(Optimizer):
    """Steps scaled by running moments of the gradient (Kingma and Ba, 2015)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    def _move(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        self._step(p, _decayed(p, grad, group), group, state)

    def _step(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        b1, b2 = group["betas"]
        state["step"] = state.get("step", 0) + 1
        state["m"] = b1 * state.get("m", OPS["zeros_like"](p)) + (1 - b1) * grad
        state["v"] = b2 * state.get("v", OPS["zeros_like"](p)) + (1 - b2) * grad * grad
        m = state["m"] / (1 - b1 ** state["step"])
        v = state["v"] / (1 - b2 ** state["step"])
        p.add_(m / (v.sqrt() + group["eps"]), alpha=-group["lr"])


class AdamW(Adam):
    """Adam whose weight decay does not pass through the moments (Loshchilov and Hutter, 2019)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def _move(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        p.mul_(1 - group["lr"] * group["weight_decay"])
        self._step(p, grad, group, state)


class RMSprop(Optimizer):
    """Steps scaled by a running mean of squares (Hinton, 2012)."""

    def __init__(
        self, params: Any, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8
    ) -> None:
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps})

    def _move(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        held = state.get("square_avg", OPS["zeros_like"](p))
        state["square_avg"] = group["alpha"] * held + (1 - group["alpha"]) * grad * grad
        p.add_(grad / (state["square_avg"].sqrt() + group["eps"]), alpha=-group["lr"])


class Adagrad(Optimizer):
    """Steps scaled by the sum of squares (Duchi, Hazan and Singer, 2011)."""

    def __init__(self, params: Any, lr: float = 1e-2, eps: float = 1e-10) -> None:
        super().__init__(params, {"lr": lr, "eps": eps})

    def _move(self, p: Any, grad: Any, group: dict[str, Any], state: dict[str, Any]) -> None:
        state["sum"] = state.get("sum", OPS["zeros_like"](p)) + grad * grad
        p.add_(grad / (state["sum"].sqrt() + group["eps"]), alpha=-group["lr"])


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.optim", name, __all__)
