"""Which dtypes operators take, and which must be the same."""

# ruff: noqa: ARG001 - a check has the parameters of its operator

from __future__ import annotations

from typing import Any

from reference_impl.ops.checks.table import before, refuse


def _kind(x: Any) -> str:
    kind: str = x._data.dtype.kind
    return kind


@before("complex", "polar")
def _parts(real: Any, imag: Any) -> None:
    if not (hasattr(real, "dtype") and hasattr(imag, "dtype")):
        return
    refuse(
        _kind(real) != "f",
        f"Expected both inputs to be Half, Float or Double tensors but got {real.dtype}",
    )
    refuse(
        real.dtype != imag.dtype,
        f"Expected object of scalar type {real.dtype} but got scalar type {imag.dtype} for second argument",
    )


@before("masked_scatter", "masked_select", "masked_fill", "masked_fill_")
def _mask(self: Any, mask: Any, *_: Any) -> None:
    refuse(_kind(mask) != "b", f"only supports boolean masks, but got mask with dtype {mask.dtype}")


@before("scatter", "scatter_", "scatter_add", "scatter_add_")
def _scattered(self: Any, dim: int, index: Any, src: Any = None, **_: Any) -> None:
    if index.numel():  # of an empty index nothing is asked
        _index("scatter", index)
    refuse(
        hasattr(src, "_data") and src.dtype != self.dtype,
        "scatter(): Expected self.dtype to be equal to src.dtype",
    )


@before("index_copy", "index_copy_", "index_add", "index_add_", "index_reduce", "index_reduce_")
def _indexed(self: Any, dim: int, index: Any, source: Any, *_: Any, **__: Any) -> None:
    _index("index_copy_()", index)
    refuse(
        self.dtype != source.dtype,
        f"self and source expected to have the same dtype, but got (self) {self.dtype} and (source) {source.dtype}",
    )


def _index(name: str, index: Any) -> None:
    refuse(_kind(index) != "i", f"{name}: Expected dtype int32/int64 for index")


@before("neg", "neg_")
def _negated(self: Any) -> None:
    refuse(
        hasattr(self, "_data") and _kind(self) == "b",
        "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
        "the `~` or `logical_not()` operator instead.",
    )


# -- one dtype for all -------------------------------------------------------------------------------------------------

_ONE_DTYPE = """
    addbmm addmm addmv baddbmm bmm mv cartesian_prod meshgrid cholesky_solve cdist cross linalg.cross linalg.vecdot
    linalg.solve linalg.solve_ex linalg.tensorsolve linalg.householder_product linalg.lstsq triangular_solve
    _softmax_backward_data
    nn.functional.grid_sample nn.functional.bilinear nn.functional.binary_cross_entropy nn.functional.linear prelu ormqr
    nn.functional.scaled_dot_product_attention
"""
_OF_NORMS = "batch_norm layer_norm group_norm instance_norm"
_HALVES = ("float16", "bfloat16")


def _tensors(given: Any) -> list[Any]:
    """The tensors among arguments, and in lists of them, that hold numbers to compute with."""
    found: list[Any] = []
    for x in given:
        if isinstance(x, tuple | list):
            found += _tensors(x)
        elif hasattr(x, "_data"):
            found.append(x)
    return found


def _agree(name: str, tensors: list[Any]) -> None:
    other = next((x for x in tensors if x.dtype != tensors[0].dtype), None)
    refuse(
        other is not None,
        f"{name}: expected tensors to have the same dtype, but got {tensors[0].dtype if tensors else None} and "
        f"{None if other is None else other.dtype}",
    )


@before(*_ONE_DTYPE.split())
def _one_dtype(*args: Any, **kwargs: Any) -> None:
    named = [x for name, x in kwargs.items() if name not in {"attn_mask", "out"}]
    _agree("mixed dtypes", _tensors([*args[:_MASKS_FROM], *named]))


_MASKS_FROM = 3  # by place, the fourth argument of attention and of losses is a mask or a weight


@before("masked_scatter", "masked_scatter_")
def _masked(self: Any, mask: Any, source: Any) -> None:
    _agree("masked_scatter", [self, source])


@before("scatter_reduce", "scatter_reduce_")
def _reduced(self: Any, dim: int, index: Any, source: Any, *_: Any, **__: Any) -> None:
    if index.numel():  # of an empty index nothing is asked
        _index("scatter()", index)
    _agree("scatter()", [self, source])


