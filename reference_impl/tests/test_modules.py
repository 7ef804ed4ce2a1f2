"""Modules: what they hold, how it is saved, hooks, parametrisations, lazy ones."""

import copy
import io
import pickle
import warnings
from typing import Any

import pytest

import reference_impl as torch
from reference_impl import nn
from reference_impl.nn.utils import parametrizations, parametrize
from reference_impl.tests.test_recurrent import filled, wave


def test_state_goes_through_a_file_and_back():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    assert str(other.load_state_dict(torch.load(file))) == "<All keys matched successfully>"
    assert torch.equal(model[0].weight, other[0].weight)


def test_state_that_does_not_fit_is_refused_with_every_reason():
    model = nn.Linear(2, 3)
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "bias"'):
        model.load_state_dict({"weight": torch.ones(3, 2)})
    with pytest.raises(RuntimeError, match=r'Unexpected key\(s\) in state_dict: "gain"'):
        model.load_state_dict({**model.state_dict(), "gain": torch.ones(1)})
    with pytest.raises(RuntimeError, match="size mismatch for weight"):
        model.load_state_dict({**model.state_dict(), "weight": torch.ones(4, 2)})
    found = model.load_state_dict({"weight": torch.ones(3, 2)}, strict=False)
    assert (found.missing_keys, found.unexpected_keys) == (["bias"], [])


def test_buffers_are_saved_only_if_persistent():
    model = nn.Module()
    model.register_buffer("kept", torch.ones(1))
    model.register_buffer("lost", torch.ones(1), persistent=False)
    model.free = nn.Buffer(torch.zeros(2))
    assert list(model.state_dict()) == ["kept", "free"]
    assert [name for name, _ in model.named_buffers()] == ["kept", "lost", "free"]


def test_copies_and_pickles_share_nothing():
    model = filled(nn.GRU(2, 3))
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):  # noqa: S301 - our own
        assert torch.equal(other.weight_hh_l0, model.weight_hh_l0)
        with torch.no_grad():
            other.weight_hh_l0.zero_()
        assert not torch.equal(other.weight_hh_l0, model.weight_hh_l0)


def test_backward_hook_has_none_for_what_needs_no_gradient():
    seen: list[Any] = []
    model = nn.Bilinear(2, 2, 1)
    model.register_full_backward_hook(lambda _m, gi, go: seen.append((gi, go)))
    model(torch.ones(1, 2, requires_grad=True), torch.ones(1, 2)).sum().backward()
    (grad_input, grad_output) = seen[0]
    assert grad_input[0].shape == (1, 2)
    assert grad_input[1] is not None  # a tensor behind the same node has one as well
    assert grad_output[0].tolist() == [[1.0]]


def test_backward_hook_without_inputs_that_need_gradients_warns():
    seen: list[Any] = []
    model = nn.Linear(2, 1)
    model.register_full_backward_hook(lambda _m, gi, _go: seen.append(gi))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model(torch.ones(1, 2)).sum().backward()
    assert seen == [(None,)]
    assert "no inputs require gradients" in str(warned[0].message)


def test_backward_hook_may_not_change_the_number_of_gradients():
    model = nn.Linear(2, 1)
    model.register_full_backward_hook(lambda _m, gi, _go: (*gi, None))
    with pytest.raises(RuntimeError, match="got 2, but expected 1"):
        model(torch.ones(1, 2, requires_grad=True)).sum().backward()


def test_forward_hook_that_is_always_called_sees_the_failure():
    seen: list[Any] = []
    model = nn.Linear(2, 1)
    model.register_forward_hook(lambda _m, _a, out: seen.append(out), always_call=True)
    with pytest.raises(RuntimeError):
        model(torch.ones(1, 3))
    assert seen == [None]


