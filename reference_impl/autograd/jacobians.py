"""Jacobians for gradcheck: by differences, by backward and by forward mode, and along one pair of vectors."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from reference_impl.autograd.forward_ad import make_dual, unpack_dual
from reference_impl.gradients import grad
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor, make
from reference_impl.transforms import dual_level

# Note [Jacobians that gradcheck compares]
# Every output is real: of a complex one the real and the imaginary part count as outputs of their own. A Jacobian has a
# row for each element of the input and a column for each element of the output. The row of a complex element x + iy is
# d/dx + i d/dy, which is what backward gives for a real output.

Fn = Callable[..., Sequence[Tensor]]


def wiggled(inputs: Sequence[Any]) -> list[int]:
    """Places of the inputs that are differentiated."""
    return [i for i, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]


@contextlib.contextmanager
def _moved(x: Tensor, step: Any) -> Iterator[None]:
    """Inside, the memory of ``x`` holds x + step; the tensor stays the same one, whoever has captured it."""
    array = x._array()
    before = array.copy()
    array[...] = before + step
    try:
        yield
    finally:
        array[...] = before


def _values(fn: Fn, inputs: Sequence[Any]) -> list[Any]:
    return [np.array(out._data, dtype=_wide(out)) for out in fn(*inputs)]


def _wide(out: Tensor) -> Any:
    return out._data.dtype if out._data.dtype.kind in "fc" else np.float64


def _difference(fn: Fn, inputs: Sequence[Any], x: Tensor, step: Any, eps: float) -> list[Any]:
    """Central difference quotients of all outputs, for a step of ``eps`` in size."""
    with _moved(x, step):
        ahead = _values(fn, inputs)
    with _moved(x, -step):
        behind = _values(fn, inputs)
    return [(a - b) / (2 * eps) for a, b in zip(ahead, behind, strict=True)]


def _steps(x: Tensor, eps: float) -> Iterator[tuple[int, Any, complex]]:
    """Per element and real direction: the element's number, the step, and the direction's unit."""
    units = (1, 1j) if x._data.dtype.kind == "c" else (1,)
    for k in range(x.numel()):
        for unit in units:
            step = np.zeros(x.numel(), dtype=x._data.dtype)
            step[k] = eps * unit
            yield k, step.reshape(x._data.shape), unit


def numerical(fn: Fn, inputs: Sequence[Any], eps: float) -> list[list[Tensor]]:
    """Jacobians by central differences: per output, per differentiated input."""
    columns: list[list[Any]] = []
    for i in wiggled(inputs):
        x = inputs[i]
        jacobians: list[Any] | None = None
        for k, step, unit in _steps(x, eps):
            slopes = _difference(fn, inputs, x, step, eps)
            if jacobians is None:
                jacobians = [_empty(x, s.size, s.dtype) for s in slopes]
            for jacobian, slope in zip(jacobians, slopes, strict=True):
                jacobian[k] += slope.reshape(-1) * unit
        columns.append(jacobians or [_empty(x, v.size, v.dtype) for v in _values(fn, inputs)])
    return [[make(column[o]) for column in columns] for o in range(len(columns[0]))]


def _empty(x: Tensor, width: int, dtype: Any) -> Any:
    return np.zeros((x.numel(), width), dtype=np.result_type(x._data.dtype, dtype))


def by_backward(out: Tensor, inputs: Sequence[Any]) -> list[Tensor]:
    """Jacobians of one output by backward, a pass for each of its elements: per differentiated input."""
    xs = [inputs[i] for i in wiggled(inputs)]
    jacobians = [_empty(x, out.numel(), out._data.dtype) for x in xs]
    for k in range(out.numel()):
        ct = np.zeros(out.numel(), dtype=out._data.dtype)
        ct[k] = 1
        found = grad(
            out, xs, make(ct.reshape(out._data.shape)), retain_graph=True, allow_unused=True
        )
        for jacobian, g in zip(jacobians, found, strict=True):
            if g is not None:
                jacobian[:, k] = np.asarray(g._data).reshape(-1)
    return [make(jacobian) for jacobian in jacobians]


def push(fn: Fn, inputs: Sequence[Any], i: int, tangent: Tensor) -> list[Tensor]:
    """Tangents of the outputs for one of input number ``i``."""
    with dual_level() as level:
        x = inputs[i]
        duals = [*inputs[:i], make_dual(x, tangent, level=level), *inputs[i + 1 :]]
        parts = [unpack_dual(out, level=level) for out in fn(*duals)]
    return [OPS["zeros_like"](p.primal) if p.tangent is None else p.tangent for p in parts]


def by_forward(fn: Fn, inputs: Sequence[Any], count: int) -> list[list[Tensor]]:
    """Jacobians by forward mode: per output (of ``count``), per differentiated input."""
    columns: list[list[Any]] = []
    for i in wiggled(inputs):
        x = inputs[i]
        jacobians: list[Any] = []
        for k, step, unit in _steps(x, 1.0):
            slopes = push(fn, inputs, i, make(step))
            jacobians = jacobians or [_empty(x, s.numel(), s._data.dtype) for s in slopes]
            for jacobian, slope in zip(jacobians, slopes, strict=True):
                jacobian[k] += np.asarray(slope._data).reshape(-1) * unit
        columns.append(jacobians or [np.zeros((0, 0)) for _ in range(count)])
    return [[make(column[o]) for column in columns] for o in range(len(columns[0]))]


# -- along one pair of vectors -----------------------------------------------------------------------------------------


def random_direction(like: Tensor, source: Any) -> Any:
    """A random array of the shape and dtype of ``like``, of length 1."""
    drawn = source.random(like._data.shape)
    if like._data.dtype.kind == "c":
        drawn = drawn + 1j * source.random(like._data.shape)
    length = float(np.sqrt(np.sum(np.abs(drawn) ** 2)))
    return np.asarray(drawn / (length or 1.0), dtype=like._data.dtype)


def numerical_along(fn: Fn, inputs: Sequence[Any], i: int, u: Any, eps: float) -> list[Any]:
    """Directional derivatives of all outputs along ``u`` in input number ``i``."""
    return _difference(fn, inputs, inputs[i], u * eps, eps)


def backward_along(out: Tensor, inputs: Sequence[Any], v: Any) -> list[Any]:
    """Cotangents of the differentiated inputs for ``v``; zeros where nothing flows."""
    xs = [inputs[i] for i in wiggled(inputs)]
    found = grad(out, xs, make(v), retain_graph=True, allow_unused=True)
    return [
        np.zeros_like(x._data) if g is None else np.asarray(g._data)
        for x, g in zip(xs, found, strict=True)
    ]
