"""A tensor taken apart: tensor_split and the splits of a given axis."""

from __future__ import annotations

from typing import Any

from reference_impl import layout
from reference_impl.ops.lang import op
from reference_impl.ops.rule import define_function
from reference_impl.tensor import Tensor


def tensor_split(self: Tensor, indices_or_sections: Any, dim: int = 0) -> Any:
    """So many parts of nearly one size, or cuts at the indices given; views."""
    if self.ndim == 0:
        raise RuntimeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    at = layout.one_dim(dim, self.ndim)
    n = self.shape[at]
    wanted = (
        indices_or_sections.tolist()
        if isinstance(indices_or_sections, Tensor)
        else indices_or_sections
    )
    if isinstance(wanted, int):
        if wanted <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {wanted}")
        small, extra = divmod(n, wanted)
        cuts = [i * small + min(i, extra) for i in range(1, wanted)]
    else:
        cuts = list(wanted)
    return tuple([op("slice", self, at, a, b) for a, b in zip([0, *cuts], [*cuts, n], strict=True)])


def _along(name: str, axis: Any, least: int) -> None:
    def call(self: Tensor, indices_or_sections: Any) -> Any:
        if self.ndim < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} "
                f"dimension{'s' if least > 1 else ''}, but got a tensor "
                f"with {self.ndim} dimensions!"
            )
        dim = axis(self)
        if isinstance(indices_or_sections, int) and (
            indices_or_sections <= 0 or self.shape[dim] % indices_or_sections
        ):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the "
                f"dimension {self.shape[dim]} is "
                f"not divisible by the split_size {indices_or_sections}!"
            )
        return tensor_split(self, indices_or_sections, dim)

    call.__doc__ = f"``{name}``: tensor_split along a fixed axis."
    define_function(name, call)


define_function("tensor_split", tensor_split)
_along("hsplit", lambda x: 0 if x.ndim == 1 else 1, 1)
_along("vsplit", lambda x: 0, 2)
_along("dsplit", lambda x: 2, 3)
