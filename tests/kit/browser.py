"""Headless Chromium for tests of the report page."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PHONE, LAPTOP = (390, 844), (1440, 900)
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)
_WAIT_S = 60.0


class Page:
    """A report in the browser."""

    def __init__(self, driver: webdriver.Chrome, file: Path) -> None:
        self.driver = driver
        driver.get(file.as_uri())
        self.until("document.documentElement.dataset.ready === 'yes'")

    def js(self, expression: str) -> Any:
        """Value of a JavaScript expression."""
        return self.driver.execute_script(f"return {expression}")

    def run(self, statements: str) -> Any:
        """Result of JavaScript statements with a `return`."""
        return self.driver.execute_script(statements)

    def until(self, expression: str) -> None:
        """Wait for an expression to hold; a busy machine may take its time."""
        deadline = time.monotonic() + _WAIT_S
        while not self.js(f"!!({expression})"):
            if time.monotonic() > deadline:
                pytest.fail(f"never became true in the page: {expression}\n{self.errors()}")
            time.sleep(0.02)

    def show(self, chart: str) -> None:
        """Scroll a chart into view and wait until it is drawn."""
        self.run(
            f"document.getElementById('{chart}').scrollIntoView({{block: 'center', behavior: 'instant'}})"
        )
        self.until(
            f"charts.find((c) => c.node.id === '{chart}').plot && "
            f"!charts.find((c) => c.node.id === '{chart}').dirty"
        )

    def click(self, selector: str) -> None:
        """Bring an element into the middle of the window, out of the way of the bars on top, and click it."""
        found = self.driver.find_element("css selector", selector)
        self.driver.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", found
        )
        found.click()

    def errors(self) -> list[str]:
        """Messages of the console at the level of an error, since the last call."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@contextmanager
def chromium(
    folder: Path, size: tuple[int, int] = LAPTOP, *, dark: bool = False
) -> Iterator[webdriver.Chrome]:
    """A browser of its own; a missing one fails in CI and skips elsewhere."""
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    server = shutil.which("chromedriver")
    if browser is None or server is None:
        missing = (
            "Chromium and chromedriver are not installed (Debian: apt-get install chromium chromium-driver)"
        )
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (*_QUIET, f"--user-data-dir={folder}", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if size == PHONE:
        metrics = {"width": size[0], "height": size[1], "pixelRatio": 2, "touch": True}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    driver = webdriver.Chrome(options=options, service=Service(server))
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    try:
        yield driver
    finally:
        driver.quit()
