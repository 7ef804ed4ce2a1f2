"""Pictures of a report, for the README and the docs: ``python -m reports.tests.screenshot report.html docs/images``."""

import sys
import tempfile
import time
from pathlib import Path

from reports.tests.chromium import Chrome, start_chromium

# Name of the picture, the view, and the colour scheme.
VIEWS = (
    ("overview", "overview", "light"),
    ("matrix", "matrix?open=inplace", "light"),
    ("matrix-dark", "matrix?open=inplace", "dark"),
)
SIZE = (1280, 620)
READY_S = 20.0


def main(arguments: list[str]) -> int:
    """Writes the pictures of the page ``arguments[0]`` into the folder ``arguments[1]``."""
    page, folder = Path(arguments[0]).resolve(), Path(arguments[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        browser = start_chromium(Path(profile))
        try:
            for name, fragment, scheme in VIEWS:
                take(browser, f"{page.as_uri()}#{fragment}", scheme)
                browser.save_screenshot(str(folder / f"{name}.png"))
                sys.stdout.write(f"{folder / name}.png\n")
        finally:
            browser.quit()
    return 0


def take(browser: Chrome, address: str, scheme: str) -> None:
    """Opens a view and waits until it is whole."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    width, height = SIZE
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get("about:blank")
    browser.get(address)
    end = time.monotonic() + READY_S
    while browser.execute_script("return document.documentElement.dataset.ready") != "true":
        if time.monotonic() > end:
            raise TimeoutError(f"the page did not become ready within {READY_S:.0f} s: {address}")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
