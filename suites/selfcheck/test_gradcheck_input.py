"""What the gradient checker cannot check is refused, with what was found and where."""

import pytest
import torch

from suites.gradcheck import InputError, check

X = torch.linspace(0.1, 0.9, 5, dtype=torch.float64, requires_grad=True)


def changes(x):
    x.data.mul_(2)
    return x


def shrinks(x):
    return x if torch.equal(x, X) else x[1:]


BAD = {
    "no-tensor": (lambda x: 3, X, "no floating or complex tensor.*found int"),
    "nothing": (lambda x: None, X, "found NoneType"),
    "integer-output": (lambda x: x.argmax(), X, "a tensor of torch.int64"),
    "integer-input": (lambda x: x, torch.arange(3), r"found input: int64 \(3,\).*x.double\(\)"),
    "no-input": (lambda: X * 1, (), "found no input at all"),
    "overlapping": (lambda x: x, torch.ones(3).expand(2, 3), "share memory.*clone"),
    "windows": (lambda x: x, torch.ones(5).unfold(0, 3, 1), "share memory"),
    "sparse": (lambda x: x, torch.eye(3).to_sparse(), "layout torch.sparse_coo"),
    "sparse-output": (lambda x: x.to_sparse(), X, "to_dense"),
    "nan": (
        lambda x: (x - 0.5).log(),
        X,
        r"output\[0\] is nan at the given point \(2 such elements\)",
    ),
    "all-infinite": (lambda x: x / 0.0, X, r"output\[0\] is inf"),
    "modifies": (lambda x: x.mul_(2), X, "changed its inputs"),
    "modifies-data": (changes, X, "changed its inputs"),
    "changes-shape": (shrinks, X, r"\(5,\) at the point itself and \(4,\) beside it"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_checked_is_refused_with_what_was_found(case):
    fn, inputs, says = BAD[case]
    with pytest.raises(InputError, match=says):
        check(fn, inputs)


OPTIONS = {
    "mode": ({"modes": ("backward",)}, "modes are 'reverse' and 'forward'.*backward"),
    "no-mode": ({"modes": ()}, "one or both"),
    "order": ({"order": 3}, "order is 1 or 2; found 3"),
    "relation": ({"relations": ("vmap",)}, "unknown relations.*batched"),
}


@pytest.mark.parametrize("case", OPTIONS)
def test_options_that_are_not_there_are_refused(case):
    options, says = OPTIONS[case]
    with pytest.raises(InputError, match=says):
        check(torch.sin, X, **options)


def test_an_error_of_the_function_itself_is_its_own():
    def fails(_):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        check(fails, X)
