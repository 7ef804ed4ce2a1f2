"""Which operators are checked how: one row for each operator, check and dtype that the tier asks for."""

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

import reference_impl
from reference_impl import kinds, registry
from suites.harness import selection
from suites.harness.case_item import Body, Given, over_cases
from suites.harness.columns import Column
from suites.harness.examine import Sides
from suites.harness.identity import CaseKey
from suites.harness.implementation import Implementation, Operator, TorchSpelling
from suites.harness.notes import current_notes
from suites.harness.plugin import RUN
from suites.harness.subject import DEFAULT_DTYPE, REFERENCE, Subject
from suites.harness.tolerances import Tolerance, tolerance_for
from suites.ops import opinfo_source, set_apart
from suites.ops.adapters import reference_operator
from suites.ops.choice import is_empty, ranked
from suites.ops.conventions import NOT_COMPARED, is_defined
from suites.ops.core import CORE
from suites.ops.drawing import is_drawn
from suites.ops.edge_source import edges, spread
from suites.ops.exempt import NOT_DENSE
from suites.ops.extended import Extended
from suites.ops.opinfo_source import Bend, Entry, Sample, as_it_is
from suites.ops.option_cases import is_option, option_samples
from suites.ops.own_cases import own_samples
from suites.ops.spelling import spelled
from suites.ops.tails_apart import is_judged_by_array
from suites.ops.ways import WAYS, Way, holding_for, in_place

# What each tier runs: dtypes by check, samples of an op at most, and numbers in a sample.
QUICK = {
    "value": ("float64", "float32"),
    "vjp": ("float64",),
    "jvp": ("float64",),
    "double": ("float64",),
    "value-edges": (),
    "vjp-edges": (),
    "jvp-edges": (),
    "double-edges": (),
    "inplace": ("float64",),
    "view": ("float64",),
    "reverse-over-forward": (),
    "forward-over-reverse": (),
    "reverse-over-forward-edges": (),
    "forward-over-reverse-edges": (),
}
STANDARD = {
    "value": ("float64", "float32"),
    "vjp": ("float64", "float32"),
    "jvp": ("float64", "float32"),
    "double": ("float64",),
    "value-edges": ("float64",),
    "vjp-edges": ("float64",),
    "jvp-edges": ("float64",),
    "double-edges": ("float64",),
    "inplace": ("float64",),
    "view": ("float64",),
    "reverse-over-forward": ("float64",),
    "forward-over-reverse": ("float64",),
    "reverse-over-forward-edges": ("float64",),
    "forward-over-reverse-edges": ("float64",),
}
EVERY = ("float64", "float32", "complex128", "complex64")
LOW_PRECISION = ("bfloat16", "float16")
FULL = {
    **dict.fromkeys(STANDARD, EVERY),
    **dict.fromkeys(("value", "vjp"), (*EVERY, *LOW_PRECISION)),
}
PLAN = {"quick": QUICK, "standard": STANDARD, "full": FULL}
MOST_SAMPLES = {"quick": 2, "standard": 8, "full": 10**6}
ALIKE = 2  # times as many where options would be left out otherwise
WITH_EVERY_OPTION = frozenset({"vjp", "jvp", "double"})  # in the tier standard
# Of operators that draw random numbers: differences alone can check these, and call them dozens of times.
MOST_DRAWN = {"quick": 2, "standard": 3, "full": 10**6}
DRAWN = {"quick": 24, "standard": None, "full": None}
# Beyond a million no kernel of the CPU has another path (they split from 32,768 on), and a case takes minutes.
MOST_NUMBERS = {"quick": 5_000, "standard": 50_000, "full": 10**6}
# Samples of op_db that are mutated, and of operators that always draw, which differences alone can check.
_FEW = {
    "value-edges": 2,
    "vjp-edges": 3,
    "jvp-edges": 2,
    "double-edges": 1,
    "reverse-over-forward-edges": 1,
    "forward-over-reverse-edges": 1,
}
_MANY = dict.fromkeys(_FEW, 8)
MOST_EDGES: Mapping[str, Mapping[str, int]] = {"quick": {}, "standard": _FEW, "full": _MANY}
MOST_DRAWN_EDGES: Mapping[str, Mapping[str, int]] = {
    "quick": {}, "standard": {"vjp-edges": 1}, "full": dict.fromkeys(_FEW, 1)
}  # fmt: skip
MOST_EDGED = 5_000  # numbers in one of them
LONG_ROW = 2_000  # numbers in a row that is there to be reduced in blocks, not to be mutated
_COMPLEX_OF = {"float64": "complex128", "float32": "complex64"}


