"""Differentiable operators that op_db has no entry for, and calls of our own for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from suites.ops.drawn_numbers import Drawn, p, r, w

_T, _F, _INF = True, False, np.inf
_ONE = w(1).reshape(())


@dataclass(frozen=True, slots=True)
class Beyond:
    """What an entry of op_db says of an operator, as far as the suites ask.

    Attributes:
        calls: the arguments of each call, and a table of options at the end.
        is_complex: whether it takes complex numbers.
        forward: whether torch has its forward mode.
        double: whether torch has its second derivative.
        path: where it stands in torch's namespace, or as a method; under the entry's name if not given.
    """

    calls: list[tuple[Any, ...]]
    is_complex: bool = False
    forward: bool = True
    double: bool = True
    path: str | None = None


def _weights(gates: int, width: int, hidden: int, *, bias: bool = True) -> list[Drawn]:
    """The weights of one step of a recurrent network."""
    found = [r(gates * hidden, width), r(gates * hidden, hidden)]
    return [*found, r(gates * hidden), r(gates * hidden)] if bias else found


def _cell(gates: int, *, pair: bool = False) -> Beyond:
    """Steps of a recurrent network of 3 numbers to 2."""
    sizes = {"input_size": 3, "hidden_size": 2}
    calls = []
    for bias, batch in ((_T, (4,)), (_F, (1,)), (_T, ())):
        state = (r(*batch, 2), r(*batch, 2)) if pair else r(*batch, 2)
        calls.append(
            (r(*batch, 3), state, _weights(gates, 3, 2, bias=bias), {**sizes, "bias": bias})
        )
    return Beyond(calls)


def _network(gates: int, *, pair: bool = False, **more: Any) -> list[tuple[Any, ...]]:
    """Recurrent networks over sequences of 3 numbers, with 2 hidden ones."""
    sizes = {"input_size": 3, "hidden_size": 2, **more}

    def state(*shape: int) -> Any:
        return (r(*shape), r(*shape)) if pair else r(*shape)

    one, back = _weights(gates, 3, 2), _weights(gates, 2, 2)
    return [
        (r(3, 2, 3), state(1, 2, 2), one, sizes),
        (r(3, 3), state(1, 2), one, sizes),
        (r(2, 3, 3), state(1, 2, 2), _weights(gates, 3, 2, bias=_F), {**sizes, "bias": _F, "batch_first": _T}),
        (r(3, 2, 3), state(2, 2, 2), [*one, *back], {**sizes, "num_layers": 2}),
        (r(4, 1, 3), state(2, 1, 2), [*one, *one], {**sizes, "bidirectional": _T}),
        (r(1, 2, 3), state(4, 2, 2), [*one, *one, *(2 * _weights(gates, 4, 2))],
            {**sizes, "bidirectional": _T, "num_layers": 2}),
    ]  # fmt: skip


# An LSTM whose output is a projection of what it hides: its weights come last, and c is wider than h.
_PROJECTED = [r(8, 3), r(8, 1), r(8), r(8), r(1, 2)]
_HEADS = [
    r(12, 4),
    r(12),
    r(4, 4),
    r(4),
]  # of attention: the projections of three inputs, and that of the result
_BLOCK = [*_HEADS, r(3, 4), r(3), r(4, 3), r(4), r(4), r(4), r(4), r(4)]

BEYOND: Mapping[str, Beyond] = {
    **{
        f"nn.functional.lp_pool{d}d": Beyond([
            (p(2, 2, *(6, 4, 4)[:d]), 2.0, 2, {}), (r(2, 1, *(7, 5, 4)[:d]), 2.0, 3, {"stride": 2}),
            (p(2, *(5, 4, 4)[:d]), 1.5, 2, {"stride": 1}), (r(1, 2, *(4, 4, 2)[:d]), 1.0, 2, {}),
            (r(1, 2, *(6, 4, 2)[:d]), _INF, 2, {}), (p(1, 1, *(6, 3, 4)[:d]), 3, (3, 2, 2)[:d] if d > 1 else 3, {}),
            (p(2, 1, *(6, 4, 4)[:d]), 3.0, 2, {"ceil_mode": _T}),
        ])
        for d in (1, 2, 3)
    },
    **{  # windows that end beyond the edge
        f"nn.functional.lp_pool{d}d.beyond_the_edge": Beyond([
            (p(2, 1, *(5, 3, 3)[:d]), 2.0, 2, {"ceil_mode": _T}), (r(1, 2, *(5, 5, 3)[:d]), 4, 2, {"ceil_mode": _T}),
        ], path=f"nn.functional.lp_pool{d}d")
        for d in (1, 2, 3)
    },
    "nn.functional.fold": Beyond([
        (r(2, 4, 6), (3, 4), 2, {}), (r(8, 4), (4, 4), 2, {"stride": 2}), (r(1, 4, 25), 4, 2, {"padding": 1}),
        (r(1, 6, 6), (3, 5), (1, 3), {"stride": (2, 1), "padding": (0, 1), "dilation": (1, 2)}),
        (r(2, 4, 12), (3, 4), (2, 2), {"padding": (1, 0)}),
    ], is_complex=True),
    "nn.functional.affine_grid": Beyond([
        (r(2, rank, rank + 1), (2, 1, *(2, 3, 4)[3 - rank:]), {"align_corners": align})
        for rank in (2, 3) for align in (_T, _F)
    ]),
    "nn.functional.affine_grid.of_height_one": Beyond([
        (r(2, rank, rank + 1), (2, 3, *(3, 1, 2)[3 - rank:]), {"align_corners": align})
        for rank in (2, 3) for align in (_T, _F)
    ], path="nn.functional.affine_grid"),
    "nn.functional.gumbel_softmax": Beyond([(r(2, 3), {}), (r(3, 2), {"tau": 0.5, "dim": 0}), (r(4), {"tau": 2.0})]),
    "chain_matmul": Beyond([
        (r(2, 3), r(3, 4), {}), (r(2, 3), r(3, 1), r(1, 4), {}), (r(3, 2), r(2, 5), r(5, 2), r(2, 3), {}),
    ], is_complex=True),
    "conv_tbc": Beyond([
        (r(5, 2, 3), r(2, 3, 4), r(4), {}), (r(4, 1, 2), r(3, 2, 2), r(2), {"pad": 1}),
            (r(3, 2, 1), r(3, 1, 2), r(2), {"pad": 2}),
    ], forward=False),
    "fill_diagonal_": Beyond([
        (r(3, 4), 0.5, {}), (r(5, 2), -1.0, {}), (r(2, 2, 2), 0.0, {}), (r(2, 7), 2.0, {"wrap": _T}),
    ], is_complex=True),
    "fill_diagonal_.wrapped": Beyond([(r(7, 2), 2.0, {"wrap": _T})], path="fill_diagonal_", is_complex=True),
    "copy_": Beyond([
        (r(2, 3), r(3), {}), (r(2, 3), r(), {}), (r(2, 3, 2), r(3, 1), {}), (r(), r(), {}),
    ], is_complex=True),
    "nn.utils.rnn.pack_padded_sequence": Beyond([
        (r(4, 3, 2), w(4, 2, 1), {}), (r(3, 4, 2), w(4, 4, 3), {"batch_first": _T}),
        (r(2, 4, 2, 3), w(1, 2, 1, 2), {"enforce_sorted": _F}),
    ], forward=False),
    "__setitem__": Beyond([
        (r(3, 4), 1, r(4), {}), (r(3, 4), (slice(None), 2), r(3), {}), (r(3, 4), slice(None, None, 2), r(), {}),
        (r(3, 4), (Ellipsis, None, slice(1, 3)), r(1, 2), {}), (r(3, 4), w(2, 0), r(2, 4), {}),
        (r(3, 4), (w(2, 0), w(1, 3)), r(2), {}), (r(3, 4), (slice(None), w(1, 3)), r(3, 2), {}),
        (r(2, 3), w([True, False, True], [False] * 3), r(2), {}),
        (r(3, 4), np.array([_T, _F, _T]), r(1, 4), {}), (r(3), np.zeros(3, bool), r(), {}), (r(3), Ellipsis, r(3), {}),
        (r(2, 3), (0, w(0, 2)), 1.5, {}), (r(), (), r(), {}), (r(3, 2), (w(-1), slice(1)), r(1, 1), {}),
    ], is_complex=True),
    "__setitem__.split_indices": Beyond([
        (r(2, 3, 4), (w(1, 0), slice(None), w(2, 2)), r(2, 3), {}),
        (r(2, 3, 4), (w(1, 0), slice(None), w(3, 0)), r(3), {}),
    ], path="__setitem__", is_complex=True),
    "index_select.by_a_number": Beyond([(r(3, 4), 0, _ONE, {}), (r(2, 3), -1, _ONE, {})], path="index_select",
        is_complex=True),
    **{
        f"{op}.by_a_number": Beyond([(r(3, 4), 0, _ONE, r(1, 4), *how, {}), (r(2, 3), -1, _ONE, r(2, 1), *how, {})],
            path=op, is_complex=not how)
        for op, how in (("index_add", ()), ("index_copy", ()), ("index_reduce", ("mean",)))
    },
    "nn.RNNCell": _cell(1),
    "nn.LSTMCell": _cell(4, pair=True),
    "nn.GRUCell": _cell(3),
    "nn.RNN": Beyond(_network(1) + _network(1, nonlinearity="relu")),
    "nn.LSTM": Beyond([
        *_network(4, pair=True), (r(3, 2, 3), (r(1, 2, 1), r(1, 2, 2)), _PROJECTED, {"input_size": 3, "hidden_size": 2,
            "proj_size": 1}),
    ]),
    "nn.GRU": Beyond(_network(3)),
    "nn.MultiheadAttention": Beyond([
        (r(3, 2, 4), r(2, 2, 4), r(2, 2, 4), _HEADS, {"embed_dim": 4, "num_heads": 2}),
        (r(3, 4), r(2, 4), r(2, 4), _HEADS, {"embed_dim": 4, "num_heads": 1}),
        (r(2, 3, 4), r(2, 3, 4), r(2, 3, 4), [r(12, 4), r(4, 4)], {"embed_dim": 4, "num_heads": 2, "bias": _F,
            "batch_first": _T}),
        (r(3, 1, 4), r(2, 1, 3), r(2, 1, 5), [r(4, 4), r(4, 3), r(4, 5), r(12), r(1, 1, 4), r(1, 1, 4), r(4, 4), r(4)],
            {"embed_dim": 4, "num_heads": 2, "kdim": 3, "vdim": 5, "add_bias_kv": _T, "add_zero_attn": _T}),
    ]),
    "nn.TransformerEncoderLayer": Beyond([
        (r(3, 2, 4), _BLOCK, {"d_model": 4, "nhead": 2, "dim_feedforward": 3, "dropout": 0.0, **more})
        for more in ({}, {"norm_first": _T}, {"activation": "gelu", "batch_first": _T})
    ], forward=False, double=False),
    "nn.AdaptiveLogSoftmaxWithLoss": Beyond([
        (r(5, 4), w(0, 3, 2, 5, 4), [r(4, 4), r(2, 4), r(2, 2), r(1, 4), r(2, 1)], {"in_features": 4, "n_classes": 6,
            "cutoffs": [2, 4], "div_value": 2.0}),
    ]),
    "nn.AdaptiveLogSoftmaxWithLoss.of_one": Beyond([
        (r(4), w(4).reshape(()), [r(3, 4), r(3), r(1, 4), r(3, 1)], {"in_features": 4, "n_classes": 5, "cutoffs": [2],
            "head_bias": _T}),
    ], path="nn.AdaptiveLogSoftmaxWithLoss"),
    "nn.utils.parametrizations.weight_norm": Beyond([
        (r(2, 3), [r(2), r(*size), r(2, 3)], {"dim": dim}) for dim, size in ((0, (2, 1)), (1, (1, 3)))
    ], forward=False),
    "nn.utils.parametrizations.weight_norm.whole": Beyond([(r(2, 3), [r(2), r(), r(2, 3)], {"dim": None})],
        path="nn.utils.parametrizations.weight_norm"),
}  # fmt: skip
