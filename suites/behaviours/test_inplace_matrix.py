"""In-place writes as a matrix: what an operation saved, which tensor is written, and by which way."""

import pytest

from suites.harness.assertions import assert_same, raises
from suites.harness.clauses import clause

# op -> whether its backward needs its input, and whether it needs its output
SAVES = {
    "sin": (True, False),
    "cos": (True, False),
    "log": (True, False),
    "log1p": (True, False),
    "atan": (True, False),
    "abs": (True, False),
    "square": (True, False),
    "erf": (True, False),
    "exp": (False, True),
    "expm1": (False, True),
    "sqrt": (False, True),
    "rsqrt": (False, True),
    "tanh": (False, True),
    "sigmoid": (False, True),
    "tan": (False, True),
    "reciprocal": (False, True),
    "relu": (False, True),
    "neg": (False, False),
    "floor": (False, False),
    "clone": (False, False),
    "double": (False, False),
    "prod": (True, True),
    "sum": (False, False),
    "mean": (False, False),
}
WAYS = ["itself", "view", "detached", "view of detached"]
CASES = [
    pytest.param(name, target, way, id=f"{name},{target},{way.replace(' ', '-')}")
    for name in SAVES
    for target in ("input", "output")
    for way in WAYS
]
STALE = [case for case in CASES if SAVES[case.values[0]][case.values[1] == "output"]]
FRESH = [case for case in CASES if case not in STALE]


def write(tensor, way):
    """Adds zero to the tensor by way of an alias: the value stays, the version rises."""
    alias = tensor.detach() if "detached" in way else tensor
    alias = alias.view(-1)[:1] if "view" in way else alias
    alias.add_(0)


def run(torch, name, target=None, way=None):
    """A leaf, and op(1 * leaf) with the input or the output written afterwards."""
    leaf = torch.tensor([0.5, 1.0, 2.0], requires_grad=True)
    x = leaf * 1
    y = getattr(x, name)()
    if target is not None:
        write(x if target == "input" else y, way)
    return leaf, y


@clause("inplace.write-to-saved-input-raises")
@pytest.mark.parametrize(("name", "target", "way"), STALE)
def test_write_to_what_backward_needs_raises(torch, name, target, way):
    leaf, y = run(torch, name, target, way)
    with raises("inplace.write-to-saved-input-raises", index=1):
        y.backward(torch.ones_like(y) * 0.5)
    assert leaf.grad is None


@clause("inplace.write-to-unsaved-tensor-is-harmless")
@pytest.mark.parametrize(("name", "target", "way"), FRESH)
def test_write_to_what_backward_does_not_need_is_harmless(torch, name, target, way):
    leaf, y = run(torch, name, target, way)
    same, z = run(torch, name)
    y.backward(torch.ones_like(y) * 0.5)
    z.backward(torch.ones_like(z) * 0.5)
    assert_same(leaf.grad, same.grad)


@clause("data.write-gives-silent-wrong-gradient")
@pytest.mark.parametrize("name", [name for name, saved in SAVES.items() if any(saved)])
def test_write_through_data_never_raises(torch, name):
    leaf, y = run(torch, name)
    y.data.add_(0)
    y.backward(torch.ones_like(y) * 0.5)
    same, z = run(torch, name)
    z.backward(torch.ones_like(z) * 0.5)
    assert_same(leaf.grad, same.grad)


@clause("inplace.write-to-leaf-raises")
@pytest.mark.parametrize("name", ["sub_", "div_", "pow_", "clamp_", "masked_fill_", "index_fill_"])
def test_write_with_an_argument_to_a_leaf_raises(torch, name):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    arguments = {
        "clamp_": (0.0, 1.5),
        "masked_fill_": (torch.tensor([True, False]), 9.0),
        "index_fill_": (0, torch.tensor([0]), 9.0),
    }.get(name, (3.0,))
    with raises("inplace.write-to-leaf-raises"):
        getattr(x, name)(*arguments)
    assert_same(x.detach(), torch.tensor([1.0, 2.0]))


@clause("inplace.write-to-leaf-raises")
@pytest.mark.parametrize(
    "name", ["exp_", "sqrt_", "neg_", "relu_", "sigmoid_", "normal_", "uniform_"]
)
def test_write_without_an_argument_to_a_leaf_raises(torch, name):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with raises("inplace.write-to-leaf-raises"):
        getattr(x, name)()
    assert_same(x.detach(), torch.tensor([1.0, 2.0]))
    assert x._version == 0