@dataclass(frozen=True, slots=True)
class Row:
    """One operator, checked in one way, on one column and in one dtype."""

    case_key: CaseKey
    column: Column
    entry: str
    check: str
    dtype: str
    tier: str
    apart: str | None = None

    @property
    def label(self) -> str:
        """As it stands in a pytest id."""
        label = f"{self.case_key.subject.label}-{self.entry}"
        return label if self.apart is None else f"{label}-{self.apart}"

    def known_as(self, case_key: CaseKey, apart: str | None = None) -> "Row":
        """The row as another case; ``replace`` would do, but there are tens of thousands to make."""
        return Row(
            case_key,
            self.column,
            self.entry,
            self.check,
            self.dtype,
            self.tier,
            apart or self.apart,
        )

    def given(self) -> Given:
        """The row as the one argument of a test."""
        return Given(self.label, self.case_key, (self,))

    def samples(self, seed: int) -> list[Sample]:
        """The samples that the tier takes: spread evenly over those of op_db."""
        return list(_samples(self.known_as(CaseKey("", self.case_key.subject)), seed))

    def draw(self, seed: int) -> list[Sample]:
        """The samples, made anew."""
        source, most = self._source(seed)
        if self.check.endswith("-edges"):
            small = [s for s in source if _numbers(s) <= MOST_EDGED and not _has_long_row(s)]
            own = own_samples(self.entry, seed, is_complex=self.dtype.startswith("complex"))
            still = [s for s in small if not is_drawn(s.case, self.check)]
            most = (MOST_EDGES if still else MOST_DRAWN_EDGES)[self.tier].get(self.check, 0)
            small = still or small
            source = (*edges(small, most, self.taken), *own)
        source = tuple(replace(s, case=s.case.in_dtype(self.dtype)) for s in source)
        drawn = [
            sample
            for sample in source
            if set_apart.label_of(self.entry, self.check, sample.case) == self.apart
            and is_defined(self.entry, self.check, sample.case)
            and not self._is_beyond_witness(sample)
        ]
        if self.check.endswith("-edges"):
            return drawn
        small = [s for s in drawn if _numbers(s) <= MOST_NUMBERS[self.tier]] or drawn[:1]
        random = [is_drawn(sample.case, self.check) for sample in small]
        parts = [[s for s, r in zip(small, random, strict=True) if r is of] for of in (False, True)]
        few = min(most, MOST_DRAWN[self.tier])
        chosen = [*self.taken(parts[0], most), *self.taken(parts[1], few)]
        if self.tier != "standard" or self.check not in WITH_EVERY_OPTION:
            return chosen
        names = {sample.name for sample in chosen}
        return [*chosen, *(s for s in parts[0] if is_option(s) and s.name not in names)]

    def _source(self, seed: int) -> tuple[Sequence[Sample], int]:
        """The samples of op_db to take from, and how many."""
        if self.tier == "standard":
            return _ranked(self.entry, self.dtype, seed)
        most = DRAWN[self.tier] if self.apart is None else None
        found = opinfo_source.samples(self.entry, self.dtype, seed, most)
        if self.tier == "full":
            found = (*found, *_with_options(self.entry, self.dtype, seed))
        return found, MOST_SAMPLES[self.tier]

    def taken(self, samples: Sequence[Sample], most: int) -> list[Sample]:
        """So many: the first of what is ranked, otherwise evenly from first to last, and few that all hold numbers."""
        if self.tier == "standard":
            return list(samples[:most])
        full = [s for s in samples if not is_empty(s)] if most < len(samples) else []
        return spread(full or samples, most)

    def _is_beyond_witness(self, sample: Sample) -> bool:
        """Whether a draw could only be differenced in a dtype too coarse for differences, or is the result itself."""
        is_coarse = self.dtype not in {"float64", "complex128"}
        return is_drawn(sample.case, self.check) and (self.check == "value" or is_coarse)

    @contextmanager
    def asked(self, seed: int) -> Iterator[Any]:
        """The namespace of the row's column, for as long as both sides are asked.

        That an operator is deprecated is no news of its derivatives, nor is a number that is none an error here.
        """
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with self.column.namespace(seed) as module:
                    yield module
            finally:
                kinds.forget()

    def tolerance(self, check: str) -> Tolerance:
        """How far right answers of the row's operator may lie apart in one check."""
        check = "double" if self.way.orders else check
        alone = {
            "value": opinfo_source.stands_for_itself,
            "vjp": opinfo_source.is_of_one_number,
            "jvp": opinfo_source.is_of_one_number,
        }
        is_elementwise = check in alone and alone[check](self.entry)
        is_elementwise &= not is_judged_by_array(self.entry, check, self.apart)
        return tolerance_for(self.entry, self.dtype, check, elementwise=is_elementwise)

    @property
    def way(self) -> Way:
        """How the operator is called."""
        return WAYS[self.check]

    @property
    def checks(self) -> tuple[str, ...]:
        """The harness's checks that are made of each call: those of which torch has the derivative."""
        entry = opinfo_source.checked()[self.entry]
        return tuple(c for c in self.way.checks if c != "jvp" or entry.has("jvp"))

    def sides(self) -> Sides:
        """Reference and subject, and what is exact enough to take differences of."""
        wide = "complex128" if self.dtype.startswith("complex") else "float64"
        subject, driver = self.case_key.subject, self.column.driver
        ops = opinfo_source.operators(self.check)
        return Sides(
            reference=self.reference_side(),
            subject=driver.implementation(subject, ops),
            forward=driver.implementation(Subject(subject.device, wide, subject.mode), ops),
            extended=Extended(functools.partial(find_reference_operator, way=self.check)),
            plain=self.reference_side(way="value") if self.way.orders else None,
        )

    def reference_side(self, bend: Bend = as_it_is, way: str | None = None) -> Implementation:
        """The reference, called as the check asks or in another way; ``bend`` plants a fault in its operators."""
        wide = "complex128" if self.dtype.startswith("complex") else "float64"
        find = functools.partial(find_reference_operator, way=way or self.check, bend=bend)
        return TorchSpelling(reference_impl, Subject(REFERENCE, wide), find)

    def subject_side(self, bend: Bend) -> Implementation:
        """What is under test, with a fault in the row's operator."""
        faulty = {self.entry: opinfo_source.operator(self.entry, self.check, bend)}
        made: Implementation = self.column.driver.implementation(self.case_key.subject, faulty)
        return made


