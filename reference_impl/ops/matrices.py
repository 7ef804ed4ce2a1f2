"""What functions of matrices share: checks of their shapes."""

# ruff: noqa: N803 - torch's signatures

from __future__ import annotations

from typing import Any

from reference_impl.ops.lang import shape_of


def check_square(name: str, a: Any) -> None:
    """Refuse what is no square matrix."""
    if a.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor A must have at least 2 dimensions.")
    if a.shape[-1] != a.shape[-2]:
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {a.shape[-2]} by {a.shape[-1]} matrices"
        )


def is_vector(A: Any, B: Any) -> bool:
    """True if ``B`` is a vector, or a batch of them, rather than a matrix."""
    a, b = shape_of(A), shape_of(B)
    return len(b) == 1 or (len(a) - 1 == len(b) and b == a[:-1])
