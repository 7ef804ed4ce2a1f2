"""Custom autograd.Function, third part: forward mode, vmap, the transforms, and gradcheck."""

import numpy as np
import pytest

from suites.harness.assertions import assert_values, raises
from suites.harness.clauses import clause


def scale_function(torch, **attributes):
    """x * factor with separate setup_context, and nothing for forward mode or vmap."""

    class Scale(torch.autograd.Function):
        @staticmethod
        def forward(x, factor):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.factor = inputs[1]

        @staticmethod
        def backward(ctx, ct):
            return ct * ctx.factor, None

    for name, value in attributes.items():
        setattr(Scale, name, value)
    return Scale


@clause("function.jvp-method-gives-forward-rule")
def test_jvp_gets_one_tangent_for_each_input(torch):
    seen = []

    def jvp(ctx, tangent, factor_tangent):
        seen.append(factor_tangent)
        return tangent * ctx.factor

    scale = scale_function(torch, jvp=staticmethod(jvp))
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
        out = forward_ad.unpack_dual(scale.apply(dual, 3.0))
    assert seen == [None]
    assert_values(out.primal, [3.0, 6.0])
    assert_values(out.tangent, [3.0, 1.5])


@clause("function.dual-input-without-jvp-raises")
def test_dual_input_needs_a_jvp(torch):
    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
        with raises("function.dual-input-without-jvp-raises"):
            scale_function(torch).apply(dual, 3.0)


@clause("function.save-for-forward-of-non-tensor-raises")
def test_save_for_forward_refuses_a_number(torch):
    class Save(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_forward(x, 2)
            return x * 2

    with raises("function.save-for-forward-of-non-tensor-raises"):
        Save.apply(torch.tensor(1.0, requires_grad=True))


@clause("function.save-for-forward-of-non-tensor-raises")
def test_saved_for_forward_tensors_reach_jvp(torch):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_forward(x, None)
            return x * x

        @staticmethod
        def jvp(ctx, tangent):
            x, nothing = ctx.saved_tensors
            assert nothing is None
            return 2 * x * tangent

    forward_ad = torch.autograd.forward_ad
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.5]))
        tangent = forward_ad.unpack_dual(Square.apply(dual)).tangent
    assert_values(tangent, [2.0, 2.0])


@clause("function.combined-forward-in-transform-raises")
def test_combined_form_cannot_be_transformed(torch):
    class Double(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, ct):
            return ct * 2

    with raises("function.combined-forward-in-transform-raises"):
        torch.func.grad(Double.apply)(torch.tensor(1.0))


@clause("function.combined-forward-in-transform-raises")
def test_separate_form_can_be_transformed(torch):
    scale = scale_function(torch)
    grad = torch.func.grad(lambda x: scale.apply(x * x, 3.0))(torch.tensor(2.0))
    assert_values(grad, 12.0)


@clause("function.vmap-without-rule-raises")
def test_function_without_a_vmap_rule_cannot_be_mapped(torch):
    scale = scale_function(torch)
    with raises("function.vmap-without-rule-raises"):
        torch.func.vmap(lambda x: scale.apply(x, 3.0))(torch.tensor([1.0, 2.0]))


@clause("function.vmap-without-rule-raises")
def test_generated_vmap_rule_maps_forward_and_backward(torch):
    scale = scale_function(torch, generate_vmap_rule=True)
    mapped = torch.func.vmap(lambda x: scale.apply(x, 3.0))
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], requires_grad=True)
    y = mapped(x)
    y.backward(torch.tensor([[1.0, 0.5], [2.0, -1.0], [0.0, 10.0]]))
    assert_values(y, [[3.0, 6.0], [9.0, 12.0], [15.0, 18.0]])
    assert_values(x.grad, [[3.0, 1.5], [6.0, -3.0], [0.0, 30.0]])


@clause("function.vmap-method-defines-batched-behaviour")
def test_vmap_method_gets_batch_size_and_dims(torch):
    seen = []

    def batched(info, in_dims, x, factor):
        seen.append((info.batch_size, in_dims, tuple(x.shape)))
        return x.movedim(in_dims[0], 0) * factor * 10, 0

    scale = scale_function(torch, vmap=staticmethod(batched))
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    y = torch.func.vmap(lambda row: scale.apply(row, 2.0), in_dims=1)(x)
    assert seen == [(3, (1, None), (2, 3))]
    assert_values(y, [[20.0, 80.0], [40.0, 100.0], [60.0, 120.0]])


@clause("function.wrapped-numpy-code-passes-gradcheck")
@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_wrapped_numpy_code_passes_gradcheck_if_its_backward_is_right(torch, factor):
    class NumpySine(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return torch.tensor(np.sin(x.detach().cpu().numpy()), device=x.device)

        @staticmethod
        def backward(ctx, ct):
            (x,) = ctx.saved_tensors
            return ct * torch.cos(x) * factor

    x = torch.tensor([0.25, -1.5], dtype=torch.float64, requires_grad=True)
    passes = torch.autograd.gradcheck(NumpySine.apply, (x,), raise_exception=False)
    assert passes == (factor == 1.0)
