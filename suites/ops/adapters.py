"""Where op_db calls an operator in a way of its own, and where a comparison needs inputs or outputs made comparable."""

from collections.abc import Callable, Container, Mapping
from typing import Any

import numpy as np

from suites.harness.implementation import tensors_in
from suites.harness.observation import array_of, is_tensor
from suites.ops.spelling import Operator, spelled

# How op_db calls what the reference has under torch's own signature.
_LIKE_OP_DB: Mapping[str, Callable[[Operator], Operator]] = {
    "where": lambda op: lambda self, condition, other: op(condition, self, other),
    "zero_": lambda op: lambda x: op(x.clone()),
    "linalg.lstsq.grad_oriented": lambda op: lambda a, b, driver: op(a, b, driver=driver)[:2],
    "linalg.pinv.singular": lambda op: lambda a, b: op(a @ b.mT),
    "svd_lowrank": lambda op: lambda a, b, **k: op(a @ b.mT, **k),
    "pca_lowrank": lambda op: lambda a, b, **k: op(a @ b.mT, **k),
}

# Note [One triangle]
# These read one triangle of a matrix that is documented as Hermitian or triangular. What comes out as the
# gradient of the other triangle, and what becomes of a tangent that leaves the symmetry, is nobody's promise.
# So both sides are given the matrix made symmetric, or cut to its triangle, by an operation that is itself
# differentiated.
# Source: torch.linalg.cholesky and torch.linalg.eigh, notes on the gradient; torch.cholesky_solve, parameter L.
HERMITIAN = frozenset(
    {
        "cholesky",
        "linalg.cholesky",
        "linalg.cholesky_ex",
        "linalg.eigh",
        "linalg.eigvalsh",
        "linalg.pinv.hermitian",
        "linalg.matrix_rank.hermitian",
    }
)
_AFTER_LOG_SOFTMAX = (
    ".after_log_softmax"  # what an operator is called whose argument goes through one
)
_TRIANGULAR = {"cholesky_inverse": 0, "cholesky_solve": 1}

# Note [Up to a sign]
# Eigenvectors and singular vectors are fixed up to a sign, or a phase, and columns beyond the number of
# singular values up to a rotation. What is compared is the magnitude of their elements, without those
# columns.
_UP_TO_A_SIGN: Mapping[str, tuple[int, ...]] = {
    "linalg.eig": (1,),
    "linalg.eigh": (1,),
    "svd": (0, 2),
    "linalg.svd": (0, 2),
    "svd_lowrank": (0, 2),
    "pca_lowrank": (0, 2),
}

_SINGULAR_VECTORS = {
    "svd": -1,
    "linalg.svd": -2,
}  # the dimension of V, or V^H, that counts the vectors

# Note [In no order]
# The eigenvalues of a matrix that is not Hermitian come in no documented order, and two libraries of linear
# algebra give different ones. Both sides are sorted, with their vectors, by the place along a slanted line: real
# parts alone are often equal, and rounding would then decide.
# Source: torch.linalg.eigvals, "the eigenvalues are not guaranteed to be in any specific order".
IN_NO_ORDER = frozenset({"linalg.eig", "linalg.eigvals"})
_SLANT = 0.6180339887

# What writes to its first argument and gives nothing that could be compared, or what it was given.
_WRITES = frozenset({"__setitem__", "copy_", "fill_diagonal_"})

# Classes whose instances are called with other weights than their own.
_MODULES = frozenset(
    {
        "nn.RNNCell", "nn.LSTMCell", "nn.GRUCell", "nn.RNN", "nn.LSTM", "nn.GRU", "nn.MultiheadAttention",
        "nn.TransformerEncoderLayer", "nn.AdaptiveLogSoftmaxWithLoss",
    }
)  # fmt: skip
# What changes a layer, here one of 3 inputs and 2 outputs, which then is called with other weights than its own.
_OF_LAYERS = frozenset({"nn.utils.parametrizations.weight_norm"})

# Casts whose only option asks for a memory layout, which a value does not show.
_CASTS = frozenset({"bfloat16", "double", "float", "half", "cdouble", "cfloat", "chalf"})


def subject_operator(name: str, op: Operator, module: Any) -> Operator:
    """The operator as op_db calls it, for the subject."""
    return _comparable(name, spelled(op, module), module)


def reference_operator(name: str, op: Operator, module: Any) -> Operator:
    """The reference's operator under op_db's signature."""
    like = _LIKE_OP_DB.get(name)
    called = like(op) if like is not None else op
    if name in _CASTS:
        called = _without_layout(called)
    return _comparable(name, spelled(called, module), module)


def _without_layout(op: Operator) -> Operator:
    return lambda x, *, memory_format=None: op(x)  # noqa: ARG005 - the keyword that is left out


def _comparable(name: str, op: Operator, module: Any) -> Operator:
    if name.endswith(_AFTER_LOG_SOFTMAX):
        op = _after_log_softmax(op, module)
    if _is_of(name, _WRITES):
        op = _on_a_copy(op)
    if _is_of(name, _OF_LAYERS):
        op = _of_layer(op, module)
    if _is_of(name, _MODULES) or _is_of(name, _OF_LAYERS):
        op = _with_weights(op, module)
    if name in HERMITIAN:
        op = _of_hermitian(op)
    if name in _TRIANGULAR:
        op = _of_triangle(op, _TRIANGULAR[name])
    if name in _SINGULAR_VECTORS:
        op = _without_null_space(op, _SINGULAR_VECTORS[name])
    if name in IN_NO_ORDER:
        op = _in_order(op, module)
    return _up_to_a_sign(op, _UP_TO_A_SIGN[name]) if name in _UP_TO_A_SIGN else op


