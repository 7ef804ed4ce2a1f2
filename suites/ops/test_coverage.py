"""Every operator of op_db with a derivative is checked, or stands here with the reason why not."""

from importlib.metadata import version
from pathlib import Path

import pytest

from suites.harness.columns import Column
from suites.harness.expectations import Surroundings, load_expectations
from suites.harness.run import speaks_of
from suites.harness.subject import DEFAULT_DTYPE, Subject
from suites.ops import opinfo_source
from suites.ops.conventions import NOT_COMPARED
from suites.ops.core import CORE
from suites.ops.opinfo_source import NotPlainError
from suites.ops.relating import RELATIONS, related
from suites.ops.rows import PLAN, find_reference_rule, rows_of
from suites.ops.set_apart import SET_APART
from suites.ops.ways import VIEWS, WAYS

# Entries without a check, and why.
WITHOUT_CHECK = {
    "sparse.sampled_addmm": "its inputs have a sparse layout",
    "sparse.mm.reduce": "its inputs have a sparse layout",
    "to_sparse": "its result has a sparse layout",
    "torch.ops.aten._flash_attention_forward": "only CUDA has it",
    "torch.ops.aten._efficient_attention_forward": "only CUDA has it",
    "nn.functional.batch_norm.without_cudnn": "only CUDA has it; the variant without suffix is checked",
    "nn.functional.one_hot": "it has integers alone, and nothing to differentiate",
    "chalf": "NumPy has no complex numbers of half precision",
}


def why_unchecked(name):
    """Why an entry of op_db cannot be checked; None for one that can."""
    entry = opinfo_source.entries()[name]
    if find_reference_rule(name) is None:
        return "no row"
    dtype = next((d for d in ("float64", "complex128") if d in entry.value_dtypes), None)
    if dtype is None:
        return "no floating dtype on the CPU"
    try:
        opinfo_source.samples(name, dtype, most=1)
    except NotPlainError as error:
        return str(error)
    return None


def test_each_entry_has_a_row_or_a_reason():
    unchecked = {name: why_unchecked(name) for name in opinfo_source.entries()}
    bare = {name: why for name, why in unchecked.items() if why and name not in WITHOUT_CHECK}
    assert not bare, "these are not checked; add a row, or a reason to WITHOUT_CHECK"


def test_each_reason_is_still_needed():
    checked = [name for name in WITHOUT_CHECK if why_unchecked(name) is None]
    assert not checked, "these are checked; take them out of WITHOUT_CHECK"


def test_tables_name_operators_of_op_db():
    known = {*opinfo_source.entries(), *opinfo_source.beyond()}
    apart = {op for entry in SET_APART for op in entry.ops}
    compared = {op for op, _ in NOT_COMPARED}
    assert set(CORE) <= known
    assert known.issuperset(apart)
    assert known.issuperset(compared)
    assert known.issuperset(VIEWS)
    assert {check for _, check in NOT_COMPARED} <= set(WAYS)


def test_an_entry_of_our_own_is_another_way_to_ask_one_of_op_db():
    for name, like in opinfo_source.OF_OUR_OWN.items():
        assert name not in opinfo_source.entries()
        assert name.startswith(f"{like}.")
        assert why_unchecked(like) is None
        assert find_reference_rule(name) is find_reference_rule(like)


def test_an_operator_beyond_op_db_is_not_in_it_and_has_a_row():
    beyond = opinfo_source.beyond()
    assert not set(beyond) & set(opinfo_source.entries())
    lacking = [name for name in beyond if find_reference_rule(name) is None]
    assert not lacking
    variants = [name for name, entry in beyond.items() if entry.op != name]
    assert all(name.startswith(f"{beyond[name].op}.") for name in variants)


PROFILE = Path(__file__).resolve().parents[1] / "profiles" / "cpu.toml"


def asked_in(tier):
    """The ids of all cases of operators that a tier has on the CPU, but for what operators refuse."""
    column = Column(Subject("cpu", DEFAULT_DTYPE, "eager"), driver=None)
    names = tuple(opinfo_source.checked())
    rows = [row for check in PLAN[tier] for row in rows_of(column, tier, check, names)]
    related_in = {*opinfo_source.entries(), *opinfo_source.beyond()}
    plain = [row for row in rows if row.check == "vjp" and row.entry in related_in]
    rows += [found for row in plain for found, _ in related(row, tuple(RELATIONS))]
    return {row.case_key.subject.case_id(row.case_key.name) for row in rows}


@pytest.mark.parametrize("tier", ["standard", "full"])
def test_each_expectation_speaks_of_a_case(tier):
    # A run ends red for an entry that spoke for none. Which entries there are to speak hangs on the tier.
    cases = asked_in(tier)
    subjects = {tuple(case.split("::")[1:]) for case in cases}
    here = Surroundings(torch=version("torch"), python="3.11", os="linux", tier=tier)
    expected = load_expectations([PROFILE], here)
    spoke = {entry.id for case in cases if (entry := expected.find(case)) is not None}
    silent = [
        entry.id
        for entry in expected.entries
        if entry.id.startswith("ops/") and "[refusals" not in entry.id and entry.id not in spoke
        if any(speaks_of(entry, subject) for subject in subjects)
    ]
    assert not silent, "no case of the tier has these ids; mend the id, or name the tier"