def over_rows(check: str) -> Callable[[Body], Body]:
    """Makes a test one for each operator that the tier checks so, called with its row and pytest's config."""
    return over_cases(lambda config: (row.given() for row in _rows(config, check)))


def _rows(config: pytest.Config, check: str) -> Iterator[Row]:
    run = config.stash[RUN]
    tier = run.options.tier
    names = CORE if tier == "quick" else tuple(opinfo_source.checked())
    for column in selection.columns_or_exit(run):
        if not column.subject.is_reference:
            yield from rows_of(column, tier, check, names)


def rows_of(column: Column, tier: str, check: str, names: Sequence[str]) -> Iterator[Row]:
    """The rows of one check of these operators on one column, with what is set apart from them."""
    asked = column.subject.dtype
    dtypes = PLAN[tier][check] if asked == DEFAULT_DTYPE else _planned(asked, check)
    for name in names:
        for dtype in _offered(opinfo_source.checked()[name], check, dtypes):
            subject = Subject(column.subject.device, dtype, column.subject.mode)
            yield from _with_apart(Row(CaseKey("", subject), column, name, check, dtype, tier))


def _planned(asked: str, check: str) -> tuple[str, ...]:
    """A dtype that was asked for by name, where the tier full plans the check for it."""
    return (asked,) if asked in FULL[check] else ()


