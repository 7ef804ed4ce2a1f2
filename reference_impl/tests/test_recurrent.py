"""Recurrent networks: the same as their cells step by step, whatever the batch's lengths and directions."""

import warnings
from typing import Any

import pytest

import reference_impl as torch
from reference_impl import nn
from reference_impl.nn.utils import rnn


def filled(module: Any) -> Any:
    """The module with parameters that no two entries share, in double precision."""
    module.double()
    with torch.no_grad():
        for i, p in enumerate(module.parameters()):
            n = torch.arange(p.numel(), dtype=torch.float64)
            p.copy_((0.9 * n + i + 0.3).cos().reshape(p.shape) * 0.5)
    return module


def wave(*shape: int) -> Any:
    return torch.sin(torch.arange(torch.ones(shape).numel(), dtype=torch.float64) * 1.7).reshape(
        shape
    )


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_network_is_its_cell_step_by_step(kind):
    net, cell = filled(getattr(nn, kind)(3, 4)), getattr(nn, f"{kind}Cell")(3, 4).double()
    cell.load_state_dict({name.removesuffix("_l0"): p for name, p in net.state_dict().items()})
    x = wave(5, 2, 3)
    state: Any = None
    out, last = net(x)
    for t in range(5):
        state = cell(x[t], state)
        h = state[0] if kind == "LSTM" else state
        assert torch.allclose(out[t], h)
    if kind == "LSTM":
        assert torch.allclose(last[1][0], state[1])


def test_lstm_cell_gates_stand_in_the_order_i_f_g_o():
    cell = nn.LSTMCell(1, 1).double()
    with torch.no_grad():
        for p in cell.parameters():
            p.zero_()
        cell.bias_ih.copy_(torch.tensor([0.0, -50.0, 50.0, 50.0]))  # i 1/2, f 0, g 1, o 1
    h, c = cell(torch.ones(1, 1, dtype=torch.float64), (torch.ones(1, 1).double(),) * 2)
    assert c.item() == pytest.approx(0.5)
    assert h.item() == pytest.approx(0.46211715726)  # tanh(1/2)


def test_gru_update_gate_of_one_keeps_the_state():
    cell = nn.GRUCell(1, 1).double()
    with torch.no_grad():
        for p in cell.parameters():
            p.zero_()
        cell.bias_ih[1] = 50.0
    kept = cell(torch.ones(1, 1, dtype=torch.float64), torch.full((1, 1), 0.25).double())
    assert kept.item() == pytest.approx(0.25)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_second_direction_reads_the_sequence_backwards(kind):
    both = filled(getattr(nn, kind)(3, 4, bidirectional=True))
    one = getattr(nn, kind)(3, 4).double()
    state = both.state_dict()
    one.load_state_dict({n: state[f"{n}_reverse"] for n in one.state_dict()})
    x = wave(5, 2, 3)
    assert torch.allclose(both(x)[0][..., 4:], one(x.flip(0))[0].flip(0))


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}])
def test_packed_sequences_give_what_each_gives_alone(options):
    net = filled(nn.GRU(3, 4, batch_first=True, **options))
    x, lengths = wave(3, 5, 3), [2, 5, 3]
    packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    out, last = net(packed)
    padded, found = rnn.pad_packed_sequence(out, batch_first=True, padding_value=-7.0)
    assert found.tolist() == lengths
    for i, n in enumerate(lengths):
        alone, h = net(x[i, :n])
        assert torch.allclose(padded[i, :n], alone)
        assert torch.allclose(last[:, i], h)
        assert (padded[i, n:] == -7.0).all()


def test_packing_and_padding_undo_one_another():
    each = [wave(4, 2), wave(1, 2) + 1, wave(3, 2) - 1]
    again = rnn.unpack_sequence(rnn.pack_sequence(each, enforce_sorted=False))
    assert all(torch.equal(a, b) for a, b in zip(each, again, strict=True))
    assert rnn.pad_sequence(each).shape == (4, 3, 2)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_gradients_pass_the_check(kind):
    net = filled(getattr(nn, kind)(2, 3, num_layers=2, bidirectional=True))
    x = wave(3, 2, 2).requires_grad_()
    weights = list(net.parameters())

    def run(x, *_weights):
        return net(x)[0]

    assert torch.autograd.gradcheck(run, (x, *weights))


def test_first_dimension_is_the_batch_when_asked_for():
    net = filled(nn.LSTM(2, 3))
    first = nn.LSTM(2, 3, batch_first=True).double()
    first.load_state_dict(net.state_dict())
    x = wave(4, 5, 2)
    assert torch.allclose(first(x)[0], net(x.transpose(0, 1))[0].transpose(0, 1))


def test_inputs_that_do_not_fit_are_refused():
    net = nn.LSTM(2, 3)
    with pytest.raises(RuntimeError, match="Expected 2, got 5"):
        net(torch.ones(4, 1, 5))
    with pytest.raises(ValueError, match="Expected input to be 2D or 3D, got 1D"):
        net(torch.ones(4))
    with pytest.raises(RuntimeError, match="Expected hidden"):
        net(torch.ones(4, 1, 2), (torch.ones(1, 2, 3), torch.ones(1, 2, 3)))
    with pytest.raises(RuntimeError, match="sorted in decreasing order"):
        rnn.pack_padded_sequence(torch.ones(3, 2, 1), [1, 3])


def test_dropout_of_one_layer_is_warned_of():
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        nn.LSTM(2, 2, dropout=0.5)
    assert "num_layers" in str(seen[0].message)
