"""Sparse tensors: coordinates, sums, products and gradients, held against the dense tensors they stand for."""

from typing import Any

import numpy as np
import pytest

import reference_impl as torch
from reference_impl import sparse_array

INDICES = [[0, 1, 1, 0], [2, 0, 2, 2]]  # (0, 2) twice
DENSE = [[0.0, 0.0, 9.0], [4.0, 0.0, 5.0]]


def sparse(values: Any = (3.0, 4.0, 5.0, 6.0), **options: Any) -> Any:
    return torch.sparse_coo_tensor(INDICES, values, (2, 3), **options)


def leaf(*values: float) -> Any:
    return torch.tensor(list(values), requires_grad=True)


def test_elements_of_one_place_add_up():
    x = sparse()
    assert x.to_dense().tolist() == DENSE
    assert (x._nnz(), x.is_coalesced()) == (4, False)
    once = x.coalesce()
    assert once.indices().tolist() == [[0, 1, 1], [2, 0, 2]]
    assert once.values().tolist() == [9.0, 4.0, 5.0]
    assert (once._nnz(), once.is_coalesced(), once.to_dense().tolist()) == (3, True, DENSE)


def test_it_says_what_it_is():
    x = sparse()
    assert (x.layout, x.is_sparse, x.dtype, tuple(x.shape)) == (
        torch.sparse_coo,
        True,
        torch.float32,
        (2, 3),
    )
    assert (x.sparse_dim(), x.dense_dim(), x.numel()) == (2, 0, 6)
    assert (x.to_dense().layout, x.to_dense().is_sparse) == (torch.strided, False)


def test_indices_and_values_want_a_coalesced_tensor():
    for name in ("indices", "values"):
        with pytest.raises(RuntimeError, match=f"Cannot get {name} on an uncoalesced tensor"):
            getattr(sparse(), name)()


def test_dense_tensor_comes_back_from_its_coordinates():
    x = torch.tensor(DENSE)
    assert x.to_sparse().to_dense().tolist() == DENSE
    assert x.to_sparse().is_coalesced()
    rows = x.to_sparse(1)
    assert (rows._nnz(), rows.dense_dim(), rows.to_dense().tolist()) == (2, 1, DENSE)


def test_wrong_coordinates_are_refused():
    with pytest.raises(RuntimeError, match="same nnz"):
        torch.sparse_coo_tensor([[0, 1]], [1.0])
    with pytest.raises(RuntimeError, match="inconsistent with indices"):
        torch.sparse_coo_tensor([[0, 5]], [1.0, 2.0], (3,), check_invariants=True)


# Each is linear or leaves zero zero, so that it must be the same on the dense tensor.
CALLS = {
    "double": lambda x: x * 2,
    "negative": lambda x: -x,
    "quotient": lambda x: x / 4,
    "sum of two": lambda x: x + x,
    "difference": lambda x: x * 3 - x,
    "product of two": lambda x: x * x,
    "transpose": lambda x: x.t(),
    "square root": lambda x: x.sqrt(),
    "sine": lambda x: x.sin(),
    "power": lambda x: x**2,
    "row": lambda x: x[1],
    "total": lambda x: x.sum(),
    "rows": lambda x: x.sum(1),
    "conversion": lambda x: x.double(),
    "cat": lambda x: torch.cat([x, x]),
    "product": lambda x: x @ torch.arange(6.0).reshape(3, 2),
    "vector": lambda x: x.mv(torch.arange(3.0)),
    "dense plus it": lambda x: torch.ones(2, 3) + x,
    "dense times it": lambda x: torch.ones(2, 3) * x,
}


def dense(x):
    return x.to_dense() if x.is_sparse else x


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("once", [True, False], ids=["coalesced", "uncoalesced"])
def test_it_computes_what_its_dense_tensor_does(name, once):
    x = sparse().coalesce() if once else sparse()
    found, wanted = dense(CALLS[name](x)), CALLS[name](torch.tensor(DENSE))
    assert found.dtype is wanted.dtype
    assert np.allclose(found.tolist(), wanted.tolist(), rtol=1e-6)


# Those whose gradient needs a function that does not leave zero zero, or a quotient of two, have none.
WITHOUT_GRADIENT = ("square root", "sine", "cat", "row", "conversion")


@pytest.mark.parametrize("name", [n for n in CALLS if n not in WITHOUT_GRADIENT])
def test_its_values_get_the_gradient_of_what_they_stand_for(name):
    values = leaf(3.0, 4.0, 5.0, 6.0)
    whole: Any = torch.tensor(DENSE, requires_grad=True)
    found, wanted = dense(CALLS[name](sparse(values))), CALLS[name](whole)
    ct = torch.arange(1.0, 1.0 + found.numel()).reshape(found.shape) / 7
    found.backward(ct)
    wanted.backward(ct)
    at = [whole.grad[i, j].item() for i, j in zip(*INDICES, strict=True)]
    assert np.allclose(values.grad.tolist(), at, rtol=1e-5)


def test_what_would_not_stay_sparse_is_refused():
    with pytest.raises(NotImplementedError, match="SparseCPU"):
        sparse().exp()
    with pytest.raises(RuntimeError, match=r"add\(sparse, dense\) is not supported"):
        sparse() + torch.ones(2, 3)
    with pytest.raises(TypeError, match="Sparse layout tensor to numpy"):
        sparse().numpy()


@pytest.mark.parametrize("name", ["square root", "sine"])
def test_gradients_that_would_not_stay_sparse_are_refused(name):
    with pytest.raises((NotImplementedError, RuntimeError), match=r"[Ss]parse"):
        CALLS[name](sparse(leaf(3.0, 4.0, 5.0, 6.0))).to_dense().sum().backward()


