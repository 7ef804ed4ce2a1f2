"""Which arguments of an operator are dimensions, so that each call can be made again with them counted from the end."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from suites.harness.case import Case

# By place among the arguments; by name they are the same everywhere.
_BY_PLACE: Mapping[str, tuple[int, ...]] = {
    **dict.fromkeys(
        """
        cumsum cumprod cummax cummin logcumsumexp sum mean prod var std nansum amax amin logsumexp all any
        max.reduction_with_dim min.reduction_with_dim median nanmedian mode sort msort index_select index_add
        index_copy index_fill index_reduce.mean index_reduce.prod index_reduce.amin index_reduce.amax gather scatter
        scatter_add scatter_reduce.sum scatter_reduce.prod scatter_reduce.mean scatter_reduce.amin
        scatter_reduce.amax narrow select select_scatter slice slice_scatter squeeze squeeze.multiple unbind
        unflatten unfold flip permute cat softmax softmax.with_dtype log_softmax log_softmax.with_dtype
        nn.functional.softmin nn.functional.softmin.with_dtype nn.functional.glu unsqueeze stack flatten
        """.split(),  # noqa: SIM905 - a table of names reads better so
        (1,),
    ),
    **dict.fromkeys(
        """
        topk kthvalue chunk unsafe_chunk split split.list_args split_with_sizes unsafe_split tensor_split roll diff
        take_along_dim repeat_interleave norm linalg.vector_norm linalg.norm linalg.matrix_norm renorm quantile
        nanquantile fft.fft fft.ifft fft.rfft fft.irfft fft.hfft fft.ihfft nn.functional.normalize
        """.split(),  # noqa: SIM905 - as above
        (2,),
    ),
    **dict.fromkeys(("transpose", "swapaxes", "movedim"), (1, 2)),
    **dict.fromkeys(("diagonal", "diagonal_copy", "diag_embed", "linalg.diagonal"), (2, 3)),
    "diagonal_scatter": (3, 4),
}
_BY_NAME = frozenset(
    "dim dims dim0 dim1 dim2 axis start_dim end_dim source destination".split()  # noqa: SIM905 - as above
)
# What these call dims are numbers of dimensions, or lists that fit one order alone.
_NOT_DIMS = frozenset({"tensordot", "linalg.tensorsolve", "linalg.tensorinv"})
# Of these -1 is no dimension: it stands for all of them.
_ALL_AT_MINUS_ONE = frozenset({"nn.utils.parametrizations.weight_norm"})
# What comes out has a dimension more, and counts from its end.
_ONE_MORE = frozenset({"unsqueeze", "stack", "diag_embed"})


def turned(case: Case) -> Case | None:
    """The same call with its dimensions counted from the other end; None where it names none."""
    ranks = [array.ndim for array in _tensors(case.args[:1])]
    if not ranks or case.op in _NOT_DIMS | _ALL_AT_MINUS_ONE:
        return None
    rank = max(ranks) + (case.op in _ONE_MORE)
    places = _BY_PLACE.get(case.op, ())
    args = tuple(_turn(a, rank) if i in places else a for i, a in enumerate(case.args))
    kwargs = {k: _turn(v, rank) if k in _BY_NAME else v for k, v in case.kwargs.items()}
    dims = [args[i] for i in places if i < len(args)], [kwargs[k] for k in _BY_NAME & set(kwargs)]
    before = (
        [case.args[i] for i in places if i < len(args)],
        [case.kwargs[k] for k in _BY_NAME & set(kwargs)],
    )
    return None if repr(dims) == repr(before) else replace(case, args=args, kwargs=kwargs)


def _turn(dim: Any, rank: int) -> Any:
    if isinstance(dim, (tuple, list)):
        return type(dim)(_turn(d, rank) for d in dim)
    if isinstance(dim, bool) or not isinstance(dim, int):
        return dim
    size = max(rank, 1)
    return dim - size if dim >= 0 else dim + size


def _tensors(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)
