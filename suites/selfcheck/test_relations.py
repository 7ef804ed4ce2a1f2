"""Each metamorphic relation passes a right operator, and finds the fault that it is there for."""

import numpy as np
import pytest
import torch

from suites.harness import torch_driver
from suites.harness.case import Case
from suites.harness.columns import Column
from suites.harness.subject import Subject
from suites.harness.tolerances import fixed_tolerance
from suites.ops.memory_formats import column_major
from suites.ops.opinfo_source import Sample
from suites.ops.relating import RELATIONS, chosen, differences_of, within_range
from suites.ops.relations import Asked
from suites.ops.rows import rows_of

COLUMN = Column(Subject("cpu"), torch_driver)
RNG = np.random.default_rng(3)
CASE = Case(
    op="tried",
    args=(RNG.uniform(0.5, 1.5, (3, 4)), RNG.uniform(0.5, 1.5, (3, 4))),
    differentiable=(0, 1),
    seed=11,
)


class Product(torch.autograd.Function):
    """A product, with the faults of its subclasses planted in backward."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x, y):
        return x * y

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, ct):
        x, y = ctx.saved_tensors
        return ct * y, ct * x


class WrongWhileRecorded(Product):
    """Twice too large with create_graph."""

    @staticmethod
    def backward(ctx, ct):
        a, b = Product.backward(ctx, ct)
        return (2 * a, b) if torch.is_grad_enabled() else (a, b)


class WrongTheSecondTime(Product):
    """Twice too large in a second pass over the same graph."""

    @staticmethod
    def backward(ctx, ct):
        ctx.passes = getattr(ctx, "passes", 0) + 1
        a, b = Product.backward(ctx, ct)
        return ctx.passes * a, b


class WrongAlone(Product):
    """Twice too large where the other input needs no gradient."""

    @staticmethod
    def backward(ctx, ct):
        a, b = Product.backward(ctx, ct)
        return a if ctx.needs_input_grad[1] else 2 * a, b


class ReadsRawInput(Product):
    """Takes its first input for contiguous."""

    @staticmethod
    def backward(ctx, ct):
        x, y = ctx.saved_tensors
        raw = x if torch._C._functorch.is_batchedtensor(x) else x.as_strided(x.shape, (4, 1))
        return ct * y, ct * raw


class ReadsRawCotangent(Product):
    """Takes the incoming gradient for contiguous."""

    @staticmethod
    def backward(ctx, ct):
        if not ct.is_contiguous():
            ct = ct + 1
        return Product.backward(ctx, ct)


class KnowsItsSavedTensor(Product):
    """Wrong where what was saved is not the very memory of the input."""

    @staticmethod
    def setup_context(ctx, inputs, output):
        Product.setup_context(ctx, inputs, output)
        ctx.where = inputs[0].data_ptr()

    @staticmethod
    def backward(ctx, ct):
        a, b = Product.backward(ctx, ct)
        return (a if ctx.saved_tensors[0].data_ptr() == ctx.where else 2 * a), b


class WritesToItsCotangent(Product):
    """Scales the incoming gradient in place, after use."""

    @staticmethod
    def backward(ctx, ct):
        found = Product.backward(ctx, ct)
        ct.detach().mul_(2)
        return found


class WrongInABatch(Product):
    """Wrong where the incoming gradient is batched."""

    @staticmethod
    def backward(ctx, ct):
        a, b = Product.backward(ctx, ct)
        in_batch = torch._C._functorch.is_legacy_batchedtensor(ct)
        return (2 * a if in_batch else a), b


def _wrong_under_transforms(x, y):
    inside = torch._C._functorch.peek_interpreter_stack() is not None
    return x * y * (2.0 if inside else 1.0)


calls = {"count": 0}


def _wrong_when_recomputed(x, y):
    calls["count"] += 1
    scale = 1.0 if calls["count"] % 2 else 2.0
    return Product.apply(x, y * scale)


class WithTangent(Product):
    """A product with forward mode, scaled by a fault of its subclasses."""

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def scale(_t, _u):
        return 1.0

    @classmethod
    def jvp(cls, ctx, t, u):
        x, y = ctx.saved_tensors
        return (t * y + x * u) * cls.scale(t, u)


class ReadsRawTangent(WithTangent):
    """Wrong where a tangent is not contiguous."""

    @staticmethod
    def scale(t, _u):
        return 1.0 if t.is_contiguous() else 2.0


class WrongForOneTangent(WithTangent):
    """Wrong where the second input has no tangent."""

    @staticmethod
    def scale(_t, u):
        return 1.0 if u is not None and bool(u.any()) else 2.0


class TwiceInForward(WithTangent):
    """Twice too large in forward mode."""

    @staticmethod
    def scale(_t, _u):
        return 2.0


def _lopsided(x, y):
    """Nothing planted: torch's own fault, see suites/findings/layer_norm_reverse_over_forward.py."""
    return torch.nn.functional.layer_norm(x, (4,)) * y


