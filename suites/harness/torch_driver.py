"""The one place where torch enters the harness: its namespace, its modes, its devices."""

import functools
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import FunctionType
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_map, tree_unflatten

from suites.harness.hidden import (
    OF_COMPILED_NODES,
    OF_LONG_GRAPHS,
    OF_NODES,
    OF_RECOMPUTATION,
    Capability,
)
from suites.harness.implementation import TorchSpelling
from suites.harness.left_as_found import left_as_found
from suites.harness.subject import COUNTED, DEFAULT_DTYPE, EAGER, PARTS, Subject

VERSION = torch.__version__
# By which clauses are selected: they say in which versions of torch they hold.
TORCH_VERSION = VERSION

# A warning given once in a process would make the order of tests matter.
torch.set_warn_always(True)


# Note [Operation by operation]
# A compiled test body would show the tracer, not the promise: it sees the assertions, the hooks and the errors. So in a
# mode that changes how operations are computed, the body runs as it stands, and each differentiable operation in it
# goes through the mode by itself: compiled on its own, or inside a vmap over one example. What autograd promises about
# gradients, leaves, accumulation, hooks and errors must hold all the same. See docs/decisions/0009-modes.md.
OPERATIONS = {
    "abs", "acos", "add", "addcdiv", "addcmul", "addmm", "amax", "amin", "asin", "atan", "atan2", "bmm", "cat",
    "ceil", "clamp", "clone", "conj", "cos", "cosh", "cumprod", "cumsum", "div", "dot", "einsum", "erf", "exp",
    "expm1", "floor", "gather", "index_select", "kron", "lerp", "linear", "log", "log1p", "log_softmax",
    "logsumexp", "masked_fill", "matmul", "mean", "mm", "mse_loss", "mul", "mv", "neg", "norm", "outer", "pow",
    "prod", "reciprocal", "relu", "roll", "rsqrt", "rsub", "sigmoid", "sign", "sin", "sinh", "softmax",
    "softplus", "sqrt", "stack", "std", "sub", "sum", "tan", "tanh", "trace", "tril", "triu", "true_divide",
    "var", "where",
}  # fmt: skip


def _is_plain(x: Any) -> bool:
    """Whether ``x`` is a tensor of no function transform and without a tangent."""
    wrapped = torch._C._functorch.is_functorch_wrapped_tensor(x)
    return not wrapped and torch.autograd.forward_ad.unpack_dual(x).tangent is None


class OperationByOperation(TorchFunctionMode):  # type: ignore[misc]  # torch does not say its type
    """Inside, each differentiable operation on plain tensors is run by ``run``."""

    def __init__(self, run: Callable[..., Any]) -> None:
        super().__init__()
        self.run = run

    def __torch_function__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name not in OPERATIONS or "out" in kwargs or not torch.is_grad_enabled():
            return func(*args, **kwargs)
        if torch._C._len_torch_dispatch_stack():  # another mode watches every operation as it is
            return func(*args, **kwargs)
        tensors = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        if not any(x.requires_grad for x in tensors) or not all(_is_plain(x) for x in tensors):
            return func(*args, **kwargs)
        return self.run(func, args, kwargs)


_COMPILED: dict[Any, Callable[..., Any]] = {}


