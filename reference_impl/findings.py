"""What a check found, as data and as text that a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from reference_impl.examining import AT_KINK, Examined
from reference_impl.likeness import likenesses
from reference_impl.locating import Entry, Located, locate, part_of
from reference_impl.probing import Look, Mode, Probe
from reference_impl.taylor import remainder_orders

_CLEARLY_FIRST_ORDER = 1.5
# Formulas that cancel leave errors of this part of the largest values; nobody calls that a wrong gradient.
NEGLIGIBLE = 1e-7

Kind = Literal["wrong", "undecided", "nondeterministic", "relation", "negligible"]


class GradientError(AssertionError):
    """A gradient is wrong. ``result`` is the whole CheckResult."""

    def __init__(self, result: CheckResult) -> None:
        super().__init__(str(result))
        self.result = result


class UndecidedError(GradientError):
    """Differences cannot tell whether the gradient is right; the message says why and what would help."""


class NondeterministicError(UndecidedError):
    """The function gives different values for the same inputs, so there is no difference to take."""


class InputError(ValueError):
    """What was given cannot be checked, and why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or cannot be decided.

    ``what`` names the derivative (``reverse mode``, ``reverse over forward``); ``likenesses`` the mistakes that it
    looks like; ``trust`` what is known of the difference itself.
    """

    kind: Kind
    what: str
    says: str
    entry: Entry | None = None
    likenesses: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    look: Look | None = None

    def __str__(self) -> str:
        lines = [f"{self.what}: {self.says}"]
        if self.entry is not None:
            lines += _entry_lines(self.entry)
        lines += [f"  looks like: {name}" for name in self.likenesses]
        if self.look is not None:
            lines.append(
                f"  along a random direction over all inputs: claimed {self.look.claimed:.12g}, the difference says "
                f"{self.look.numeric:.12g}, bar {self.look.bar:.2g}"
            )
        return "\n".join([*lines, *(f"  {line}" for line in self.trust)])


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The outcome of a check.

    ``resolution`` is the smallest error that would have been seen, relative to the length of the vector of terms along
    the direction. ``lacks`` names modes that the function does not have. ``counts`` has how often it was evaluated.
    """

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    resolution: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def verdict(self) -> Literal["right", "wrong", "undecided"]:
        """``wrong`` outweighs ``undecided``."""
        kinds = {finding.kind for finding in self.findings}
        if kinds & {"wrong", "relation"}:
            return "wrong"
        return "undecided" if kinds else "right"

    @property
    def ok(self) -> bool:
        """Whether everything asked for is right."""
        return self.verdict == "right"

    def raise_if_not_right(self) -> None:
        """Raises what a test should fail with.

        Raises:
            GradientError: a gradient is wrong.
            UndecidedError: it cannot be decided.
            NondeterministicError: for the reason that the function differs between calls.
        """
        if self.verdict == "wrong":
            raise GradientError(self)
        if any(finding.kind == "nondeterministic" for finding in self.findings):
            raise NondeterministicError(self)
        if self.verdict == "undecided":
            raise UndecidedError(self)

    def __str__(self) -> str:
        head = {
            "right": f"right, to {self.resolution:.1g} of the terms along a random direction",
            "wrong": "the gradient is wrong",
            "undecided": "the gradient can be called neither right nor wrong",
        }[self.verdict]
        lines = [head, *map(str, self.findings)]
        lines += [f"note: {note}" for note in self.notes]
        lines += [f"not there: {lack}" for lack in self.lacks]
        return "\n".join(lines)


def describe(one: Examined, what: str) -> Finding | None:
    """A finding for a verdict that is not right, located and named; None for one that is."""
    if one.look.verdict == "right":
        return None
    with np.errstate(all="ignore"):
        return _described(one, what)


def _described(one: Examined, what: str) -> Finding:
    if "nondeterministic" in one.look.notes:
        return Finding(
            "nondeterministic",
            what,
            f"the function gives values up to {one.look.spread:.3g} apart for the same inputs; seed or freeze what is "
            "random in it, and check again",
        )
    if one.look.verdict == "undecided":
        return Finding("undecided", what, _why_undecided(one.look), look=one.look)
    if AT_KINK in one.look.notes:
        return Finding("wrong", what, _says_at_kink(one), trust=one.look.notes[1:])
    located = locate(one.probe, one.look.mode)
    if _is_negligible(one, located):
        return Finding("negligible", what, _says_negligible(located.entry))
    whole = one.probe.problem.vjp(one.probe.ct) if one.look.mode == "reverse" else None
    return Finding(
        "wrong",
        what,
        _extent(located),
        located.entry,
        likenesses(one.probe.problem, located.sampled, whole),
        (*_trust(one.probe, one.look), *one.look.notes),
        one.look,
    )


