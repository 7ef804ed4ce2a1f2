"""Forward-mode AD: dual levels, tangents, and how they follow operations, writes and views."""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises
from suites.harness.clauses import clause


@clause("forward.dual-output-carries-jvp")
def test_output_of_dual_operations_carries_the_jacobian_times_the_tangent(torch):
    # y = (a b, sin a), J t = (b ta + a tb, cos(a) ta)
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        x = fwd.make_dual(torch.tensor([0.0, 3.0]), torch.tensor([10.0, 0.5]))
        out = fwd.unpack_dual(torch.stack([x[0] * x[1], torch.sin(x[0])]))
    assert_values(out.primal, [0.0, 0.0])
    assert_values(out.tangent, [30.0, 10.0])


@clause("forward.dual-output-carries-jvp")
def test_two_dual_inputs_add_up(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        a = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
        b = fwd.make_dual(torch.tensor([3.0, 4.0]), torch.tensor([10.0, -1.0]))
        out = fwd.unpack_dual(a * b - a / 2)
    assert_values(out.primal, [2.5, 7.0])
    assert_values(out.tangent, [12.5, -0.25])


@clause("forward.make-dual-outside-level-raises")
def test_make_dual_needs_a_level(torch):
    fwd = torch.autograd.forward_ad
    with raises("forward.make-dual-outside-level-raises"):
        fwd.make_dual(torch.tensor(1.0), torch.tensor(1.0))
    with fwd.dual_level():
        pass
    with raises("forward.make-dual-outside-level-raises"):
        fwd.make_dual(torch.tensor(1.0), torch.tensor(1.0))


@clause("forward.missing-tangent-unpacks-as-none")
def test_plain_tensor_unpacks_without_a_tangent(torch):
    fwd = torch.autograd.forward_ad
    x = torch.tensor([1.0, 2.0])
    outside = fwd.unpack_dual(x)
    with fwd.dual_level():
        inside = fwd.unpack_dual(x * 2)
    assert (outside.tangent, inside.tangent) == (None, None)
    assert_same(outside.primal, x)
    assert_same(inside.primal, torch.tensor([2.0, 4.0]))


@clause("forward.leaving-level-deletes-tangents")
def test_tangent_is_gone_once_the_level_is_left(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        out = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5])) * 3
        kept = fwd.unpack_dual(out).tangent
    assert fwd.unpack_dual(out).tangent is None
    assert_values(out, [3.0, 6.0])
    assert_values(kept, [3.0, 1.5])
    with fwd.dual_level():
        assert fwd.unpack_dual(out).tangent is None


@clause("forward.integer-primal-or-tangent-raises")
def test_integers_have_no_tangents(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        with raises("forward.integer-primal-or-tangent-raises", index=0):
            fwd.make_dual(torch.tensor([1, 2]), torch.tensor([1.0, 0.5]))
        with raises("forward.integer-primal-or-tangent-raises", index=1):
            fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1, 0]))


@clause("forward.tangent-of-other-size-raises")
@pytest.mark.parametrize("shape", [(3,), (1,), (1, 2)], ids=str)
def test_tangent_must_have_the_size_of_its_primal(torch, shape):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level(), raises("forward.tangent-of-other-size-raises"):
        fwd.make_dual(torch.tensor([1.0, 2.0]), torch.ones(shape))


@clause("forward.nested-dual-levels-raises")
def test_levels_cannot_be_nested(torch):
    fwd = torch.autograd.forward_ad
    with (
        fwd.dual_level(),
        raises("forward.nested-dual-levels-raises"),
        fwd.dual_level(),
    ):
        pass
    with fwd.dual_level():
        out = fwd.make_dual(torch.tensor(2.0), torch.tensor(3.0)) * 5
        assert_values(fwd.unpack_dual(out).tangent, 15.0)


@clause("forward.making-dual-of-dual-raises")
def test_dual_tensor_cannot_be_made_dual_again(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        x = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
        with raises("forward.making-dual-of-dual-raises"):
            fwd.make_dual(x, torch.tensor([1.0, 0.5]))
        again = fwd.make_dual(x.detach(), torch.tensor([5.0, 6.0]))
        assert_values(fwd.unpack_dual(again).tangent, [5.0, 6.0])


@clause("forward.dual-aliases-primal-and-tangent")
def test_dual_shares_the_memory_of_its_primal_and_keeps_its_tangent(torch):
    fwd = torch.autograd.forward_ad
    primal, tangent = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5])
    with fwd.dual_level():
        dual = fwd.make_dual(primal, tangent)
        assert dual is not primal
        assert dual.data_ptr() == primal.data_ptr()
        assert fwd.unpack_dual(dual).tangent is tangent
        assert fwd.unpack_dual(primal).tangent is None


