"""torch.nn.utils: gradients clipped, parameters as vectors or as functions of others, packed sequences."""

from __future__ import annotations

from typing import Any

from reference_impl.missing import NotOfferedError
from reference_impl.nn.utils import parametrizations, parametrize, rnn
from reference_impl.nn.utils.clipping import (
    clip_grad_norm,
    clip_grad_norm_,
    clip_grad_value_,
    clip_grads_with_norm_,
    get_total_norm,
)
from reference_impl.nn.utils.norms import (
    remove_spectral_norm,
    remove_weight_norm,
    spectral_norm,
    weight_norm,
)
from reference_impl.nn.utils.vectors import parameters_to_vector, vector_to_parameters


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """A module whose parameters may hold anything; here they are drawn as ever."""
    return module_cls(*args, **kwargs)


__all__ = [
    "clip_grad_norm",
    "clip_grad_norm_",
    "clip_grad_value_",
    "clip_grads_with_norm_",
    "get_total_norm",
    "parameters_to_vector",
    "parametrizations",
    "parametrize",
    "remove_spectral_norm",
    "remove_weight_norm",
    "rnn",
    "skip_init",
    "spectral_norm",
    "vector_to_parameters",
    "weight_norm",
]


def __getattr__(name: str) -> Any:
    raise NotOfferedError("torch.nn.utils", name, __all__)
