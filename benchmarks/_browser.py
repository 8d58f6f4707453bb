"""What a browser sees of a page: when the first words are there, when the charts, how much came."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]  # fmt: skip
_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_DRAWN = "body[data-drawn=true]"


@dataclass(frozen=True)
class Look:
    """One visit, times from the start of the navigation."""

    painted_ms: float
    drawn_ms: float
    wire_bytes: int


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """A running browser; None if there is none on this machine."""
    path = shutil.which("chromium")
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def looks(browser: Browser, address: str, times: int) -> tuple[Look, list[Look]]:
    """A first visit with nothing kept, and so many more by the same visitor."""
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    try:
        return _look(context, address), [_look(context, address) for _ in range(times)]
    finally:
        context.close()


def _look(context: Any, address: str) -> Look:
    page = context.new_page()
    received: list[int] = []
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.on("Network.loadingFinished", lambda e: received.append(int(e["encodedDataLength"])))
    page.goto(address)
    # Not a function to be waited for: the page's policy forbids what evaluates words.
    page.wait_for_selector(_DRAWN, state="attached", timeout=60_000)
    drawn = page.evaluate("performance.now()")
    page.wait_for_load_state("networkidle")
    painted = page.evaluate(_PAINT)
    page.close()
    return Look(painted, drawn, sum(received))
