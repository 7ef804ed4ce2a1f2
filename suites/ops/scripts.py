"""How a script that needs torch alone says a call of the op suites: the operator's path, and the way it is called."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from suites.harness.case import Case, run_case
from suites.harness.case_script import Literals, Spelling, Text
from suites.harness.examine import repro_of
from suites.harness.subject import Subject
from suites.harness.tolerances import Tolerance
from suites.ops.adapters import spelled_out
from suites.ops.opinfo_source import path_of
from suites.ops.rows import Row
from suites.ops.spelling import Named
from suites.ops.ways import case_for

_IN_PLACE = """
plain = call


def call(x0, *xs):
    target = x0.clone()
    plain(target, *xs)
    return [target]

"""
_WRITTEN_VIEW = """
plain = call


def call(x0, *xs):
    base = x0.clone()
    views = plain(base, *xs)
    for view in views:
        view.mul_(3)
    return [base * 1, *views]

"""
_TANGENT = """
plain, drawn_tangents = call, [{drawn}]


def call(*xs):
    with torch.autograd.forward_ad.dual_level():
        duals = [torch.autograd.forward_ad.make_dual(x, t) for x, t in zip(xs, drawn_tangents)]
        found = [torch.autograd.forward_ad.unpack_dual(y).tangent for y in plain(*duals)]
    return [t for t in found if t is not None]

"""
_COTANGENT = """
plain, cotangents = call, [{drawn}]


def call(*xs):
    xs = [x if x.requires_grad else x.requires_grad_() for x in xs]
    ys = [y for y in plain(*xs) if y.requires_grad]
    found = torch.autograd.grad(ys, xs, cotangents, create_graph=True, allow_unused=True)
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, xs)]

"""
_AROUND: Mapping[str, str] = {
    "inplace": _IN_PLACE,
    "view": _WRITTEN_VIEW,
    "reverse-over-forward": _TANGENT,
    "forward-over-reverse": _COTANGENT,
}


def script_of(row: Row, case: Case, check: str, tolerance: Tolerance) -> str | None:
    """The script of one failing case; None where it cannot be said in plain torch, or not briefly."""
    operator = spelled_out(row.entry, path_of(row.entry, row.check))
    if operator is None:
        return None
    subject = row.case_key.subject
    around = _AROUND.get(row.check.removesuffix("-edges"), "").replace(
        "{drawn}", _drawn(row, case, subject)
    )
    said = _readable(case), Spelling(operator, around)
    called = case_for(row.way, case)
    return repro_of(row.sides(), called, check, subject, tolerance, written=said)


def _readable(case: Case) -> Case:
    """The case with names written out, so that they read back as themselves."""

    def written(value: Any) -> Any:
        if isinstance(value, Named):
            return Text(repr(value))
        if isinstance(value, (tuple, list)):
            return type(value)(written(item) for item in value)
        return value

    kwargs = {key: written(value) for key, value in case.kwargs.items()}
    return replace(case, args=written(case.args), kwargs=kwargs)


def _drawn(row: Row, case: Case, subject: Subject) -> str:
    """The tangents or cotangents that the way draws for the inner derivative, written out."""
    composed = row.check.removesuffix("-edges")
    if composed == "reverse-over-forward":
        like = case.inputs()
    elif composed == "forward-over-reverse":
        reference = replace(row, check="vjp").sides().reference
        like = [v.value for v in run_case(reference, case, ("value",)).values if v.requires_grad]
    else:
        return ""
    tangents = replace(
        case, args=tuple(like), kwargs={}, differentiable=tuple(range(len(like)))
    ).drawn_tangents()
    return ", ".join(map(Literals(subject).tensor, tangents))