@clause("forward.unpack-gives-named-tuple")
def test_unpack_dual_gives_a_named_tuple(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        out = fwd.unpack_dual(fwd.make_dual(torch.tensor(2.0), torch.tensor(3.0)))
    primal, tangent = out
    assert isinstance(out, tuple)
    assert out._fields == ("primal", "tangent")
    assert (primal.item(), tangent.item()) == (2.0, 3.0)


@clause("forward.forward-over-reverse-gives-second-derivative")
def test_tangent_of_a_gradient_is_the_second_derivative(torch):
    fwd = torch.autograd.forward_ad
    x = torch.tensor([2.0, -1.0], requires_grad=True)
    with fwd.dual_level():
        dual = fwd.make_dual(x, torch.tensor([1.0, 0.5]))
        (grad,) = torch.autograd.grad((dual**3).sum(), dual, create_graph=True)
        out = fwd.unpack_dual(grad)
    assert_values(out.primal, [12.0, 3.0])
    assert_values(out.tangent, [12.0, -3.0])


@clause("forward.forward-over-reverse-gives-second-derivative")
def test_tangent_can_be_differentiated_backwards(torch):
    fwd = torch.autograd.forward_ad
    x = torch.tensor([2.0, -1.0], requires_grad=True)
    with fwd.dual_level():
        dual = fwd.make_dual(x, torch.tensor([1.0, 0.5]))
        tangent = fwd.unpack_dual(dual**3).tangent
        tangent.backward(torch.tensor([1.0, 10.0]))
    assert_values(tangent, [12.0, 1.5])
    assert_values(x.grad, [12.0, -30.0])


@clause("forward.forward-and-reverse-mode-agree")
def test_cotangent_times_jvp_equals_vjp_times_tangent(torch):
    fwd = torch.autograd.forward_ad
    matrix = torch.tensor([[1.0, 2.0, -1.0], [0.5, -3.0, 4.0]])
    x = torch.tensor([0.3, -0.7, 0.1], requires_grad=True)
    u, v = torch.tensor([1.0, 0.5, -2.0]), torch.tensor([3.0, -0.25])
    with fwd.dual_level():
        ju = fwd.unpack_dual(torch.tanh(matrix @ fwd.make_dual(x.detach(), u))).tangent
    (vj,) = torch.autograd.grad(torch.tanh(matrix @ x), x, v)
    assert (ju.abs() > 0.1).all()
    assert_values((v * ju).sum(), (vj * u).sum())


@clause("forward.write-to-dual-updates-tangent")
def test_write_to_a_dual_updates_its_tangent(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        x = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5])) * 1
        x.sin_().mul_(4)
        x[0] = 7.0
        out = fwd.unpack_dual(x)
    assert_values(out.primal, [7.0, 3.6371897])
    assert_values(out.tangent, [0.0, -0.83229367])


@clause("forward.write-to-dual-updates-tangent")
def test_dual_multiplied_by_itself_in_place_gets_the_tangent_of_its_square(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        x = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5])) * 1
        x.mul_(x)
        out = fwd.unpack_dual(x)
    assert_values(out.primal, [1.0, 4.0])
    assert_values(out.tangent, [2.0, 2.0])


@clause("forward.write-to-dual-updates-tangent")
def test_write_to_a_view_of_a_dual_updates_its_tangent(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        x = fwd.make_dual(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.5, -1.0])) * 1
        x[1:].mul_(10)
        out = fwd.unpack_dual(x)
    assert_values(out.primal, [1.0, 20.0, 30.0])
    assert_values(out.tangent, [1.0, 5.0, -10.0])


@clause("forward.write-to-dual-updates-tangent")
def test_dual_written_into_a_plain_buffer_makes_it_dual(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        buffer = torch.zeros(3)
        buffer[1:] = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
        out = fwd.unpack_dual(buffer)
    assert_values(out.primal, [0.0, 1.0, 2.0])
    assert_values(out.tangent, [0.0, 1.0, 0.5])


@clause("forward.exiting-wrong-level-raises")
def test_only_the_last_entered_level_can_be_left(torch):
    fwd = torch.autograd.forward_ad
    level = fwd.enter_dual_level()
    try:
        with raises("forward.exiting-wrong-level-raises"):
            fwd.exit_dual_level(level=level + 1)
    finally:
        fwd.exit_dual_level(level=level)


@clause("forward.enter-exit-functions-match-context-manager")
def test_level_may_be_entered_and_left_by_functions(torch):
    fwd = torch.autograd.forward_ad
    level = fwd.enter_dual_level()
    try:
        assert level == 0
        out = fwd.make_dual(torch.tensor(2.0), torch.tensor(3.0)) * 5
        assert_values(fwd.unpack_dual(out).tangent, 15.0)
    finally:
        fwd.exit_dual_level(level=level)
    assert fwd.unpack_dual(out).tangent is None


@clause("forward.dual-repr-shows-tangent")
def test_repr_of_a_dual_shows_its_tangent(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        dual = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([0.5, 4.0]))
        assert "tangent=tensor([0.5000, 4.0000]" in repr(dual)
        assert "tangent" not in repr(dual.detach())
    assert "tangent" not in repr(dual)


@clause("forward.constant-counts-as-zero-tangent")
def test_constant_adds_no_tangent_and_scales_one(torch):
    fwd = torch.autograd.forward_ad
    constant = torch.tensor([3.0, -4.0])
    with fwd.dual_level():
        dual = fwd.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
        assert_values(fwd.unpack_dual(dual + constant).tangent, [1.0, 0.5])
        assert_values(fwd.unpack_dual(constant - dual).tangent, [-1.0, -0.5])
        assert_values(fwd.unpack_dual(dual * constant).tangent, [3.0, -2.0])


@clause("forward.op-without-forward-rule-raises")
def test_operation_without_a_forward_rule_is_named(torch):
    fwd = torch.autograd.forward_ad
    with fwd.dual_level():
        dual = fwd.make_dual(torch.tensor([-1.0, 2.0]), torch.tensor([1.0, 0.5]))
        with raises("forward.op-without-forward-rule-raises") as caught:
            torch.heaviside(dual, torch.tensor([0.5]))
    assert "heaviside" in str(caught.error)
