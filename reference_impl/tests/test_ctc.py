"""The CTC loss against a sum over all alignments, written out."""

import itertools

import numpy as np
import pytest

from reference_impl.gradients import grad
from reference_impl.registry import require
from reference_impl.tensor import make


def collapse(path, blank):
    merged = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
    return tuple(c for c in merged if c != blank)


def likelihood(logs, labels, blank):
    time, classes = logs.shape
    paths = itertools.product(range(classes), repeat=time)
    return sum(
        np.exp(sum(logs[t, c] for t, c in enumerate(p)))
        for p in paths
        if collapse(p, blank) == labels
    )


def loss_of(logs, labels, blank):
    x = make(logs[:, None, :].copy())
    x.requires_grad = True
    targets = make(np.array([labels], dtype=np.int64).reshape(1, len(labels)))
    loss = require("nn.functional.ctc_loss")(
        x, targets, (len(logs),), (len(labels),), blank=blank, reduction="sum"
    )
    return x, loss


@pytest.mark.parametrize("labels", [(), (1,), (1, 2), (2, 2), (1, 2, 1)])
@pytest.mark.parametrize("blank", [0, 3])
def test_loss_is_minus_the_logarithm_of_the_summed_likelihood(labels, blank):
    logs = np.log(np.random.default_rng(0).dirichlet(np.ones(4), size=5))
    _, loss = loss_of(logs, labels, blank)
    assert abs(float(loss.detach()) + np.log(likelihood(logs, labels, blank))) < 1e-12


def test_gradient_is_that_of_the_likelihood_without_normalization():
    logs = np.random.default_rng(1).standard_normal((4, 3))
    x, loss = loss_of(logs, (1, 2), 0)
    found = grad(loss, x)[0]._data[:, 0]
    step = 1e-6
    for at in np.ndindex(4, 3):
        up, down = logs.copy(), logs.copy()
        up[at] += step
        down[at] -= step
        slope = -(np.log(likelihood(up, (1, 2), 0)) - np.log(likelihood(down, (1, 2), 0))) / (
            2 * step
        )
        assert abs(found[at] - slope) < 1e-8


def test_impossible_sequence_is_infinite_or_zero_on_demand():
    logs = np.zeros((2, 3))
    _, loss = loss_of(logs, (1, 1), 0)
    assert float(loss.detach()) == np.inf
