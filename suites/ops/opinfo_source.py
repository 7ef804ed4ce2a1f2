"""The entries of torch's op_db, and their samples as plain data; the one file of these suites that imports torch."""

import functools
import itertools
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch.testing._internal import common_methods_invocations
from torch.testing._internal.opinfo.core import (
    BinaryUfuncInfo,
    OpInfo,
    ReductionOpInfo,
    SampleInput,
    UnaryUfuncInfo,
)
from torch.testing._utils import freeze_rng_state

from suites.harness.case import Case
from suites.ops.adapters import subject_operator
from suites.ops.beyond_op_db import BEYOND, Beyond
from suites.ops.drawing import ALWAYS_DRAWN
from suites.ops.drawn_numbers import Drawn
from suites.ops.spelling import Named, shown, spelled
from suites.ops.ways import VIEWS, WAYS, in_place

op_db = common_methods_invocations.op_db
FLOATING = ("float64", "float32", "bfloat16", "float16")
COMPLEX = ("complex128", "complex64")


Bend = Callable[[Callable[..., Any], Any], Callable[..., Any]]  # of an operator and its module


def as_it_is(op: Callable[..., Any], _module: Any) -> Callable[..., Any]:
    """The operator without a fault."""
    return op


class NotPlainError(TypeError):
    """An argument of a sample that is neither a strided tensor nor a number, a name or a table of these."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One case of an operator, with the name that tells it from the others."""

    name: str
    case: Case


@dataclass(frozen=True)
class Entry:
    """One entry of op_db: an operator, or a variant of one."""

    name: str
    op: str
    info: Any

    @functools.cached_property
    def dtypes(self) -> frozenset[str]:
        """The floating and complex dtypes whose gradients torch has on the CPU."""
        return _names(self.info.supported_backward_dtypes("cpu"))

    @functools.cached_property
    def value_dtypes(self) -> frozenset[str]:
        """The floating and complex dtypes that torch computes in on the CPU."""
        return _names(self.info.supported_dtypes("cpu"))

    @property
    def has_refusals(self) -> bool:
        """Whether op_db has inputs that must raise."""
        return self.info.error_inputs_func is not None

    @property
    def is_elementwise(self) -> bool:
        """Whether each number of the result comes from one number of each operand."""
        return isinstance(self.info, (UnaryUfuncInfo, BinaryUfuncInfo))

    def has(self, need: str | None) -> bool:
        """Whether torch says that it has this derivative, or this form, at all."""
        if need is None:
            return True
        if need == "view":
            return self.name in VIEWS
        if need == "inplace":
            return self.info.inplace_variant is not None
        return bool(getattr(self.info, _FLAGS[need]))


# Operators that op_db does not have otherwise than in place.
_IN_PLACE = ("copy_", "fill_diagonal_")
_FLAGS = {
    "double": "supports_gradgrad",
    "jvp": "supports_forward_ad",
    "mixed": "supports_fwgrad_bwgrad",
}


def _names(dtypes: Any) -> frozenset[str]:
    names = {str(dtype).rpartition(".")[2] for dtype in dtypes}
    return frozenset(names & {*FLOATING, *COMPLEX})


@functools.cache
def entries() -> dict[str, Entry]:
    """Every entry of op_db that supports autograd, by its full name."""
    found = [Entry(info.full_name, info.name, info) for info in op_db if info.supports_autograd]
    return {entry.name: entry for entry in found}


# Operators asked in a way of our own beside op_db's, as their adapters say. What torch gives as the gradient of
# ctc_loss is that by what a log_softmax was taken of (suites/findings/ctc_loss_gradient.py), so that only behind one
# can it be right, or wrong in any other way.
OF_OUR_OWN: Mapping[str, str] = {
    "nn.functional.ctc_loss.after_log_softmax": "nn.functional.ctc_loss"
}


@functools.cache
def beyond() -> dict[str, Entry]:
    """Entries like those of op_db for operators that it leaves out."""
    return {
        name: Entry(name, told.path or name, _info(name, told.path or name, told))
        for name, told in BEYOND.items()
    }


