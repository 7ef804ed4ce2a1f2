"""Schedules that go down and up again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from reference_impl.optim.optimizer import Optimizer
from reference_impl.optim.schedules import LRScheduler


def _cosine(start: float, end: float, part: float) -> float:
    """From ``start`` to ``end`` along half a wave."""
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2


def _line(start: float, end: float, part: float) -> float:
    return start + (end - start) * part


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rate to ``eta_min`` in ``T_max`` steps, and back."""

    def __init__(
        self,
        optimizer: Optimizer,
        T_max: int,  # noqa: N803 - torch's name
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        t, period, least = self.last_epoch, self.T_max, self.eta_min
        if t == 0:
            return self._rates()
        if (t - 1 - period) % (2 * period) == 0:  # on leaving the minimum there is nothing to scale
            rise = (1 - math.cos(math.pi / period)) / 2
            pairs = zip(self.base_lrs, self._rates(), strict=True)
            return [lr + (base - least) * rise for base, lr in pairs]
        now, before = (1 + math.cos(math.pi * n / period) for n in (t, t - 1))
        return [now / before * (lr - least) + least for lr in self._rates()]

    def lr_at_start(self) -> list[Any]:
        return [_cosine(base, self.eta_min, self.last_epoch / self.T_max) for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine again and again, each period ``T_mult`` times as long (Loshchilov and Hutter, 2017)."""

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,  # noqa: N803 - torch's name
        T_mult: int = 1,  # noqa: N803 - torch's name
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        self.T_i, self.T_cur = T_0, float(last_epoch)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        return [_cosine(base, self.eta_min, self.T_cur / self.T_i) for base in self.base_lrs]

    def step(self, epoch: Any = None) -> None:
        at = self.last_epoch + 1 if epoch is None else epoch
        self.T_i, self.T_cur = self.T_0, at
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        self._step_count += 1
        self.last_epoch = math.floor(at)
        self._set(self.get_lr())


class OneCycleLR(LRScheduler):
    """Up to ``max_lr`` and down far below the start, once (Smith and Topin, 2019)."""

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: Any,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self.total_steps = total_steps or epochs * steps_per_epoch  # type: ignore[operator]
        self.anneal: Callable[[float, float, float], float] = (
            _cosine if anneal_strategy == "cos" else _line
        )
        up = pct_start * self.total_steps - 1
        ends = [up, 2 * up, self.total_steps - 1] if three_phase else [up, self.total_steps - 1]
        self.phase_ends = ends
        groups = optimizer.param_groups
        most = list(max_lr) if isinstance(max_lr, list | tuple) else [max_lr] * len(groups)
        for group, top in zip(groups, most, strict=True):
            start = top / div_factor
            low = start / final_div_factor
            group.update(initial_lr=start, max_lr=top, min_lr=low)
            if cycle_momentum:
                group.update(max_momentum=max_momentum, base_momentum=base_momentum)
        self.rates = [
            (g["initial_lr"], g["max_lr"], *([g["initial_lr"]] if three_phase else []), g["min_lr"])
            for g in groups
        ]
        self.cycle_momentum = cycle_momentum
        middle = [max_momentum] if three_phase else []
        self.momenta = (max_momentum, base_momentum, *middle, max_momentum)
        if (
            cycle_momentum
            and "momentum" not in optimizer.defaults
            and "betas" not in optimizer.defaults
        ):
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
            )
        super().__init__(optimizer, last_epoch)

    def _at(self, values: tuple[float, ...]) -> float:
        """Where the phases lead from one value to the next, at this step."""
        start = 0.0
        for number, end in enumerate(self.phase_ends):
            if self.last_epoch <= end or number == len(self.phase_ends) - 1:
                part = (self.last_epoch - start) / (end - start)
                return self.anneal(values[number], values[number + 1], part)
            start = end
        raise AssertionError("there is a last phase")

    def get_lr(self) -> list[Any]:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. The specified number of total steps is {self.total_steps}"
            )
        if self.cycle_momentum:
            _set_momentum(self.optimizer, self._at(self.momenta))
        return [self._at(rates) for rates in self.rates]


def _set_momentum(optimizer: Optimizer, value: float) -> None:
    for group in optimizer.param_groups:
        if "betas" in group:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(LRScheduler):
    """Up from ``base_lr`` to ``max_lr`` and down again, over and over (Smith, 2017)."""

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: Any,
        max_lr: Any,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        groups = optimizer.param_groups
        low, high = (
            list(given) if isinstance(given, list | tuple) else [given] * len(groups)
            for given in (base_lr, max_lr)
        )
        for group, lr in zip(groups, low, strict=True):
            group["lr"] = group["initial_lr"] = lr
            if cycle_momentum:
                group.update(max_momentum=max_momentum, base_momentum=base_momentum)
        self.max_lrs, self.gamma, self.mode = high, gamma, mode
        self.up, self.down = step_size_up, step_size_down or step_size_up
        self.scale_fn = scale_fn
        self.by_cycle = scale_mode == "cycle" if scale_fn else mode != "exp_range"
        self.cycle_momentum = cycle_momentum
        self.momenta = (base_momentum, max_momentum)
        super().__init__(optimizer, last_epoch)

    def _scale(self, cycle: int) -> float:
        x = cycle if self.by_cycle else self.last_epoch
        if self.scale_fn is not None:
            return self.scale_fn(x)
        return {"triangular": 1.0, "triangular2": 0.5 ** (x - 1), "exp_range": self.gamma**x}[
            self.mode
        ]

    def get_lr(self) -> list[Any]:
        cycle, inside = divmod(self.last_epoch, self.up + self.down)
        height = inside / self.up if inside <= self.up else 1 - (inside - self.up) / self.down
        height *= self._scale(cycle + 1)
        if self.cycle_momentum:
            low, high = self.momenta
            _set_momentum(self.optimizer, high - (high - low) * height)
        pairs = zip(self.base_lrs, self.max_lrs, strict=True)
        return [base + (top - base) * height for base, top in pairs]
