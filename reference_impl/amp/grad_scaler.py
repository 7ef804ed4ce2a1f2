"""GradScaler: losses scaled up, so that small gradients survive a narrow dtype, and steps without infinities only."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from reference_impl.grad_mode import no_grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class GradScaler:
    """Scales losses, unscales gradients, skips steps with infinite ones, and adapts the scale.

    Source: Automatic Mixed Precision package, Gradient Scaling.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        if enabled and device != "cpu":
            warnings.warn(
                f"torch.{device}.amp.GradScaler is enabled, but {device.upper()} is not available.  Disabling.",
                UserWarning,
                stacklevel=2,
            )
            enabled = False
        if enabled and growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if enabled and backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._scale, self._growth, self._backoff = float(init_scale), growth_factor, backoff_factor
        self._interval, self._enabled = growth_interval, enabled
        self._streak = 0  # steps without infinities since the scale last changed
        self._found: dict[
            int, bool
        ] = {}  # optimizer -> whether its gradients hold an infinity or a NaN
        self._stepped: set[int] = set()
        self._started = False

    def _check_started(self, name: str) -> None:
        if not self._started:
            raise AssertionError(
                f"Attempted {name} but _scale is None.  This may indicate your script did not use "
                "scaler.scale(loss or outputs) earlier in the iteration."
            )

    def scale(self, outputs: Any) -> Any:
        """The outputs times the scale."""
        if not self._enabled:
            return outputs
        self._started = True
        if isinstance(outputs, Tensor):
            return outputs * OPS["tensor"](self._scale)
        if isinstance(outputs, list | tuple):
            return type(outputs)(self.scale(o) for o in outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of the optimizer's parameters by the scale, in place.

        Raises:
            RuntimeError: they were unscaled already since the last update, or the step was taken.
        """
        if not self._enabled:
            return
        self._check_started("unscale_")
        if id(optimizer) in self._stepped:
            raise RuntimeError("unscale_() is being called after step().")
        if id(optimizer) in self._found:
            raise RuntimeError(
                "unscale_() has already been called on this optimizer since the last update()."
            )
        found = False
        with no_grad():
            for group in optimizer.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.grad.mul_(1.0 / self._scale)
                        found = found or not bool(np.isfinite(np.asarray(p.grad._data)).all())
        self._found[id(optimizer)] = found

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """``optimizer.step()`` on unscaled gradients, left out if one of them is infinite or NaN."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._check_started("step")
        if id(optimizer) in self._stepped:
            raise RuntimeError("step() has already been called since the last update().")
        if id(optimizer) not in self._found:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        return None if self._found[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Shrink the scale after an infinity, grow it after enough steps without one."""
        if not self._enabled:
            return
        self._check_started("update")
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._found:
            raise AssertionError("No inf checks were recorded prior to update.")
        elif any(self._found.values()):
            self._scale, self._streak = self._scale * self._backoff, 0
        else:
            self._streak += 1
            if self._streak == self._interval:
                self._scale, self._streak = self._scale * self._growth, 0
        self._found, self._stepped = {}, set()

    def get_scale(self) -> float:
        """The scale; 1 if disabled."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self) -> float:
        """By what the scale grows."""
        return self._growth

    def set_growth_factor(self, new_factor: float) -> None:
        """By what the scale is to grow."""
        self._growth = new_factor

    def get_backoff_factor(self) -> float:
        """By what the scale shrinks."""
        return self._backoff

    def set_backoff_factor(self, new_factor: float) -> None:
        """By what the scale is to shrink."""
        self._backoff = new_factor

    def get_growth_interval(self) -> int:
        """After how many steps without infinities the scale grows."""
        return self._interval

    def set_growth_interval(self, new_interval: int) -> None:
        """After how many steps without infinities the scale is to grow."""
        self._interval = new_interval

    def is_enabled(self) -> bool:
        """False if losses pass as they are."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on later."""
        if not self._enabled:
            return {}
        return {
            "scale": self._scale,
            "growth_factor": self._growth,
            "backoff_factor": self._backoff,
            "growth_interval": self._interval,
            "_growth_tracker": self._streak,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a former state."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._scale, self._growth = state_dict["scale"], state_dict["growth_factor"]
        self._backoff, self._interval = state_dict["backoff_factor"], state_dict["growth_interval"]
        self._streak = state_dict["_growth_tracker"]