def _info(name: str, path: str, told: Beyond) -> OpInfo:
    op = found_in(torch, path) or found_in(torch.Tensor, path)
    dtypes = [getattr(torch, name) for name in (*FLOATING, *(COMPLEX if told.is_complex else ()))]
    return OpInfo(
        name,
        op=functools.partial(_with_seed, op) if name in ALWAYS_DRAWN else op,
        inplace_variant=found_in(torch.Tensor, path) if path in _IN_PLACE else None,
        dtypes=tuple(dtypes),
        supports_out=False,
        supports_gradgrad=told.double,
        supports_forward_ad=told.forward,
        supports_fwgrad_bwgrad=told.forward,
        sample_inputs_func=functools.partial(_drawn_samples, told),
    )


def _drawn_samples(
    told: Beyond, _info: OpInfo, device: str, dtype: torch.dtype, *, requires_grad: bool
) -> Iterator[SampleInput]:
    rng = np.random.default_rng(np.random.randint(2**31))  # noqa: NPY002 - op_db draws from it

    def tensor(value: Any) -> Any:
        if isinstance(value, Drawn):
            value = replace(value, is_complex=dtype.is_complex).draw(rng)
            made = torch.tensor(value, dtype=dtype, device=device)
            return made.requires_grad_(requires_grad)
        if isinstance(value, np.ndarray):
            return torch.tensor(value, device=device)
        if isinstance(value, (tuple, list)):
            return type(value)(map(tensor, value))
        return value

    for first, *rest, options in told.calls:
        yield SampleInput(tensor(first), args=tensor(tuple(rest)), kwargs=dict(options))


@functools.cache
def checked() -> dict[str, Entry]:
    """The entries of op_db, and those of our own."""
    own = {name: replace(entries()[like], name=name) for name, like in OF_OUR_OWN.items()}
    return {**entries(), **own, **beyond()}


@functools.cache
def elementwise_or_reduced() -> frozenset[str]:
    """The operators that take rows of any length: those that torch lists as elementwise, or as reductions."""
    kinds = (UnaryUfuncInfo, BinaryUfuncInfo, ReductionOpInfo)
    listed = {name for name, entry in entries().items() if isinstance(entry.info, kinds)}
    return frozenset(listed | set(_OF_ROWS) & set(entries()))


@functools.cache
def elementwise() -> frozenset[str]:
    """The operators of which each result comes from one number of each operand, by torch's lists and the one below."""
    listed = {name for name, entry in entries().items() if entry.is_elementwise}
    return frozenset(
        listed | {name for name in (*_ELEMENTWISE, *_OF_ONE_NUMBER) if name in entries()}
    )


def stands_for_itself(name: str) -> bool:
    """Whether each value comes from one number, or two, without a sum of terms that may cancel or hide it."""
    return checked()[name].is_elementwise or name in _OF_ONE_NUMBER


def is_of_one_number(name: str) -> bool:
    """Whether each value comes from one number alone, so that each derivative is a cotangent times its slope."""
    return isinstance(checked()[name].info, UnaryUfuncInfo) or name in _OF_ONE_NUMBER


_ELEMENTWISE = """
    lerp addcmul addcdiv clamp where nn.functional.mse_loss nn.functional.l1_loss nn.functional.smooth_l1_loss
    nn.functional.huber_loss
""".split()  # noqa: SIM905 - a table of names reads better so
_OF_ONE_NUMBER = """
    nn.functional.softplus nn.functional.threshold nn.functional.hardtanh nn.functional.relu nn.functional.leaky_relu
    nn.functional.gelu nn.functional.hardswish nn.functional.hardshrink nn.functional.softshrink
""".split()  # noqa: SIM905 - a table of names reads better so


