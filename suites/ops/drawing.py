"""Which cases draw random numbers: two sides cannot agree on these, but each must differentiate its own."""

from collections.abc import Callable, Mapping

from suites.harness.case import Case


def _always(_case: Case) -> bool:
    return True


def _draws_mask(case: Case) -> bool:
    return bool(case.kwargs.get("training", True)) and case.kwargs.get("p", 0.5) not in {0, 1}


def _in_training(case: Case) -> bool:
    return bool(case.kwargs.get("training", False))


def _drops_attention(case: Case) -> bool:
    return bool(case.kwargs.get("dropout_p", 0.0) > 0)


_DROPOUT_OF_HEADS = 10  # place of dropout_p among the arguments


def _drops_in_heads(case: Case) -> bool:
    return case.args[_DROPOUT_OF_HEADS] > 0 and bool(case.kwargs.get("training", True))


# What an op draws takes part in its derivative: a mask, slopes, the regions of a pool, a projection.
_DRAWS: Mapping[str, Callable[[Case], bool]] = {
    "nn.functional.dropout": _draws_mask,
    "nn.functional.dropout2d": _draws_mask,
    "nn.functional.dropout3d": _draws_mask,
    "nn.functional.alpha_dropout": _draws_mask,
    "nn.functional.feature_alpha_dropout.with_train": _draws_mask,
    "nn.functional.rrelu": _in_training,
    "nn.functional.scaled_dot_product_attention": _drops_attention,
    "nn.functional.multi_head_attention_forward": _drops_in_heads,
    "nn.functional.fractional_max_pool2d": _always,
    "nn.functional.fractional_max_pool3d": _always,
    "nn.functional.gumbel_softmax": _always,
    "svd_lowrank": _always,
    "pca_lowrank": _always,
}

# The result is the draw, and its derivative is defined to be zero, whatever was drawn.
_ONLY_VALUES = frozenset({"normal", "normal.number_mean", "bernoulli"})
ALWAYS_DRAWN = frozenset(name for name, draws in _DRAWS.items() if draws is _always)


def is_drawn(case: Case, check: str) -> bool:
    """Whether what this check looks at hangs on a draw; op_db seeds the op, so it draws the same each time."""
    if case.op in _ONLY_VALUES:
        return check == "value"
    return case.op in _DRAWS and _DRAWS[case.op](case)