def _is_negligible(one: Examined, located: Located) -> bool:
    """Whether the worst entry is off by what a formula that cancels may be: nothing beside its output's own values."""
    entry = located.entry
    slopes = np.abs(located.sampled.columns[:, entry.output_place])
    size = max(
        float(slopes.max(initial=0.0)), abs(float(one.probe.problem.here[entry.output_place]))
    )
    return abs(entry.claimed - entry.numeric) <= NEGLIGIBLE * size


def _says_negligible(entry: Entry) -> str:
    output, given = entry.output.say(entry.output_place), entry.input.say(entry.input_place)
    return f"d {output} / d {given} is {entry.claimed - entry.numeric:.2g} off, which is nothing beside the values"


def _says_at_kink(one: Examined) -> str:
    place = int(np.flatnonzero(one.probe.ct)[0])
    output = part_of(one.probe.problem.outputs, place)
    return (
        f"{output.say(place)} lies on a kink or a tie, where any of the slopes found nearby would do; along a random "
        f"direction {one.look.claimed:.6g} is claimed, and is not between them"
    )


def name_of(mode: Mode) -> str:
    """How a mode is called in messages."""
    return f"{mode} mode"


def result_of(
    findings: Sequence[Finding],
    examined: Sequence[Examined],
    counts: dict[str, int],
    lacks: tuple[str, ...] = (),
) -> CheckResult:
    """The result of looking at several modes; what is negligible becomes a note."""
    looks = [one.look for one in examined]
    notes = [note for look in looks if look.verdict == "right" for note in look.notes]
    notes += [f"{f.what}: {f.says}" for f in findings if f.kind == "negligible"]
    resolution = max((look.bar / look.size for look in looks if look.size > 0), default=0.0)
    kept = tuple(f for f in findings if f.kind != "negligible")
    return CheckResult(kept, tuple(dict.fromkeys(notes)), lacks, resolution, dict(counts))


def _entry_lines(entry: Entry) -> list[str]:
    output, given = entry.output.say(entry.output_place), entry.input.say(entry.input_place)
    ratio = f", claimed / difference = {entry.claimed / entry.numeric:.6g}" if entry.numeric else ""
    return [
        f"  worst entry found: d {output} / d {given}",
        f"    claimed    {entry.claimed:.12g}",
        f"    difference {entry.numeric:.12g} +- {entry.bar:.1g}{ratio}",
    ]


def _extent(located: Located) -> str:
    sampled = located.sampled
    wrong, all_ = int(sampled.is_wrong.sum()), sampled.places.size
    others = [name for name, is_wrong in located.others if is_wrong and name != sampled.part.name]
    also = f"; wrong too: {', '.join(others)}" if others else ""
    return f"the gradient with respect to {sampled.part.name} is wrong ({wrong} of {all_} elements looked at){also}"


def _why_undecided(look: Look) -> str:
    if look.unusable:
        return (
            f"{look.unusable} output elements are nan or inf, or the function fails, at every point beside the given "
            "one; check it at a point inside its domain"
        )
    if look.notes:
        return look.notes[0]
    return (
        f"differences of its values are good to {look.bar:.2g} only, where the terms are {look.size:.2g}: it is noisy, "
        "ill-conditioned or computes in low precision here; give it float64 inputs, or another point"
    )


def _trust(probe: Probe, look: Look) -> tuple[str, ...]:
    with_claim, with_difference = remainder_orders(probe, look.claimed, look.numeric)
    told = [
        f"the difference is good to {look.bar:.2g}; the claim is {look.gap / look.bar:.3g} times that away"
    ]
    if with_claim < _CLEARLY_FIRST_ORDER:
        told.append(
            f"the Taylor remainder shrinks as h^{with_claim:.2f} with the claim, as h^{with_difference:.2f} with the "
            "difference (2 is right, 1 is wrong)"
        )
    if look.kinks:
        told.append(f"{look.kinks} output elements lie on a kink: no difference decides those")
    if look.spread:
        told.append(f"the function differs by {look.spread:.2g} between calls at the same point")
    return tuple(told)


def named(findings: Sequence[Finding | None]) -> tuple[Finding, ...]:
    """Those that are there."""
    return tuple(finding for finding in findings if finding is not None)


def combined(results: Sequence[CheckResult]) -> CheckResult:
    """Several results as one."""
    counts: dict[str, Any] = {}
    for result in results:
        for name, count in result.counts.items():
            counts[name] = counts.get(name, 0) + count
    return CheckResult(
        tuple(f for r in results for f in r.findings),
        tuple(dict.fromkeys(n for r in results for n in r.notes)),
        tuple(dict.fromkeys(lack for r in results for lack in r.lacks)),
        max((r.resolution for r in results), default=0.0),
        counts,
    )
