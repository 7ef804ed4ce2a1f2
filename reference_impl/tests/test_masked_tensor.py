"""Masked tensors: what is masked counts in no result and in no gradient, not even as a NaN."""

import math
from typing import Any

import pytest

import reference_impl as torch
from reference_impl import masked_array, masked_rules

DATA = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
MASKED_TENSOR: Any = torch.masked.MaskedTensor
MASK = [[True, False, True], [False, True, True]]


def masked(data: Any = DATA, mask: Any = MASK, **options: Any) -> Any:
    return torch.masked.masked_tensor(torch.tensor(data), torch.tensor(mask), **options)


def seen(x):
    """The elements that count, None for those that do not."""
    mask = x.get_mask().tolist()
    return _pick(x.get_data().tolist(), mask)


def _pick(data, mask):
    if isinstance(mask, list):
        return [_pick(d, m) for d, m in zip(data, mask, strict=True)]
    return data if mask else None


def test_it_has_data_and_a_mask():
    x = masked()
    assert torch.masked.is_masked_tensor(x)
    assert isinstance(x, MASKED_TENSOR)
    assert not isinstance(torch.ones(1), MASKED_TENSOR)
    assert (x.get_data().tolist(), x.get_mask().tolist()) == (DATA, MASK)
    assert x.to_tensor(-1.0).tolist() == [[1.0, -1.0, 3.0], [-1.0, 5.0, 6.0]]


def test_it_owns_a_copy_but_as_masked_tensor_keeps_history():
    data: Any = torch.tensor([1.0, 2.0], requires_grad=True)
    keep = torch.tensor([True, False])
    assert torch.masked.masked_tensor(data.detach(), keep).is_leaf
    (torch.masked.as_masked_tensor(data, keep) * 3).sum().backward()
    assert seen(data.grad) == [3.0, None]


def test_wrong_masks_are_refused():
    with pytest.raises(TypeError, match="dtype bool"):
        torch.masked.masked_tensor(torch.ones(2), torch.ones(2))
    with pytest.raises(ValueError, match="must equal mask"):
        torch.masked.masked_tensor(torch.ones(2), torch.ones(3).bool())
    with pytest.raises(ValueError, match="masks must match"):
        masked() + masked(mask=[[True] * 3] * 2)


CALLS = {
    "twice": (lambda x: x + x, [[2.0, None, 6.0], [None, 10.0, 12.0]]),
    "with a tensor": (
        lambda x: x * torch.full((2, 3), 2.0),
        [[2.0, None, 6.0], [None, 10.0, 12.0]],
    ),
    "with a number": (lambda x: 1 + x, [[2.0, None, 4.0], [None, 6.0, 7.0]]),
    "negative": (lambda x: -x, [[-1.0, None, -3.0], [None, -5.0, -6.0]]),
    "comparison": (lambda x: x > 3, [[False, None, False], [None, True, True]]),
    "transpose": (lambda x: x.t(), [[1.0, None], [None, 5.0], [3.0, 6.0]]),
    "row": (lambda x: x[1], [None, 5.0, 6.0]),
    "reshape": (lambda x: x.reshape(3, 2), [[1.0, None], [3.0, None], [5.0, 6.0]]),
    "sum": (lambda x: x.sum(), 15.0),
    "mean": (lambda x: x.mean(), 3.75),
    "product": (lambda x: x.prod(), 90.0),
    "largest": (lambda x: x.amax(), 6.0),
    "smallest": (lambda x: x.amin(), 1.0),
    "place of the smallest": (lambda x: x.argmin(), 0),
    "rows": (lambda x: x.sum(1), [4.0, 11.0]),
    "columns": (lambda x: x.mean(0), [1.0, 5.0, 4.5]),
    "largest of columns": (lambda x: x.amax(0), [1.0, 5.0, 6.0]),
}


@pytest.mark.parametrize("name", CALLS)
def test_only_what_counts_is_computed_with(name):
    call, wanted = CALLS[name]
    assert seen(call(masked())) == wanted
    nan = [[1.0, math.nan, 3.0], [math.inf, 5.0, 6.0]]
    assert seen(call(masked(nan))) == wanted


def test_a_result_of_nothing_does_not_count():
    nothing = masked([1.0, 2.0], [False, False])
    assert seen(nothing.sum()) is seen(nothing.mean()) is seen(nothing.amax()) is None


# The gradient of each, by hand, at the elements that count.
GRADIENTS = {
    "sum": (lambda x: x.sum(), [[1.0, None, 1.0], [None, 1.0, 1.0]]),
    "mean": (lambda x: x.mean(), [[0.25, None, 0.25], [None, 0.25, 0.25]]),
    "product": (lambda x: x.prod(), [[90.0, None, 30.0], [None, 18.0, 15.0]]),
    "largest": (lambda x: x.amax(), [[0.0, None, 0.0], [None, 0.0, 1.0]]),
    "squares": (lambda x: (x * x).sum(), [[2.0, None, 6.0], [None, 10.0, 12.0]]),
    "rows": (lambda x: (x.sum(1) * 2).sum(), [[2.0, None, 2.0], [None, 2.0, 2.0]]),
    "filled": (lambda x: x.to_tensor(0.0).sum(), [[1.0, None, 1.0], [None, 1.0, 1.0]]),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient_is_masked_as_the_leaf_is(name):
    call, wanted = GRADIENTS[name]
    x = masked(requires_grad=True)
    call(x).backward()
    assert seen(x.grad) == wanted


def test_gradients_accumulate():
    x = masked(requires_grad=True)
    x.sum().backward()
    x.sum().backward()
    assert seen(x.grad) == [[2.0, None, 2.0], [None, 2.0, 2.0]]


def test_division_by_a_masked_zero_leaves_no_nan():
    x: Any = torch.tensor([1.0, 1.0], requires_grad=True)
    divisor: Any = torch.tensor([0.0, 2.0], requires_grad=True)
    torch.masked.as_masked_tensor(x / divisor, divisor.detach() != 0).sum().backward()
    assert (seen(x.grad), seen(divisor.grad)) == ([None, 0.5], [None, -0.25])


def test_what_it_has_no_operation_for_is_refused():
    for call in (lambda x: x.cumsum(0), lambda x: x @ x.t(), lambda x: x.relu()):
        with pytest.raises(TypeError):
            call(masked())
    with pytest.raises(RuntimeError, match="numpy"):
        masked().numpy()


def test_it_prints_dashes():
    assert repr(masked([1.0, 2.0], [True, False])) == "MaskedTensor(\n  [  1.0000,       --]\n)"
    assert repr(masked().sum()) == "MaskedTensor( 15.0000, True)"
    assert repr(masked(1.0, False)) == "MaskedTensor(--, False)"


def test_masks_that_are_not_compared_would_be_seen(monkeypatch):
    first = lambda inputs: next(x.mask for x in inputs if isinstance(x, masked_array.Masked))  # noqa: E731
    monkeypatch.setattr(masked_rules, "common_mask", first)
    with pytest.raises(pytest.fail.Exception):
        test_wrong_masks_are_refused()
