"""Recurrent cells: one step, with the matrices that belong to it."""

from __future__ import annotations

import math
from typing import Any

from reference_impl.nn import functional, init
from reference_impl.nn.module import Module
from reference_impl.nn.parameter import new_parameter
from reference_impl.nn.recurrent_steps import STEPS, hidden_map


class RNNCellBase(Module):
    """A cell of the kind ``mode``."""

    mode = "RNN_TANH"
    states = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows = STEPS[self.mode][1] * hidden_size
        self.weight_ih = new_parameter(rows, input_size, dtype=dtype)
        self.weight_hh = new_parameter(rows, hidden_size, dtype=dtype)
        self.register_parameter("bias_ih", new_parameter(rows, dtype=dtype) if bias else None)
        self.register_parameter("bias_hh", new_parameter(rows, dtype=dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-k, k) with k = 1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def forward(self, input: Any, hx: Any = None) -> Any:
        name = type(self).__name__
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        given = () if hx is None else hx if isinstance(hx, tuple | list) else (hx,)
        for h in given:
            if h.dim() not in (1, 2):
                raise ValueError(f"{name}: Expected hidden to be 1D or 2D, got {h.dim()}D instead")
        single = input.dim() == 1
        x = input.unsqueeze(0) if single else input
        state = tuple(h.unsqueeze(0) if single else h for h in given)
        if not state:
            state = (x.new_zeros(x.shape[0], self.hidden_size),) * self.states
        _check_sizes(self, x, state)
        step, _ = STEPS[self.mode]
        state = step(
            functional.linear(x, self.weight_ih, self.bias_ih),
            state,
            hidden_map(self.weight_hh, self.bias_hh),
        )
        made = tuple(s.squeeze(0) if single else s for s in state)
        return made if self.states == 2 else made[0]

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        return text if self.bias else f"{text}, bias={self.bias}"


def _check_sizes(cell: RNNCellBase, x: Any, state: tuple[Any, ...]) -> None:
    if x.shape[1] != cell.input_size:
        raise RuntimeError(
            f"input has inconsistent input_size: got {x.shape[1]} expected {cell.input_size}"
        )
    for number, h in enumerate(state):
        if h.shape[0] != x.shape[0]:
            raise RuntimeError(
                f"Input batch size {x.shape[0]} doesn't match hidden{number} batch size {h.shape[0]}"
            )
        if h.shape[1] != cell.hidden_size:
            raise RuntimeError(
                f"hidden{number} has inconsistent hidden_size: got {h.shape[1]}, expected {cell.hidden_size}"
            )


class RNNCell(RNNCellBase):
    """h' = tanh, or relu, of a linear function of x and h."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        mode = f"RNN_{self.nonlinearity.upper()}"
        if mode not in STEPS:
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        self.__dict__["mode"] = mode
        return super().forward(input, hx)

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return text if self.nonlinearity == "tanh" else f"{text}, nonlinearity={self.nonlinearity}"


class LSTMCell(RNNCellBase):
    """(h', c') from x and (h, c)."""

    mode = "LSTM"
    states = 2


class GRUCell(RNNCellBase):
    """h' from x and h, through a reset and an update gate."""

    mode = "GRU"
