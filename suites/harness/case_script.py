"""A case as a script that needs torch alone: literal inputs, expected numbers, exit code 1 while they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from suites.harness.case import Arrays, Case
from suites.harness.implementation import TorchSpelling
from suites.harness.subject import EAGER, Subject
from suites.harness.tolerances import Tolerance

_LONGEST = 4000  # elements; a longer script helps nobody
_PLAIN = (bool, int, float, complex, str, slice, type(None), type(...))

_BODY = {
    "vjp": """
outputs = [y for y in call(*inputs) if y.requires_grad]
found = torch.autograd.grad(outputs, inputs, [{cts}], allow_unused=True)
""",
    "jvp": """
with torch.autograd.forward_ad.dual_level():
    make, unpack = torch.autograd.forward_ad.make_dual, torch.autograd.forward_ad.unpack_dual
    duals = [make(x.detach(), t) for x, t in zip(inputs, [{tangents}])]
    found = [unpack(y).tangent for y in call(*duals)]
""",
    "double": """
outputs = [y for y in call(*inputs) if y.requires_grad]
first = torch.autograd.grad(outputs, inputs, [{cts}], allow_unused=True, create_graph=True)
pairs = [(g, t) for g, t in zip(first, [{tangents}]) if g is not None and g.requires_grad]
found = torch.autograd.grad([g for g, _ in pairs], inputs, [t for _, t in pairs], allow_unused=True)
""",
    "value": """
found = call(*inputs)
""",
}
_END = """
wanted = [{wanted}]
for i, (got, want) in enumerate(zip(found, wanted)):
    if got is None and want is None:
        continue
    if {is_strict} and (got is None or want is None):
        print(f"result {{i}}: wanted {{want}}, found {{got}}")
        sys.exit(1)
    got = torch.zeros_like(want) if got is None else got.detach()
    want = torch.zeros_like(got) if want is None else want
    if not torch.allclose(got, want, rtol={rtol!r}, atol={atol!r}, equal_nan=True):
        print(f"result {{i}}: wanted {{want}}, found {{got}}")
        sys.exit(1)
"""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a script says an operator: an expression for it, and lines that define ``call`` anew."""

    op: str
    around: str = ""


class Text:
    """Text that stands for itself when it is written out, such as the name of a dtype."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a script compares with: the right answer, the cotangents it belongs to, and how far another may lie."""

    arrays: Arrays
    cts: Sequence[NDArray[Any]]
    tolerance: Tolerance


def case_script(
    case: Case, check: str, subject: Subject, wanted: Wanted, spelling: Spelling | None = None
) -> str | None:
    """The script of one check, or None where the case is too long to be written out or is no plain data.

    Args:
        case: the call.
        check: ``value``, ``vjp``, ``jvp`` or ``double``.
        subject: where it failed.
        wanted: what the reference, or the differences, say.
        spelling: how the operator is called, where it is no function of torch under the case's name.
    """
    literals = Literals(subject)
    said = spelling or Spelling(op=_op_text(case.op, subject.mode))
    if sum(array.size for array in case.arrays()) > _LONGEST or not _is_plain(
        (case.args, dict(case.kwargs))
    ):
        return None
    arrays, places = case.arrays(), {i: n for n, i in enumerate(case.differentiable)}
    args, kwargs = case.rebuilt(
        lambda i, _: Text(f"x{places[i]}" if i in places else literals.tensor(arrays[i]))
    )
    given = ", ".join([*map(repr, args), *(f"{key}={value!r}" for key, value in kwargs.items())])
    tracked = ", ".join(f"{literals.tensor(x)}.requires_grad_()" for x in case.inputs())
    fields = {
        "cts": ", ".join(map(literals.tensor, wanted.cts)),
        "tangents": ", ".join(map(literals.tensor, case.drawn_tangents())),
        "wanted": ", ".join("None" if w is None else literals.tensor(w) for w in wanted.arrays),
        "rtol": wanted.tolerance.rtol,
        "atol": wanted.tolerance.atol,
        "is_strict": check == "vjp",
    }
    head = (
        f'"""{check} of {case.op} on {subject.label}: exits 1 while it fails."""\n'
        f"import sys\n\nimport torch\n\ninf, nan = float('inf'), float('nan')\n"
        f"op = {said.op}\ninputs = [{tracked}]\n\n\n"
        f"def call({', '.join(f'x{n}' for n in places.values())}):\n    result = op({given})\n"
        f"    return [y for y in (result if isinstance(result, (tuple, list)) else [result])]\n\n"
    )
    return head + said.around + _BODY[check].format(**fields) + _END.format(**fields)


class Literals:
    """Arrays as torch expressions, in the dtype that the subject gives them."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._dtypes = TorchSpelling(None, subject, lambda _: None)

    def tensor(self, array: NDArray[Any]) -> str:
        numbers = np.asarray(array)
        device = "" if self._subject.device == "cpu" else f", device={self._subject.device!r}"
        text = f"torch.tensor({numbers.tolist()!r}, dtype=torch.{self._dtypes.dtype_for(numbers.dtype)}{device})"
        return text if numbers.size else f"{text}.reshape({numbers.shape!r})"


def _is_plain(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return isinstance(value, (np.ndarray, Text, *_PLAIN))


def _op_text(name: str, mode: str) -> str:
    path = f"torch.{name}" if not name.startswith("__") else f"torch.Tensor.{name}"
    return path if mode == EAGER else f"torch.compile({path}, backend={mode!r})"