_OF_ROWS = """
    cumsum cumprod cummax cummin logcumsumexp sort topk softmax log_softmax logsumexp var std median nanmedian
    lerp addcmul addcdiv clamp where max.reduction_with_dim min.reduction_with_dim nn.functional.mse_loss
    nn.functional.l1_loss nn.functional.smooth_l1_loss nn.functional.huber_loss nn.functional.glu linalg.vector_norm
""".split()  # noqa: SIM905 - a table of names reads better so


@functools.cache
def operators(way: str) -> dict[str, Callable[..., Any]]:
    """Each entry's operator as op_db calls it, called in one of the ways, for the torch driver."""
    return {
        name: operator(name, way) for name, entry in checked().items() if entry.has(WAYS[way].needs)
    }


def operator(name: str, way: str, bend: Bend = as_it_is) -> Callable[..., Any]:
    """One entry's operator, called in one of the ways; ``bend`` plants a fault in it."""
    entry = checked()[name]
    if way == "inplace":
        return bend(in_place(spelled(entry.info.inplace_variant, torch)), torch)
    op = bend(subject_operator(entry.name, entry.info.op, torch), torch)
    call = WAYS[way].call
    return op if call is None else call(torch, op)


def path_of(name: str, way: str) -> str | None:
    """Where an entry's operator, or its in-place form, stands in torch's namespace; None where it has no such place."""
    op = checked()[name].op
    if way == "inplace" and op.startswith("nn.functional."):
        return f"(lambda *args, **kwargs: torch.{op}(*args, inplace=True, **kwargs))"
    op = f"{op.removesuffix('_')}_" if way == "inplace" else op.removeprefix("torch.")
    roots = ("torch.Tensor",) if way == "inplace" else ("torch", "torch.Tensor", "torch.ops.aten")
    return next((f"{root}.{op}" for root in roots if _is_there(f"{root}.{op}")), None)


def _is_there(path: str) -> bool:
    return callable(found_in(torch, path.removeprefix("torch.")))


def found_in(module: Any, path: str) -> Any:
    """What stands under a path in a namespace; None where nothing does."""
    for part in path.split("."):
        module = getattr(module, part, None)
    return module


@functools.lru_cache(maxsize=64)
def samples(name: str, dtype: str, seed: int = 0, most: int | None = None) -> tuple[Sample, ...]:
    """The first ``most`` samples of one entry as plain data, the same ones for the same seed.

    The samples come from the function below ``OpInfo.sample_inputs``, which looks through the whole call
    stack and seeds
    every generator of torch for each sample.
    """
    info = checked()[name].info
    differentiable = dtype in checked()[name].dtypes
    with _seeded(seed), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = info.sample_inputs_func(
            info, "cpu", getattr(torch, dtype), requires_grad=differentiable
        )
        taken = list(itertools.islice(drawn, most))
    return tuple(_sample(name, i, sample, seed) for i, sample in enumerate(taken))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that must raise, and what it must raise."""

    name: str
    call: Callable[[], Any]
    error: type[Exception]
    message: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Laid:
    """A tensor as its memory and its place there; tensors that share memory have one ``memory``."""

    memory: np.ndarray[Any, Any]
    dtype: str
    size: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    requires_grad: bool


def refusals(name: str, device: str) -> list[Refusal]:
    """The calls of one entry that op_db says must raise on this device."""
    info = entries()[name].info
    found = []
    for i, wrong in enumerate(info.error_inputs_func(info, device)):
        sample = wrong.sample_input
        call = functools.partial(info.op, sample.input, *sample.args, **sample.kwargs)
        args, kwargs = _laid_out(((sample.input, *sample.args), dict(sample.kwargs)), {})
        found.append(
            Refusal(f"wrong input {i}", call, wrong.error_type, wrong.error_regex, args, kwargs)
        )
    return found


def _laid_out(value: Any, memories: dict[int, np.ndarray[Any, Any]]) -> Any:
    """The arguments of a wrong call: dtype, layout and sharing of memory are what many of them are about."""
    if isinstance(value, torch.Tensor) and value.layout == torch.strided and not value.is_meta:
        place = value.untyped_storage().data_ptr()
        if place not in memories:
            whole = torch.empty(0, dtype=value.dtype, device=value.device)
            whole.set_(
                value.untyped_storage(), 0, (value.untyped_storage().nbytes() // value.itemsize,)
            )
            memories[place] = _array(whole.cpu())
        dtype = str(value.dtype).removeprefix("torch.")
        layout = tuple(value.shape), value.stride(), int(value.storage_offset())
        return Laid(memories[place], dtype, *layout, value.requires_grad)
    if isinstance(value, (tuple, list)):
        items = [_laid_out(item, memories) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {key: _laid_out(item, memories) for key, item in value.items()}
    return value if isinstance(value, torch.Tensor) else _plain_named(value)


def _plain_named(value: Any) -> Any:
    try:
        return _plain(value)
    except NotPlainError:
        return value


# Note [Seeded calls]
# op_db calls what draws random numbers through a function that seeds all generators with 42 before. It uses
# torch.manual_seed, which notes a stack for each kind of device that is not there, three times for each call: a
# differenced dropout took ten times as long for it. Where all tensors are on the host, its generator is enough.
def _with_seed(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What ``wrapper_set_seed`` of op_db does. See Note [Seeded calls]."""
    with freeze_rng_state():
        if all(tensor.device.type == "cpu" for tensor in _tensors((args, kwargs))):
            torch.default_generator.manual_seed(42)
        else:
            torch.manual_seed(42)
        return op(*args, **kwargs)


