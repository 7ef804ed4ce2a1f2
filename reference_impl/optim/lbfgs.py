"""L-BFGS: a quasi-Newton method from the last few steps and gradients."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from reference_impl.grad_mode import enable_grad, no_grad
from reference_impl.optim.optimizer import Optimizer, check_options
from reference_impl.registry import OPS

_DECREASE, _CURVATURE = 1e-4, 0.9  # the constants of the Wolfe conditions
_MOST_TRIALS = 25


class LBFGS(Optimizer):
    """Steps along -H grad, H from the history by the two-loop recursion (Nocedal and Wright, algorithm 7.4)."""

    def __init__(
        self,
        params: Any,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_options(lr=lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")
        if line_search_fn not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        self._params = self.param_groups[0]["params"]

    def _gradient(self) -> Any:
        parts = [
            OPS["zeros"](p.numel(), dtype=p.dtype) if p.grad is None else p.grad.reshape(-1)
            for p in self._params
        ]
        return OPS["cat"](parts)

    def _point(self) -> Any:
        return OPS["cat"]([p.detach().clone().reshape(-1) for p in self._params])

    def _go_to(self, x: Any) -> None:
        start = 0
        for p in self._params:
            p.copy_(x[start : start + p.numel()].view_as(p))
            start += p.numel()

    def _run_step(self, closure: Callable[[], Any] | None) -> Any:
        if closure is None:
            raise TypeError("LBFGS.step() missing 1 required positional argument: 'closure'")
        with no_grad():
            return self._iterate(closure)

    def _iterate(self, closure: Callable[[], Any]) -> Any:
        group, state = self.param_groups[0], self.state[self._params[0]]
        evaluations = [0]

        def evaluate(x: Any = None) -> tuple[Any, Any]:
            if x is not None:
                self._go_to(x)
            with enable_grad():
                loss = closure()
            evaluations[0] += 1
            state["func_evals"] = state.get("func_evals", 0) + 1
            return loss, self._gradient()

        first, grad = evaluate()
        loss = float(first)
        for number in range(1, group["max_iter"] + 1):
            if float(grad.abs().max()) <= group["tolerance_grad"]:
                break
            direction = self._direction(grad, state, group["history_size"])
            slope = float(grad.dot(direction))
            if slope > -group["tolerance_change"]:
                break
            x = self._point()
            rate = group["lr"]
            if (
                state["n_iter"] == 1
            ):  # nothing is known of the curvature yet: a step of length 1 at most
                rate = min(1.0, 1.0 / float(grad.abs().sum())) * rate
            if group["line_search_fn"]:
                along = functools.partial(_evaluate_along, evaluate, x, direction)
                rate, found, new = wolfe_step(along, direction, (loss, slope), rate)
                self._go_to(x + rate * direction)
            else:
                self._go_to(x + rate * direction)
                found, new = loss, grad
                if number < group["max_iter"]:  # nobody asks what came of the last iteration
                    value, new = evaluate()
                    found = float(value)
            state.update(prev_flat_grad=grad, d=direction, t=rate)
            change, moved = abs(found - loss), float((rate * direction).abs().max())
            loss, grad = found, new
            small = min(change, moved) < group["tolerance_change"]
            if small or evaluations[0] >= group["max_eval"]:
                break
        return first

    def _direction(self, grad: Any, state: dict[str, Any], history_size: int) -> Any:
        """-H grad, after the last step has entered the history."""
        state["n_iter"] = state.get("n_iter", 0) + 1
        pairs = state.setdefault("pairs", [])
        if state["n_iter"] > 1:
            s, y = state["d"] * state["t"], grad - state["prev_flat_grad"]
            if float(y.dot(s)) > 1e-10:
                pairs.append((s, y))
                del pairs[:-history_size]
        q, kept = -grad, []
        for s, y in reversed(pairs):
            alpha = s.dot(q) / y.dot(s)
            q = q - alpha * y
            kept.append(alpha)
        if pairs:
            s, y = pairs[-1]
            q = q * (s.dot(y) / y.dot(y))
        for (s, y), alpha in zip(pairs, reversed(kept), strict=True):
            q = q + s * (alpha - y.dot(q) / y.dot(s))
        return q


def _evaluate_along(evaluate: Callable[[Any], tuple[Any, Any]], x: Any, d: Any, t: float) -> Any:
    return evaluate(x + t * d)


def wolfe_step(
    evaluate: Callable[[float], tuple[Any, Any]], d: Any, start: tuple[float, float], rate: float
) -> tuple[float, float, Any]:
    """A step length, with loss and gradient there, that meets the strong Wolfe conditions.

    A bracket is widened until it must hold such a point, then narrowed at the minimum of the cubic through its ends
    (Nocedal and Wright, algorithms 3.5 and 3.6).

    Args:
        evaluate: loss and gradient at a step length.
        d: the direction.
        start: the loss at 0 and its slope along ``d``.
        rate: the first length to try.
    """
    loss, slope = start
    low: tuple[float, float, float, Any] = (0.0, loss, slope, None)  # length, loss, slope, gradient
    high: tuple[float, float, float, Any] | None = None
    t = rate
    for _ in range(_MOST_TRIALS):
        value, grad = evaluate(t)
        here = (t, float(value), float(grad.dot(d)), grad)
        if here[1] > loss + _DECREASE * t * slope or (low[3] is not None and here[1] >= low[1]):
            high = here
        elif abs(here[2]) <= -_CURVATURE * slope:
            return t, here[1], grad
        else:
            if high is not None:
                high = low if here[2] * (high[0] - low[0]) >= 0 else high
            elif here[2] >= 0:
                high = low
            low = here
        t = 2 * t if high is None else _cubic_minimum(low, high)
    if low[3] is None:
        value, grad = evaluate(0.0)
        return 0.0, loss, grad
    return low[0], low[1], low[3]


def _cubic_minimum(a: Any, b: Any) -> float:
    """The minimum of the cubic with these values and slopes, well inside of the interval."""
    if a[0] > b[0]:
        a, b = b, a
    width = b[0] - a[0]
    theta = a[2] + b[2] - 3 * (b[1] - a[1]) / width
    square = theta * theta - a[2] * b[2]
    middle = a[0] + width / 2
    if square < 0:
        return float(middle)
    root = square**0.5
    bottom = b[2] - a[2] + 2 * root
    found = b[0] - width * (b[2] + root - theta) / bottom if bottom else middle
    return float(min(max(found, a[0] + 0.1 * width), b[0] - 0.1 * width))
