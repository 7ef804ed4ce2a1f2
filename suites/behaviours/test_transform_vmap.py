"""torch.func, second part: vmap and functionalize, what they map and what they refuse."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("transform.vmap-equals-stacked-calls")
def test_vmap_equals_stacked_calls(torch):
    fn = lambda row: (row * row.flip(0)).cumsum(0) - row.max()  # noqa: E731
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, -5.0, 6.0]])
    mapped = torch.func.vmap(fn)(x)
    assert_values(mapped, [[0.0, 4.0, 7.0], [18.0, 43.0, 67.0]])
    assert_same(mapped, torch.stack([fn(row) for row in x]))


@clause("transform.vmap-equals-stacked-calls")
def test_in_dims_and_out_dims_place_the_mapped_dimension(torch):
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    scale = torch.tensor([10.0, 100.0])
    mapped = torch.func.vmap(lambda column, s: column * s, in_dims=(1, None), out_dims=1)(x, scale)
    assert_values(mapped, [[10.0, 20.0, 30.0], [400.0, 500.0, 600.0]])
    outer = torch.func.vmap(torch.func.vmap(torch.mul, (None, 0)), (0, None))(scale, x[0])
    assert_values(outer, [[10.0, 20.0, 30.0], [100.0, 200.0, 300.0]])


@clause("transform.vmap-equals-stacked-calls")
def test_vmap_is_differentiable(torch):
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    torch.func.vmap(lambda row: row.prod())(x).backward(torch.tensor([1.0, 0.5]))
    assert_values(x.grad, [[2.0, 1.0], [2.0, 1.5]])


@clause("transform.vmap-data-dependence-raises")
def test_vmap_refuses_what_depends_on_values(torch):
    x = torch.tensor([1.0, -2.0])
    vmap = torch.func.vmap
    with raises("transform.vmap-data-dependence-raises", index=0):
        vmap(lambda v: v * v.item())(x)
    with raises("transform.vmap-data-dependence-raises", index=1):
        vmap(lambda v: v if v > 0 else -v)(x)
    with raises("transform.vmap-data-dependence-raises", index=2):
        vmap(lambda v: torch.nonzero(v))(x)


@clause("transform.vmap-data-dependence-raises")
def test_vmap_accepts_a_choice_by_where(torch):
    mapped = torch.func.vmap(lambda v: torch.where(v > 0, v, -v))(torch.tensor([1.0, -2.0]))
    assert_values(mapped, [1.0, 2.0])


@clause("transform.vmap-calls-function-once")
@pytest.mark.parametrize("size", [1, 5])
def test_vmap_calls_the_function_once(torch, size):
    shapes = []

    def fn(row):
        shapes.append(tuple(row.shape))
        return row * 2

    mapped = torch.func.vmap(fn)(torch.ones(size, 3))
    assert shapes == [(3,)]
    assert tuple(mapped.shape) == (size, 3)


@clause("transform.vmap-random-draw-raises-by-default")
def test_vmap_refuses_a_random_draw_by_default(torch):
    with raises("transform.vmap-random-draw-raises-by-default", index=0):
        torch.func.vmap(lambda x: x + torch.randn(()))(torch.zeros(4))


@clause("transform.vmap-random-draw-raises-by-default")
@pytest.mark.parametrize(("randomness", "distinct"), [("same", 1), ("different", 4)])
def test_vmap_draws_once_or_for_each_element(torch, randomness, distinct):
    torch.manual_seed(0)
    drawn = torch.func.vmap(lambda x: x + torch.randn(()), randomness=randomness)(torch.zeros(4))
    assert len(set(drawn.tolist())) == distinct


@clause("transform.vmap-random-draw-raises-by-default")
def test_vmap_refuses_an_unknown_randomness(torch):
    with raises("transform.vmap-random-draw-raises-by-default", index=1):
        torch.func.vmap(lambda x: x, randomness="sometimes")(torch.zeros(4))


@clause("transform.vmap-write-batched-into-unbatched-raises")
def test_batched_tensor_cannot_be_written_into_an_unbatched_one(torch):
    def fn(x):
        total = torch.zeros(())
        total.add_(x)
        return total

    with raises("transform.vmap-write-batched-into-unbatched-raises"):
        torch.func.vmap(fn)(torch.tensor([1.0, 2.0]))


@clause("transform.vmap-write-batched-into-unbatched-raises")
def test_batched_tensor_can_be_written_into_a_batched_one(torch):
    def fn(x):
        total = torch.zeros_like(x)
        total.add_(x).mul_(3)
        return total

    assert_values(torch.func.vmap(fn)(torch.tensor([1.0, 2.0])), [3.0, 6.0])


@clause("transform.vmap-out-argument-raises")
def test_vmap_refuses_out(torch):
    out = torch.zeros(2)
    with raises("transform.vmap-out-argument-raises"):
        torch.func.vmap(lambda x: torch.abs(x, out=out))(torch.tensor([1.0, -2.0]))


@clause("transform.vmap-bad-arguments-raises")
def test_mapped_dimensions_must_have_one_size(torch):
    with raises("transform.vmap-bad-arguments-raises", index=0):
        torch.func.vmap(torch.mul)(torch.ones(2), torch.ones(3))


@clause("transform.vmap-bad-arguments-raises")
def test_vmap_needs_something_to_map(torch):
    with raises("transform.vmap-bad-arguments-raises", index=1):
        torch.func.vmap(torch.mul, in_dims=(None, None))(torch.ones(2), torch.ones(2))


@clause("transform.vmap-bad-arguments-raises")
def test_in_dim_must_exist(torch):
    with raises("transform.vmap-bad-arguments-raises", index=2):
        torch.func.vmap(torch.sin, in_dims=3)(torch.ones(2, 2))


@clause("transform.vmap-bad-arguments-raises")
def test_vmap_needs_tensors_back(torch):
    with raises("transform.vmap-bad-arguments-raises", index=3):
        torch.func.vmap(lambda x: "text")(torch.ones(2))


@clause("transform.vmap-bad-arguments-raises")
def test_vmap_refuses_a_chunk_of_zero(torch):
    with raises("transform.vmap-bad-arguments-raises", index=4):
        torch.func.vmap(torch.sin, chunk_size=0)(torch.ones(2))
    chunked = torch.func.vmap(torch.square, chunk_size=2)(torch.tensor([1.0, 2.0, 3.0]))
    assert_values(chunked, [1.0, 4.0, 9.0])


@clause("transform.functionalize-keeps-results")
def test_functionalized_function_gives_the_same_result(torch):
    def fn(x):
        y = x * 2
        y[0].add_(10)
        y.t()[1].mul_(3)
        return y

    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert_values(torch.func.functionalize(fn)(x), [[12.0, 42.0], [6.0, 24.0]])
    assert_same(x, torch.tensor([[1.0, 2.0], [3.0, 4.0]]))


@clause("transform.functionalize-keeps-results")
def test_functionalize_refuses_to_remove_what_it_does_not_know(torch):
    with raises("transform.functionalize-keeps-results"):
        torch.func.functionalize(torch.sin, remove="everything")(torch.ones(2))


@clause("transform.vmap-over-autograd-grad-gives-jacobian")
def test_vmap_over_autograd_grad_gives_the_jacobian(torch):
    x = torch.tensor([2.0, 3.0], requires_grad=True)
    y = torch.stack([x[0] * x[1], x[0] ** 2, 10 * x[1]])
    jacobian = torch.func.vmap(lambda v: torch.autograd.grad(y, x, v, retain_graph=True)[0])(
        torch.eye(3)
    )
    assert_values(jacobian, [[3.0, 2.0], [4.0, 0.0], [0.0, 10.0]])