def test_gradient_of_a_sparse_leaf_is_wanted_at_its_places_only():
    x = sparse().coalesce().detach().requires_grad_()
    y = leaf(1.0, 2.0, 3.0)
    torch.sparse.mm(x, y[:, None]).backward(torch.tensor([[10.0], [20.0]]))
    assert x.grad.is_sparse
    assert x.grad.to_dense().tolist() == [[0.0, 0.0, 30.0], [20.0, 0.0, 60.0]]
    assert y.grad.tolist() == [80.0, 0.0, 190.0]  # columns of DENSE with weights 10 and 20


def look_up(weight, *rows, **options):
    return torch.nn.functional.embedding(torch.tensor(rows), weight, sparse=True, **options)


def test_embedding_gives_a_row_for_each_time_it_was_looked_up():
    weight: Any = torch.ones(4, 2, requires_grad=True)
    look_up(weight, 1, 3, 1).backward(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert (weight.grad.is_sparse, weight.grad._nnz()) == (True, 3)
    assert weight.grad.to_dense().tolist() == [[0.0, 0.0], [6.0, 8.0], [0.0, 0.0], [3.0, 4.0]]


def test_padding_row_gets_nothing_and_frequencies_are_refused():
    weight: Any = torch.ones(4, 2, requires_grad=True)
    look_up(weight, 1, 3, padding_idx=1).sum().backward()
    assert (
        weight.grad.indices().tolist() == [[3]]
        if weight.grad.is_coalesced()
        else weight.grad._nnz() == 1
    )
    with pytest.raises(RuntimeError, match="scale_grad_by_freq"):
        look_up(weight, 1, scale_grad_by_freq=True).sum().backward()


def test_sparse_gradients_add_up_and_stay_sparse():
    weight: Any = torch.ones(3, 1, requires_grad=True)
    look_up(weight, 0).sum().backward()
    held = weight.grad
    look_up(weight, 0, 2).sum().backward()
    assert weight.grad is held
    assert held.to_dense().tolist() == [[2.0], [0.0], [1.0]]


@pytest.mark.parametrize("sparse_first", [True, False])
def test_a_dense_and_a_sparse_gradient_make_a_dense_one(sparse_first):
    weight: Any = torch.ones(3, 1, requires_grad=True)
    passes = [lambda: look_up(weight, 2).sum().backward(), lambda: weight.sum().backward()]
    for run in passes if sparse_first else passes[::-1]:
        run()
    assert not weight.grad.is_sparse
    assert weight.grad.tolist() == [[1.0], [1.0], [2.0]]


def test_one_pass_adds_both_kinds():
    weight: Any = torch.ones(3, 1, requires_grad=True)
    (look_up(weight, 0).sum() + (weight * 2).sum() + look_up(weight, 0).sum()).backward()
    assert weight.grad.tolist() == [[4.0], [2.0], [2.0]]


def test_bags_have_sparse_gradients_but_not_of_a_maximum():
    weight: Any = torch.ones(3, 1, requires_grad=True)
    bags = torch.tensor([[0, 2], [2, 2]])
    torch.nn.functional.embedding_bag(bags, weight, mode="mean", sparse=True).sum().backward()
    assert weight.grad.to_dense().tolist() == [[0.5], [0.0], [1.5]]
    with pytest.raises(ValueError, match="max mode"):
        torch.nn.functional.embedding_bag(bags, weight, mode="max", sparse=True)


def test_descent_moves_the_rows_that_were_looked_up():
    weight: Any = torch.nn.Parameter(torch.ones(3, 1))
    look_up(weight, 1, 1).sum().backward()
    torch.optim.SGD([weight], lr=0.25).step()
    assert weight.tolist() == [[1.0], [0.5], [1.0]]


def test_sparse_adam_moves_only_the_rows_that_were_looked_up():
    weight: Any = torch.nn.Parameter(torch.ones(3, 1))
    optimizer = torch.optim.SparseAdam([weight], lr=0.5)
    look_up(weight, 1, 1).sum().backward()
    optimizer.step()
    # The first step of Adam is as long as the learning rate, whatever the gradient.
    assert np.allclose(weight.tolist(), [[1.0], [0.5], [1.0]], atol=1e-6)
    weight.grad = torch.ones(3, 1)
    with pytest.raises(RuntimeError, match="dense gradients"):
        optimizer.step()


def test_adam_refuses_sparse_gradients():
    weight: Any = torch.nn.Parameter(torch.ones(3, 1))
    look_up(weight, 1).sum().backward()
    with pytest.raises(RuntimeError, match="does not support sparse gradients"):
        torch.optim.Adam([weight]).step()


def test_data_of_another_layout_is_refused_both_ways():
    for x, y in (
        (torch.ones(2, 2), torch.eye(2).to_sparse()),
        (torch.eye(2).to_sparse(), torch.ones(2, 2)),
    ):
        with pytest.raises(RuntimeError, match="incompatible tensor type"):
            x.data = y


def test_it_prints_indices_values_and_sizes():
    assert repr(sparse().coalesce()) == (
        "tensor(indices=tensor([[0, 1, 1],\n"
        "                       [2, 0, 2]]),\n"
        "       values=tensor([9., 4., 5.]),\n"
        "       size=(2, 3), nnz=3, layout=torch.sparse_coo)"
    )


def test_a_sum_that_forgets_repeated_places_would_be_seen(monkeypatch):
    def overwrite(self, target):
        target[tuple(self.indices)] = self.values

    monkeypatch.setattr(sparse_array.Sparse, "add_to", overwrite)
    with pytest.raises(AssertionError):
        test_elements_of_one_place_add_up()
