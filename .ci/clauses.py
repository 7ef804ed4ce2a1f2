"""Writes ``docs/clauses.md`` from the clause files; the selfcheck fails when the two differ."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from suites.harness.tell import clause_page  # noqa: E402 - found from the checkout, which need not be installed

(ROOT / "docs" / "clauses.md").write_text(clause_page(), encoding="utf-8")
