"""A real Chromium for the tests of the pages: what it sees, asks for and complains about."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from programs import require_program
from werkzeug.serving import make_server

from dashboard.app import Dashboard
from dashboard.browser_assets import TEST_VENDOR

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP, PHONE, NARROW = (
    {"width": 1366, "height": 900},
    {"width": 390, "height": 844},
    {"width": 320, "height": 640},
)
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],  # what passes need not be told node by node: four times as fast
}
PATIENCE_MS = 60_000
"""The application may run in this process, traced for coverage, beside other tests."""
_DRAWN = "body[data-drawn]:not(:has(.bones))"


@dataclass
class Visit:
    """A page and all that it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser of this machine."""
    path = require_program("chromium", "chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@contextmanager
def served(app: Dashboard) -> Iterator[str]:
    """The application at a free port of this machine, in this process."""
    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def visit(browser: Browser | BrowserContext, address: str, size: dict[str, int] = DESKTOP) -> Visit:
    """``address`` once its charts are drawn."""
    page = browser.new_page()
    page.set_viewport_size({"width": size["width"], "height": size["height"]})
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(address)
    wait_until_drawn(page)
    return seen


def wait_until_drawn(page: Page) -> None:
    """Until the charts of the present address are there, skeletons of first answers included."""
    page.locator(_DRAWN).wait_for(state="attached", timeout=PATIENCE_MS)


def wait_until_within(page: Page, width: int) -> None:
    """Until nothing is wider than that: charts follow the window a moment later."""
    page.wait_for_function(
        "width => document.documentElement.scrollWidth <= width", arg=width, timeout=PATIENCE_MS
    )


def violations(page: Page) -> list[str]:
    """What axe finds wrong, a line each."""
    own = TEST_VENDOR / "axe.min.js"
    axe = Axe.from_file(own) if own.is_file() else Axe()
    found: AxeResults = axe.run(page, options=RULES)
    return [
        f"{v['id']}: {[node['html'][:120] for node in v['nodes'][:3]]}"
        for v in found.response["violations"]
    ]
