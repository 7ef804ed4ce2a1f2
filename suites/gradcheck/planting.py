"""Functions with a known mistake in a derivative: what a gradient checker is measured with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Make = Callable[[int, int], tuple[Callable[..., Any], tuple[Tensor, ...]]]


@dataclass(frozen=True, slots=True)
class Plant:
    """A mistake: ``make(size, seed)`` gives a function and inputs. ``order`` is where the mistake lies.

    ``is_fault`` is False for the functions that are right, which a checker must accept.
    """

    name: str
    make: Make
    order: int = 1
    is_fault: bool = True


def planted(forward: Callable[..., Tensor], spoil: Callable[..., Any]) -> Callable[..., Tensor]:
    """The function with ``spoil(gradients, ct, *inputs)`` in place of its gradients, at first order."""

    class Planted(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *xs: Tensor) -> Tensor:
            ctx.save_for_backward(*xs)
            return forward(*xs)

        @staticmethod
        def backward(ctx: Any, ct: Tensor) -> Any:
            with torch.enable_grad():
                xs = [x.detach().requires_grad_() for x in ctx.saved_tensors]
                gradients = torch.autograd.grad(forward(*xs), xs, ct)
            return spoil(gradients, ct, *ctx.saved_tensors)

    apply: Callable[..., Tensor] = Planted.apply
    return apply


def _uniform(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(shape, generator=generator, dtype=torch.float64) * 2 - 1
    return drawn.to(dtype).requires_grad_()


def _smooth(x: Tensor) -> Tensor:
    return torch.sin(1.3 * x) + 0.5 * x


def _one_element(relative: float) -> Make:
    def make(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
        place = int(torch.randint(size, (), generator=torch.Generator().manual_seed(seed + 1)))

        def spoil(gradients: Any, *_: Tensor) -> Tensor:
            wrong: Tensor = gradients[0].clone()
            wrong[place] *= 1.0 + relative
            return wrong

        return planted(_smooth, spoil), (_uniform(seed, size),)

    return make


def _scaled(factor: float) -> Make:
    def make(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
        return planted(_smooth, lambda g, *_: g[0] * factor), (_uniform(seed, size),)

    return make


def _sides(size: int) -> tuple[int, int]:
    rows = max(2, round(size**0.5))
    return rows, max(2, size // rows)


def _transposed(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    rows = _sides(size)[0]
    x = _uniform(seed, rows, rows)
    return planted(_smooth, lambda g, *_: g[0].T.contiguous()), (x,)


def _dropped_sum(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    rows, columns = _sides(size)
    inputs = _uniform(seed, rows, columns), _uniform(seed + 1, columns)
    return (
        planted(lambda x, b: torch.sin(x) * b, lambda g, ct, x, _: (g[0], (ct * torch.sin(x))[0])),
        inputs,
    )


class _WrongSecond(torch.autograd.Function):  # type: ignore[misc]
    """``x**3`` whose gradient is right, and the gradient of that wrong in one element."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, ct: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return _Gradient.apply(x, ct)


class _Gradient(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(ctx: Any, x: Tensor, ct: Tensor) -> Tensor:
        ctx.save_for_backward(x, ct)
        return 3 * x**2 * ct

    @staticmethod
    def backward(ctx: Any, given: Tensor) -> Any:
        x, ct = ctx.saved_tensors
        by_x = 6 * x * ct * given
        by_x[x.numel() // 2] *= 1.05
        return by_x, 3 * x**2 * given


def _second_only(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    return _WrongSecond.apply, (_uniform(seed, size),)


def _one_dtype(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    def spoil(gradients: Any, _: Tensor, x: Tensor) -> Tensor:
        wrong: Tensor = gradients[0].clone()
        if x.dtype == torch.float32:
            wrong[x.numel() // 2] *= 1.05
        return wrong

    return planted(_smooth, spoil), (_uniform(seed, size, dtype=torch.float32),)


def _with_ties(size: int, seed: int) -> Tensor:
    x = _uniform(seed, max(2, size)).detach()
    x[: max(2, size // 5)] = 2.0
    return x.requires_grad_()


def _only_at_ties(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    """A maximum that gives the whole gradient to each of the tied elements."""

    def spoil(_: Any, ct: Tensor, x: Tensor) -> Tensor:
        return torch.where(x == x.amax(), ct, torch.zeros_like(x))

    return planted(lambda x: x.amax(), spoil), (_with_ties(size, seed),)


def _right(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    return _smooth, (_uniform(seed, size),)


def _right_float32(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    return _smooth, (_uniform(seed, size, dtype=torch.float32),)


def _right_at_ties(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    return torch.amax, (_with_ties(size, seed),)


def _right_reduction(size: int, seed: int) -> tuple[Callable[..., Any], tuple[Tensor, ...]]:
    rows, columns = _sides(size)
    return (lambda x, b: torch.log_softmax(x * b, -1)), (
        _uniform(seed, rows, columns),
        _uniform(seed + 1, columns),
    )


PLANTS = (
    Plant("one element, 5 %", _one_element(0.05)),
    Plant("one element, 0.5 %", _one_element(0.005)),
    Plant("one element, 0.1 %", _one_element(0.001)),
    Plant("one element, 0.05 %", _one_element(0.0005)),
    Plant("one element, 1e-5", _one_element(1e-5)),
    Plant("sign", _scaled(-1.0)),
    Plant("factor 2", _scaled(2.0)),
    Plant("transposed", _transposed),
    Plant("dropped broadcast sum", _dropped_sum),
    Plant("only in the second order", _second_only, order=2),
    Plant("only in float32", _one_dtype),
    Plant("only at ties", _only_at_ties),
    Plant("right: elementwise", _right, is_fault=False),
    Plant("right: elementwise, float32", _right_float32, is_fault=False),
    Plant("right: softmax", _right_reduction, is_fault=False),
    Plant("right: second order", _right_reduction, order=2, is_fault=False),
    Plant("right: maximum at ties", _right_at_ties, is_fault=False),
)
