"""The browser at an operator's screen: Chromium, the sizes of screens, a reader that types, pictures for the docs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from floor import program
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
BURST = """(keys) => {
  for (const key of keys) {
    const [control, name] = key.startsWith("Control+") ? [true, key.slice(8)] : [false, key];
    const how = { key: name, ctrlKey: control, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new KeyboardEvent("keydown", how));
  }
}"""
SIZES = {"1280x800": (1280, 800), "1920x1080": (1920, 1080), "tablet": (1024, 768)}


@contextmanager
def chromium() -> Iterator[Browser]:
    """One that shows nothing to anybody."""
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=program("chromium"), headless=True, args=FLAGS)
        yield one
        one.close()


def scan(page: Page, *keys: str) -> None:
    """As a reader that types, faster than any person and than a busy machine sends keys."""
    page.evaluate(BURST, [*keys, "Enter"])


def picture(page: Page, path: Path) -> None:
    """A screenshot of what is to be seen; `GAUGETRAIL_SCREENSHOTS` names a folder that keeps it as well."""
    page.screenshot(path=path)
    wanted = os.environ.get("GAUGETRAIL_SCREENSHOTS")
    if wanted:
        Path(wanted).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, Path(wanted) / path.name)
