"""Programs as people write them, each ending in a fact that can be checked by other means."""

import io
from typing import Any

import pytest

import reference_impl as torch
from reference_impl import overrides
from reference_impl.testing import assert_close, make_tensor
from reference_impl.tests.test_recurrent import filled, wave
from reference_impl.utils.data import DataLoader, TensorDataset, random_split


@pytest.fixture(autouse=True)
def _as_before():
    """Functions ask no classes any more once the program is over."""
    yield
    overrides.uninstall()


def subclass(**body: Any) -> Any:
    """A subclass of Tensor as a program of its own would make it."""
    return type("Named", (torch.Tensor,), {"__module__": "program", **body})


def test_results_of_a_subclass_are_of_the_subclass():
    kind = subclass(greeting=lambda _self: "hello")
    x: Any = torch.ones(2).as_subclass(kind)
    assert [type(y) for y in (x + 1, 2 * x, x.sum(), x[0], torch.stack([x, x]))] == [kind] * 5
    assert (x + 1).greeting() == "hello"
    x.requires_grad_()
    (x * torch.tensor([3.0, -2.0])).sum().backward()
    assert type(x.grad) is torch.Tensor
    assert x.grad.tolist() == [3.0, -2.0]
    assert type(torch.ones(2) + torch.ones(2)) is torch.Tensor


def test_torch_function_sees_each_call_by_name():
    called = []

    def listed(cls, func, types, args=(), kwargs=None):
        called.append(func.__name__)
        return overrides.torch_function_of_tensor(cls, func, types, args, kwargs)

    x = torch.ones(2).as_subclass(subclass(__torch_function__=classmethod(listed)))
    _ = torch.exp(torch.add(x, 1)) * 2
    assert called == ["add", "exp", "mul"]


