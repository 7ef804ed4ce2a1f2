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


# -- writes ------------------------------------------------------------------------------------------------------------

TARGETS = {
    "result": lambda leaf: leaf * 1.0,
    "written": _written,
    "row": lambda leaf: (leaf * 1.0)[1],
    "row of a row": lambda leaf: (leaf * 1.0)[1][None][0],
    "column": lambda leaf: (leaf * 1.0).T[1],
    "constant": lambda leaf: leaf.detach().clone(),
    "row of a constant": lambda leaf: leaf.detach().clone()[0],
    "leaf": lambda leaf: leaf,
    "row of a leaf": lambda leaf: leaf[0],
    "row made in no_grad": lambda leaf: _row_without_grad(leaf * 1.0),
    "part of several": lambda leaf: (leaf * 1.0).unbind()[0],
    "repeated": lambda leaf: (leaf[0] * 1.0).expand(2, 2),
}
FACTORS = {
    "leaf": lambda _: _leaf([0.4, 1.6]),
    "constant": lambda _: torch.tensor([0.4, 1.6], dtype=torch.float64),
    "other dtype": lambda _: torch.tensor([0.4, 1.6], dtype=torch.float32),
    "column": lambda _: _leaf([[0.4], [1.6]]),
    "number": lambda _: 0.7,
    "itself": lambda target: target,
    "overlapping": lambda target: target.detach(),
}


def _row_without_grad(t):
    with torch.no_grad():
        return t[1]


def _after_write(write, target, factor, *, grad):
    """What a write leaves behind in target, base, history, versions and gradients, or how it is refused."""
    leaf = _leaf([[0.3, 0.6], [0.2, 0.7]])
    t = TARGETS[target](leaf)
    other = FACTORS[factor](t)
    base = t if t._base is None else t._base
    try:
        with torch.set_grad_enabled(grad):
            write(t, other)
        names = [None if x.grad_fn is None else x.grad_fn.name() for x in (t, base)]
    except (RuntimeError, TypeError) as error:
        return type(error), str(error), t._version, base.detach().numpy()
    edges = [] if base.grad_fn is None else [type(to) for to, _ in base.grad_fn.next_functions]
    wanted = [
        x for x in (leaf, other) if isinstance(x, torch.Tensor) and x.is_leaf and x.requires_grad
    ]
    ct = torch.arange(1.0, base.numel() + 1).reshape(base.shape).to(torch.float64)
    grads = _gradients(base, wanted, ct) if base.requires_grad else None
    return names, edges, t._version, base._version, base.detach().numpy(), grads


def _short_writes():
    """Rules of pointwise ops whose in-place form has a short path."""
    return [
        rule
        for rule in _short_rules(2)
        if "forward" in registry.OPS.get(f"{rule.name}_", LONG).__code__.co_freevars
    ]


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize("target", TARGETS)
def test_short_writes_equal_long_ones(target, factor, grad):
    rules = _short_writes()
    assert {"add", "mul", "div"} & {rule.name for rule in rules}
    for rule in rules:
        short = _after_write(registry.OPS[f"{rule.name}_"], target, factor, grad=grad)
        long = _after_write(
            lambda t, x, rule=rule: calls.write(rule, (t, x), {}), target, factor, grad=grad
        )
        np.testing.assert_equal(short, long)


def test_a_short_write_that_kept_no_copy_would_be_seen(monkeypatch):
    (mul,) = [rule for rule in _short_writes() if rule.name == "mul"]
    good = _after_write(registry.OPS["mul_"], "row", "leaf", grad=True)
    monkeypatch.setattr(calls, "_copy_before", lambda target: calls.alias(target))
    tampered = _after_write(lambda t, x: calls.write(mul, (t, x), {}), "row", "leaf", grad=True)
    with pytest.raises(AssertionError):
        np.testing.assert_equal(good, tampered)


# -- rows --------------------------------------------------------------------------------------------------------------

ROW_SOURCES = {
    **{k: v for k, v in TARGETS.items() if k != "row made in no_grad"},
    "whole numbers": lambda _: torch.arange(4),
}


def _seen_row(read, source):
    t = ROW_SOURCES[source](_leaf([[0.3, 0.6], [0.2, 0.7]]))
    made = read(t)
    base = made._base
    node = made.grad_fn
    kept = (
        None
        if node is None
        else (node.name(), node.meta, [type(to) for to, _ in node.next_functions])
    )
    info = made._meta.view
    steps = [(s.rule.name, s.params, s.meta, s.in_shape, s.in_dtype) for s in info.chain]
    made_of = (base is t, made.shape, made.stride(), made.storage_offset(), made._version)
    return kept, steps, info.creation, info.version, made_of, made.detach().numpy()


@pytest.mark.parametrize("index", [0, 1, -1])
@pytest.mark.parametrize("source", ROW_SOURCES)
def test_a_row_read_by_the_short_path_equals_one_selected(source, index):
    short = _seen_row(lambda t: t[index], source)
    long = _seen_row(lambda t: torch.select(t, 0, index), source)
    np.testing.assert_equal(short, long)


# -- products ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [*KINDS, "vector", "other dtype", "wrong size"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grad", [True, False])
def test_a_product_by_the_short_path_equals_a_long_one(kind, other, grad):
    odd = {
        "row": _leaf([[0.5, 2.0], [1.0, 3.0]]),
        "vector": _leaf([0.5, 2.0]),
        "other dtype": torch.ones(2, 2, dtype=torch.float32),
        "wrong size": torch.ones(3, 2, dtype=torch.float64),
    }
    x = odd["row"] if kind == "row" else _operands(kind)
    y = odd[other] if other in odd else _operands(other)

    def outcome(multiply):
        try:
            with torch.set_grad_enabled(grad):
                return _seen(multiply(x, y), [x, y])
        except RuntimeError as error:
            return type(error), str(error)

    np.testing.assert_equal(outcome(lambda x, y: x @ y), outcome(registry.OPS["matmul"]))


# -- totals ------------------------------------------------------------------------------------------------------------

TOTALS = {
    **OPERANDS,
    "0-d": lambda leaf: leaf[0, 0] * 1.0,
    "empty": lambda leaf: leaf[:0] * 1.0,
    "float32": lambda leaf: leaf.float(),
    "complex": lambda leaf: leaf * (1 + 2j),
}


def _total_and_long(name, kind, *, grad):
    x = TOTALS[kind](_leaf([[0.3, 0.6], [0.2, 0.7]]))
    total: Any = registry.OPS[f"{name}.all"]
    with torch.set_grad_enabled(grad):
        return _seen(getattr(x, name)(), [x]), _seen(LONG(total.rule, (x,), {}), [x])


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("kind", TOTALS)
@pytest.mark.parametrize("name", ["sum", "mean"])
def test_a_total_by_the_short_path_equals_a_long_one(name, kind, grad):
    short, long = _total_and_long(name, kind, grad=grad)
    np.testing.assert_equal(short, long)


def test_totals_of_plain_tensors_take_the_short_path(monkeypatch):
    x = _leaf([[0.3, 0.6], [0.2, 0.7]])
    monkeypatch.setattr(calls, "_call", None)
    assert x.sum().item() == pytest.approx(1.8)
    assert x.mean().item() == pytest.approx(0.45)
    with pytest.raises(TypeError):  # the long path, which is gone
        x.sum(0)
