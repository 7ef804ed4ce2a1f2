"""Dtypes: which dtype a gradient has, and where conversion ends differentiation."""

import math

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause

FLOATS = ["float16", "bfloat16", "float32", "float64"]


@clause("dtype.grad-has-leaf-dtype")
@pytest.mark.parametrize("name", FLOATS)
def test_gradient_has_the_dtype_of_its_leaf(torch, name):
    dtype = getattr(torch, name)
    x = torch.tensor([1.0, 2.0], dtype=dtype, requires_grad=True)
    (x * x).backward(torch.tensor([1.0, 0.5], dtype=dtype))
    assert_same(x.grad, torch.tensor([2.0, 2.0], dtype=dtype))


@clause("dtype.float-conversion-is-differentiable")
@pytest.mark.parametrize("target", ["float16", "bfloat16", "float64"])
def test_gradient_comes_back_in_the_dtype_before_the_conversion(torch, target):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    y = x.to(getattr(torch, target))
    assert (y.dtype, y.requires_grad) == (getattr(torch, target), True)
    (y * y).backward(torch.tensor([1.0, 0.5], dtype=y.dtype))
    assert_same(x.grad, torch.tensor([2.0, 2.0], dtype=torch.float32))


@clause("dtype.promotion-keeps-each-leaf-dtype")
def test_each_leaf_of_a_promoted_product_gets_its_own_dtype(torch):
    a = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    b = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
    y = a * b
    assert y.dtype == torch.float64
    y.backward(torch.tensor([1.0, 0.5], dtype=torch.float64))
    assert_same(a.grad, torch.tensor([3.0, 2.0], dtype=torch.float32))
    assert_same(b.grad, torch.tensor([1.0, 1.0], dtype=torch.float64))


@clause("dtype.promotion-keeps-each-leaf-dtype")
def test_tracked_gradients_of_a_promoted_product_have_their_leafs_dtype(torch):
    a = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    b = torch.tensor([3.0, 4.0], dtype=torch.float64, requires_grad=True)
    ct = torch.tensor([1.0, 0.5], dtype=torch.float64)
    (first,) = torch.autograd.grad(a * a * b, a, ct, create_graph=True)
    (second,) = torch.autograd.grad(first, b, torch.tensor([10.0, 1.0]))
    assert_same(first.detach(), torch.tensor([6.0, 8.0], dtype=torch.float32))
    assert_same(second, torch.tensor([20.0, 2.0], dtype=torch.float64))


@clause("dtype.integer-conversion-ends-tracking")
@pytest.mark.parametrize("target", ["int64", "int32", "uint8", "bool"])
def test_conversion_to_an_integer_ends_tracking(torch, target):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    y = x.to(getattr(torch, target))
    assert (y.requires_grad, y.grad_fn, y.is_leaf) == (False, None, True)
    z = x * y
    z.backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [1.0, 0.5] if target == "bool" else [1.0, 1.0])


@clause("dtype.grad-dtype-casts-incoming-gradients")
def test_gradient_is_cast_to_grad_dtype(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    assert x.grad_dtype == torch.float32
    x.grad_dtype = torch.float64
    (x * x).backward(torch.tensor([1.0, 0.5]))
    assert_same(x.grad, torch.tensor([2.0, 2.0], dtype=torch.float64))
    assert x.dtype == torch.float32


@clause("dtype.grad-dtype-none-allows-any")
def test_grad_dtype_none_lets_any_gradient_be_assigned(torch):
    x = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True)
    x.grad_dtype = None
    for name in FLOATS:
        x.grad = torch.ones(2, dtype=getattr(torch, name))
        assert x.grad.dtype == getattr(torch, name)
        x.grad = None


@clause("dtype.grad-dtype-on-non-leaf-raises")
def test_grad_dtype_of_a_result_cannot_be_set(torch):
    y = torch.tensor([1.0, 2.0], dtype=torch.float32, requires_grad=True) * 2
    with raises("dtype.grad-dtype-on-non-leaf-raises"):
        y.grad_dtype = torch.float64


@clause("dtype.sparse-embedding-gives-sparse-grad")
def test_sparse_embedding_gives_its_weight_a_sparse_gradient(torch):
    layer = torch.nn.Embedding(4, 2, sparse=True)
    ct = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    layer(torch.tensor([1, 3, 1])).backward(ct)
    assert layer.weight.grad.is_sparse
    dense = layer.weight.grad.to_dense()
    assert_values(dense, [[0.0, 0.0], [6.0, 8.0], [0.0, 0.0], [3.0, 4.0]])


@clause("dtype.sparse-embedding-gives-sparse-grad")
def test_dense_contribution_makes_the_gradient_dense(torch):
    layer = torch.nn.Embedding(2, 1, sparse=True)
    layer(torch.tensor([1])).backward(torch.tensor([[5.0]]))
    (layer.weight * 3).backward(torch.tensor([[1.0], [10.0]]))
    assert not layer.weight.grad.is_sparse
    assert_values(layer.weight.grad, [[3.0], [35.0]])


def composition(torch, x):
    """sin(x)^2 * exp(-x / 3) + x / (1 + x^2), smooth everywhere."""
    return torch.sin(x) ** 2 * torch.exp(-x / 3) + x / (1 + x * x)


@clause("dtype.gradients-match-finite-differences-by-precision")
@pytest.mark.parametrize(
    ("name", "step", "rtol"), [("float64", 1e-5, 1e-6), ("float32", 1e-2, 1e-3)]
)
@pytest.mark.parametrize("point", [-1.3, 0.4, 2.1])
def test_gradient_agrees_with_finite_differences(torch, name, step, rtol, point):
    dtype = getattr(torch, name)
    x = torch.tensor(point, dtype=dtype, requires_grad=True)
    composition(torch, x).backward()
    ahead, behind = (composition(torch, x.detach() + s).item() for s in (step, -step))
    assert math.isclose(x.grad.item(), (ahead - behind) / (2 * step), rel_tol=rtol)


@clause("dtype.autocast-keeps-parameter-grads-full-precision")
def test_autocast_leaves_parameter_gradients_in_float32(torch):
    layer = torch.nn.Linear(3, 2)
    x = torch.tensor([[1.0, 2.0, -1.0]])
    with torch.autocast(device_type=x.device.type, dtype=torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    y.backward(torch.tensor([[1.0, 0.5]], dtype=torch.bfloat16))
    assert_same(layer.weight.grad, torch.tensor([[1.0, 2.0, -1.0], [0.5, 1.0, -0.5]]))
    assert_same(layer.bias.grad, torch.tensor([1.0, 0.5]))
