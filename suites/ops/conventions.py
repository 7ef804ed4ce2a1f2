"""Where an answer is nobody's promise: checks that are not made, each with its reason."""

from collections.abc import Mapping

# (operator, check): why reference and subject need not agree.
NOT_COMPARED: Mapping[tuple[str, str], str] = {
    ("linalg.norm.subgradients_at_zero", "double"): (
        "every sample lies on the kink of the norm, where a subgradient is documented but no second derivative"
    ),
}