def _wrong_in_vmap(x, y):
    running = torch._C._functorch.get_interpreter_stack() or []
    in_batch = any(level.key() == torch._C._functorch.TransformType.Vmap for level in running)
    return x * y * (2.0 if in_batch else 1.0)


class DoublyWrong(WithTangent):
    """A product whose backward is right, but for the forward mode of what it calls."""

    @staticmethod
    def backward(ctx, ct):
        x, y = ctx.saved_tensors
        return TwiceInForward.apply(ct, y), TwiceInForward.apply(ct, x)


class WrongForOneOutput(torch.autograd.Function):
    """Two results; the second's share is lost where the first has no cotangent."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, y)
        return x * y, x + y

    @staticmethod
    def backward(ctx, ct, other):
        x, y = ctx.saved_tensors
        if ct is None:
            return None, None
        other = torch.zeros_like(ct) if other is None else other
        return ct * y + other, ct * x + other


def _pair(x, y):
    """Nothing wrong."""
    return x * y, x + y


class WrongTwiceAlone(Product):
    """Twice too large in double backward where the cotangent is not differentiated."""

    @staticmethod
    def backward(ctx, ct):
        x, y = ctx.saved_tensors
        scale = 1.0 if ct.requires_grad else 2.0
        return ct * (y + (scale - 1) * (x - x.detach()) * y.detach()), ct * x


class Kept(torch.autograd.Function):
    """What was given; twice too large is what flows back through it in double backward."""

    generate_vmap_rule = True

    @staticmethod
    def forward(ct):
        return ct.clone()

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, ct):
        return 2 * ct

    @staticmethod
    def jvp(ctx, t):
        return t.clone()


class WrongByCotangent(WithTangent):
    """Twice too large in double backward by the cotangent."""

    @staticmethod
    def backward(ctx, ct):
        return Product.backward(ctx, Kept.apply(ct))


class ReadsRawInDoubleBackward(Product):
    """Takes its first input for contiguous where the cotangent is differentiated."""

    @staticmethod
    def backward(ctx, ct):
        x, y = ctx.saved_tensors
        raw = x if x.is_contiguous() or not ct.requires_grad else x + x.detach()
        return ct * y, ct * raw


def _wrong_for_a_batch_of_tangents(x, y):
    """A product that is twice too large in forward mode under vmap."""
    running = torch._C._functorch.get_interpreter_stack() or []
    kinds = [level.key() for level in running]
    transforms = torch._C._functorch.TransformType
    both = transforms.Vmap in kinds and transforms.Jvp in kinds
    return x * y * (2.0 if both else 1.0)


def _wrong_for_one_batched_tensor(x, y):
    """A product that is twice too large where each example has a second factor of its own, and shares the first."""
    is_own = [torch._C._functorch.is_batchedtensor(t) for t in (_below(x), _below(y))]
    return x * y * (2.0 if is_own == [False, True] else 1.0)


def _below(x):
    """A tensor without the wrapper of the transform that differentiates it."""
    is_wrapped = torch._C._functorch.is_gradtrackingtensor(x)
    return torch._C._functorch.get_unwrapped(x) if is_wrapped else x


def _at_indices(x, indices):
    """Nothing wrong."""
    return x[indices]


def _wrong_for_batched_indices(x, indices):
    """A look-up that is twice too large where each example has indices of its own."""
    return x[indices] * (2.0 if torch._C._functorch.is_batchedtensor(indices) else 1.0)


def _wrong_for_one_tensor(x, y):
    """A product that takes a tensor times itself for a constant times it."""
    return x * (y.detach() if x is y else y)


def _wrong_for_float32(x, y):
    """A product that loses the gradient of a coarser operand."""
    return x * (y.detach() + 0 * y if y.dtype != x.dtype else y)


def _wrong_when_long(x, y):
    """A product whose last block is lost where it is shared out."""
    scale = torch.ones_like(x)
    scale[32768:] = 2.0
    return x * y * scale


def _wrong_at_the_end(x, y):
    """A product whose last number a kernel's tail gets wrong."""
    scale = torch.ones_like(x).flatten()
    scale[-1] = 2.0
    return x * y * scale.view_as(x)