@before(
    *(f"nn.functional.{norm}" for norm in _OF_NORMS.split()),
    "native_layer_norm",
    "native_group_norm",
)
def _norms(input: Any, *args: Any, **kwargs: Any) -> None:
    params = _tensors([*args, *kwargs.values()])
    short = (
        str(input.dtype).rpartition(".")[2] in _HALVES
    )  # mixed precision: parameters stay in float32
    _agree(
        "mixed dtype",
        params if short and params and params[0].dtype != input.dtype else [input, *params],
    )


# -- dtypes that are not taken -----------------------------------------------------------------------------------------

_FLOATING_OR_COMPLEX = """
    linalg.cholesky linalg.cholesky_ex linalg.cond linalg.det linalg.eig linalg.eigvals linalg.eigh linalg.eigvalsh
    linalg.inv linalg.inv_ex linalg.pinv linalg.qr linalg.slogdet linalg.solve linalg.solve_ex linalg.svd
    linalg.svdvals linalg.tensorinv linalg.tensorsolve linalg.vecdot linalg.lu linalg.lu_factor linalg.lu_factor_ex
    linalg.matrix_norm logdet matrix_exp pinverse qr svd inverse det slogdet cholesky renorm stft geqrf
    linalg.matrix_rank cholesky_inverse linalg.vector_norm.dims
"""
_FLOATING = "cdist nn.functional.pdist frexp quantile nanquantile nn.functional.kl_div"
_NO_BOOL = """
    sub.plain sub.scaled rsub.tensor rsub.number trapezoid cumulative_trapezoid cov corrcoef mvlgamma topk positive
    nn.functional.relu nn.functional.relu6 nn.functional.hardtanh nn.functional.tanhshrink linalg.vander masked.var
    masked.std
"""
_NO_COMPLEX = """
    max.all max.dim min.all min.dim maximum minimum fmax fmin sort.stable topk msort deg2rad rad2deg nansum nanmean
    amax.dims amin.dims aminmax.dim
"""


def _refusing(names: str, kinds: str, wanted: str) -> None:
    @before(*names.split())
    def check(*args: Any, **_: Any) -> None:
        for x in _tensors(args):
            refuse(
                _kind(x) in kinds,
                f"Expected a {wanted} tensor as input, but got {x.dtype}: it is not supported",
            )


_refusing(_FLOATING_OR_COMPLEX, "biu", "floating point or complex")
_refusing(_FLOATING, "biuc", "floating point")
_refusing(_NO_BOOL, "b", "numeric (the `-` operator, with a bool tensor, is not supported)")
_refusing(_NO_COMPLEX, "c", "real")


@before("nn.functional.cross_entropy", "nn.functional.nll_loss")
def _classes(input: Any, target: Any, *_: Any, **__: Any) -> None:
    refuse(
        target.shape[:1] == input.shape[:1]
        and tuple(target.shape) != tuple(input.shape)
        and _kind(target) not in "iu",
        f"expected target dtype to be Long or Byte, but got {target.dtype.short}",
    )


@before("nn.functional.one_hot")
def _one_hot(input: Any, *_: Any, **__: Any) -> None:
    refuse(_kind(input) != "i", "one_hot is only applicable to index tensor of type LongTensor.")


@before("gather", "index_select")
def _places(self: Any, dim: int, index: Any, *_: Any, **__: Any) -> None:
    if index.numel():
        _index("gather()", index)


@before("take", "put")
def _flat_places(self: Any, index: Any, source: Any = None, *_: Any) -> None:
    _index("take()", index)
    if source is not None:
        _agree("put_()", [self, source])


@before("index_fill", "index_fill_")
def _filled_places(self: Any, dim: int, index: Any, value: Any) -> None:
    refuse(_kind(index) != "i", "index_fill_(): Expected dtype int64 for index.", IndexError)


@before("index_put", "index_put_", "_unsafe_masked_index_put_accumulate")
def _put(self: Any, *args: Any, **_: Any) -> None:
    values = next((x for x in reversed(args) if hasattr(x, "_data")), None)
    if values is not None:
        _agree("Index put requires the source and destination dtypes match", [self, values])


@before("where")
def _condition(condition: Any, *_: Any, **__: Any) -> None:
    refuse(
        hasattr(condition, "_data") and _kind(condition) not in "bu",
        "where expected condition to be a boolean tensor, but got a tensor of another dtype",
    )


@before("lerp", "lerp_", "heaviside")
def _ends(self: Any, end: Any, *weight: Any, **_: Any) -> None:
    _agree("expected one dtype for `end`", _tensors([self, end, *weight]))


@before("isin", "result_type")
def _no_words(*args: Any, **_: Any) -> None:
    refuse(
        any(isinstance(x, str) for x in args),
        "received an invalid combination of arguments - got (str)",
        TypeError,
    )
