"""Attention and transformers against the formula written out."""

import math
from typing import Any

import pytest

import reference_impl as torch
from reference_impl import nn
from reference_impl.tests.test_recurrent import filled, wave


def by_formula(attention: Any, q: Any, k: Any, v: Any, mask: Any = None) -> Any:
    """softmax(Q K^T / sqrt(d) + mask) V, head by head; one example."""
    n, heads = attention.embed_dim, attention.num_heads
    matrices, biases = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
    q, k, v = (x @ w.T + b for x, w, b in zip((q, k, v), matrices, biases, strict=True))
    size = n // heads
    found = []
    for i in range(heads):
        part = slice(i * size, (i + 1) * size)
        scores = q[:, part] @ k[:, part].T / math.sqrt(size)
        found.append(torch.softmax(scores if mask is None else scores + mask, -1) @ v[:, part])
    return torch.cat(found, -1) @ attention.out_proj.weight.T + attention.out_proj.bias


def test_attention_is_the_formula_head_by_head():
    attention = filled(nn.MultiheadAttention(6, 2))
    q, k, v = wave(4, 6), wave(5, 6).cos(), wave(5, 6) ** 2
    out, weights = attention(q, k, v)
    assert torch.allclose(out, by_formula(attention, q, k, v))
    assert torch.allclose(weights.sum(-1), torch.ones(4).double())


def test_batch_first_only_moves_the_batch():
    attention = filled(nn.MultiheadAttention(6, 2, batch_first=True))
    x = wave(3, 4, 6)
    out, _ = attention(x, x, x)
    assert torch.allclose(out[1], by_formula(attention, x[1], x[1], x[1]))


def test_mask_keeps_later_positions_from_being_seen():
    attention = filled(nn.MultiheadAttention(6, 2))
    mask = nn.Transformer.generate_square_subsequent_mask(4)
    x = wave(4, 6)
    out, weights = attention(x, x, x, attn_mask=mask.double())
    assert torch.allclose(out, by_formula(attention, x, x, x, mask.double()))
    assert (weights.triu(1) == 0).all()
    assert torch.allclose(out, attention(x, x, x, attn_mask=torch.isinf(mask))[0])


def test_padded_keys_have_no_influence():
    attention = filled(nn.MultiheadAttention(6, 2, batch_first=True))
    x = wave(1, 4, 6)
    padding = torch.tensor([[False, False, False, True]])
    out, _ = attention(x, x, x, key_padding_mask=padding)
    assert torch.allclose(out, attention(x, x[:, :3], x[:, :3])[0])


@pytest.mark.parametrize("norm_first", [False, True])
def test_encoder_layer_is_two_residual_blocks(norm_first):
    layer = filled(nn.TransformerEncoderLayer(6, 2, 5, 0.0, norm_first=norm_first))
    x = wave(4, 6)

    def attend(y):
        return by_formula(layer.self_attn, y, y, y)

    def feed(y):
        return layer.linear2(torch.relu(layer.linear1(y)))

    if norm_first:
        y = x + attend(layer.norm1(x))
        wanted = y + feed(layer.norm2(y))
    else:
        y = layer.norm1(x + attend(x))
        wanted = layer.norm2(y + feed(y))
    assert torch.allclose(layer(x), wanted)


def test_encoder_stacks_copies_that_do_not_share_parameters():
    layer = filled(nn.TransformerEncoderLayer(6, 2, 5, 0.0))
    encoder = nn.TransformerEncoder(layer, 2)
    x = wave(4, 6)
    assert torch.allclose(encoder(x), layer(layer(x)))
    encoder(x).sum().backward()
    assert layer.linear1.weight.grad is None
    assert encoder.layers[0].linear1.weight.grad is not None


def test_gradients_of_encoder_and_decoder_pass_the_check():
    model = filled(nn.Transformer(4, 2, 1, 1, 3, 0.0))
    source, target = wave(3, 1, 4).requires_grad_(), wave(2, 1, 4).cos().requires_grad_()
    assert torch.autograd.gradcheck(lambda *x: model(*x), (source, target))
    with pytest.raises(RuntimeError, match="batch number"):
        model(wave(3, 1, 4), wave(2, 2, 4))
