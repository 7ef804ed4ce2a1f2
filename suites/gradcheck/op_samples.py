"""Samples of torch's op_db as plain functions of the tensors that require grad: the same for every checker."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.testing._internal.common_methods_invocations import op_db
from torch.utils import _pytree as pytree


@dataclass(frozen=True, slots=True)
class Sample:
    """An operator with everything bound but ``inputs``, which require grad."""

    name: str
    fn: Callable[..., Any]
    inputs: tuple[Tensor, ...]
    has_second: bool


def samples_of(
    names: Sequence[str] | None = None, *, each: int, dtype: torch.dtype = torch.float64
) -> Iterator[Sample]:
    """The first ``each`` samples of the operators named, or of all that have a backward in ``dtype``."""
    for op in op_db:
        if not op.supports_autograd or dtype not in op.supported_backward_dtypes("cpu"):
            continue
        if names is not None and op.name not in names:
            continue
        torch.manual_seed(0)
        drawn = op.sample_inputs("cpu", dtype, requires_grad=True)
        for i, given in enumerate(itertools.islice(drawn, each)):
            sample = _bound(op, given, i)
            if sample is not None:
                yield sample


def _bound(op: Any, given: Any, number: int) -> Sample | None:
    leaves, spec = pytree.tree_flatten(((given.input, *given.args), given.kwargs))
    places = [i for i, x in enumerate(leaves) if isinstance(x, Tensor) and x.requires_grad]
    if not places or any(x.layout != torch.strided for x in leaves if isinstance(x, Tensor)):
        return None

    def fn(*tensors: Tensor) -> Any:
        everything = list(leaves)
        for i, x in zip(places, tensors, strict=True):
            everything[i] = x
        args, kwargs = pytree.tree_unflatten(everything, spec)
        out = op.gradcheck_wrapper(op.op, *args, **kwargs)
        return given.output_process_fn_grad(out)

    title = f"{op.name}{'.' + op.variant_test_name if op.variant_test_name else ''}[{number}]"
    inputs = tuple(leaves[i].detach().clone().requires_grad_() for i in places)
    return Sample(title, fn, inputs, bool(op.supports_gradgrad))
