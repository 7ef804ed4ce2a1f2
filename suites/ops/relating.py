"""One metamorphic relation of one operator, checked over its samples."""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from suites.harness import selection
from suites.harness.case import Arrays
from suites.harness.case_item import Given
from suites.harness.compare import Difference, compare, worst_error, worst_first
from suites.harness.identity import CaseKey
from suites.harness.implementation import Implementation, Operator
from suites.harness.judge import AGREE, DIFFER, SUBJECT_LACKS, Verdict, settle
from suites.harness.notes import current_notes
from suites.harness.plugin import RUN
from suites.harness.tolerances import Tolerance, fixed_tolerance
from suites.ops import opinfo_source, set_apart
from suites.ops.adapters import IN_NO_ORDER
from suites.ops.call_relations import CALL_RELATIONS
from suites.ops.conventions import writes_to_its_table
from suites.ops.core import CORE
from suites.ops.drawing import is_drawn
from suites.ops.exempt import RELATED_BY_NOBODY, RELATED_IN_FULL_PRECISION
from suites.ops.forward_relations import FORWARD_RELATIONS
from suites.ops.opinfo_source import Sample
from suites.ops.own_cases import own_samples
from suites.ops.position_relation import positions
from suites.ops.relations import REVERSE_RELATIONS, Asked, Pair, plain
from suites.ops.rows import LOW_PRECISION, Row, rows_of, stop_unless_supported
from suites.ops.second_relations import SECOND_RELATIONS

RELATIONS = {
    **REVERSE_RELATIONS,
    **FORWARD_RELATIONS,
    **CALL_RELATIONS,
    **SECOND_RELATIONS,
    "positions": positions,
}
# What torch must say that it has of an operator before a relation is asked of it.
NEEDS = {
    **dict.fromkeys(
        ("tangent-layouts", "tangent-sums", "functional-jvp", "adjoint", "batched-tangents"),
        ("jvp",),
    ),
    "by-cotangent": ("jvp", "double"),
    "other-cotangents": ("double",),
    "second-layouts": ("double",),
    "forward-over-forward": ("mixed",),
    "second-orders": ("mixed", "double"),
    "second-subsets": ("double",),
}
_SECOND = frozenset(
    {
        "forward-over-forward",
        "other-cotangents",
        "second-orders",
        "second-subsets",
        "second-layouts",
    }
)
_ELEMENTWISE = frozenset({"positions", "blocks"})
_REAL_ONLY = frozenset(
    {"second-orders", "positions", "mixed-dtypes", "blocks"}
)  # where derivatives are symmetric, or numbers real
MOST_SAMPLES = {"quick": 1, "standard": 2, "full": 12}
# Relations of which kernels for images, matrices and vectors each have a way of their own: of every rank a sample.
OF_EVERY_RANK = frozenset(
    {
        "input-layouts",
        "cotangent-layouts",
        "tangent-layouts",
        "second-layouts",
        "vmap",
        "vmap-of-one",
        "vmap-with-indices",
        "batched",
    }
)
MOST_RANKS = 6
# Operators of which the first and the last sample do not show what is expected of them.
LEAST_SAMPLES = {
    "stft": 3,
    "take_along_dim": 12,
    "logcumsumexp": 12,
    "native_layer_norm": 12,
    "nn.functional.embedding": 12,
}
# Operators of which it hangs on the draw whether some sample shows what is expected of them: an image of several rows,
# an operand that is masked where the other is not, or that has more dimensions. A call of our own does.
WITH_OWN_SAMPLES = frozenset(
    {
        "kron",
        "masked.logaddexp",
        "nn.functional.max_unpool2d.grad",
        "nn.functional.max_unpool3d.grad",
    }
)
IN_QUICK = ("create-graph", "input-layouts", "cotangent-layouts", "subsets")


