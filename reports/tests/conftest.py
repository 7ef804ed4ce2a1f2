"""A browser for the tests that need one; where there is none they say what is missing."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from reports.load import load_run
from reports.render import render
from reports.tests import sample_runs
from reports.tests import samples as s
from reports.tests.hostile import hostile_records, odd_records

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "build" / "browser" / "axe.min.js"
NAMES = ("chromium", "google-chrome", "chromium-browser")
# What a browser does on its own account has no place in a test: no network, no updates, no first-run pages.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,900",
)


def missing(what: str) -> None:
    """Skip, or fail where a browser was promised (``.ci/browser``)."""
    message = f"{what}; .ci/browser installs it and runs these tests"
    if os.environ.get("GRADSTONE_BROWSER") == "required":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator["webdriver.Chrome"]:
    """A headless Chromium, one for all tests."""
    if webdriver is None:
        missing("selenium is not installed")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        missing("there is no Chromium with chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = str(program)
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(str(driver)))
    browser.set_script_timeout(60)
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium: "webdriver.Chrome") -> Iterator["webdriver.Chrome"]:
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
    return _page(tmp_path_factory.mktemp("hostile"), [*hostile_records(), *odd_records()])


@pytest.fixture(scope="session")
def large_report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a page of 20,000 cases."""
    return _page(
        tmp_path_factory.mktemp("large"), list(sample_runs.many(20_000, failing_share=0.02))
    )
