"""Second derivatives where a factor of them is 0 or infinite, against limits that pencil gives."""

import math

import pytest

import reference_impl as torch


def _second(op, numbers):
    """The gradients by each number of the gradient by the first."""
    xs = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in numbers]
    (first,) = torch.autograd.grad(op(*xs), xs[:1], create_graph=True)
    return [g.item() for g in torch.autograd.grad(first, xs)]


@pytest.mark.parametrize(
    ("order", "by_zero"), [(1.5, math.inf), (2.0, 0.5), (2.5, 0.0), (3.0, 0.0), (4.5, 0.0)]
)
def test_a_norm_at_an_element_zero_has_the_limit_of_its_slope(order, by_zero):
    # sgn(x) |x|^(p-1) / n^(p-1) rises by (p-1) |x|^(p-2) / n^(p-1) at x = 0, where n = 2; not at all with y.
    found = _second(lambda x, y: torch.linalg.vector_norm(torch.stack([x, y]), order), (0.0, 2.0))
    assert found == [by_zero, 0.0]


@pytest.mark.parametrize("order", [3.0, 6.0, -2.5])
@pytest.mark.parametrize("x", [-8.118342909262611e-06, 3.7e21, 0.31])
def test_a_norm_of_one_element_is_its_size_to_the_last_digit(x, order):
    # |x|^p^(1/p) alone would be off by eps log(|x|^p), and the second derivative, which is 0, by that over |x|.
    assert (
        abs(
            torch.linalg.vector_norm(torch.tensor([x], dtype=torch.float64), order).item() / abs(x)
            - 1
        )
        < 3e-16
    )


@pytest.mark.parametrize("order", [1.5, 2.0, 2.5, 3.0])
def test_a_norm_of_nothing_but_zeros_has_the_slope_of_its_subgradient(order):
    found = _second(lambda x, y: torch.linalg.vector_norm(torch.stack([x, y]), order), (0.0, 0.0))
    assert found == [0.0, 0.0]


@pytest.mark.parametrize(("x", "wanted"), [(0.5, 0.0), (-0.5, 0.0), (0.499, 1.0), (0.501, 0.0)])
def test_a_difference_of_delta_belongs_to_the_line_of_the_huber_loss(x, wanted):
    found = _second(lambda x, y: torch.nn.functional.huber_loss(x, y, delta=0.5), (x, 0.0))
    assert found == [wanted, -wanted]


@pytest.mark.parametrize("x", [0.0, 1.0])
def test_the_cut_logarithms_of_binary_cross_entropy_do_not_rise(x):
    # log(1 - x) - log(x): where one of them is cut, the other has the slope -1.
    def loss(target, x):
        return torch.nn.functional.binary_cross_entropy(x, target)

    xs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.5, x)]
    (first,) = torch.autograd.grad(loss(*xs), xs[:1], create_graph=True)
    (found,) = torch.autograd.grad(first, xs[1:])
    assert found.item() == -1.0
