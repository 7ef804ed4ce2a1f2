"""Maxima over boxes, and values put back where the maxima were."""

from __future__ import annotations

import itertools
import math
from typing import Any, NamedTuple

import numpy as np

from reference_impl.ops.lang import array_of, op, reshape, shape_of, zeros
from reference_impl.ops.rule import define_function, define_op
from reference_impl.ops.windows import per_axis, windows
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


class Boxes(NamedTuple):
    """Where the boxes of a pooling lie, one number per axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    ceil_mode: bool


def _count(n: int, k: int, s: int, p: int, d: int, *, ceil_mode: bool) -> int:
    span = n + 2 * p - d * (k - 1) - 1
    out = (-(-span // s) if ceil_mode else span // s) + 1
    if ceil_mode and (out - 1) * s >= n + p:
        out -= 1
    if out < 1:
        raise RuntimeError(
            f"Given input size: {n}. Calculated output size: {out}. Output size is too small"
        )
    return out


def _places(size: Any, boxes: Boxes, out: Any) -> Any:
    """Flat place in the unpadded plane of each entry of each box, (*out, *kernel)."""
    flat: Any = 0
    d = len(size)
    for i, n in enumerate(size):
        at = (
            np.arange(out[i])[:, None] * boxes.stride[i]
            - boxes.padding[i]
            + np.arange(boxes.kernel[i]) * boxes.dilation[i]
        )
        shape = [1] * (2 * d)
        shape[i], shape[d + i] = at.shape
        flat = flat * n + at.reshape(shape)
    return np.broadcast_to(flat, (*out, *boxes.kernel))


def _pool_forward(self: Any, boxes: Boxes) -> tuple[Any, Any]:
    d = len(boxes.kernel)
    lead, size = self.shape[:-d], self.shape[-d:]
    out = tuple(
        _count(n, k, s, p, e, ceil_mode=boxes.ceil_mode)
        for n, k, s, p, e in zip(size, *boxes[:4], strict=True)
    )
    x = self.reshape(1, math.prod(lead), *size)
    lowest = -np.inf if self.dtype.kind == "f" else np.iinfo(self.dtype).min
    need = [
        (o - 1) * s + e * (k - 1) + 1
        for o, s, e, k in zip(out, boxes.stride, boxes.dilation, boxes.kernel, strict=True)
    ]
    after = [max(m - n - p, 0) for m, n, p in zip(need, size, boxes.padding, strict=True)]
    around = [(0, 0), (0, 0), *zip(boxes.padding, after, strict=True)]
    view = windows(
        np.pad(x, around, constant_values=lowest), boxes.kernel, boxes.stride, boxes.dilation, out
    )
    entries = view[0].reshape(math.prod(lead), *out, math.prod(boxes.kernel))
    best = np.argmax(entries, axis=-1)
    values = np.take_along_axis(entries, best[..., None], -1)[..., 0]
    places = np.broadcast_to(
        _places(size, boxes, out).reshape(*out, math.prod(boxes.kernel)),
        (*best.shape, entries.shape[-1]),
    )
    index = np.take_along_axis(places, best[..., None], -1)[..., 0]
    return values.reshape(*lead, *out), index.astype(np.int64).reshape(*lead, *out)


def _back(ct: Any, indices: Any, shape: tuple[int, ...], d: int) -> Any:
    """Each value's cotangent added where the value came from."""
    lead, size = shape[: len(shape) - d], math.prod(shape[len(shape) - d :])
    number = math.prod(shape_of(ct)[len(lead) :])
    flat = op(
        "scatter_add",
        zeros((*lead, size), ct),
        len(lead),
        _flat(indices, lead, number),
        _flat(ct, lead, number),
    )
    return reshape(flat, shape)


def _flat(x: Any, lead: tuple[int, ...], number: int) -> Any:
    return reshape(x, (*lead, number))


