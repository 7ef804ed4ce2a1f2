"""The first notebook: a mean of squares, a doubling loop, and two ways out of the graph.

It was written for torch 1.4. Everything it prints still comes out, node names included. Two of its
remarks do not hold: it says that the flag of ``requires_grad_()`` defaults to False (the attribute
does, the method's argument is True), and the deprecation warnings in the source it quotes have since
become FutureWarnings.
"""

import pytest

from suites.harness.assertions import assert_same, assert_values, raises, warns
from suites.harness.clauses import clause
from suites.tutorials.shown import shown


@clause("tutorial.quadratic-mean-example-prints-as-shown")
def test_a_leaf_and_its_sum_with_two_print_flag_and_node(torch):
    # A tensor that the user makes and marks is a leaf: it prints its flag.
    x = torch.ones(2, 2, requires_grad=True)
    assert shown(x) == "tensor([[1., 1.],\n        [1., 1.]], requires_grad=True)"
    # A result prints the node that made it instead.
    y = x + 2
    assert shown(y) == "tensor([[3., 3.],\n        [3., 3.]], grad_fn=<AddBackward0>)"
    assert shown(y.grad_fn) == "<AddBackward0>"
    assert shown(torch.ones(2, 2) + 2) == "tensor([[3., 3.],\n        [3., 3.]])"


@clause("tutorial.quadratic-mean-example-prints-as-shown")
def test_product_and_mean_print_value_and_node(torch):
    y = torch.ones(2, 2, requires_grad=True) + 2
    z = y * y * 3
    out = z.mean()
    assert shown(z) == "tensor([[27., 27.],\n        [27., 27.]], grad_fn=<MulBackward0>)"
    assert shown(out) == "tensor(27., grad_fn=<MeanBackward0>)"


@clause("tutorial.quadratic-mean-example-prints-as-shown")
def test_flag_set_late_starts_the_graph_there(torch):
    # Nothing was recorded up to here: the flag is off by default.
    a = torch.tensor([[0.25, -1.5], [2.0, 0.5]])
    a = (a * 3) / (a - 1)
    assert a.requires_grad is False
    # The notebook's comment says that the method's argument defaults to False; it is True.
    a.requires_grad_()
    assert a.requires_grad is True
    b = (a * a).sum()
    assert shown(b.grad_fn) == "<SumBackward0>"


@clause("tutorial.quadratic-mean-example-prints-as-shown")
@pytest.mark.parametrize("seed", [None, 1, 1.0], ids=["implicit", "int", "float"])
def test_backward_of_the_mean_gives_four_and_a_half(torch, seed):
    # o = mean(3 (x + 2)^2), so do/dx = 3/2 (x + 2) = 4.5 at 1. One notebook writes the seed as
    # torch.tensor(1), an integer, the other as torch.tensor(1.): both are converted to the output's dtype.
    x = torch.ones(2, 2, requires_grad=True)
    out = ((x + 2) * (x + 2) * 3).mean()
    out.backward(None if seed is None else torch.tensor(seed))
    assert shown(x.grad) == "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])"


@clause("tutorial.doubling-loop-gives-scaled-cotangent")
def test_doubling_until_the_norm_is_a_thousand_scales_by_1024(torch):
    # The notebook draws x at random; this is the draw it shows, read off from y.
    x = torch.tensor([323.9894 / 1024, -1178.4686 / 1024, 1577.0007 / 1024], requires_grad=True)
    assert shown(x) == "tensor([ 0.3164, -1.1508,  1.5400], requires_grad=True)"
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    expected = "tensor([  323.9894, -1178.4686,  1577.0007], grad_fn=<MulBackward0>)"
    assert shown(y) == expected
    y.backward(torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float))
    assert shown(x.grad) == "tensor([1.0240e+02, 1.0240e+03, 1.0240e-01])"


@clause("tutorial.no-grad-and-detach-flags-match")
def test_no_grad_switches_recording_off_for_its_block(torch):
    x = torch.tensor([0.3164, -1.1508, 1.5400], requires_grad=True)
    printed = [x.requires_grad, (x**2).requires_grad]
    with torch.no_grad():
        printed.append((x**2).requires_grad)
    assert printed == [True, True, False]


@clause("tutorial.no-grad-and-detach-flags-match")
def test_detach_gives_the_same_content_without_the_flag(torch):
    x = torch.tensor([0.3164, -1.1508, 1.5400], requires_grad=True)
    y = x.detach()
    assert [x.requires_grad, y.requires_grad] == [True, False]
    assert shown(x.eq(y).all()) == "tensor(True)"


@clause("tutorial.autograd-names-still-import")
@pytest.mark.parametrize(
    "name",
    [
        "Variable",
        "Function",
        "NestedIOFunction",
        "gradcheck",
        "gradgradcheck",
        "no_grad",
        "enable_grad",
        "set_grad_enabled",
        "detect_anomaly",
        "set_detect_anomaly",
        "profiler",
    ],
)
def test_name_of_the_quoted_source_is_still_there(torch, name):
    home = torch.autograd.function if name == "NestedIOFunction" else torch.autograd
    assert getattr(home, name, None) is not None


@clause("tutorial.shown-argument-checks-still-exist")
def test_cotangent_of_another_shape_is_refused_as_quoted(torch):
    x = torch.ones(2, 2, requires_grad=True)
    with raises("tutorial.shown-argument-checks-still-exist", index=0):
        (x * 2).backward(torch.ones(3))
    (x * 2).backward(torch.tensor([[1.0, 2.0], [0.5, -1.0]]))
    assert_values(x.grad, [[2.0, 4.0], [1.0, -2.0]])


@clause("tutorial.shown-argument-checks-still-exist")
def test_missing_cotangent_of_a_matrix_is_refused_as_quoted(torch):
    x = torch.ones(2, 2, requires_grad=True)
    with raises("tutorial.shown-argument-checks-still-exist", index=1):
        (x * 2).backward()
    assert x.grad is None


@clause("tutorial.shown-argument-checks-still-exist")
def test_cotangent_that_is_a_number_is_refused_as_quoted(torch):
    x = torch.ones(2, 2, requires_grad=True)
    with raises("tutorial.shown-argument-checks-still-exist", index=2):
        torch.autograd.backward([(x * 2).sum()], [1.0])
    assert x.grad is None


@clause("tutorial.shown-argument-checks-still-exist")
def test_old_argument_name_still_works_with_a_warning(torch):
    # The quoted source warned with the default category; today it is a FutureWarning.
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with warns("accumulate.grad-variables-argument-warns"):
        torch.autograd.backward([x * x], grad_variables=[torch.tensor([1.0, 0.5])])
    assert_same(x.grad, torch.tensor([2.0, 2.0]))


@clause("tutorial.shown-argument-checks-still-exist")
@pytest.mark.filterwarnings("ignore:.*grad_variables.* is deprecated:FutureWarning")
def test_both_argument_names_at_once_are_still_refused(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    one = [torch.ones(2)]
    with raises("accumulate.both-cotangent-arguments-raises"):
        torch.autograd.backward([x * x], grad_tensors=one, grad_variables=one)


@clause("tutorial.shown-argument-checks-still-exist")
def test_only_inputs_is_still_deprecated(torch):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    with warns("grad-api.only-inputs-false-warns"):
        (grad,) = torch.autograd.grad((x * x).sum(), x, only_inputs=False)
    assert_values(grad, [2.0, 4.0])