def _signature(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What a compiled operation depends on."""
    leaves, structure = tree_flatten((args, kwargs))
    facts = tuple(
        (tuple(x.shape), x.stride(), x.dtype, x.device, x.requires_grad)
        if isinstance(x, torch.Tensor)
        else (type(x), x)
        for x in leaves
    )
    return func, structure, facts


def _compiled_alone(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of one operation, compiled by itself."""
    if any(_is_second_order(x) for x in tree_leaves((args, kwargs))):
        return func(*args, **kwargs)
    key = _signature(func, args, kwargs)
    if key not in _COMPILED:
        # The compiler counts recompilations by code, and equal code is the same to it.
        code = _call.__code__.replace(co_name=f"operation_{len(_COMPILED)}")
        fresh = FunctionType(code, _call.__globals__, code.co_name)
        _COMPILED[key] = torch.compile(fresh, backend="aot_eager", fullgraph=True, dynamic=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer reads .grad of whatever it is given
        return _COMPILED[key](func, args, kwargs)


def _is_second_order(x: Any) -> bool:
    """Whether ``x`` is a gradient that a compiled operation gave: the compiler cannot take it, nor differentiate it."""
    fn = x.grad_fn if isinstance(x, torch.Tensor) else None
    return fn is not None and fn.name() == "CompiledFunctionBackwardBackward"


def _call(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return func(*args, **kwargs)


def _mapped_alone(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The result of one operation, computed inside a vmap over one example."""
    leaves, structure = tree_flatten((args, kwargs))
    places = [i for i, x in enumerate(leaves) if isinstance(x, torch.Tensor)]

    def one(*tensors: torch.Tensor) -> Any:
        full = list(leaves)
        for i, x in zip(places, tensors, strict=True):
            full[i] = x
        inner, named = tree_unflatten(full, structure)
        return func(*inner, **named)

    found = torch.func.vmap(one)(*[leaves[i].unsqueeze(0) for i in places])
    return tree_map(lambda x: x.squeeze(0), found)


def _by_operation(run: Callable[..., Any]) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: OperationByOperation(run)


@contextmanager
def _deterministic() -> Iterator[None]:
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(mode=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


# What surrounds a test body in each mode.
MODES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "eager": nullcontext,
    "aot_eager": _by_operation(_compiled_alone),
    "func": _by_operation(_mapped_alone),
    "deterministic": _deterministic,
    "single-threaded": lambda: torch.autograd.set_multithreading_enabled(False),
}


# -- what a mode cannot show -------------------------------------------------------------------------------------------

_RECOMPUTATION = Capability(
    "recomputation",
    "backward recomputes a checkpoint outside of the mode, operation by operation as they are",
    clauses=OF_RECOMPUTATION,
)
_LONG_GRAPHS = Capability(
    "long graphs",
    "an operation takes a hundred times as long through the mode; a graph of 100,000 of them takes minutes",
    clauses=OF_LONG_GRAPHS,
)
_MASKED = frozenset({"subgradient.masked-tensor-division-is-safe"})
HIDDEN_BY_MODE: dict[str, tuple[Capability, ...]] = {
    "aot_eager": (
        Capability(
            "nodes",
            "a compiled operation is one node of its own name, which saves what the compiler chose and frees it always",
            kinds=frozenset({"graph"}),
            clauses=OF_COMPILED_NODES,
        ),
        Capability(
            "gradient layouts",
            "a compiled backward gives gradients in strides of its own",
            clauses=frozenset({"layout.policy-switch-restores-previous-setting"}),
        ),
        Capability(
            "mapped backward",
            "a compiled backward cannot be called inside vmap",
            clauses=frozenset({"transform.vmap-over-autograd-grad-gives-jacobian"}),
        ),
        Capability("masked tensors", "the compiler takes no subclass of tensors", clauses=_MASKED),
        _RECOMPUTATION,
        _LONG_GRAPHS,
    ),
    "func": (
        Capability(
            "nodes",
            "an operation inside vmap stands in the graph as three, and its result is a view of the mapped one",
            kinds=frozenset({"graph"}),
            clauses=OF_NODES,
        ),
        Capability(
            "view detaching",
            "the result of an operation inside vmap is a view, which cannot be detached in place",
            clauses=frozenset({"detach.in-place-detach-makes-leaf"}),
        ),
        Capability(
            "autocast",
            "it does not reach operations inside a function transform",
            clauses=frozenset({"dtype.autocast-keeps-parameter-grads-full-precision"}),
        ),
        Capability(
            "masked tensors", "function transforms take no subclass of tensors", clauses=_MASKED
        ),
        _RECOMPUTATION,
        _LONG_GRAPHS,
    ),
}


@contextmanager
def namespace(subject: Subject, *, seed: int = 0) -> Iterator[Any]:
    """The module ``torch`` with the subject's device and dtype as defaults, left as it was found."""
    _seed(subject.device, seed)
    with left_as_found(torch):
        if subject.dtype not in (DEFAULT_DTYPE, *COUNTED):
            torch.set_default_dtype(getattr(torch, PARTS.get(subject.dtype, subject.dtype)))
        if subject.device == "cpu":
            yield torch
            return
        torch.set_default_device(subject.device)
        try:
            yield torch
        finally:
            torch.set_default_device(None)


def _seed(device: str, seed: int) -> None:
    """The generators that the subject draws from; ``torch.manual_seed`` also notes, with a stack, those it has not."""
    if device == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def implementation(
    subject: Subject, ops: Mapping[str, Callable[..., Any]] | None = None
) -> TorchSpelling:
    """Torch, as cases and programs drive it.

    Args:
        subject: device, dtype and mode.
        ops: operators under names that are no path in torch's namespace.
    """
    offered = ops or {}

    def find_op(name: str) -> Callable[..., Any] | None:
        op = offered.get(name) or _by_path(name)
        return None if op is None else wrap_operator(op, subject.mode)

    return TorchSpelling(torch, subject, find_op)


@functools.cache
def _by_path(name: str) -> Callable[..., Any] | None:
    """The function at ``name`` in torch's namespace, such as ``linalg.det``, or the method of tensors."""
    for root in (torch, torch.Tensor, torch.nn.functional):
        found: Any = root
        for part in name.split("."):
            found = getattr(found, part, None)
        if callable(found):
            function: Callable[..., Any] = found
            return function
    return None


def wrap(fn: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """The body of a test, run in that mode."""
    if mode == EAGER:
        return fn

    @functools.wraps(fn)
    def body(*args: Any, **kwargs: Any) -> Any:
        with MODES[mode]():
            return fn(*args, **kwargs)

    return body


def wrap_operator(fn: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """One operator, run in that mode."""
    if mode == "aot_eager":
        compiled: Callable[..., Any] = torch.compile(fn, backend="aot_eager")
        return compiled
    if mode == "func":
        return lambda *args, **kwargs: _mapped_alone(fn, args, kwargs)
    return wrap(fn, mode)


def why_hidden(mode: str, clause: str, kind: str) -> str | None:
    """Which capability the mode would need to show the clause, and why it has not; None where it can show it."""
    for lacking in HIDDEN_BY_MODE.get(mode, ()):
        if kind in lacking.kinds or clause in lacking.clauses:
            return f"the mode {mode} has no {lacking.name}: {lacking.reason}"
    return None


def is_device_name(device: str) -> bool:
    """Whether torch can parse this as a device, present or not."""
    try:
        torch.device(device)
    except RuntimeError:
        return False
    return True


def device_names() -> list[str]:
    """The device types this torch knows by name, for the hint after a misspelt one."""
    names = ["cpu", "cuda", "mps", "xpu", "xla", "meta", "hpu", "npu"]
    return [name for name in names if is_device_name(name)]


@functools.cache
def why_unsupported(device: str, dtype: str) -> str | None:
    """Why nothing can run on this device or in this dtype, or None where a small sum works."""
    kind = None if dtype == DEFAULT_DTYPE else getattr(torch, dtype)
    try:
        torch.ones(2, device=device, dtype=kind).add(1).cpu()
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        return f"{device} cannot compute in {dtype}: {str(error).splitlines()[0]}"
    return None


# How torch says that a backend has no kernel for an operator or a dtype, or a mode no second derivative.
_LACKS = (
    re.compile(r"aot_autograd does not currently support double backward"),
    re.compile(r"Could not run '[^']+' with arguments from the '[^']+' backend"),
    re.compile(r"\"[^\"]+\" not implemented for '[^']+'"),
    re.compile(r"is not currently implemented for the \w+ device"),
)


def why_lacking(error: BaseException) -> tuple[str, str] | None:
    """The outcome and reason where ``error`` says that the device has no such kernel; None for any other error."""
    text = str(error)
    if isinstance(error, RuntimeError) and any(pattern.search(text) for pattern in _LACKS):
        return "unsupported", text.splitlines()[0]
    return None


def device_driver() -> str | None:
    """The version of the accelerator's runtime, where there is one."""
    if not torch.cuda.is_available():
        return None
    name, version = torch.cuda.get_device_name(), torch.version.cuda or torch.version.hip
    return f"{name}, runtime {version}"