FAULTS = {
    "create-graph": WrongWhileRecorded.apply,
    "twice": WrongTheSecondTime.apply,
    "subsets": WrongAlone.apply,
    "input-layouts": ReadsRawInput.apply,
    "cotangent-layouts": ReadsRawCotangent.apply,
    "saved-hooks": KnowsItsSavedTensor.apply,
    "checkpoint": _wrong_when_recomputed,
    "batched": WrongInABatch.apply,
    "unmodified": WritesToItsCotangent.apply,
    "functional": _wrong_under_transforms,
    "vmap": _wrong_in_vmap,
    "tangent-layouts": ReadsRawTangent.apply,
    "tangent-sums": WrongForOneTangent.apply,
    "functional-jvp": _wrong_under_transforms,
    "adjoint": TwiceInForward.apply,
    "forward-over-forward": _lopsided,
    "second-orders": DoublyWrong.apply,
    "positions": _wrong_at_the_end,
    "outputs": WrongForOneOutput.apply,
    "second-subsets": WrongTwiceAlone.apply,
    "same-twice": _wrong_for_one_tensor,
    "mixed-dtypes": _wrong_for_float32,
    "blocks": _wrong_when_long,
    "by-cotangent": WrongByCotangent.apply,
    "other-cotangents": WrongByCotangent.apply,
    "second-layouts": ReadsRawInDoubleBackward.apply,
    "vmap-of-one": _wrong_for_one_batched_tensor,
    "vmap-with-indices": _wrong_for_batched_indices,
    "batched-tangents": _wrong_for_a_batch_of_tangents,
}


WITH_INDICES = Case(
    op="tried", args=(CASE.args[0], np.array([2, 0])), differentiable=(0,), seed=CASE.seed
)


def _differences(relation, op):
    calls["count"] = 0
    impl = torch_driver.implementation(Subject("cpu", "float64", "eager"), {"tried": op})
    tolerance = fixed_tolerance("float64", 1)
    case = WITH_INDICES if relation == "vmap-with-indices" else CASE
    pairs = RELATIONS[relation](Asked(torch, impl, case))
    return [found for _, want, got in pairs for found in differences_of(want, got, tolerance)]


def test_every_relation_has_a_planted_fault():
    assert set(FAULTS) == set(RELATIONS)


@pytest.mark.parametrize("relation", RELATIONS)
def test_relation_passes_a_right_operator(relation):
    is_of_indices = relation == "vmap-with-indices"
    assert not _differences(relation, _at_indices if is_of_indices else torch.mul)


def test_outputs_pass_a_right_pair():
    assert not _differences("outputs", _pair)


@pytest.mark.parametrize("relation", RELATIONS)
def test_relation_finds_its_fault(relation):
    assert _differences(relation, FAULTS[relation])


@pytest.mark.parametrize(
    ("found", "differs"),
    [([1.0, np.inf], False), ([1.0, 2.0], False), ([1.5, np.nan], True), ([1.0, 3.0], False)],
)
def test_beyond_the_range_of_half_precision_only_finite_numbers_are_compared(found, differs):
    want = (np.array([1.0, np.inf]),)
    ways = want, within_range(want, (np.array(found),))
    assert bool(differences_of(*ways, fixed_tolerance("float64", 1))) is differs


def test_columns_lie_as_in_what_is_factored_and_indexed():
    x = torch.arange(18.0).reshape(2, 1, 3, 3) + 9 * torch.eye(3)
    made = column_major(torch, x)
    assert torch.equal(made, x)
    assert made.stride() == torch.linalg.lu_factor(x[:, 0])[0][:, None].stride()


@pytest.mark.parametrize(
    ("relation", "numbers"),
    [("second-orders", [0]), ("adjoint", [0, 1]), ("forward-over-forward", [0, 1])],
)
def test_second_derivatives_beside_a_pole_are_not_related(relation, numbers):
    op = "linalg.householder_product"
    (row,) = (
        r
        for r in rows_of(COLUMN, "standard", "vjp", (op,))
        if r.apart is None and r.dtype == "float64"
    )
    # A reflector has a pole where tau times the square of the vector below its 1 is 1, here at 1/5.
    vectors = np.array([[9.0], [2.0]])
    samples = [
        Sample(str(i), Case(op=op, args=(vectors, np.array([tau])), differentiable=(0, 1)))
        for i, tau in enumerate((0.3, 0.2))
    ]
    found = chosen(row, relation, samples)
    assert [int(sample.name) for sample in found] == numbers