def _picked(x: Any, indices: Any, d: int) -> Any:
    """The entries at the places that a pooling chose: the transpose of ``_back``."""
    shape, out = shape_of(x), shape_of(indices)
    lead = shape[: len(shape) - d]
    planes = reshape(x, (*lead, math.prod(shape[len(lead) :])))
    return reshape(
        op("gather", planes, len(lead), reshape(indices, (*lead, math.prod(out[len(lead) :])))), out
    )


def _row(name: str, node: str, d: int, forward: Any) -> Any:
    return define_op(
        name,
        node=node,
        forward=forward,
        inputs=("self",),
        params={"boxes": None},
        outputs=("values", "indices"),
        differentiable=("values",),
        vjp={"self": lambda ct, indices, self_shape: _back(ct, indices, self_shape, d)},
        jvp=lambda self_t, indices: (_picked(self_t, indices, d), None),
        method=False,
    )


NODES = {
    1: "SqueezeBackward1",
    2: "MaxPool2DWithIndicesBackward0",
    3: "MaxPool3DWithIndicesBackward0",
}
ADAPTIVE = {1: "SqueezeBackward1", 2: "AdaptiveMaxPool2DBackward0", 3: "AdaptiveMaxPool3DBackward0"}
FRACTIONAL = {2: "FractionalMaxPool2DBackward0", 3: "FractionalMaxPool3DBackward0"}
POOLS = {d: _row(f"max_pool.{d}", NODES[d], d, _pool_forward) for d in (1, 2, 3)}


def max_pool(
    x: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: Any,
    return_indices: Any,
    d: int,
) -> Any:
    """The largest entry of each box, and where it lies."""
    kernel = per_axis(kernel_size, d)
    steps = kernel if not stride else per_axis(stride, d)
    boxes = Boxes(kernel, steps, per_axis(padding, d), per_axis(dilation, d), bool(ceil_mode))
    for p, k, e in zip(boxes.padding, boxes.kernel, boxes.dilation, strict=True):
        if p > ((k - 1) * e + 1) // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation={e}"
            )
    found = POOLS[d](x, boxes)
    return found if return_indices else found[0]


for _d in (1, 2, 3):
    define_function(
        f"nn.functional.max_pool{_d}d",
        lambda input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False, _d=_d: (
            max_pool(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices, _d)
        ),
        method=False,
        aliases=(f"max_pool{_d}d",),
    )


def max_pool2d_backward(
    grad_output: Tensor,
    self: Any = None,
    kernel_size: Any = None,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    indices: Any = None,
    *,
    return_indices: bool = False,
) -> Any:
    """The gradient of max_pool2d. With one tensor alone, as op_db's samples have it: for a gradient of ones."""
    _ = return_indices
    if self is None:
        self = grad_output
        values, indices = max_pool(self, kernel_size, stride, padding, dilation, ceil_mode, True, 2)
        grad_output = op("ones_like", values)
    return pool_backward_op(grad_output, self, indices)


pool_backward_op = define_op(
    "max_pool2d_with_indices_backward.row",
    node="MaxPool2DWithIndicesBackwardBackward0",
    forward=lambda grad_output, self, indices: _back(grad_output, indices, self.shape, 2),
    inputs=("grad_output", "self", "indices"),
    # The input only decides, by the indices, where the gradient goes.
    vjp={
        "grad_output": lambda ct, indices: _picked(ct, indices, 2),
        "self": lambda ct: zeros(shape_of(ct), ct),
        "indices": None,
    },
    jvp=lambda grad_output_t, self, indices: _back(grad_output_t, indices, tuple(self.shape), 2),
    method=False,
)
define_function("max_pool2d_with_indices_backward", max_pool2d_backward, method=False)

# -- boxes chosen by the size of the result ----------------------------------------------------------------------------


