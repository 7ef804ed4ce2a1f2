"""The fifth notebook: polynomials and waves of one and two variables, checked against school calculus.

Written when tensors had to be wrapped in ``Variable``; the wrapper still works and returns the tensor.
Its error about a second backward said "but the buffers have already been freed"; the wording has changed
since, its beginning has not. ``SinBackward`` and ``TanhBackward`` now print with a 0 behind them.
The random inputs are those that the notebook shows, to four decimals, so what it shows of the gradients
is reached to about three.
"""

import pytest

from suites.harness.assertions import assert_values, raises
from suites.harness.clauses import clause
from suites.tutorials.shown import shown

TEN_ANGLES = [5.6419, 1.1369, 4.7996, 0.8205, 0.4615, 0.4596, 2.5004, 1.2695, 2.5845, 0.4513]
TEN_SINES = [-0.5982, 0.9073, -0.9962, 0.7315, 0.4453, 0.4436, 0.5981, 0.9549, 0.5287, 0.4362]
TEN_COSINES = [
    *(0.80134296, 0.420412, 0.08707973, 0.6818824, 0.8953653),
    *(0.896241, -0.80138785, 0.29677498, -0.84881455, 0.89987385),
]
TWENTY_ANGLES = [
    *([5.9066, 1.1849], [6.0019, 1.2083], [3.8134, 4.7397], [2.1871, 2.9670], [0.4878, 4.3015]),
    *([2.5796, 3.2423], [1.0124, 5.7254], [4.4697, 4.1561], [5.1514, 6.0768], [0.3598, 1.5586]),
]
SUMS_OF_SINES = [
    *(0.5587, 0.6574, -1.6221, 0.9898, -0.4481),
    *(0.4324, 0.3188, -1.8199, -1.1101, 1.3520),
]
TWENTY_COSINES = [
    *([0.9299176, 0.37643185], [0.9606921, 0.3545953], [-0.78267014, 0.02728887]),
    *([-0.578051, -0.9847898], [0.88338107, -0.39942288], [-0.8461944, -0.9949382]),
    *([0.5298115, 0.8484107], [-0.24032214, -0.5280292], [0.42501867, 0.9787835]),
    [0.9359573, 0.01222623],
]
TEN_INPUTS = [
    *(-0.1015, 0.4655, 0.7771, -0.6037, -0.8693),
    *(0.2803, -0.9955, -0.4249, 0.3446, -0.9768),
]
TEN_TANHS = [
    *(-0.1012, 0.4345, 0.6510, -0.5397, -0.7010),
    *(0.2732, -0.7597, -0.4010, 0.3316, -0.7517),
]
TANH_SLOPES = [
    *(0.9897621, 0.8111834, 0.57615125, 0.7087302, 0.5085927),
    *(0.9253647, 0.42288297, 0.8391874, 0.8900712, 0.43500286),
]


def cubic(torch, x):
    return torch.pow(x, 3) + 2 * torch.pow(x, 2) + 8 * x


@clause("tutorial.cubic-example-accumulates-as-shown")
def test_wrapped_leaf_prints_its_flag_and_has_no_grad(torch):
    x = torch.autograd.Variable(torch.FloatTensor([4]), requires_grad=True)
    assert shown(x) == "tensor([4.], requires_grad=True)"
    assert x.grad is None


@clause("tutorial.cubic-example-accumulates-as-shown")
@pytest.mark.parametrize("with_ones", [False, True], ids=["implicit", "ones"])
def test_cubic_has_slope_72_at_four(torch, with_ones):
    # 3x^2 + 4x + 8; a vector of ones asks for the same as no argument.
    x = torch.tensor([4.0], requires_grad=True)
    z = cubic(torch, x)
    z.backward(torch.ones(x.shape[0]) if with_ones else None)
    assert shown(x.grad) == "tensor([72.])"


@clause("tutorial.cubic-example-accumulates-as-shown")
def test_second_backward_without_retaining_raises(torch):
    x = torch.tensor([4.0], requires_grad=True)
    z = cubic(torch, x)
    z.backward()
    with raises("tutorial.cubic-example-accumulates-as-shown"):
        z.backward()
    assert shown(x.grad) == "tensor([72.])"


@clause("tutorial.cubic-example-accumulates-as-shown")
def test_retained_passes_sum_to_72_144_216(torch):
    x = torch.tensor([4.0], requires_grad=True)
    x.grad = torch.tensor([72.0])
    x.grad.data.zero_()
    z = cubic(torch, x)
    printed = []
    for retain in (True, True, False):
        z.backward(retain_graph=retain)
        printed.append(shown(x.grad))
    assert printed == ["tensor([72.])", "tensor([144.])", "tensor([216.])"]