def cases_of_relations(config: pytest.Config) -> Iterator[Given]:
    """Each operator with each relation that the tier asks for."""
    run = config.stash[RUN]
    tier = run.options.tier
    names = CORE if tier == "quick" else (*opinfo_source.entries(), *opinfo_source.beyond())
    for column in selection.columns_or_exit(run):
        if column.subject.is_reference:
            continue
        for row in rows_of(column, tier, "vjp", names):
            if row.apart is None and row.dtype not in {"float32", "complex64"}:
                for found, relation in related(
                    row, IN_QUICK if tier == "quick" else tuple(RELATIONS)
                ):
                    yield Given(f"{row.label}-{relation}", found.case_key, (found, relation))


def related(row: Row, relations: Sequence[str]) -> Iterator[tuple[Row, str]]:
    """The row with each of the relations that mean something for its operator."""
    is_complex, is_half = row.dtype.startswith("complex"), row.dtype in LOW_PRECISION
    for relation in _meaningful(
        row.entry, tuple(relations), is_complex=is_complex, is_half=is_half
    ):
        key = CaseKey(
            f"ops/{row.entry}[{relation}]", row.case_key.subject, op=row.entry, check=relation
        )
        yield row.known_as(key), relation


@functools.cache  # of an operator in several dtypes
def _meaningful(
    name: str, relations: tuple[str, ...], *, is_complex: bool, is_half: bool
) -> tuple[str, ...]:
    """Those of the relations that mean something for an operator in dtypes of this sort."""
    entry, found = opinfo_source.checked()[name], []
    for relation in relations:
        is_known = all(entry.has(need) for need in NEEDS.get(relation, ()))
        if relation in _ELEMENTWISE:
            is_known = entry.is_elementwise or (
                relation == "blocks" and name in opinfo_source.elementwise()
            )
        if relation == "other-cotangents":  # tells less, and what forward mode tells is enough
            is_known &= not entry.has("jvp") or (name, "by-cotangent") in RELATED_BY_NOBODY
        is_exempt = (name, relation) in RELATED_BY_NOBODY or (
            is_half and (name, relation) in RELATED_IN_FULL_PRECISION
        )
        if is_known and not is_exempt and not (is_complex and relation in _REAL_ONLY):
            found.append(relation)
    return tuple(found)


def check_relation(row: Row, relation: str, seed: int) -> None:
    """Asks for a derivative in two ways on some samples of an operator.

    Raises:
        Disagreement: the two ways differ on a sample.
    """
    stop_unless_supported(row)
    drawn = [
        s
        for s in row.samples(seed)
        if not is_drawn(s.case, "vjp") and not writes_to_its_table(s.case)
    ]
    impl = _subject(row)
    with row.asked(seed) as torch:
        for sample in chosen(row, relation, drawn):
            _check_sample(row, relation, Asked(torch, impl, sample.case), sample.name)
        for sample in own_samples(row.entry, seed) if row.entry in WITH_OWN_SAMPLES else ():
            case = sample.case.in_dtype(row.dtype)
            _check_sample(row, relation, Asked(torch, impl, case), sample.name)
    current_notes().facts["verdict"] = AGREE


def chosen(row: Row, relation: str, samples: Sequence[Sample]) -> list[Sample]:
    """The samples that a relation is asked of: the tier's number, and of others one for each rank of the tensors."""
    most = max(MOST_SAMPLES[row.tier], LEAST_SAMPLES.get(row.entry, 0))
    samples = [s for s in samples if not _has_lost_digits(row, relation, s)]
    found = row.taken(samples, most)
    if relation not in OF_EVERY_RANK or row.tier == "quick":
        return found
    ranks = {_ranks(s) for s in found if all(x.size for x in s.case.arrays())}
    more = 0
    for sample in samples:
        is_matrix = max(_ranks(sample), default=0) > 1 and all(x.size for x in sample.case.arrays())
        if more < MOST_RANKS and is_matrix and _ranks(sample) not in ranks:
            ranks.add(_ranks(sample))
            found.append(sample)
            more += 1
    return found


# What is set apart from double backward since it hangs on the draw how many digits are lost: here no bound tells.
_ILL_CONDITIONED = frozenset({"near-pole"})


def _has_lost_digits(row: Row, relation: str, sample: Sample) -> bool:
    if "double" not in NEEDS.get(relation, ()):
        return False
    return set_apart.label_of(row.entry, "double", sample.case) in _ILL_CONDITIONED


