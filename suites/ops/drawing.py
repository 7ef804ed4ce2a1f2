"""Which cases draw random numbers: two implementations cannot agree on these, but each must differentiate its own draw."""

from collections.abc import Callable, Mapping

from suites.harness.case import Case


def _draws_mask(case: Case) -> bool:
    return bool(case.kwargs.get("training", True)) and case.kwargs.get("p", 0.5) not in {0, 1}


def _always(_case: Case) -> bool:
    return True


def _in_training(case: Case) -> bool:
    return bool(case.kwargs.get("training", False))


def _drops_attention(case: Case) -> bool:
    return case.kwargs.get("dropout_p", 0.0) > 0


_DROPOUT_OF_ATTENTION = 11  # place of dropout_p among the arguments


def _drops_in_heads(case: Case) -> bool:
    return case.args[_DROPOUT_OF_ATTENTION] > 0 and case.kwargs.get("training", True)


_DRAWS: Mapping[str, Callable[[Case], bool]] = {
    "nn.functional.dropout": _draws_mask,
    "nn.functional.dropout2d": _draws_mask,
    "nn.functional.dropout3d": _draws_mask,
    "nn.functional.alpha_dropout": _draws_mask,
    "nn.functional.feature_alpha_dropout.with_train": _draws_mask,
    "nn.functional.rrelu": _in_training,
    "nn.functional.scaled_dot_product_attention": _drops_attention,
    "nn.functional.multi_head_attention_forward": _drops_in_heads,
    "normal": _always,
    "normal.number_mean": _always,
    "bernoulli": _always,
}


def is_drawn(case: Case) -> bool:
    """Whether the op draws random numbers in this case; op_db seeds it, so it draws the same ones each time."""
    return case.op in _DRAWS and _DRAWS[case.op](case)
