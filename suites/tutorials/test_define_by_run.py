"""The second notebook: the same example in the words of the 60-minute blitz, define-by-run.

Its story is the first notebook's with another random draw, so what is told here is what it adds: the
graph is the program that ran, the draw it shows, and the three flags at the end.
"""

import pytest

from suites.harness.assertions import assert_values
from suites.harness.clauses import clause
from suites.tutorials.shown import shown


@clause("tutorial.quadratic-mean-example-prints-as-shown")
def test_whole_example_from_leaf_to_gradient(torch):
    x = torch.ones(2, 2, requires_grad=True)
    y = x + 2
    z = y * y * 3
    out = z.mean()
    assert [t.grad_fn and t.grad_fn.name() for t in (x, y, z, out)] == [
        None,
        "AddBackward0",
        "MulBackward0",
        "MeanBackward0",
    ]
    assert_values(out, 27.0)
    out.backward()
    assert shown(x.grad) == "tensor([[4.5000, 4.5000],\n        [4.5000, 4.5000]])"


@clause("tutorial.quadratic-mean-example-prints-as-shown")
def test_untracked_twin_of_the_example_has_no_node(torch):
    aa = torch.ones(2, 2, requires_grad=False)
    a = aa + 2
    assert shown(a) == "tensor([[3., 3.],\n        [3., 3.]])"
    assert a.grad_fn is None


@clause("tutorial.doubling-loop-gives-scaled-cotangent")
def test_the_draw_shown_here_is_doubled_to_512(torch):
    x = torch.tensor([-1154.3105 / 512, 195.3638 / 512, -919.3580 / 512], requires_grad=True)
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    expected = "tensor([-1154.3105,   195.3638,  -919.3580], grad_fn=<MulBackward0>)"
    assert shown(y) == expected
    y.backward(torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float))
    assert shown(x.grad) == "tensor([5.1200e+01, 5.1200e+02, 5.1200e-02])"


@clause("tutorial.doubling-loop-gives-scaled-cotangent")
@pytest.mark.parametrize(("start", "factor"), [(1000.0, 2.0), (499.0, 4.0), (3.0, 512.0)])
def test_every_run_of_the_loop_defines_its_own_graph(torch, start, factor):
    # The factor is what the loop did for this input, not what it did last time.
    x = torch.tensor([start, 0.0], requires_grad=True)
    y = x * 2
    while y.data.norm() < 1000:
        y = y * 2
    y.backward(torch.tensor([0.5, -1.0]))
    assert_values(x.grad, [0.5 * factor, -factor])


@clause("tutorial.no-grad-and-detach-flags-match")
def test_three_flags_are_printed(torch):
    x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    printed = [x.requires_grad, (x**2).requires_grad]
    with torch.no_grad():
        printed.append((x**2).requires_grad)
    assert printed == [True, True, False]