@clause("tutorial.cubic-example-accumulates-as-shown")
def test_sine_has_slope_minus_065_at_four(torch):
    x = torch.tensor([4.0], requires_grad=True)
    torch.sin(x).backward()
    assert shown(x.grad) == "tensor([-0.6536])"


@clause("tutorial.hand-computed-chain-equals-backward")
def test_local_slopes_of_the_cubic_sum_to_72(torch):
    # w2 = x^3, w3 = x^2, w4 = 2 w3, w5 = 8x: slopes 48, 8, 16 (= 2 * 8) and 8; 48 + 16 + 8 = 72
    x = torch.tensor([4.0], requires_grad=True)
    w2, w3 = x**3, x**2
    slopes = [torch.autograd.grad(w, x, retain_graph=True)[0].item() for w in (w2, w3, 2 * w3)]
    slopes += [torch.autograd.grad(8 * x, x)[0].item()]
    assert slopes == [48.0, 8.0, 16.0, 8.0]
    (whole,) = torch.autograd.grad(w2 + 2 * w3 + 8 * x, x)
    assert shown(whole) == "tensor([72.])"


@clause("tutorial.hand-computed-chain-equals-backward")
def test_retained_grads_show_how_the_result_depends_on_its_terms(torch):
    x = torch.tensor([4.0], requires_grad=True)
    w2, w3 = x**3, x**2
    w2.retain_grad()
    w3.retain_grad()
    (w2 + 2 * w3 + 8 * x).backward()
    assert [shown(t.grad) for t in (w2, w3, x)] == ["tensor([1.])", "tensor([2.])", "tensor([72.])"]


@clause("tutorial.sine-and-two-variable-gradients-match")
def test_sine_of_ten_values_has_the_cosines_as_slopes(torch):
    x = torch.tensor(TEN_ANGLES, requires_grad=True)
    z = torch.sin(x)
    assert z.grad_fn.name() == "SinBackward0"
    z.backward(torch.ones(x.shape))
    assert_values(z, TEN_SINES, rtol=2e-3)
    assert_values(x.grad, TEN_COSINES, rtol=2e-3)
    assert_values(x.grad, torch.cos(x.detach()))


@clause("tutorial.sine-and-two-variable-gradients-match")
def test_polynomial_of_two_variables_has_slopes_49_and_4(torch):
    # z = x^3 + y^2 + a x + b with a = 1, b = 6 at (4, 2)
    x = torch.tensor([4.0], requires_grad=True)
    y = torch.autograd.Variable(torch.tensor([2.0]), requires_grad=True)
    assert shown(y) == "tensor([2.], requires_grad=True)"
    z = torch.pow(x, 3) + torch.pow(y, 2) + 1 * x + 6
    z.backward()
    assert shown(x.grad) == "tensor([49.])"
    assert shown(y.grad) == "tensor([4.])"


@clause("tutorial.sine-and-two-variable-gradients-match")
def test_sum_of_sines_has_a_cosine_for_each_variable(torch):
    x = torch.tensor([4.0], requires_grad=True)
    y = torch.tensor([2.0], requires_grad=True)
    (torch.sin(x) + torch.sin(y)).backward()
    assert shown(x.grad) == "tensor([-0.6536])"
    assert shown(y.grad) == "tensor([-0.4161])"


@clause("tutorial.sine-and-two-variable-gradients-match")
def test_columns_of_one_matrix_get_gradients_of_their_own(torch):
    xy = torch.tensor(TWENTY_ANGLES, requires_grad=True)
    z = torch.sin(xy[:, 0]) + torch.sin(xy[:, 1])
    assert z.grad_fn.name() == "AddBackward0"
    z.backward(torch.ones(xy.shape[0]))
    assert_values(z, SUMS_OF_SINES, rtol=2e-3)
    assert_values(xy.grad, TWENTY_COSINES, rtol=1e-2)
    assert_values(xy.grad, torch.cos(xy.detach()))


@clause("tutorial.tanh-gradient-matches-formula")
def test_tanh_has_slope_one_minus_its_square(torch):
    x = torch.tensor(TEN_INPUTS, requires_grad=True)
    z = torch.tanh(x)
    # TanhBackward in the notebook.
    assert z.grad_fn.name() == "TanhBackward0"
    z.backward(torch.ones(x.shape))
    assert_values(z, TEN_TANHS, rtol=1e-3)
    assert_values(x.grad, TANH_SLOPES, rtol=1e-3)
    assert_values(x.grad, (1 - torch.pow(torch.tanh(x), 2)).detach())
