"""Products of matrices and vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from reference_impl import registry, short_paths
from reference_impl.bfloat16_array import DTYPE
from reference_impl.ops.lang import adjoint, conj, matmul, op, sum_to, swap, unsqueeze
from reference_impl.ops.rule import define_function, define_op
from reference_impl.registry import OPS
from reference_impl.tensor import Tensor


def _expect(name: str, x: Any, ndim: int) -> None:
    if x.ndim != ndim:
        raise RuntimeError(f"{name}: expected {ndim}-D tensor, but got {x.ndim}-D tensor")


def _check_product(a: Any, b: Any, what: str = "mat1 and mat2") -> None:
    if a.shape[-1] != b.shape[-2]:
        raise RuntimeError(
            f"{what} shapes cannot be multiplied ({a.shape[-2]}x{a.shape[-1]} and {b.shape[-2]}x{b.shape[-1]})"
        )
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {_name(a)} != {_name(b)}"
        )


def _name(x: Any) -> str:
    named = {
        "float64": "double",
        "float32": "float",
        "int64": "long int",
        "int32": "int",
        "float16": "c10::Half",
        str(DTYPE): "c10::BFloat16",
    }
    return named.get(str(x.dtype), str(x.dtype))


def _mm_forward(self: Any, mat2: Any) -> Any:
    if self.ndim != 2 or mat2.ndim != 2:
        raise RuntimeError("self must be a matrix" if self.ndim != 2 else "mat2 must be a matrix")
    _check_product(self, mat2)
    return np.matmul(self, mat2)


mm_op: Any = define_op(
    "mm",
    node="MmBackward0",
    forward=_mm_forward,
    inputs=("self", "mat2"),
    vjp={
        "self": lambda ct, mat2: matmul(ct, adjoint(mat2)),
        "mat2": lambda ct, self: matmul(adjoint(self), ct),
    },
    jvp=lambda self, mat2, self_t, mat2_t: mm_op(self_t, mat2) + mm_op(self, mat2_t),
)


def _bmm_forward(self: Any, mat2: Any) -> Any:
    if self.ndim != 3 or mat2.ndim != 3:
        raise RuntimeError(
            "batch1 must be a 3D tensor" if self.ndim != 3 else "batch2 must be a 3D tensor"
        )
    if self.shape[0] != mat2.shape[0] or self.shape[2] != mat2.shape[1]:
        want, got = [self.shape[0], self.shape[2]], list(mat2.shape[:2])
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: {want} but got: {got}."
        )
    return np.matmul(self, mat2)


bmm_op: Any = define_op(
    "bmm",
    node="BmmBackward0",
    forward=_bmm_forward,
    inputs=("self", "mat2"),
    vjp={
        "self": lambda ct, mat2: matmul(ct, adjoint(mat2)),
        "mat2": lambda ct, self: matmul(adjoint(self), ct),
    },
    jvp=lambda self, mat2, self_t, mat2_t: bmm_op(self_t, mat2) + bmm_op(self, mat2_t),
)


def _outer(a: Any, b: Any) -> Any:
    return unsqueeze(a, 1) * unsqueeze(b, 0)


def _mv_forward(self: Any, vec: Any) -> Any:
    if self.ndim != 2 or vec.ndim != 1 or self.shape[1] != vec.shape[0]:
        raise RuntimeError(
            f"size mismatch, got input ({self.shape[0]}), mat ({self.shape[0]}x{self.shape[-1]}), vec ({vec.shape[0]})"
        )
    return np.matmul(self, vec)


mv_op: Any = define_op(
    "mv",
    node="MvBackward0",
    forward=_mv_forward,
    inputs=("self", "vec"),
    vjp={
        "self": lambda ct, vec: _outer(ct, conj(vec)),
        "vec": lambda ct, self: matmul(adjoint(self), ct),
    },
    jvp=lambda self, vec, self_t, vec_t: mv_op(self_t, vec) + mv_op(self, vec_t),
)


def _dot_forward(self: Any, tensor: Any) -> Any:
    if self.ndim != 1 or tensor.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {self.ndim}D and {tensor.ndim}D tensors")
    if self.dtype != tensor.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {_name(self)} and {_name(tensor)}"
        )
    if self.shape != tensor.shape:
        raise RuntimeError(
            "inconsistent tensor size, expected tensor ["
            + f"{self.shape[0]}] and src [{tensor.shape[0]}] to have the "
            f"same number of elements, but got {self.shape[0]} and {tensor.shape[0]} elements respectively"
        )
    return np.dot(self, tensor)


dot_op: Any = define_op(
    "dot",
    node="DotBackward0",
    forward=_dot_forward,
    inputs=("self", "tensor"),
    vjp={"self": lambda ct, tensor: ct * conj(tensor), "tensor": lambda ct, self: ct * conj(self)},
    jvp=lambda self, tensor, self_t, tensor_t: dot_op(self_t, tensor) + dot_op(self, tensor_t),
)
vdot_op: Any = define_op(
    "vdot",
    node="VdotBackward0",
    forward=lambda self, other: _dot_forward(self.conj(), other),
    inputs=("self", "other"),
    # vdot = sum conj(a) b: conjugate linear in the first operand.
    vjp={"self": lambda ct, other: conj(ct) * other, "other": lambda ct, self: ct * self},
    jvp=lambda self, other, self_t, other_t: vdot_op(self_t, other) + vdot_op(self, other_t),
)

# -- matmul ------------------------------------------------------------------------------------------------------------


def matmul_function(self: Tensor, other: Tensor) -> Any:
    """The matrix product of vectors, matrices, or batches of them, as compositions of the above."""
    a, b = self.ndim, other.ndim
    if a == 0 or b == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {a}D and {b}D"
        )
    if a == 1 and b == 1:
        return dot_op(self, other)
    if a == 2 and b == 1:
        return mv_op(self, other)
    if a == 1 and b == 2:
        return op("squeeze_", mm_op(op("unsqueeze", self, 0), other), 0)
    if a == 2 and b == 2:
        return mm_op(self, other)
    return _batched(self, other)


def _batched(self: Tensor, other: Tensor) -> Any:
    """Batches are broadcast, folded into one axis, multiplied and unfolded."""
    x = op("unsqueeze", self, 0) if self.ndim == 1 else self
    y = op("unsqueeze", other, 1) if other.ndim == 1 else other
    if x.shape[-1] != y.shape[-2]:
        _check_product(x._data, y._data)
    lead = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    n, k, m = x.shape[-2], x.shape[-1], y.shape[-1]
    if y.ndim == 2:
        made = mm_op(op("reshape", x, (math.prod(lead) * n, k)), y)
    else:
        size = math.prod(lead)
        left = op("reshape", op("expand", x, (*lead, n, k)), (size, n, k))
        right = op("reshape", op("expand", y, (*lead, k, m)), (size, k, m))
        made = bmm_op(left, right)
    shape = (*lead, *((n,) if self.ndim > 1 else ()), *((m,) if other.ndim > 1 else ()))
    return unsafe_view(made, shape)


def unsafe_view(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A reshape of a fresh result, which is nobody's view."""
    return OPS["_unsafe_view"](x, shape)  # type: ignore[no-any-return]