def _with_apart(row: Row) -> Iterator[Row]:
    """The row, and those for what is set apart from it."""
    for apart in (None, *set_apart.labels(row.entry, row.check)):
        sample = row.check if apart is None else f"{row.check}-{apart}"
        key = CaseKey(
            f"ops/{row.entry}[{sample}]", row.case_key.subject, op=row.entry, check=row.check
        )
        yield row.known_as(key, apart)


def _offered(entry: Entry, check: str, dtypes: Sequence[str]) -> list[str]:
    """The dtypes in which torch has the operator; the complex ones where it has no others."""
    is_compared = not any((entry.name, held) in NOT_COMPARED for held in holding_for(check))
    if not (
        is_compared and entry.has(WAYS[check].needs) and find_reference_rule(entry.name) is not None
    ):
        return []
    has = entry.value_dtypes if check == "value" else entry.dtypes
    found = [d if d in has or has & set(dtypes) else _COMPLEX_OF.get(d, d) for d in dtypes]
    return [dtype for dtype in dict.fromkeys(found) if dtype in has]


def find_reference_rule(name: str) -> Operator | None:
    """The reference's row for an entry of op_db, under the entry's full name or the operator's."""
    if name in NOT_DENSE:
        return None
    op = opinfo_source.checked()[name].op
    found = registry.lookup(name) or registry.lookup(op)
    if found is None and name in opinfo_source.beyond():
        roots = (reference_impl, reference_impl.Tensor)
        return next(filter(None, (opinfo_source.found_in(root, op) for root in roots)), None)
    return found


def find_reference_operator(name: str, *, way: str, bend: Bend = as_it_is) -> Operator | None:
    """The reference's operator, called in one of the ways; None where it has no such operator."""
    rule = find_reference_rule(name)
    if rule is None:
        return None
    if way == "inplace":
        return bend(_in_place(name, rule), reference_impl)
    op = bend(reference_operator(name, rule, reference_impl), reference_impl)
    call = WAYS[way].call
    return op if call is None else call(reference_impl, op)


def _in_place(name: str, rule: Operator) -> Operator:
    """The in-place form: a method with an underscore, or the option of the functions of neural networks."""
    if name.startswith("nn.functional."):
        return in_place(spelled(functools.partial(rule, inplace=True), reference_impl))
    method = opinfo_source.checked()[name].op.removesuffix("_") + "_"
    return in_place(
        spelled(lambda x, *args, **kwargs: getattr(x, method)(*args, **kwargs), reference_impl)
    )


@functools.lru_cache(maxsize=32)
def _samples(row: Row, seed: int) -> tuple[Sample, ...]:
    """A row's samples, made once for all relations that are asked of them."""
    return tuple(row.draw(seed))


@functools.cache
def _ranked(entry: str, dtype: str, seed: int) -> tuple[tuple[Sample, ...], int]:
    """The samples with few numbers, by what they show, and how many of them the tier standard takes."""
    found = [*opinfo_source.samples(entry, dtype, seed), *_with_options(entry, dtype, seed)]
    small = [s for s in found if _numbers(s) <= MOST_NUMBERS["standard"]] or found[:1]
    most = MOST_SAMPLES["standard"]
    kept, enough = ranked(small, ALIKE * ALIKE * most)
    names = {sample.name for sample in kept}
    others = [sample for sample in small if is_option(sample) and sample.name not in names]
    return (*kept, *others), min(max(enough, most), ALIKE * most)


def _with_options(entry: str, dtype: str, seed: int) -> Iterator[Sample]:
    """Calls of our own with options that op_db leaves out, in double precision, where conditions hide nothing."""
    if dtype not in {"float64", "complex128"}:
        return iter(())
    return option_samples(entry, seed, is_complex=dtype == "complex128")


def _numbers(sample: Sample) -> int:
    return sum(array.size for array in sample.case.arrays())


def _has_long_row(sample: Sample) -> bool:
    return any(size > LONG_ROW for array in sample.case.arrays() for size in array.shape)


def stop_unless_supported(row: Row) -> None:
    """Skips where nothing can run on the row's column, as its driver tells."""
    reason = row.column.lacks or row.column.driver.why_unsupported(
        row.case_key.subject.device, row.dtype
    )
    if reason is not None:
        facts: dict[str, Any] = current_notes().facts
        facts["outcome"] = "unsupported"
        pytest.skip(reason)