def _pick_boxes(self: Any, starts: Any, ends: Any) -> tuple[Any, Any]:
    """Largest entry of boxes given by their bounds per axis, for planes (P, *size)."""
    out = [len(s) for s in starts]
    size = self.shape[1:]
    values, index = (
        np.empty((self.shape[0], *out), self.dtype),
        np.empty((self.shape[0], *out), np.int64),
    )
    flat = np.arange(math.prod(size)).reshape(size)
    for at in itertools.product(*[range(n) for n in out]):
        box: Any = tuple(
            slice(int(s[i]), int(e[i])) for s, e, i in zip(starts, ends, at, strict=True)
        )
        part = self[(slice(None), *box)]
        part = part.reshape(self.shape[0], math.prod(part.shape[1:]))
        best = np.argmax(part, axis=1)
        place: Any = (slice(None), *at)
        values[place] = part[np.arange(len(part)), best]
        index[place] = flat[box].reshape(-1)[best]
    return values, index


def _adaptive_forward(self: Any, boxes: tuple[int, ...]) -> tuple[Any, Any]:
    d = len(boxes)
    lead, size = self.shape[:-d], self.shape[-d:]
    starts = [[(i * n) // o for i in range(o)] for n, o in zip(size, boxes, strict=True)]
    ends = [[-(-(i + 1) * n // o) for i in range(o)] for n, o in zip(size, boxes, strict=True)]
    values, index = _pick_boxes(self.reshape(math.prod(lead), *size), starts, ends)
    return values.reshape(*lead, *boxes), index.reshape(*lead, *boxes)


ADAPTIVE_POOLS = {
    d: _row(f"adaptive_max_pool.{d}", ADAPTIVE[d], d, _adaptive_forward) for d in (1, 2, 3)
}


def adaptive_max_pool(x: Tensor, output_size: Any, return_indices: Any, d: int) -> Any:
    """The largest entries of boxes chosen so that the result has the size asked for."""
    wanted = output_size if isinstance(output_size, list | tuple) else (output_size,) * d
    sizes = tuple(n if o is None else int(o) for n, o in zip(x.shape[-d:], wanted, strict=True))
    found = ADAPTIVE_POOLS[d](x, sizes)
    return found if return_indices else found[0]


for _d in (1, 2, 3):
    define_function(
        f"nn.functional.adaptive_max_pool{_d}d",
        lambda input, output_size, return_indices=False, _d=_d: adaptive_max_pool(
            input, output_size, return_indices, _d
        ),
        method=False,
    )


def _fraction_starts(sample: float, n: int, out: int, kernel: int) -> list[int]:
    """Starts of boxes at pseudo-random distances (Graham 2014, Fractional max-pooling)."""
    alpha = (n - kernel) / (out - 1) if out > 1 else 0.0
    return [int((i + sample) * alpha) - int(sample * alpha) for i in range(out - 1)] + [n - kernel]


def _fractional_forward(self: Any, boxes: Any) -> tuple[Any, Any]:
    kernel, out, samples = boxes
    d = len(kernel)
    lead, size = self.shape[:-d], self.shape[-d:]
    planes = self.reshape(math.prod(lead), *size)
    numbers = np.asarray(samples).reshape(len(planes), d)
    # The samples of a plane of two axes name the width first.
    order = range(d) if d == 3 else (1, 0)
    found = []
    for plane, row in zip(planes, numbers, strict=True):
        starts = [
            _fraction_starts(float(row[k]), n, o, w)
            for k, n, o, w in zip(order, size, out, kernel, strict=True)
        ]
        ends = [[s + w for s in axis] for axis, w in zip(starts, kernel, strict=True)]
        found.append(_pick_boxes(plane[None], starts, ends))
    empty = np.empty((0, *out))
    values = np.concatenate([empty.astype(self.dtype), *[f[0] for f in found]])
    index = np.concatenate([empty.astype(np.int64), *[f[1] for f in found]])
    return values.reshape(*lead, *out), index.reshape(*lead, *out)


FRACTIONAL_POOLS = {
    d: _row(f"fractional_max_pool.{d}", FRACTIONAL[d], d, _fractional_forward) for d in (2, 3)
}


def fractional_max_pool(
    x: Tensor,
    kernel_size: Any,
    output_size: Any,
    output_ratio: Any,
    return_indices: Any,
    samples: Any,
    d: int,
) -> Any:
    """Max pooling whose boxes start at random places; the samples decide where."""
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, list | tuple) else (output_ratio,) * d
        output_size = [int(n * r) for n, r in zip(x.shape[-d:], ratios, strict=True)]
    if samples is None:
        batch = x.shape[0] if x.ndim == d + 2 else 1
        samples = OPS["rand"](batch, x.shape[-d - 1], d, dtype=x.dtype)
    found = FRACTIONAL_POOLS[d](
        x, (per_axis(kernel_size, d), per_axis(output_size, d), array_of(samples))
    )
    return found if return_indices else found[0]


def _fractional_of(d: int) -> Any:
    def call(
        input: Tensor,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> Any:
        return fractional_max_pool(
            input, kernel_size, output_size, output_ratio, return_indices, _random_samples, d
        )

    call.__doc__ = f"Max pooling over {d} axes whose boxes start at random places."
    return call


for _d in (2, 3):
    define_function(f"nn.functional.fractional_max_pool{_d}d", _fractional_of(_d), method=False)

# -- back to the larger size -------------------------------------------------------------------------------------------


def max_unpool(
    x: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
    d: int,
) -> Any:
    """Zeros with the entries of ``x`` at the flat places that a pooling told."""
    kernel = per_axis(kernel_size, d)
    steps = kernel if stride is None else per_axis(stride, d)
    size = tuple(
        (n - 1) * s - 2 * p + k
        for n, s, p, k in zip(x.shape[-d:], steps, per_axis(padding, d), kernel, strict=True)
    )
    if output_size is not None:
        size = tuple(int(n) for n in output_size)[-d:]
    lead = tuple(x.shape[:-d])
    if indices.numel() and (indices._data.min() < 0 or indices._data.max() >= math.prod(size)):
        raise RuntimeError(
            f"Found an invalid max index: {indices._data.max()} (output volumes are of size {'x'.join(map(str, size))})"
        )
    blank = op("new_zeros", x, (*lead, math.prod(size)))
    number = math.prod(x.shape[-d:])
    made = op(
        "scatter",
        blank,
        len(lead),
        op("reshape", indices, (*lead, number)),
        op("reshape", x, (*lead, number)),
    )
    return op("reshape", made, (*lead, *size))


for _d in (1, 2, 3):
    define_function(
        f"nn.functional.max_unpool{_d}d",
        lambda input, indices, kernel_size, stride=None, padding=0, output_size=None, _d=_d: (
            max_unpool(input, indices, kernel_size, stride, padding, output_size, _d)
        ),
        method=False,
    )


def lp_pool(
    x: Tensor, norm_type: float, kernel_size: Any, stride: Any, ceil_mode: Any, d: int
) -> Any:
    """The p-th root of the sum of p-th powers in each box, with the gradient 0 where that sum is 0."""
    if math.isinf(norm_type):
        return OPS[f"nn.functional.max_pool{d}d"](
            op("abs", x), kernel_size, stride, 0, 1, ceil_mode
        )
    kernel = per_axis(kernel_size, d)
    step = kernel if stride is None else per_axis(stride, d)
    # A box that ends beyond the edge has fewer elements, and the mean of it is of these: so sums, not means.
    lead = (1,) * (2 - d)
    flat = op("unsqueeze", x**norm_type, -2) if lead else x**norm_type
    name = f"nn.functional.avg_pool{max(d, 2)}d"
    total = OPS[name](flat, lead + kernel, lead + step, 0, ceil_mode, divisor_override=1)
    total = op("squeeze", total, -2) if lead else total
    is_zero = op("eq", total, 0)
    root = op("where", is_zero, op("ones_like", total), total) ** (1.0 / norm_type)
    return op("where", is_zero, op("zeros_like", total), root)


for _d in (1, 2, 3):
    define_function(
        f"nn.functional.lp_pool{_d}d",
        lambda input, norm_type, kernel_size, stride=None, ceil_mode=False, _d=_d: lp_pool(
            input, norm_type, kernel_size, stride, ceil_mode, _d
        ),
        method=False,
    )