def test_mode_takes_functions_over_until_it_ends():
    seen = []

    class Mode(overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            _ = types
            seen.append(func.__name__)
            return func(*args, **(kwargs or {}))

    with Mode():
        torch.ones(2).sin()
    torch.ones(2).cos()
    assert seen == ["ones", "sin"]


def test_class_that_declines_leaves_a_type_error():
    declines = subclass(__torch_function__=classmethod(lambda *_args: NotImplemented))
    with pytest.raises(TypeError, match="no implementation found"):
        torch.ones(1).as_subclass(declines) + 1


def test_outer_gradient_passes_through_the_inner_step():
    # w' = w - lr (2 w), loss w'^2: dloss/dw = 2 w (1 - 2 lr)^2.
    w: Any = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad(w**2, w, create_graph=True)
    ((w - 0.1 * g) ** 2).backward()
    assert w.grad.item() == pytest.approx(2 * 3.0 * 0.8**2)


def test_gradient_penalty_reaches_the_parameters():
    critic = filled(
        torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1))
    )
    x = wave(4, 2).requires_grad_()

    def penalty(*_weights):
        (g,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
        return ((g.norm(dim=1) - 1) ** 2).mean()

    assert torch.autograd.gradcheck(penalty, tuple(critic[0].parameters()))


def test_influence_by_the_implicit_function_theorem():
    # w*(s) minimises |w - 1|^2 + s w; dw*/ds = -1/2, from the Hessian 2 and the mixed derivative 1.
    w: Any = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad((w - 1) ** 2, w, create_graph=True)
    (h,) = torch.autograd.grad(g, w)
    assert (-1 / h).item() == -0.5


def test_ensemble_runs_as_one_and_learns_apart():
    models = [filled(torch.nn.Linear(2, 1)) for _ in range(2)]
    with torch.no_grad():
        models[1].weight.mul_(-1)
    params, buffers = torch.func.stack_module_state(models)

    def run(p, b, x):
        return torch.func.functional_call(models[0], (p, b), (x,))

    x = wave(3, 2)
    out = torch.func.vmap(run, in_dims=(0, 0, None))(params, buffers, x)
    assert_close(out, torch.stack([m(x) for m in models]))
    out[1].sum().backward()
    assert (params["weight"].grad[0] == 0).all()
    assert_close(params["weight"].grad[1, 0], x.sum(0))


def test_batches_of_a_loader_make_up_the_whole_gradient():
    x, y = wave(7, 3), wave(7, 1).cos()
    model = filled(torch.nn.Linear(3, 1))
    ((model(x) - y) ** 2).sum().backward()
    whole = model.weight.grad.clone()
    model.zero_grad()
    loader = DataLoader(TensorDataset(x, y), batch_size=3, shuffle=True)
    assert len(loader) == 3
    for xs, ys in loader:
        ((model(xs) - ys) ** 2).sum().backward()
    assert_close(model.weight.grad, whole)
    assert [len(part) for part in random_split(TensorDataset(x), [0.7, 0.3])] == [5, 2]


def test_saved_tensors_go_to_a_file_and_come_back():
    files = []

    def pack(t):
        files.append(io.BytesIO())
        torch.save(t, files[-1])
        return files[-1]

    def unpack(file):
        file.seek(0)
        return torch.load(file)

    x: Any = torch.tensor([1.0, 2.0], requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = (x**3).sum()
    y.backward()
    assert files
    assert x.grad.tolist() == [3.0, 12.0]


def test_results_of_reductions_and_softmax_can_be_viewed():
    x = wave(2, 3, 4).permute(2, 0, 1)
    for y in (x.softmax(0), x.cumsum(1), x.masked_fill(x > 0, 0.0), torch.cat([x, x]), x.tril()):
        assert y.is_contiguous()
        assert y.view(-1).shape == (y.numel(),)
    assert x.sum(1).is_contiguous()
    assert not (x * 2).is_contiguous()  # pointwise results keep the strides


def test_deviation_of_equal_elements_is_exactly_zero():
    x = torch.full((7,), 0.1)
    assert x.std().item() == 0.0
    assert x.var(unbiased=False).item() == 0.0


@pytest.mark.parametrize(
    ("actual", "expected", "told"),
    [
        (torch.ones(2), torch.ones(3), "'shape' do not match"),
        (torch.ones(2), torch.ones(2).double(), "'dtype' do not match"),
        (torch.ones(2), torch.tensor([1.0, 1.01]), "Mismatched elements: 1 / 2"),
        ([torch.ones(1), 2.0], [torch.ones(1), 2.5], r"item \[1\]"),
        ({"a": 1}, {"b": 1}, "keys of the mappings do not match"),
    ],
    ids=["shape", "dtype", "values", "sequence", "mapping"],
)
def test_assert_close_tells_what_differs(actual, expected, told):
    with pytest.raises(AssertionError, match=told):
        assert_close(actual, expected)


def test_assert_close_takes_differences_within_the_documented_tolerance():
    assert_close(torch.ones(2), torch.tensor([1.0, 1.0 + 1e-6]))
    assert_close(torch.ones(2), torch.ones(2).double(), check_dtype=False)
    assert_close(float("nan"), float("nan"), equal_nan=True)
    with pytest.raises(ValueError, match="must be either specified or omitted"):
        assert_close(1.0, 1.0, rtol=1e-3)


def test_make_tensor_keeps_to_its_interval():
    x = make_tensor(
        (5, 4), dtype=torch.float64, low=-1, high=2, requires_grad=True, noncontiguous=True
    )
    assert x.requires_grad
    assert not x.is_contiguous()
    assert x.min().item() >= -1
    assert x.max().item() < 2


# -- writes to all of a tensor, and to what overlaps -------------------------------------------------------------------


@pytest.mark.parametrize("index", [slice(None), ..., (), slice(0, 6), (..., slice(None))], ids=str)
def test_a_write_to_everything_is_a_write_to_the_tensor_itself(index):
    leaf = torch.arange(6.0).requires_grad_()
    x = leaf.clone()
    x[index] = 7
    assert x.grad_fn.name() == "FillBackward3"
    y = leaf.clone()
    y[index] = torch.ones(6)
    assert y.grad_fn.name() == "torch::autograd::CopyBackwards"
    z = leaf.clone()
    z[1:] = 7
    assert z.grad_fn.name() == "torch::autograd::CopySlices"
    (x.sum() + y.sum() + (z * torch.arange(1.0, 7.0)).sum()).backward()
    assert leaf.grad.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x[1:].copy_(x[:-1]),
        lambda x: x.__setitem__(slice(1, None), x[:-1]),
        lambda x: torch.add(x[1:], 1, out=x[:-1]),
        lambda x: x.view(2, 2).copy_(x.view(2, 2).t()),
    ],
    ids=["copy_", "assignment", "out", "transposed"],
)
def test_memory_shared_in_part_is_not_written_while_it_is_read(write):
    x = torch.arange(4.0)
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        write(x)
    assert x.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert x.copy_(x).tolist() == [0.0, 1.0, 2.0, 3.0]


def test_whole_numbers_wrap_in_sums_and_are_refused_as_values():
    x = torch.tensor([1], dtype=torch.uint8)
    assert (x + 300).item() == (1 + 300) % 256
    assert (torch.tensor([1], dtype=torch.int8) * 200).item() == 200 - 256
    for make in (
        lambda: torch.full((2,), 300, dtype=torch.uint8),
        lambda: torch.tensor([300], dtype=torch.uint8),
        lambda: x.fill_(300),
    ):
        with pytest.raises(RuntimeError, match="300"):
            make()


def test_what_cannot_be_assigned_or_indexed_says_so():
    x = torch.zeros(2)
    with pytest.raises(TypeError, match="can't assign a list to a torch"):
        x[:] = [1, 2]
    with pytest.raises(IndexError, match="0-dim tensor"):
        torch.zeros(())[:] = 1
    with pytest.raises(IndexError, match="0-dim tensor"):
        _ = torch.zeros(())[0]
