"""Functions of tensors that can be differentiated again: a function, its gradient, its tangent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.autograd import forward_ad

from reference_impl.findings import InputError

Tensors = Sequence[Tensor]


class ForwardMissingError(RuntimeError):
    """The function has no forward-mode derivative."""


class TensorMap(Protocol):
    """A function from tensors to differentiable tensors, in the ways a check needs it."""

    def trace(self, xs: Tensors) -> list[Tensor]:
        """Outputs with their graph."""

    def run(self, xs: Tensors) -> list[Tensor]:
        """Values alone."""

    def tangents(self, xs: Tensors, ts: Tensors) -> list[Tensor]:
        """Tangents of the outputs; may be differentiated by ``xs`` and ``ts`` where these require grad."""


class Function:
    """The function that was given. Of its outputs only floating and complex tensors count."""

    def __init__(self, call: Callable[[Tensors], Any]) -> None:
        self.call = call
        self.needs_grad_mode = False

    def trace(self, xs: Tensors) -> list[Tensor]:
        if torch.is_grad_enabled():
            return outputs_of(self.call(xs))
        with torch.enable_grad():
            return outputs_of(self.call(xs))

    def run(self, xs: Tensors) -> list[Tensor]:
        if not self.needs_grad_mode:
            try:
                with torch.no_grad():
                    return outputs_of(self.call(xs))
            except RuntimeError:
                # A function that differentiates inside needs a graph, here as well.
                found = self._run_with_graph(xs)
                self.needs_grad_mode = True
                return found
        return self._run_with_graph(xs)

    def tangents(self, xs: Tensors, ts: Tensors) -> list[Tensor]:
        if self.needs_grad_mode and not torch.is_grad_enabled():
            with torch.enable_grad():
                return [t.detach() for t in self.tangents([tracked(x) for x in xs], ts)]
        with forward_ad.dual_level():
            duals = [forward_ad.make_dual(x, t) for x, t in zip(xs, ts, strict=True)]
            ys = outputs_of(_forward(self.call, duals))
            pairs = [forward_ad.unpack_dual(y) for y in ys]
            return [torch.zeros_like(p.primal) if p.tangent is None else p.tangent for p in pairs]

    def _run_with_graph(self, xs: Tensors) -> list[Tensor]:
        with torch.enable_grad():
            return [y.detach() for y in outputs_of(self.call([tracked(x) for x in xs]))]


class GradientOf:
    """The gradient of a function, by its ``count`` inputs and one cotangent for each output."""

    def __init__(self, base: TensorMap, count: int) -> None:
        self.base, self.count = base, count

    def trace(self, xs: Tensors) -> list[Tensor]:
        return self._gradients(xs, create_graph=True)

    def run(self, xs: Tensors) -> list[Tensor]:
        return self._gradients([tracked(x) for x in xs[: self.count]] + list(xs[self.count :]))

    def tangents(self, xs: Tensors, ts: Tensors) -> list[Tensor]:
        # Duals made without grad mode would not be tracked.
        with torch.enable_grad(), forward_ad.dual_level():
            duals = [
                forward_ad.make_dual(tracked(x), t.detach()) for x, t in zip(xs, ts, strict=True)
            ]
            found = _forward(lambda given: self._gradients(given, create_graph=True), duals)
            pairs = [forward_ad.unpack_dual(g) for g in found]
            return [
                torch.zeros_like(p.primal) if p.tangent is None else p.tangent.detach()
                for p in pairs
            ]

    def _gradients(self, xs: Tensors, *, create_graph: bool = False) -> list[Tensor]:
        inputs, cts = list(xs[: self.count]), xs[self.count :]
        ys = self.base.trace(inputs)
        pairs = [(y, ct) for y, ct in zip(ys, cts, strict=True) if y.requires_grad]
        if not pairs:
            return [torch.zeros_like(x) for x in inputs]
        found = torch.autograd.grad(
            [y for y, _ in pairs],
            inputs,
            [ct for _, ct in pairs],
            create_graph=create_graph,
            allow_unused=True,
        )
        return [torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs, strict=True)]


class TangentOf:
    """The tangent of a function, by its ``count`` inputs and one tangent for each."""

    def __init__(self, base: Function, count: int) -> None:
        self.base, self.count = base, count

    def trace(self, xs: Tensors) -> list[Tensor]:
        with torch.enable_grad():
            return self.base.tangents(xs[: self.count], xs[self.count :])

    def run(self, xs: Tensors) -> list[Tensor]:
        with torch.no_grad():
            return self.base.tangents(xs[: self.count], xs[self.count :])

    def tangents(self, xs: Tensors, ts: Tensors) -> list[Tensor]:
        if self.base.needs_grad_mode:
            raise ForwardMissingError(
                "a function that differentiates inside, by forward mode twice"
            )
        count = self.count

        def tangent(*given: Tensor) -> tuple[Tensor, ...]:
            def value(*at: Tensor) -> tuple[Tensor, ...]:
                return tuple(outputs_of(self.base.call(at)))

            found: tuple[Tensor, ...] = torch.func.jvp(value, given[:count], given[count:])[1]
            return found

        plain = tuple(x.detach() for x in xs), tuple(t.detach() for t in ts)
        return list(_forward(lambda both: torch.func.jvp(tangent, *both)[1], plain))


def tracked(x: Tensor) -> Tensor:
    """The same memory as a leaf that requires grad."""
    return x.detach().requires_grad_()


def outputs_of(returned: Any) -> list[Tensor]:
    """The floating and complex tensors that a function returned.

    Raises:
        InputError: it returned none.
    """
    if isinstance(returned, Tensor):
        flat: Sequence[Any] = (returned,)
    elif isinstance(returned, tuple | list):
        flat = returned if all(isinstance(y, Tensor) for y in returned) else _leaves(returned)
    else:
        flat = _leaves(returned)
    ys = [y for y in flat if isinstance(y, Tensor) and (y.is_floating_point() or y.is_complex())]
    if not ys:
        found = ", ".join(_say(y) for y in flat) or type(returned).__name__
        raise InputError(
            f"the function returned no floating or complex tensor, so there is nothing to differentiate; found {found}"
        )
    for y in ys:
        if y.layout != torch.strided:
            raise InputError(f"the function returned layout {y.layout}; return y.to_dense()")
    return ys


def _leaves(returned: Any) -> list[Any]:
    found: list[Any] = torch.utils._pytree.tree_leaves(returned)
    return found


def _say(y: Any) -> str:
    return f"a tensor of {y.dtype}" if isinstance(y, Tensor) else type(y).__name__


def _forward(call: Callable[[Any], Any], given: Any) -> Any:
    """Calls in forward mode; a derivative that does not exist is told from one that fails."""
    try:
        return call(given)
    except NotImplementedError as error:
        raise ForwardMissingError(_first_line(error)) from error
    except RuntimeError as error:
        if any(sign in str(error) for sign in _MISSING):
            raise ForwardMissingError(_first_line(error)) from error
        raise


_MISSING = ("forward AD", "forward-mode", "jvp", "setup_context", "functorch", "generate_vmap_rule")


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
