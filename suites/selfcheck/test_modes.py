"""Each mode does to a test body what it says, and puts everything back."""

import pytest

torch = pytest.importorskip("torch")
driver = pytest.importorskip("suites.harness.torch_driver")


def in_mode(mode, fn):
    """What ``fn`` returns in that mode."""
    found = []
    driver.wrap(lambda: found.append(fn()), mode)()
    return found[0]


def product():
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    return x, x * 3


NODES = {
    "eager": "MulBackward0",
    "aot_eager": "CompiledFunctionBackward",
    "func": "SqueezeBackward1",
    "deterministic": "MulBackward0",
    "single-threaded": "MulBackward0",
}


@pytest.mark.parametrize("mode", sorted(driver.MODES))
def test_operation_goes_through_the_mode_and_gives_the_same(mode):
    x, y = in_mode(mode, product)
    assert y.grad_fn.name() == NODES[mode]
    y.backward(torch.tensor([0.5, -1.0]))
    assert x.grad.tolist() == [1.5, -3.0]
    assert product()[1].grad_fn.name() == "MulBackward0"


def test_wrong_compiled_operation_is_seen(monkeypatch):
    wrong = driver.OperationByOperation(lambda func, args, kwargs: func(*args, **kwargs) * 2)
    monkeypatch.setitem(driver.MODES, "aot_eager", lambda: wrong)
    x, y = in_mode("aot_eager", product)
    y.backward(torch.tensor([0.5, -1.0]))
    assert x.grad.tolist() == [3.0, -6.0]


@pytest.mark.parametrize("mode", ["aot_eager", "func"])
def test_operations_without_gradient_or_with_a_tangent_are_left_alone(mode):
    def body():
        with torch.no_grad():
            plain = torch.tensor([1.0], requires_grad=True) * 2
        with torch.autograd.forward_ad.dual_level():
            dual = torch.autograd.forward_ad.make_dual(
                torch.tensor([3.0], requires_grad=True), torch.tensor([1.0])
            )
            return plain.grad_fn, torch.autograd.forward_ad.unpack_dual(
                dual * dual
            ).tangent.tolist()

    assert in_mode(mode, body) == (None, [6.0])


def test_switches_hold_inside_and_go_back_after_an_error():
    def fail():
        assert torch.are_deterministic_algorithms_enabled()
        raise KeyError("inside")

    assert in_mode("single-threaded", torch.autograd.is_multithreading_enabled) is False
    with pytest.raises(KeyError, match="inside"):
        driver.wrap(fail, "deterministic")()
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.autograd.is_multithreading_enabled()


def test_second_derivative_of_a_compiled_operation_is_unsupported():
    def body():
        x = torch.tensor([1.0, 2.0], requires_grad=True)
        y = torch.exp(x)
        (first,) = torch.autograd.grad(y, x, torch.tensor([1.0, 0.5]), create_graph=True)
        first.sum().backward()

    with pytest.raises(RuntimeError) as caught:
        in_mode("aot_eager", body)
    outcome, reason = driver.why_lacking(caught.value)
    assert outcome == "unsupported"
    assert "double backward" in reason
