"""A headless Chromium that does what it is told and nothing on its own account."""

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from selenium.webdriver import Chrome as Chrome  # noqa: PLC0414 - for those who import it from here
else:
    Chrome = object

NAMES = ("chromium", "google-chrome", "chromium-browser")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1300,900",
)


class NoBrowserError(Exception):
    """Something that a browser needs is not installed."""


def start_chromium(profile: Path) -> Chrome:
    """A browser with an empty ``profile``; its caller quits it.

    Raises:
        NoBrowserError: selenium, Chromium or chromedriver is missing.
    """
    if webdriver is None:
        raise NoBrowserError("selenium is not installed")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    driver = shutil.which("chromedriver")
    if program is None or driver is None:
        raise NoBrowserError("there is no Chromium with chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(driver))
    browser.set_script_timeout(60)
    return browser