define_function("matmul", matmul_function, aliases=("linalg.matmul",))
define_function("__rmatmul__", lambda self, other: matmul_function(other, self), method=False)

# -- products added to something ---------------------------------------------------------------------------------------


def _scaled(ct: Any, factor: Any) -> Any:
    return (
        ct if factor == 1 else ct * (factor.conjugate() if isinstance(factor, complex) else factor)
    )


def _plus(base: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """``beta * base + alpha * product``; with beta 0 the base is not read, so that its NaN does not count."""
    kind = product.dtype.type
    product = product if alpha == 1 else product * kind(alpha)
    if beta == 0:
        return product
    try:
        return np.asarray((base if beta == 1 else base * base.dtype.type(beta)) + product)
    except ValueError:
        raise RuntimeError(
            f"The expanded size of the tensor ({product.shape[-1]}) must match the existing size "
            f"({np.shape(base)[-1]}) at "
            f"non-singleton dimension {product.ndim - 1}.  Target sizes: {list(product.shape)}.  "
            f"Tensor sizes: {list(np.shape(base))}"
        ) from None


def _added_row(
    name: str,
    node: str,
    names: tuple[str, str],
    product: str,
    vjps: tuple[Any, Any],
    forward: Any = None,
) -> Any:
    """``beta * self + alpha * product(a, b)``."""
    first, second = names
    multiply = forward or OPS[product].rule.forward  # type: ignore[attr-defined]

    def run(self: Any, a: Any, b: Any, beta: Any = 1, alpha: Any = 1) -> Any:
        return _plus(self, multiply(a, b), beta, alpha)

    def jvp(self_t: Any, a: Any, b: Any, a_t: Any, b_t: Any, beta: Any, alpha: Any) -> Any:
        return op(name, self_t, a_t, b, beta=beta, alpha=alpha) + op(product, a, b_t) * alpha

    return define_op(
        f"{name}.scaled",
        node=node,
        forward=run,
        inputs=("self", first, second),
        inplace=True,
        vjp={
            "self": lambda ct, self_shape, beta: sum_to(_scaled(ct, beta), self_shape),
            first: vjps[0],
            second: vjps[1],
        },
        jvp=_with_names(jvp, first, second),
        method=False,
    )


def _with_names(jvp: Any, first: str, second: str) -> Any:
    """``jvp`` under the names of this row's operands."""
    if first == "mat1":
        return lambda self_t, mat1, mat2, mat1_t, mat2_t, beta, alpha: jvp(
            self_t, mat1, mat2, mat1_t, mat2_t, beta, alpha
        )
    if first == "mat":
        return lambda self_t, mat, vec, mat_t, vec_t, beta, alpha: jvp(
            self_t, mat, vec, mat_t, vec_t, beta, alpha
        )
    if first == "vec1":
        return lambda self_t, vec1, vec2, vec1_t, vec2_t, beta, alpha: jvp(
            self_t, vec1, vec2, vec1_t, vec2_t, beta, alpha
        )
    assert second == "batch2"  # noqa: S101 - the last of the family
    return lambda self_t, batch1, batch2, batch1_t, batch2_t, beta, alpha: jvp(
        self_t, batch1, batch2, batch1_t, batch2_t, beta, alpha
    )


addmm_op = _added_row(
    "addmm", "AddmmBackward0", ("mat1", "mat2"), "mm",
    (
        lambda ct, mat2, alpha: _scaled(matmul(ct, adjoint(mat2)), alpha),
        lambda ct, mat1, alpha: _scaled(matmul(adjoint(mat1), ct), alpha),
    ),
)  # fmt: skip
addmv_op = _added_row(
    "addmv", "AddmvBackward0", ("mat", "vec"), "mv",
    (
        lambda ct, vec, alpha: _scaled(_outer(ct, conj(vec)), alpha),
        lambda ct, mat, alpha: _scaled(matmul(adjoint(mat), ct), alpha),
    ),
)  # fmt: skip
baddbmm_op = _added_row(
    "baddbmm", "BaddbmmBackward0", ("batch1", "batch2"), "bmm",
    (
        lambda ct, batch2, alpha: _scaled(matmul(ct, adjoint(batch2)), alpha),
        lambda ct, batch1, alpha: _scaled(matmul(adjoint(batch1), ct), alpha),
    ),
)  # fmt: skip
define_function("_bmm_sum", lambda a, b: op("sum", bmm_op(a, b), 0), method=False)
addbmm_op = _added_row(
    "addbmm", "AddbmmBackward0", ("batch1", "batch2"), "_bmm_sum",
    (
        lambda ct, batch2, alpha: _scaled(matmul(unsqueeze(ct, 0), adjoint(batch2)), alpha),
        lambda ct, batch1, alpha: _scaled(matmul(adjoint(batch1), unsqueeze(ct, 0)), alpha),
    ),
    forward=lambda a, b: np.add.reduce(_bmm_forward(a, b), axis=0),
)  # fmt: skip
define_function("_outer_product", lambda a, b: _outer(a, b), method=False)
addr_op = _added_row(
    "addr", "AddrBackward0", ("vec1", "vec2"), "_outer_product",
    (
        lambda ct, vec2, alpha: _scaled(matmul(ct, conj(vec2)), alpha),
        lambda ct, vec1, alpha: _scaled(matmul(swap(ct), conj(vec1)), alpha),
    ),
    forward=np.outer,
)  # fmt: skip


def _publish_added(name: str, suffix: str) -> None:
    def call(self: Tensor, a: Tensor, b: Tensor, *, beta: Any = 1, alpha: Any = 1) -> Any:
        return OPS[f"{name}.scaled{suffix}"](self, a, b, beta, alpha)

    call.__doc__ = f"``beta * self + alpha * product`` ({name})."
    define_function(f"{name}{suffix}", call)


for _row in ("addmm", "addmv", "baddbmm", "addbmm", "addr"):
    for _suffix in ("", "_"):
        _publish_added(_row, _suffix)

# -- compositions ------------------------------------------------------------------------------------------------------


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Any:
    """``input @ weight.T + bias``."""
    if input.ndim == 2 and bias is not None and weight.ndim == 2:
        return addmm_op(bias, input, op("t", weight))
    if bias is not None and weight.ndim == 2 and input.ndim:
        rows = op(
            "reshape",
            input,
            (-1 if input.numel() else math.prod(input.shape[:-1]), input.shape[-1]),
        )
        made = addmm_op(bias, rows, op("t", weight))
        return op("view", made, (*input.shape[:-1], weight.shape[0]))
    made = matmul_function(input, op("t", weight))
    return made if bias is None else made + bias


define_function("nn.functional.linear", linear, method=False)


def outer(self: Tensor, vec2: Tensor) -> Any:
    """The products of each element of one vector with each of another."""
    for name, x in (("self", self), ("vec2", vec2)):
        if x.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.ndim}-D")
    return op("reshape", self, (-1, 1)) * vec2


