"""The short paths of pointwise ops do what the one long path does."""

from typing import Any

import numpy as np
import pytest

import reference_impl as torch
from reference_impl import calls, registry

LONG = calls.call


def _short_rules(count):
    """Rules of pointwise ops of ``count`` inputs that are called by a short path."""
    found = {}
    for fn in registry.OPS.values():
        rule: Any = getattr(fn, "rule", None)
        is_short = rule and fn is rule.call and "forward" in fn.__code__.co_freevars
        if is_short and len(rule.inputs) == count:  # only the short paths call forward themselves
            found[rule.name] = rule
    return sorted(found.values(), key=lambda rule: rule.name)


def _leaf(values):
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def _written(leaf):
    made = leaf * 1.0
    made.add_(0.0)
    return made


# An operand for each case that the short paths tell apart, from a leaf.
OPERANDS = {
    "leaf": lambda leaf: leaf,
    "result": lambda leaf: leaf * 1.0,
    "constant": lambda leaf: leaf.detach().clone(),
    "row": lambda leaf: _leaf(leaf[0].tolist()),
    "written": _written,
    "view": lambda leaf: (leaf * 1.0)[:, :],
}
KINDS = tuple(OPERANDS)


def _operands(kind):
    return OPERANDS[kind](_leaf([[0.3, 0.6], [0.2, 0.7]]))


def _seen(y, inputs):
    """What a call leaves behind, as far as anybody can tell."""
    node = y.grad_fn
    if node is None:
        return y.numpy(), None
    saved = [
        None if not node.saved else node.unpack(i, tensors=False) for i in range(len(node.saved))
    ]
    ct = np.arange(1.0, y.numel() + 1).reshape(y.shape)
    wanted = [x for x in inputs if isinstance(x, torch.Tensor) and x.requires_grad]
    edges = [(type(to), nr) for to, nr in node.next_functions]
    grads = _gradients(y, wanted, torch.tensor(ct))
    return y.detach().numpy(), node.name(), edges, saved, node.fix, grads


def _gradients(y, wanted, ct):
    """Gradients as arrays, or what was raised instead."""
    try:
        found = torch.autograd.grad(y, wanted, ct, allow_unused=True)
    except (NotImplementedError, RuntimeError) as error:
        return str(error)
    return [None if g is None else g.numpy() for g in found]


def _assert_same(rule, inputs):
    short = _outcome(lambda: rule.call(*inputs), inputs)
    long = _outcome(lambda: LONG(rule, tuple(inputs), {}), inputs)
    np.testing.assert_equal(short, long)


def _outcome(call, inputs):
    """What the call leaves behind, or how it is refused."""
    try:
        made = call()
    except TypeError as error:
        return str(error)
    return _seen(made, inputs)


@pytest.mark.parametrize("kind", KINDS)
def test_short_calls_of_one_tensor_equal_long_ones(kind):
    rules = _short_rules(1)
    assert len(rules) > 20
    for rule in rules:
        _assert_same(rule, [_operands(kind)])


@pytest.mark.parametrize("other", [*KINDS, "number"])
@pytest.mark.parametrize("kind", KINDS)
def test_short_calls_of_two_operands_equal_long_ones(kind, other):
    rules = _short_rules(2)
    assert len(rules) > 5
    for rule in rules:
        _assert_same(rule, [_operands(kind), 0.5 if other == "number" else _operands(other)])


def test_a_short_call_that_saved_too_much_would_be_seen():
    (mul,) = [rule for rule in _short_rules(2) if rule.name == "mul"]
    x, y = _operands("result"), _operands("constant")
    good, tampered = _seen(mul.call(x, y), [x, y]), _seen_with_both_saved(mul, x, y)
    with pytest.raises(AssertionError):
        np.testing.assert_equal(good, tampered)


def _seen_with_both_saved(rule, x, y):
    made = rule.call(x, y)
    made.grad_fn.saved = (x, y)
    return _seen(made, [x, y])
