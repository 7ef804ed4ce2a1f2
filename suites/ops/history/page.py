"""The section about faults that torch has had on the page of the kill rate."""

from collections import Counter
from collections.abc import Sequence

from suites.ops.history.collection import FAMILIES, Search

HEADING = "## Faults that torch has had"

_HEAD = f"""{HEADING}

`suites/ops/history` holds {{count}} faults, one row each: the operator, the narrow condition, and what was wrong there.
They are written down from memory of release notes, fixes and the issue tracker. A row names its issue where the number
is certain; some stand for a kind of fault rather than for one report. Each is planted in torch in its own place alone,
and every check and relation of the tier `{{tier}}` is tried until one differs that does not differ without it, and is
not expected to.
`python -m suites.ops.killrate --past NAME` looks for one.

**{{found}} of {{count}} found ({{share}}).**

| family | found |
|---|---|
"""


def section(searches: Sequence[Search], tier: str) -> str:
    """What became of the faults, in Markdown."""
    found = [s for s in searches if s.is_found]
    head = _HEAD.format(
        count=len(searches), tier=tier, found=len(found), share=f"{len(found) / len(searches):.1%}"
    )
    kept = {s.past.name: s for s in searches}
    lines = []
    for family, rows in FAMILIES.items():
        of_family = [kept[past.name] for past in rows if past.name in kept]
        lines.append(f"| {family} | {sum(s.is_found for s in of_family)}/{len(of_family)} |")
    ways = Counter(s.found_by for s in found)
    lines += ["", "| found first by | faults |", "|---|---|"]
    lines += [f"| {way} | {count} |" for way, count in ways.most_common()]
    lost = [told(s) for s in searches if not s.is_found]
    lines += (
        ["", "Not found:", "", *(f"- {text}" for text in lost)] if lost else ["", "None is left."]
    )
    return head + "\n".join(lines) + "\n"


def told(search: Search) -> str:
    """One line about one fault."""
    past = search.past
    if search.is_found:
        end = f"found by {search.found_by}"
    elif search.met:
        end = "not found, though calls meet the condition"
    else:
        end = "not found: no call meets the condition"
    return f"`{past.name}` ({past.op}: {past.told}): {end}"