def test_lazy_module_takes_its_size_from_the_first_input():
    model = nn.LazyLinear(3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    assert model.has_uninitialized_params()
    model(torch.ones(2, 5)).sum().backward()
    assert (type(model), model.weight.shape) == (nn.Linear, (3, 5))
    before = model.weight.detach().clone()
    optimizer.step()
    assert torch.allclose(model.weight, before - 0.1 * 2)


class Symmetric(nn.Module):
    """The upper triangle, mirrored."""

    def forward(self, x):
        return x.triu() + x.triu(1).mT

    def right_inverse(self, x):
        return x.triu()


def test_parametrised_weight_is_a_function_of_the_original():
    model = filled(nn.Linear(3, 3))
    parametrize.register_parametrization(model, "weight", Symmetric())
    assert torch.equal(model.weight, model.weight.mT)
    assert list(model.state_dict()) == ["bias", "parametrizations.weight.original"]
    model(wave(2, 3)).sum().backward()
    assert (model.parametrizations.weight.original.grad.tril(-1) == 0).all()
    model.weight = 2 * torch.eye(3, dtype=torch.float64)
    assert torch.equal(model.weight, 2 * torch.eye(3, dtype=torch.float64))
    with parametrize.cached():
        assert model.weight is model.weight
    parametrize.remove_parametrizations(model, "weight")
    assert type(model) is nn.Linear
    assert isinstance(model.weight, nn.Parameter)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_weight_norm_splits_size_and_direction(dim):
    model = filled(nn.Linear(3, 2))
    before = model.weight.detach().clone()
    parametrizations.weight_norm(model, dim=dim)
    assert torch.allclose(model.weight, before)
    with torch.no_grad():
        model.parametrizations.weight.original0.fill_(2.0)
    norms = torch.linalg.vector_norm(model.weight, dim=None if dim is None else 1 - dim)
    assert torch.allclose(norms, torch.full_like(norms, 2.0))


def test_spectral_norm_makes_the_largest_singular_value_one():
    model = parametrizations.spectral_norm(filled(nn.Linear(4, 3)))
    for _ in range(50):
        model(wave(1, 4))
    largest = torch.linalg.svdvals(model.weight)[0]
    assert largest.item() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("way", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("sizes", [(3, 3), (4, 2), (2, 4)])
def test_orthogonal_weight_is_orthogonal(way, sizes):
    model = parametrizations.orthogonal(filled(nn.Linear(*sizes)), orthogonal_map=way)
    w = model.weight if model.weight.shape[0] <= model.weight.shape[1] else model.weight.mT
    assert torch.allclose(w @ w.mT, torch.eye(w.shape[0], dtype=torch.float64), atol=1e-10)


def test_norm_of_all_gradients_is_cut():
    model = filled(nn.Linear(3, 2))
    (100 * model(wave(4, 3))).sum().backward()
    whole = torch.cat([p.grad.reshape(-1) for p in model.parameters()])
    found = nn.utils.clip_grad_norm_(model.parameters(), 0.5)
    assert torch.allclose(found, whole.norm())
    assert nn.utils.get_total_norm([p.grad for p in model.parameters()]).item() < 0.5
    model.weight.grad.fill_(float("inf"))
    with pytest.raises(RuntimeError, match="non-finite"):
        nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)


def test_names_of_parameters_must_be_free_words():
    model = nn.Linear(1, 1)
    with pytest.raises(KeyError, match="already exists"):
        model.register_buffer("weight", torch.ones(1))
    with pytest.raises(KeyError, match=r'contain "\."'):
        model.register_parameter("a.b", None)
    with pytest.raises(TypeError, match="is not a Module subclass"):
        model.add_module("a", 3)
    with pytest.raises(TypeError, match=r"torch\.nn\.Parameter or None required"):
        model.register_parameter("twice", model.weight * 2)


@pytest.mark.parametrize(
    ("pad", "wanted"),
    [
        (nn.ReflectionPad1d(2), [3, 2, 1, 2, 3, 2, 1]),
        (nn.ReplicationPad1d(2), [1, 1, 1, 2, 3, 3, 3]),
        (nn.CircularPad1d(2), [2, 3, 1, 2, 3, 1, 2]),
        (nn.ConstantPad1d((1, 3), 9.0), [9, 1, 2, 3, 9, 9, 9]),
    ],
    ids=["reflect", "replicate", "circular", "constant"],
)
def test_padding_puts_back_its_cotangents_where_they_came_from(pad, wanted):
    x: Any = torch.tensor([[[1.0, 2.0, 3.0]]], requires_grad=True)
    y = pad(x)
    assert y.flatten().tolist() == wanted
    ct = torch.tensor([[[1.0, 10.0, 100.0, 1e3, 1e4, 1e5, 1e6]]])
    y.backward(ct)
    expected = [
        sum(c for c, v in zip(ct.flatten().tolist(), wanted, strict=True) if v == i)
        for i in (1, 2, 3)
    ]
    assert x.grad.flatten().tolist() == expected
