"""The application in a real Chromium: keyboard, live update, a store that comes back, print."""

from __future__ import annotations

from collections.abc import Iterator

import chromium as browsers
import pytest
from chromium import DESKTOP, PATIENCE_MS, served, violations, visit, wait_until_drawn
from playwright.sync_api import Browser, expect
from shown_town import LIVE, NEVER, POWER_KW, MovingClock

from dashboard import visits
from dashboard.app import Dashboard
from paes.errors import StoreError
from paes.installation import Installation
from paes.metering import Reading
from paes.store.sqlite import SqliteStore

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browsers.chromium() as running:
        yield running


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


def test_lost_page_is_accessible(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/no-such-page")
    assert violations(page) == []
    page.close()


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
    asked = len(seen.requests)
    seen.page.keyboard.press("Enter")
    assert seen.page.evaluate("document.activeElement.id") == "content"
    assert seen.page.url.endswith("#content")
    assert [url for url in seen.requests[asked:] if url.rstrip("/") == address] == []
    seen.page.close()


def test_new_reading_appears_without_reload(
    browser: Browser,
    address: str,
    installation: Installation,
    store: SqliteStore,
    clock: MovingClock,
) -> None:
    seen = visit(browser, f"{address}/dati")
    page = seen.page
    expect(page.locator("#meters-answer")).to_contain_text("1 su 98")
    expect(page.get_by_role("status")).to_have_text("")
    page.evaluate("window.sameDocument = true")
    with page.expect_response("**/_dash-update-component*"):  # what is compared with later
        pass
    point = installation.register(installation.meter(NEVER)).point
    store.write([Reading(point, clock(), 500.0)])
    expect(page.locator("#meters-answer")).to_contain_text("2 su 98", timeout=PATIENCE_MS)
    expect(page.get_by_role("status")).to_contain_text("2 aggiornati", timeout=PATIENCE_MS)
    assert page.evaluate("window.sameDocument") is True
    assert seen.complaints == []
    page.close()


def test_meter_that_grows_old_is_shown_late_and_not_as_zero(
    browser: Browser, address: str, clock: MovingClock, installation: Installation
) -> None:
    seen = visit(browser, f"{address}/dati?sites=all", DESKTOP)
    site = installation.site(installation.meter(LIVE).site).name
    row = seen.page.locator("tr", has=seen.page.get_by_role("rowheader", name=site, exact=True))
    power = row.locator("td").nth(2)
    expect(power).to_have_text(f"{POWER_KW:.1f}".replace(".", ","))
    clock.go_on(hours=2)
    expect(power).to_have_text("–", timeout=PATIENCE_MS)
    expect(seen.page.locator("#meters-answer")).to_contain_text("0 su 98")
    seen.page.close()


def test_next_page_comes_without_reload_and_back_leads_back(browser: Browser, address: str) -> None:
    """With its own charts, title and menu entry, and the reader at its heading."""
    seen = visit(browser, address)
    page = seen.page
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="Patto dei Sindaci, oltre −20 % al 2020").click()
    page.wait_for_url("**/?target=*")
    wait_until_drawn(page)
    page.get_by_role("navigation").get_by_role("link", name="Dati", exact=True).click()
    page.wait_for_url("**/dati?*")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    expect(page.locator(".menu [aria-current=page]")).to_have_text("Dati")
    expect(page.get_by_role("status")).to_contain_text("Pagina aggiornata: Dati")
    page.go_back()
    page.wait_for_url("**/?target=*")
    wait_until_drawn(page)
    expect(page.locator("#path-chart .main-svg").first).to_be_visible()
    assert page.evaluate("window.sameDocument") is True
    assert seen.complaints == []
    page.close()


def test_page_comes_by_itself_when_the_store_is_back(
    browser: Browser, app: Dashboard, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the server is away")

    page = browser.new_page()
    with monkeypatch.context() as while_away:
        while_away.setattr(visits, "FAILED_AGAIN_S", 1)
        while_away.setattr(app.observatory, "kept", fail)
        page.goto(address)
        expect(page.locator("main")).to_contain_text(
            "l’archivio delle letture non risponde", timeout=PATIENCE_MS
        )
    expect(page.locator("#sectors-chart .main-svg").first).to_be_visible(timeout=PATIENCE_MS)
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