define_function("outer", outer, aliases=("ger",))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Any:
    """Sum of products over ``dims``: that many last and first axes, or two lists."""
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        left, right = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    else:
        left, right = ([d] if isinstance(d, int) else list(d) for d in dims)
    left, right = [d % max(a.ndim, 1) for d in left], [d % max(b.ndim, 1) for d in right]
    rest_a = [i for i in range(a.ndim) if i not in left]
    rest_b = [i for i in range(b.ndim) if i not in right]
    a, b = _matched(a, left, b, right), _matched(b, right, a, left)
    for i, k in zip(left, right, strict=True):
        if a.shape[i] != b.shape[k]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {a.shape[i]} in dim {i} and second has size "
                f"{b.shape[k]} in dim {k}"
            )
    n = math.prod(a.shape[i] for i in left)
    x = op(
        "reshape", op("permute", a, (*rest_a, *left)), (math.prod(a.shape[i] for i in rest_a), n)
    )
    y = op(
        "reshape", op("permute", b, (*right, *rest_b)), (n, math.prod(b.shape[i] for i in rest_b))
    )
    return op("view", mm_op(x, y), (*[a.shape[i] for i in rest_a], *[b.shape[i] for i in rest_b]))


def _matched(x: Tensor, dims: list[int], other: Tensor, others: list[int]) -> Tensor:
    """``x`` summed along axes where the other operand has one entry for all."""
    gone = [i for i, k in zip(dims, others, strict=True) if other.shape[k] == 1 and x.shape[i] != 1]
    return op("sum", x, gone, keepdim=True) if gone else x


define_function("tensordot", tensordot, method=False)


def inner(self: Tensor, other: Tensor) -> Any:
    """Sum of products over the last axis of both."""
    if self.ndim == 0 or other.ndim == 0:
        return self * other
    return tensordot(self, other, ([-1], [-1]))


define_function("inner", inner)


def kron(self: Tensor, other: Tensor) -> Any:
    """Kronecker product."""
    ndim = max(self.ndim, other.ndim)
    a = (1,) * (ndim - self.ndim) + tuple(self.shape)
    b = (1,) * (ndim - other.ndim) + tuple(other.shape)
    left = op("reshape", self, tuple(n for s in a for n in (s, 1)))
    right = op("reshape", other, tuple(n for s in b for n in (1, s)))
    return unsafe_view(left * right, tuple(m * n for m, n in zip(a, b, strict=True)))


define_function("kron", kron)


def chain_matmul(*matrices: Any) -> Any:
    """The product of several matrices."""
    parts = matrices[0] if len(matrices) == 1 and not isinstance(matrices[0], Tensor) else matrices
    return OPS["linalg.multi_dot"](list(parts))


define_function("chain_matmul", chain_matmul, method=False)

registry.register("matmul.short", short_paths.make_product(mm_op.rule))
