"""Recurrent networks over whole sequences: RNN, LSTM, GRU."""

from __future__ import annotations

import math
import warnings
from typing import Any

from reference_impl.nn import functional, init
from reference_impl.nn.module import Module
from reference_impl.nn.packing import PackedSequence
from reference_impl.nn.parameter import new_parameter
from reference_impl.nn.recurrent_steps import STEPS, State, hidden_map, scan, scan_back
from reference_impl.registry import OPS


class RNNBase(Module):
    """Layers of recurrent cells, in one direction or both."""

    states = 1  # tensors in a state

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _ = device
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, proj_size
        _check_options(self, dropout)
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse")[: 1 + bidirectional]:
                self._add_weights(layer, f"_l{layer}{suffix}", dtype)
        self.reset_parameters()

    def _add_weights(self, layer: int, suffix: str, dtype: Any) -> None:
        rows, out = STEPS[self.mode][1] * self.hidden_size, self.proj_size or self.hidden_size
        width = self.input_size if layer == 0 else out * (1 + self.bidirectional)
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, width), "weight_hh": (rows, out)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            setattr(self, name + suffix, new_parameter(*shape, dtype=dtype))
        self._all_weights.append([name + suffix for name in shapes])

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters, layer by layer and direction by direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def reset_parameters(self) -> None:
        """Draw all parameters from U(-k, k) with k = 1 / sqrt(hidden_size)."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size else 0.0
        for p in self.parameters():
            init.uniform_(p, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing: where the parameters lie in memory makes no difference here."""

    def forward(self, input: Any, hx: Any = None) -> Any:
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        name = type(self).__name__
        if input.dim() not in (2, 3):
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        single = input.dim() == 2
        along = 1 if self.batch_first and not single else 0
        x = input.unsqueeze(1) if single else input.transpose(0, 1) if along else input
        state = self._initial(x, x.shape[1], hx, single=single)
        out, state = self._run_layers(x, state, (lambda x: list(x.unbind(0)), OPS["stack"]))
        out = out.squeeze(1) if single else out.transpose_(0, 1) if along else out
        if single:
            state = tuple(s.squeeze(1) for s in state)
        return out, state if self.states == 2 else state[0]

    def _forward_packed(self, packed: PackedSequence, hx: Any) -> Any:
        sizes = packed.batch_sizes.tolist()
        given = _each(hx, lambda h: _reordered(h, packed.sorted_indices))
        state = self._initial(packed.data, sizes[0], given, single=False)
        ways = (lambda x: list(x.split(sizes)), OPS["cat"])
        out, state = self._run_layers(packed.data, state, ways)
        state = tuple(_reordered(s, packed.unsorted_indices) for s in state)
        made = packed._replace(data=out)
        return made, state if self.states == 2 else state[0]

    def _initial(self, x: Any, batch: int, hx: Any, *, single: bool) -> State:
        """The initial state, (layers * directions, batch, features) each; zeros unless given."""
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {x.shape[-1]}"
            )
        layers = self.num_layers * (1 + self.bidirectional)
        widths = (self.proj_size or self.hidden_size, self.hidden_size)[: self.states]
        if hx is None:
            return tuple(x.new_zeros(layers, batch, width) for width in widths)
        given = tuple(hx) if self.states == 2 else (hx,)
        names = ("hidden[0]", "hidden[1]") if self.states == 2 else ("hidden",)
        made = []
        for what, h, width in zip(names, given, widths, strict=True):
            wanted = 2 if single else 3
            if h.dim() != wanted:
                kind = "unbatched 2-D" if single else "batched 3-D"
                raise RuntimeError(
                    f"For {kind} input, hx should also be {wanted}-D but got {h.dim()}-D tensor"
                )
            wide = h.unsqueeze(1) if single else h
            if tuple(wide.shape) != (layers, batch, width):
                raise RuntimeError(
                    f"Expected {what} size {(layers, batch, width)}, got {list(wide.shape)}"
                )
            made.append(wide)
        return tuple(made)

    def _run_layers(self, x: Any, state: State, ways: tuple[Any, Any]) -> tuple[Any, State]:
        """Output of the last layer, and the last state of every layer and direction.

        Args:
            x: the whole sequence.
            state: the initial states, one tensor per kind.
            ways: from a sequence to its steps, and back.
        """
        split, join = ways
        directions, last = 1 + self.bidirectional, []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                x = functional.dropout(x, self.dropout, training=True)
            steps, found = split(x), []
            for number in range(layer * directions, (layer + 1) * directions):
                outputs, ended = self._run_direction(number, steps, tuple(s[number] for s in state))
                found.append(join(outputs))
                last.append(ended)
            x = found[0] if directions == 1 else OPS["cat"](found, -1)
        return x, tuple(OPS["stack"](list(kind)) for kind in zip(*last, strict=True))

    def _run_direction(self, number: int, steps: list[Any], state: State) -> Any:
        weights = dict(zip(_NAMES[self.bias], self.all_weights[number], strict=False))
        step, _ = STEPS[self.mode]
        hidden = hidden_map(weights["weight_hh"], weights.get("bias_hh"))
        project = self.all_weights[number][-1] if self.proj_size else None

        def one(x: Any, at: State) -> State:
            made = step(
                functional.linear(x, weights["weight_ih"], weights.get("bias_ih")), at, hidden
            )
            return made if project is None else (functional.linear(made[0], project), *made[1:])

        backwards = self.bidirectional and number % 2
        return (scan_back if backwards else scan)(one, steps, state)

    def extra_repr(self) -> str:
        shown = [f"{self.input_size}, {self.hidden_size}"]
        usual: dict[str, Any] = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
        }
        usual |= {"dropout": 0.0, "bidirectional": False}
        shown += [f"{n}={getattr(self, n)}" for n, v in usual.items() if getattr(self, n) != v]
        return ", ".join(shown)


_NAMES = {True: ("weight_ih", "weight_hh", "bias_ih", "bias_hh"), False: ("weight_ih", "weight_hh")}


def _check_options(made: RNNBase, dropout: Any) -> None:
    if isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and made.num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={made.num_layers}",
            UserWarning,
            stacklevel=4,
        )
    if not isinstance(made.hidden_size, int):
        raise TypeError(
            f"hidden_size should be of type int, got: {type(made.hidden_size).__name__}"
        )
    if made.hidden_size <= 0:
        raise ValueError("hidden_size must be greater than zero")
    if made.num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")


def _each(hx: Any, fn: Any) -> Any:
    return None if hx is None else tuple(map(fn, hx)) if isinstance(hx, tuple) else fn(hx)


def _reordered(h: Any, order: Any) -> Any:
    return h if order is None else h.index_select(1, order)


class RNN(RNNBase):
    """tanh or relu of a linear function of input and hidden state."""

    def __init__(self, *args: Any, nonlinearity: str = "tanh", **options: Any) -> None:
        if len(args) > 3:  # the nonlinearity stands in fourth place
            nonlinearity, args = args[3], (*args[:3], *args[4:])
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        self.__dict__["nonlinearity"] = nonlinearity
        super().__init__(f"RNN_{nonlinearity.upper()}", *args, **options)


class LSTM(RNNBase):
    """Long short-term memory; a state is (h, c)."""

    states = 2

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__("LSTM", *args, **options)


class GRU(RNNBase):
    """Gated recurrent units."""

    def __init__(self, *args: Any, **options: Any) -> None:
        if "proj_size" in options:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **options)
