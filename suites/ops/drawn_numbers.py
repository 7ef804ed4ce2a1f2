"""Tensors of random numbers in the calls of our own, written shortly."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Drawn:
    """A tensor of random numbers; one that is differentiated, or not."""

    shape: tuple[int, ...]
    low: float = -2.0
    high: float = 2.0
    tracked: bool = True
    is_complex: bool = False

    def draw(self, rng: np.random.Generator) -> np.ndarray[Any, Any]:
        """The numbers."""
        real = np.asarray(rng.uniform(self.low, self.high, self.shape))
        if not self.is_complex:
            return real
        return np.asarray(real + 1j * rng.uniform(self.low, self.high, self.shape))


def r(*shape: int) -> Drawn:
    """Real numbers."""
    return Drawn(shape)


def p(*shape: int) -> Drawn:
    """Positive numbers."""
    return Drawn(shape, 0.3, 2.0)


def u(*shape: int) -> Drawn:
    """Numbers between 0 and 1."""
    return Drawn(shape, 0.1, 0.9)


def c(*shape: int) -> Drawn:
    """Positive numbers that are not differentiated."""
    return Drawn(shape, 0.3, 2.0, tracked=False)


def w(*values: Any) -> np.ndarray[Any, Any]:
    """Whole numbers."""
    return np.array(values)


def z(*shape: int) -> Drawn:
    """Complex numbers."""
    return Drawn(shape, is_complex=True)
