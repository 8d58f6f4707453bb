"""The page in a real Chromium: reading, keyboard, accessibility, live update, print."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright
from programs import require_program
from shown_town import LIVE, NEVER, POWER_KW, REFRESH_S, MovingClock
from werkzeug.serving import make_server

from dashboard.address import Address
from dashboard.app import Dashboard, create_app
from dashboard.browser_assets import TEST_VENDOR
from dashboard.observatory import PageData
from paes.errors import StoreError
from paes.installation import Installation
from paes.metering import Reading
from paes.store.sqlite import SqliteStore

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

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
DESKTOP, PHONE = {"width": 1366, "height": 900}, {"width": 390, "height": 844}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PATIENCE_MS = 60_000
"""The application runs in this process, traced for coverage, beside other tests."""


@dataclass
class Visit:
    """A page and all that it asked for and complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = require_program("chromium", "chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The running browser, without the pages of earlier tests: they would go on asking."""
    yield chromium
    for context in chromium.contexts:
        context.close()


@pytest.fixture
def address(app: Dashboard) -> Iterator[str]:
    with served(app) as at:
        yield at


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


def visit(browser: Browser, address: str, size: dict[str, int]) -> Visit:
    page = browser.new_page(viewport={"width": size["width"], "height": size["height"]})
    seen = Visit(page)
    page.on("request", lambda request: seen.requests.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(address)
    expect(page.locator("#sectors-graph .main-svg").first).to_be_visible(timeout=PATIENCE_MS)
    return seen


def violations(page: Page) -> list[str]:
    own = TEST_VENDOR / "axe.min.js"
    axe = Axe.from_file(own) if own.is_file() else Axe()
    found: AxeResults = axe.run(page, options=RULES)
    return [
        f"{v['id']}: {[node['html'][:120] for node in v['nodes'][:3]]}"
        for v in found.response["violations"]
    ]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    ("query", "question"),
    [("", "La Spezia ha mantenuto la promessa del 2020?"), ("?lang=en", "Did La Spezia keep")],
    ids=["it", "en"],
)
def test_page_is_accessible_complete_and_stays_at_home(
    browser: Browser, address: str, size: dict[str, int], query: str, question: str
) -> None:
    seen = visit(browser, f"{address}/{query}", size)
    expect(seen.page.get_by_role("heading", level=1)).to_contain_text(question)
    assert seen.page.locator("h1").count() == 1
    for details in seen.page.locator("details").all():
        details.evaluate("each => each.open = true")
    assert violations(seen.page) == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert [url for url in seen.requests if not url.startswith((address, "data:", "blob:"))] == []
    assert seen.complaints == []
    assert "cloud" not in seen.page.content().lower().replace("plotly_cloud_installed", "")
    seen.page.close()


def test_other_pages_are_accessible(browser: Browser, address: str) -> None:
    page = browser.new_page()
    for path in ("/accessibilita", "/accessibilita?lang=en", "/no-such-page"):
        page.goto(f"{address}{path}")
        assert violations(page) == []
    page.close()


def test_page_can_be_read_at_320_pixels(browser: Browser, address: str) -> None:
    seen = visit(browser, address, {"width": 320, "height": 640})
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 320
    seen.page.close()


def test_keyboard_reaches_the_skip_link_first_and_then_everything(
    browser: Browser, address: str
) -> None:
    seen = visit(browser, address, DESKTOP)
    page = seen.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    reachable = "main a[href], main summary, main .scroll, header a[href], footer a[href]"
    wanted = page.evaluate(
        f"[...document.querySelectorAll({reachable!r})].filter(e => e.checkVisibility()).length"
    )
    page.evaluate("window.reached = new Set()")
    for _ in range(wanted + 1):
        page.keyboard.press("Tab")
        page.evaluate("window.reached.add(document.activeElement)")
    missed = page.evaluate(
        f"[...document.querySelectorAll({reachable!r})]"
        ".filter(e => e.checkVisibility() && !window.reached.has(e)).map(e => e.outerHTML)"
    )
    assert wanted > 20
    assert missed == []
    page.close()


def test_skip_link_leads_to_the_content(browser: Browser, address: str) -> None:
    seen = visit(browser, address, DESKTOP)
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "content"
    seen.page.close()


def test_new_reading_appears_without_reload(
    browser: Browser,
    address: str,
    installation: Installation,
    store: SqliteStore,
    clock: MovingClock,
) -> None:
    seen = visit(browser, address, DESKTOP)
    page = seen.page
    expect(page.locator("#meters-answer")).to_contain_text("1 su 98")
    expect(page.get_by_role("status")).to_have_text("")
    page.evaluate("window.sameDocument = true")
    point = installation.register(installation.meter(NEVER)).point
    store.write([Reading(point, clock(), 500.0)])
    expect(page.locator("#meters-answer")).to_contain_text("2 su 98", timeout=PATIENCE_MS)
    expect(page.get_by_role("status")).to_contain_text("2 aggiornati", timeout=PATIENCE_MS)
    assert page.evaluate("window.sameDocument") is True
    assert seen.complaints == []
    page.close()


def test_meters_are_there_before_the_first_refresh(
    browser: Browser, installation: Installation, store: SqliteStore, clock: MovingClock
) -> None:
    app = create_app(installation, store, clock=clock, refresh_s=3600)
    with served(app) as address:
        seen = visit(browser, address, DESKTOP)
        expect(seen.page.locator("#meters-answer")).to_contain_text("1 su 98")
        expect(seen.page.get_by_role("status")).to_have_text("")
        seen.page.close()
    app.close()


def test_meter_that_grows_old_is_shown_late_and_not_as_zero(
    browser: Browser, address: str, clock: MovingClock, installation: Installation
) -> None:
    seen = visit(browser, address, DESKTOP)
    site = installation.site(installation.meter(LIVE).site).name
    row = seen.page.locator("tr", has=seen.page.get_by_role("rowheader", name=site, exact=True))
    power = row.locator("td").nth(2)
    expect(power).to_have_text(f"{POWER_KW:.1f}".replace(".", ","))
    clock.go_on(hours=2)
    expect(power).to_have_text("–", timeout=PATIENCE_MS)
    expect(seen.page.locator("#meters-answer")).to_contain_text("0 su 98")
    seen.page.close()


def test_open_table_stays_open_while_the_meters_refresh(browser: Browser, address: str) -> None:
    seen = visit(browser, address, DESKTOP)
    seen.page.locator("#path ~ details summary").click()
    with seen.page.expect_response("**/_dash-update-component*"):
        pass
    expect(seen.page.locator("#path ~ details table")).to_be_visible()
    seen.page.close()


def test_page_comes_by_itself_when_the_store_is_back(
    browser: Browser, app: Dashboard, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if its answer takes longer than the pause between two questions."""
    sound, passed = app.observatory.page, threading.Event()

    def fail(*_: object) -> None:
        raise StoreError("the server is away")

    def answer_late(address: Address) -> PageData:
        passed.wait(3 * REFRESH_S)
        return sound(address)

    monkeypatch.setattr(app.observatory, "page", answer_late)
    with monkeypatch.context() as while_away:
        while_away.setattr(app.observatory, "page", fail)
        page = browser.new_page()
        page.goto(address)
        expect(page.locator("#page")).to_contain_text(
            "l’archivio delle letture non risponde", timeout=PATIENCE_MS
        )
    expect(page.locator("#meters-answer")).to_be_visible(timeout=PATIENCE_MS)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    for _ in range(3):  # of the meters, which are asked for as often
        with page.expect_response("**/_dash-update-component*"):
            pass
    assert asked
    assert not any("page.children" in text for text in asked)
    page.close()


def test_language_and_city_are_links_that_keep_the_rest(browser: Browser, address: str) -> None:
    seen = visit(browser, f"{address}/?factor=frozen", DESKTOP)
    seen.page.get_by_role("link", name="English").click()
    seen.page.wait_for_url("**/?factor=frozen&lang=en")
    assert seen.page.evaluate("document.documentElement.lang") == "en"
    seen.page.get_by_role("link", name="Lerici", exact=True).click()
    expect(seen.page.get_by_role("heading", level=1)).to_contain_text("Lerici")
    assert "lang=en" in seen.page.url
    assert seen.page.title().startswith("Target 2020 – Lerici")
    seen.page.close()


def test_unknown_values_are_told_on_the_page(browser: Browser, address: str) -> None:
    seen = visit(browser, f"{address}/?city=roma&target=moon", DESKTOP)
    notices = seen.page.locator(".notice")
    expect(notices.nth(0)).to_contain_text("«roma»")
    expect(notices.nth(1)).to_contain_text("«moon»")
    seen.page.close()


def test_paper_has_no_navigation_and_nothing_cut(browser: Browser, address: str) -> None:
    seen = visit(browser, address, DESKTOP)
    seen.page.emulate_media(media="print")
    expect(seen.page.locator(".cities")).to_be_hidden()
    expect(seen.page.locator(".switch").first).to_be_hidden()
    expect(seen.page.get_by_role("heading", level=1)).to_be_visible()
    assert seen.page.locator(".scroll").last.evaluate("e => getComputedStyle(e).overflowX") == (
        "visible"
    )
    seen.page.close()
