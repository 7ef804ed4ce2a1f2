"""Averages of a model over training."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

from reference_impl.grad_mode import no_grad
from reference_impl.nn.module import Module
from reference_impl.nn.normalization import BatchNorm
from reference_impl.registry import OPS


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """The update of an exponential moving average."""

    def ema_update(averaged: Any, current: Any, _number: Any) -> Any:
        with no_grad():
            return decay * averaged + (1 - decay) * current

    return ema_update


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """The update of exponential moving averages, in place."""

    def ema_update(averaged: Any, current: Any, _number: Any) -> None:
        with no_grad():
            for a, x in zip(averaged, current, strict=True):
                a.copy_(decay * a + (1 - decay) * x)

    return ema_update


class AveragedModel(Module):
    """A model whose parameters are averages of another's."""

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[..., Any] | None = None,
        multi_avg_fn: Callable[..., Any] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        _ = device
        self.module = copy.deepcopy(model)
        self.register_buffer("n_averaged", OPS["tensor"](0))
        self.avg_fn, self.multi_avg_fn, self.use_buffers = avg_fn, multi_avg_fn, use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the averages."""
        own: list[Any] = list(self.module.parameters())
        given: list[Any] = list(model.parameters())
        if self.use_buffers:
            own, given = [*own, *self.module.buffers()], [*given, *model.buffers()]
        n = int(self.n_averaged)
        with no_grad():
            if n == 0:
                for a, x in zip(own, given, strict=True):
                    a.copy_(x)
            elif self.multi_avg_fn is not None:
                self.multi_avg_fn(own, given, self.n_averaged)
            else:
                for a, x in zip(own, given, strict=True):
                    new = a + (x - a) / (n + 1) if self.avg_fn is None else self.avg_fn(a, x, n)
                    a.copy_(new)
            if not self.use_buffers:
                for b, y in zip(self.module.buffers(), model.buffers(), strict=True):
                    b.copy_(y)
            self.n_averaged.add_(1)


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running moments of batch norms anew, in one pass over the data."""
    _ = device
    norms = [m for m in model.modules() if isinstance(m, BatchNorm)]
    if not norms:
        return
    was_training, momenta = model.training, [m.momentum for m in norms]
    model.train()
    with no_grad():
        for m in norms:
            m.reset_running_stats()
            m.momentum = None
        for batch in loader:
            model(batch[0] if isinstance(batch, list | tuple) else batch)
    for m, momentum in zip(norms, momenta, strict=True):
        m.momentum = momentum
    model.train(was_training)
