"""Every page of a simulated town in a real Chromium: both languages, wide and narrow, by axe.

The town has fourteen months, malfunctions and a clock that stands still; it is served by a process
of its own (``town_server``), as a city serves it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import chromium as browsers
import pytest
from chromium import DESKTOP, NARROW, PATIENCE_MS, PHONE, Visit, violations, visit
from playwright.sync_api import Browser, BrowserContext, Page, expect

from dashboard.pages.table import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
SITE, METER, ACTION = "scuola-2-giugno", "scuola-2-giugno.main", "led-illuminazione-pubblica"
SHOWN = {
    "progress": "/",
    "sites": "/edifici",
    "site": f"/edifici/{SITE}",
    "photovoltaics": "/fotovoltaico",
    "lighting": "/illuminazione",
    "water_heat": "/acqua-calore",
    "malfunctions": "/allarmi",
    "actions": "/azioni",
    "data": "/dati",
    "report": "/relazione",
    "public": "/pubblica",
    "passport": "/passaporto?id=la-spezia/inventory/2025/t",
    "audit": "/registro",
    "accuracy": "/affidabilita",
    "statement": "/accessibilita",
    "data of a meter": f"/dati?meter={METER}",
}
UNPRINTABLE = (" None", "NaN", "undefined", " nan", "inf ", "{", "Traceback")
"""What a reader would see of a value that nobody formatted."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the served town."""
    folder = tmp_path_factory.mktemp("town")
    with subprocess.Popen(
        [sys.executable, str(HERE / "town_server.py"), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        address = server.stdout.readline().strip().rstrip("/")
        assert address.startswith("http://127.0.0.1:")
        yield address
        server.stdin.close()
        assert server.wait(60) == 0


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    with browsers.chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def reader(running: Browser) -> BrowserContext:
    """One reader with a cache, as people have: scripts are fetched once for all pages."""
    return running.new_context()


@pytest.fixture
def browser(reader: BrowserContext) -> Iterator[BrowserContext]:
    """The reader's browser, without the pages of earlier tests."""
    yield reader
    for page in reader.pages:
        page.close()


def check(seen: Visit, town: str, lang: str) -> None:
    """What holds for every page."""
    page = seen.page
    assert page.evaluate("document.documentElement.lang") == lang
    assert page.locator("h1").count() == 1
    places, drawn = page.locator("[data-chart]"), page.locator("[data-chart] .main-svg")
    assert drawn.count() >= places.count(), "a chart was not drawn"
    open_all(page)
    assert violations(page) == []
    text = page.locator("main").inner_text()
    assert [word for word in UNPRINTABLE if word in text] == []
    for size in (DESKTOP, PHONE, NARROW):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        browsers.wait_until_within(page, size["width"])
    foreign = [url for url in seen.requests if not url.startswith((town, "data:", "blob:"))]
    assert foreign == []
    assert seen.complaints == []


def open_all(page: Page) -> None:
    """Every folded table."""
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")


def in_language(path: str, lang: str) -> str:
    mark = "&" if "?" in path else "?"
    return path if lang == "it" else f"{path}{mark}lang={lang}"


@pytest.mark.parametrize(("lang", "size"), [("it", DESKTOP), ("en", PHONE)], ids=["it", "en"])
@pytest.mark.parametrize("path", SHOWN.values(), ids=SHOWN)
def test_page_is_whole_accessible_and_stays_at_home(
    browser: BrowserContext, town: str, path: str, lang: str, size: dict[str, int]
) -> None:
    check(visit(browser, town + in_language(path, lang), size), town, lang)


def test_every_page_is_looked_at() -> None:
    """Those that are named by a case or an action are looked at on the way to them, below."""
    assert {page.name for page in PAGES} - SHOWN.keys() <= {"malfunction", "action", "login"}


def tab_to(page: Page, href_begins: str) -> None:
    """Go on with the keyboard until a link to there has the focus."""
    for _ in range(400):
        page.keyboard.press("Tab")
        href = page.evaluate("document.activeElement.getAttribute('href')")
        if href and href.startswith(href_begins):
            return
    raise AssertionError(f"no link to {href_begins} can be reached by keyboard")


def arrived(page: Page, path: str) -> None:
    page.wait_for_url(f"**{path}", timeout=PATIENCE_MS)
    browsers.wait_until_drawn(page)


def test_manager_finds_the_worst_school_and_sees_why(browser: BrowserContext, town: str) -> None:
    seen = visit(browser, f"{town}/edifici")
    page = seen.page
    page.get_by_label("Tipo").select_option("school")
    arrived(page, "/edifici?kind=school")
    first = page.locator("main table tbody tr").first.locator("a").first
    name = first.inner_text()
    first.click()
    arrived(page, "/edifici/*")
    expect(page.locator("h1")).to_contain_text(name)
    assert page.locator("[data-chart] .main-svg").count() > 2
    assert seen.complaints == []


def test_manager_goes_by_keyboard_from_the_menu_to_the_evidence_of_an_alarm(
    browser: BrowserContext, town: str
) -> None:
    seen = visit(browser, town)
    page = seen.page
    tab_to(page, "/allarmi")
    page.keyboard.press("Enter")
    arrived(page, "/allarmi")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    tab_to(page, "/allarmi/")
    page.keyboard.press("Enter")
    arrived(page, "/allarmi/*")
    check(seen, town, "it")


def test_technician_finds_out_how_a_meter_is_doing(browser: BrowserContext, town: str) -> None:
    seen = visit(browser, f"{town}/dati")
    page = seen.page
    open_all(page)
    page.locator(f"main a[href*='meter={METER}']:visible").first.click()
    arrived(page, "/dati?meter=*")
    expect(page.locator("main")).to_contain_text(f"paes probe {METER}")
    assert seen.complaints == []


def test_councillor_follows_a_figure_down_to_where_it_comes_from(
    browser: BrowserContext, town: str
) -> None:
    seen = visit(browser, town)
    page = seen.page
    figure = page.locator("main a[data-figure]").first
    figure.focus()
    page.keyboard.press("Enter")
    panel = page.get_by_role("dialog")
    expect(panel).to_contain_text("paes trace", timeout=PATIENCE_MS)
    assert violations(page) == []
    before = panel.inner_text()
    panel.locator("a[data-figure]").first.click()
    expect(panel).not_to_have_text(before, timeout=PATIENCE_MS)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.evaluate("document.activeElement.dataset.figure !== undefined")
    assert page.url == f"{town}/"
    assert seen.complaints == []


def test_actions_lead_to_each_action(browser: BrowserContext, town: str) -> None:
    seen = visit(browser, f"{town}/azioni")
    page = seen.page
    page.locator("main table a[href^='/azioni/']:visible").first.click()
    arrived(page, "/azioni/*")
    check(seen, town, "it")


def test_citizen_prints_the_public_page_on_two_sheets(browser: BrowserContext, town: str) -> None:
    seen = visit(browser, f"{town}/pubblica")
    paper = seen.page.pdf(format="A4")
    assert 1 <= paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ") <= 2
    seen.page.emulate_media(media="print")
    for hidden in (".menu", ".site-header .language", ".pictures .data"):
        for one in seen.page.locator(hidden).all():
            expect(one).to_be_hidden()
