"""The pictures of the guides, taken anew: ``python docs/take_pictures.py http://127.0.0.1:8050``.

The address is that of a demonstration (``paes demo``), which asks for no login. Needs Chromium.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PICTURES = Path(__file__).parent / "pictures"
WIDE, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
DRAWN = "body[data-drawn]:not(:has(.bones))"
SHOWN = {
    "progress": ("/", ""),
    "passport": ("/", "passport"),
    "sites": ("/edifici", ""),
    "site": ("/edifici/scuola-2-giugno", "carpet"),
    "malfunctions": ("/allarmi", ""),
    "actions": ("/azioni", ""),
    "data": ("/dati", ""),
    "report": ("/relazione", ""),
    "public": ("/pubblica", "phone"),
}


def take(browser: Browser, address: str, lang: str, name: str) -> None:
    """One picture of the page's top, or of what it is about."""
    path, what = SHOWN[name]
    page = browser.new_page(viewport=PHONE if what == "phone" else WIDE)  # type: ignore[arg-type]
    page.goto(f"{address.rstrip('/')}{path}?lang={lang}")
    page.locator(DRAWN).wait_for(state="attached", timeout=180_000)
    prepare(page, what)
    target = PICTURES / lang / f"{name}.jpg"
    target.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=target, type="jpeg", quality=70)
    page.close()


def prepare(page: Page, what: str) -> None:
    """Open or scroll to what the picture is about."""
    if what == "passport":
        page.locator("main a[data-figure]").first.click()
        page.locator("#panel-content code").first.wait_for()
    elif what == "carpet":
        page.locator("[data-chart]").nth(1).scroll_into_view_if_needed()
        page.evaluate("document.querySelectorAll('main section h2')[1].scrollIntoView()")


def main(address: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        for lang in ("it", "en"):
            for name in SHOWN:
                take(browser, address, lang, name)
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