def _ranks(sample: Sample) -> tuple[int, ...]:
    return tuple(array.ndim for array in sample.case.arrays())


def _subject(row: Row) -> Implementation:
    """What is under test; operators that the other suites bring into an order are taken as they are."""
    if row.entry not in IN_NO_ORDER:
        return row.sides().subject
    op = opinfo_source.entries()[row.entry].info.op
    if row.entry == "linalg.eig":
        op = _without_phases(op)
    made: Implementation = row.column.driver.implementation(row.case_key.subject, {row.entry: op})
    return made


def _without_phases(eig: Operator) -> Operator:
    """Eigenvalues and the magnitudes of eigenvectors: of their phases no derivative is defined."""

    def called(x: Any) -> tuple[Any, Any]:
        values, vectors = eig(x)
        return values, vectors.abs()

    return called


def _check_sample(row: Row, relation: str, asked: Asked, name: str) -> None:
    plain(asked)  # what raises in the plain way as well is no matter of the relation
    tolerance = fixed_tolerance(row.dtype, 2 if relation in _SECOND else 1)
    try:
        pairs = list(RELATIONS[relation](asked))
    except Exception as error:  # noqa: BLE001 - whatever the other way raises is what it has to say
        settle(_of_error(row, error, f"sample {name}: {relation}"))
        return
    for label, want, got in pairs:
        ways = (want, within_range(want, got)) if row.dtype in LOW_PRECISION else (want, got)
        _settle(name, (label, *ways), tolerance)


def within_range(want: Arrays, got: Arrays) -> Arrays:
    """What was found, but for numbers of which either way has no finite one.

    float16 ends at 65,504, and what lies on the way to a number may be larger than the number: whether a way
    overflows is no matter of its derivative. Where numbers end is asked by the checks that have a reference, and
    whether NaN comes out of finite numbers in the wider dtypes.
    """
    with np.errstate(all="ignore"):
        return tuple(
            g
            if w is None or g is None or w.shape != g.shape
            else np.where(np.isfinite(w) & np.isfinite(g), g, w)
            for w, g in zip(want, got, strict=True)
        )


# How torch says that it does not know a kernel in some transform: a lack, not a wrong answer.
_LACKS = re.compile(
    r"^vmap: |^vmap over .* isn't supported yet"
    r"|inside of vmap|[Bb]atching rule|Batch norm got a batched tensor"
    r"|required rank 4 tensor to use channels_last|Trying to use forward AD with"
    r"|must override the setup_context staticmethod|^derivative for .* is not implemented"
)


def _of_error(row: Row, error: Exception, where: str) -> Verdict:
    told = f"{where} raised {type(error).__name__}: {error}"
    if _LACKS.search(str(error)) or row.column.driver.why_lacking(error) is not None:
        return Verdict(kind=SUBJECT_LACKS, reason=told)
    return Verdict(kind=DIFFER, blame="subject", failure="wrong-error", reason=told)


def _settle(name: str, pair: Pair, tolerance: Tolerance) -> None:
    label, want, got = pair
    differences = differences_of(want, got, tolerance)
    if differences:
        reason = f"sample {name}: {label} against the plain way"
        settle(Verdict(kind=DIFFER, blame="subject", differences=differences, reason=reason))
    for w, g in zip(want, got, strict=True):
        current_notes().count(None if w is None or g is None else worst_error(w, g, tolerance))


def differences_of(want: Arrays, got: Arrays, tolerance: Tolerance) -> tuple[Difference, ...]:
    """Where the two ways part: at most five places, the worst first; no gradient and one of zeros are the same."""
    found: list[Difference] = []
    for i, (w, g) in enumerate(zip(want, got, strict=True)):
        where = f"gradient[{i}]"
        if w is None or g is None:
            if w is not g and np.any(w if g is None else g):
                texts = ["None" if side is None else "a gradient" for side in (w, g)]
                found.append(Difference(where, texts[0], texts[1], np.inf, 0.0))
            continue
        found += compare(w, g, tolerance, where=where)
    return tuple(worst_first(found)[:5])
