"""What an op makes of arrays that are not NumPy's own. See Note [Other kinds of arrays]."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from reference_impl import masked_rules, meta_array, sparse_rules
from reference_impl.bfloat16_array import DTYPE, bare, widen, wrap
from reference_impl.dtypes import bfloat16, float32, promote_types
from reference_impl.dtypes import dtype as torch_dtype
from reference_impl.graph import RuleNode
from reference_impl.kinds import LISTENERS, SEEN
from reference_impl.masked_array import Masked
from reference_impl.meta_array import Meta
from reference_impl.sparse_array import Sparse

_STRICT = frozenset({"mm", "mv", "bmm", "dot", "vdot"})  # they refuse operands of two dtypes


def compute(rule: Any, arrays: list[Any], params: tuple[Any, ...]) -> Any:
    """``rule.forward`` on arrays of any kind."""
    kinds = {type(a) for a in arrays}
    if Masked in kinds and not rule.name.startswith("masked."):
        return masked_rules.compute(rule, arrays, params, lambda data: compute(rule, data, params))
    if any(_is_bfloat16(a) for a in (*arrays, *params)) and not (rule.view and Meta in kinds):
        return _compute_bfloat16(rule, arrays, params)
    if Sparse in kinds:
        return sparse_rules.compute(rule, arrays, params)
    if Meta in kinds:
        return meta_array.compute(
            rule, arrays, params, lambda values: compute(rule, values, params)
        )
    return rule.forward(*rule.shape_args(arrays), *params)


def _is_bfloat16(x: Any) -> bool:
    return x is bfloat16 or getattr(x, "dtype", x if isinstance(x, np.dtype) else None) == DTYPE


def _compute_bfloat16(rule: Any, arrays: list[Any], params: tuple[Any, ...]) -> Any:
    """In float32, rounded once at the end; a view stays a view of the same memory."""
    floats = [a.dtype for a in arrays if hasattr(a, "dtype") and a.dtype.kind in "fc"]
    if rule.view or (rule.name in _STRICT and len(set(floats)) > 1):
        return wrap(rule.forward(*rule.shape_args(bare(arrays)), *params))
    wide = tuple(float32 if p is bfloat16 else p for p in widen(params))
    made = compute(rule, widen(arrays), wide)
    joins = rule.variadic or rule.name == "where.three"  # ops that promote by themselves
    leading = reduce(promote_types, floats) if joins and floats else (*floats, None)[0]
    asked = next((p for p in params if isinstance(p, np.dtype | torch_dtype)), leading)
    if getattr(asked, "np", asked) != DTYPE:
        return made
    if rule.hidden:  # values for the formulas alone: as precise as they are
        return (*wrap(made[: -rule.hidden]), *made[-rule.hidden :])
    return wrap(made)


_SHORT: dict[type[RuleNode], Any] = {}  # the short forms of `apply`, while they are not in use


def _choose_applies() -> None:
    """The short forms compute with what the arrays are; ``RuleNode.apply`` asks. See Note [Other kinds of arrays]."""
    if SEEN:
        for cls in RuleNode.__subclasses__():
            if "apply" in vars(cls):
                _SHORT[cls] = cls.apply
                del cls.apply
        return
    for cls, short in _SHORT.items():
        cls.apply = short  # type: ignore[method-assign]
    _SHORT.clear()


LISTENERS.append(_choose_applies)
