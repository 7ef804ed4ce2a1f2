"""One step of a recurrent network, and the walk over a sequence of such steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reference_impl.nn import functional
from reference_impl.registry import OPS

State = tuple[Any, ...]  # (h,), or (h, c) of an LSTM
Step = Callable[[Any, State, Any], State]


def rnn_tanh_step(from_input: Any, state: State, hidden: Any) -> State:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh)."""
    return (OPS["tanh"](from_input + hidden(state[0])),)


def rnn_relu_step(from_input: Any, state: State, hidden: Any) -> State:
    """h' = relu(W_ih x + b_ih + W_hh h + b_hh)."""
    return (OPS["relu"](from_input + hidden(state[0])),)


def lstm_step(from_input: Any, state: State, hidden: Any) -> State:
    """c' = f c + i g and h' = o tanh(c'), with the gates i, f, g, o in this order (Hochreiter, Schmidhuber, 1997)."""
    h, c = state
    i, f, g, o = (from_input + hidden(h)).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def gru_step(from_input: Any, state: State, hidden: Any) -> State:
    """h' = (1 - z) n + z h with n = tanh(x_n + r h_n), gates r, z, n in this order (Cho et al., 2014)."""
    (h,) = state
    (x_r, x_z, x_n), (h_r, h_z, h_n) = from_input.chunk(3, -1), hidden(h).chunk(3, -1)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    n = (x_n + r * h_n).tanh()
    return (n + z * (h - n),)


STEPS: dict[str, tuple[Step, int]] = {  # the step and how many gates its matrices hold
    "RNN_TANH": (rnn_tanh_step, 1),
    "RNN_RELU": (rnn_relu_step, 1),
    "LSTM": (lstm_step, 4),
    "GRU": (gru_step, 3),
}


def hidden_map(weight: Any, bias: Any) -> Callable[[Any], Any]:
    """The map of the hidden state, W_hh h + b_hh."""
    return lambda h: functional.linear(h, weight, bias)


def scan(step: Callable[[Any, State], State], inputs: list[Any], state: State) -> Any:
    """Outputs of all steps and the state behind each sequence's last one.

    Args:
        step: from an input and a state to the next state; the first tensor of a state is the output.
        inputs: one per step, of shape (n, features), with n never growing: sequences that have ended are left out.
        state: of shape (n of the first step, features).
    """
    outputs, ended = [], []
    for x in inputs:
        n = x.shape[0]
        if n < state[0].shape[0]:
            ended.append(tuple(s[n:] for s in state))
            state = tuple(s[:n] for s in state)
        state = step(x, state)
        outputs.append(state[0])
    if ended:
        parts = [state, *reversed(ended)]
        state = tuple(OPS["cat"](list(kind)) for kind in zip(*parts, strict=True))
    return outputs, state


def scan_back(step: Callable[[Any, State], State], inputs: list[Any], state: State) -> Any:
    """Like ``scan`` from the last step to the first: each sequence joins, with its initial state, at its own end."""
    first, outputs = state, []
    state = tuple(s[: inputs[-1].shape[0]] for s in first)
    for x in reversed(inputs):
        here, n = state[0].shape[0], x.shape[0]
        if n > here:
            state = tuple(
                OPS["cat"]([s, start[here:n]]) for s, start in zip(state, first, strict=True)
            )
        state = step(x, state)
        outputs.append(state[0])
    return outputs[::-1], state
