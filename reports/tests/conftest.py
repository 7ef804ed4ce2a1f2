"""A browser for the tests that need one; where there is none they say what is missing."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from reports.load import load_run
from reports.render import render
from reports.tests import sample_runs
from reports.tests import samples as s
from reports.tests.chromium import Chrome, NoBrowserError, start_chromium
from reports.tests.hostile import hostile_file, hostile_records, odd_records

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "build" / "browser" / "axe.min.js"


def missing(what: str) -> NoReturn:
    """Skip, or fail where a browser was promised (``.ci/browser``)."""
    message = f"{what}; .ci/browser installs it and runs these tests"
    if os.environ.get("GRADSTONE_BROWSER") == "required":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A headless Chromium, one for all tests."""
    try:
        browser = start_chromium(tmp_path_factory.mktemp("profile"))
    except NoBrowserError as error:
        missing(str(error))
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium: Chrome) -> Iterator[Chrome]:
    """The browser as it starts: a wide window, light, with script, and nothing in its log."""
    chromium.set_window_size(1300, 900)
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    chromium.get("about:blank")
    chromium.get_log("browser")
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def _page(folder: Path, records: list[s.Record]) -> str:
    cases = [record for record in records if record["type"] == "case"]
    others = [record for record in records if record["type"] != "case"]
    s.write_run(folder, cases)
    s.write(folder / "others.jsonl", [s.header(worker="gw1"), *others, s.footer([], worker="gw1")])
    page = folder / "report.html"
    page.write_bytes(render(load_run([folder])))
    return page.as_uri()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page with one of everything."""
    records = [*sample_runs.believable(), *sample_runs.endings()]
    return _page(tmp_path_factory.mktemp("report"), records)


@pytest.fixture(scope="session")
def hostile_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page of hostile records."""
    folder = tmp_path_factory.mktemp("hostile")
    hostile_file(folder)
    return _page(folder, [*hostile_records(), *odd_records()])


@pytest.fixture(scope="session")
def large_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page of 20,000 cases."""
    return _page(
        tmp_path_factory.mktemp("large"), list(sample_runs.many(20_000, failing_share=0.02))
    )