def _after_log_softmax(op: Operator, module: Any) -> Operator:
    return lambda x, *args, **kwargs: op(module.log_softmax(x, -1), *args, **kwargs)


def _is_of(name: str, paths: Container[str]) -> bool:
    """Whether an operator, or the one that it is a variant of, is one of these."""
    return name in paths or name.rpartition(".")[0] in paths


def _of_layer(change: Operator, module: Any) -> Operator:
    return lambda **options: change(module.nn.Linear(3, 2), **options)


def _on_a_copy(write: Operator) -> Operator:
    def called(x: Any, *args: Any, **kwargs: Any) -> Any:
        target = x.clone()
        write(target, *args, **kwargs)
        return target

    return called


def _with_weights(make: Operator, module: Any) -> Operator:
    """A network as a function of its inputs and its weights, the last argument, in the order of its parameters."""
    nets: dict[str, Any] = {}  # made outside of what differentiates them, as users do

    def called(*args: Any, **options: Any) -> Any:
        *inputs, weights = args
        key = repr(options)
        if key not in nets:
            nets[key] = make(**options)
        net = nets[key]
        names = [name for name, _ in net.named_parameters()]
        weights = dict(zip(names, weights, strict=True))
        return tuple(tensors_in(module.func.functional_call(net, weights, tuple(inputs))))

    return called


def _of_hermitian(op: Operator) -> Operator:
    """See Note [One triangle]."""
    return lambda a, *args, **kwargs: op((a + a.mH) / 2, *args, **kwargs)


def _of_triangle(op: Operator, place: int) -> Operator:
    """See Note [One triangle]."""

    def called(*args: Any, upper: bool = False) -> Any:
        cut = args[place].triu() if upper else args[place].tril()
        return op(*args[:place], cut, *args[place + 1 :], upper=upper)

    return called


def _in_order(op: Operator, module: Any) -> Operator:
    """See Note [In no order]."""

    def called(*args: Any, **kwargs: Any) -> Any:
        found = op(*args, **kwargs)
        values = found if is_tensor(found) else found[0]
        numbers = array_of(values.detach())
        order = np.argsort(numbers.real + _SLANT * numbers.imag, axis=-1)
        index = module.tensor(order, device=values.device)
        if is_tensor(found):
            return found.gather(-1, index)
        wide = index.unsqueeze(-2).expand(found[1].shape)
        return values.gather(-1, index), found[1].gather(-1, wide)

    return called


def _up_to_a_sign(op: Operator, places: tuple[int, ...]) -> Operator:
    """See Note [Up to a sign]."""

    def called(*args: Any, **kwargs: Any) -> Any:
        return tuple(y.abs() if i in places else y for i, y in enumerate(op(*args, **kwargs)))

    return called


def _without_null_space(op: Operator, last_dim: int) -> Operator:
    """See Note [Up to a sign]."""

    def called(*args: Any, **kwargs: Any) -> Any:
        u, s, v = op(*args, **kwargs)
        return u.narrow(-1, 0, s.shape[-1]), s, v.narrow(last_dim, 0, s.shape[-1])

    return called


def spelled_out(name: str, path: str | None) -> str | None:
    """What is called under an operator's name, as an expression; None where it is no short one."""
    if path is None or name in IN_NO_ORDER or name in _SINGULAR_VECTORS:
        return None
    text = next((text for names, text in _CALLED.items() if _is_of(name, names)), "{}")
    if name in _LIKE_OP_DB or name in _TRIANGULAR:
        text = _WRITTEN.get(name)
    if text != "{}":
        return None if text is None else text.format(path)
    if name in HERMITIAN:
        path = f"(lambda a, *args, **kwargs: {path}((a + a.mH) / 2, *args, **kwargs))"
    if name.endswith(_AFTER_LOG_SOFTMAX):
        return f"lambda x, *args, **kwargs: {path}(torch.log_softmax(x, -1), *args, **kwargs)"
    if name not in _UP_TO_A_SIGN:
        return path
    magnitudes = f"y.abs() if i in {_UP_TO_A_SIGN[name]} else y for i, y in enumerate"
    return f"lambda *args, **kwargs: tuple({magnitudes}({path}(*args, **kwargs)))"


_CALLED: Mapping[frozenset[str], str | None] = {
    _WRITES: "lambda x, *args, **kwargs: (lambda y: ({}(y, *args, **kwargs), y)[1])(x.clone())",
    _MODULES: "lambda *args, **options: (lambda net: torch.utils._pytree.tree_leaves(torch.func.functional_call(net, "
    "dict(zip([name for name, _ in net.named_parameters()], args[-1], strict=True)), args[:-1])))({}(**options))",
    _OF_LAYERS: None,
}
_WRITTEN: Mapping[str, str] = {
    "where": "lambda self, condition, other: {}(condition, self, other)",
    "cholesky_inverse": "lambda a, upper=False: {}(a.triu() if upper else a.tril(), upper=upper)",
    "cholesky_solve": "lambda b, a, upper=False: {}(b, a.triu() if upper else a.tril(), upper=upper)",
    "linalg.lstsq.grad_oriented": "lambda a, b, driver: {}(a, b, driver=driver)[:2]",
}