common_methods_invocations.wrapper_set_seed = _with_seed


class _seeded:  # noqa: N801 - used as a function
    """The global random states set from a seed, and given back as they were."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __enter__(self) -> None:
        self.before = torch.get_rng_state(), random.getstate(), np.random.get_state()  # noqa: NPY002 - op_db draws from it
        torch.manual_seed(self.seed)
        random.seed(self.seed)
        np.random.seed(self.seed)  # noqa: NPY002 - op_db draws from the global generator

    def __exit__(self, *_: object) -> None:
        torch.set_rng_state(self.before[0])
        random.setstate(self.before[1])
        np.random.set_state(self.before[2])  # noqa: NPY002 - see above


def _sample(name: str, number: int, sample: Any, seed: int) -> Sample:
    raw = ((sample.input, *sample.args), dict(sample.kwargs))
    tracked = [tensor.requires_grad for tensor in _tensors(raw)]
    args, kwargs = _plain(raw)
    case = Case(
        op=name,
        args=args,
        kwargs=kwargs,
        differentiable=tuple(i for i, is_tracked in enumerate(tracked) if is_tracked),
        seed=1000 * seed + 7 * number,
    )
    return Sample(f"{number}: {shown(args)} {shown(kwargs)}".strip()[:160], case)


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """The tensors of a sample in the order in which a case numbers its arrays."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _tensors(item)


def _plain(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return _array(value)
    if isinstance(value, (tuple, list)):
        items = [_plain(item) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (torch.dtype, torch.memory_format, torch.layout)):
        return Named(str(value).removeprefix("torch."))
    return _plain_object(value)


def _array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    if tensor.layout != torch.strided:
        raise NotPlainError(f"a tensor with the layout {tensor.layout}")
    tensor = tensor.detach().resolve_conj().resolve_neg()
    if tensor.dtype in {torch.bfloat16, torch.float16, torch.float32}:
        tensor = tensor.double()
    if tensor.dtype == torch.complex64:
        tensor = tensor.cdouble()
    return np.array(tensor.numpy())


# Objects that are options by themselves: both sides read their attributes.
_OPTIONS = ("LinearCrossEntropyOptions",)


def _plain_object(value: Any) -> Any:
    if isinstance(value, torch.nn.PairwiseDistance):
        return Named("nn.functional.pairwise_distance")
    known = (int, float, complex, bool, str, slice, type(None), type(...))
    if isinstance(value, known) or type(value).__name__ in _OPTIONS:
        return value
    raise NotPlainError(f"an argument of type {type(value).__name__}")
