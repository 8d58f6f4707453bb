"""The dashboard as one application: ``create_app`` builds it, ``serve`` runs it until stopped.

::

    browser ── GET /?city=… ─→ document (header, footer, language: on the first byte)
            ── page callback ─→ Observatory.page ─→ pages.progress (failed: again after 10 s)
            ── every 10 s ───→ Observatory.live ─→ the meters' block alone
            ── GET /csv/… ───→ the same tables as CSV

Nothing is global and nothing happens at import; an application owns its ``Observatory``, and
``close`` ends it. Every link is a plain address, so that a page's language, title and status are
right without any script.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update

from dashboard import sentences
from dashboard.address import read_address
from dashboard.canvas import config as chart_config
from dashboard.downloads import NAMES
from dashboard.observatory import Observatory
from dashboard.pages.blocks import rich
from dashboard.pages.live import live_html
from dashboard.pages.progress import progress_page
from dashboard.pages.shell import Frame, document, loading, page_title
from dashboard.routes import add_headers, add_routes, asked_address
from dashboard.serving import require_port, serve, stop_signals
from dashboard.texts import Language, load_languages
from paes.errors import PaesError, StoreError
from paes.installation import Installation
from paes.periods import now_utc
from paes.store import Store

__all__ = ["Dashboard", "create_app", "require_assets", "require_port", "serve", "stop_signals"]

REFRESH_S = 10.0
YEAR_S = 31536000
HEALTH = "salute"
ASSETS = Path(__file__).resolve().parent / "assets"
_STYLES = ("vendor/bootstrap-italia.min.css", "fonts.css", "page.css", "print.css")
_CHARTS = "vendor/plotly-cartesian.min.js"
_LIVE = "live.js"
_LOCALE = "vendor/plotly-locale-it.json"
log = logging.getLogger(__name__)


class Dashboard(Dash):
    """A Dash application with our document around it; ``close`` ends its background work."""

    def __init__(self, observatory: Observatory, **options: Any) -> None:
        super().__init__(__name__, **options)
        self.observatory = observatory
        self.languages = load_languages()

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]
        """The document of the page of progress, in the language that the request asks for."""
        frame = self.frame("/")
        language, address = frame.language, frame.address
        links = [(f"{name}.csv", address.link(f"/csv/{name}")) for name in NAMES]
        topic = language.text("site.topic", year=address.target.target_year)
        own = "\n".join(f'<script src="{self.asset(n)}"></script>' for n in (_CHARTS, _LIVE))
        return document(
            frame,
            page_title(topic, address, language),
            loading(language, links),
            scripts=f"{own}\n{parts['config']}\n{parts['scripts']}\n{parts['renderer']}",
        )

    def frame(self, path: str) -> Frame:
        """What the document at ``path`` needs for the present request."""
        address = asked_address(self.observatory)
        return Frame(
            address=address,
            language=self.languages[address.lang],
            cities=tuple(self.observatory.installation.cities.values()),
            style_sheets=tuple(self.asset(name) for name in _STYLES),
            icon=self.asset("icons/favicon.svg"),
            path=path,
        )

    def asset(self, name: str) -> str:
        """The address of an own file; it changes with the file, so it may be kept for a year."""
        changed = int((ASSETS / name).stat().st_mtime)
        return f"{self.get_asset_url(name)}?m={changed}"

    def close(self) -> None:
        """End the background work; the store stays the caller's."""
        self.observatory.close()


def create_app(
    installation: Installation,
    store: Store,
    *,
    clock: Callable[[], datetime] = now_utc,
    refresh_s: float = REFRESH_S,
) -> Dashboard:
    """The dashboard of ``installation`` over ``store``; its meters are asked every ``refresh_s``.

    Raises PaesError if the browser assets were never fetched. The caller closes the application
    before it closes the store.
    """
    locales = _locales()
    app = Dashboard(
        Observatory(installation, store, clock),
        assets_folder=str(ASSETS),
        include_assets_files=False,
        health_endpoint=HEALTH,
        suppress_callback_exceptions=True,
        update_title=None,
    )
    app.server.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_S
    app.layout = _layout(refresh_s)
    _add_callbacks(app, locales, refresh_s)
    add_routes(app.server, app.observatory, app.languages, app.frame)
    add_headers(app.server, list(app.csp_hashes()))
    _warm_up(app)
    return app


def require_assets() -> None:
    """PaesError if any of the fetched browser assets is missing."""
    missing = [n for n in (*_STYLES, _CHARTS, _LIVE, _LOCALE) if not (ASSETS / n).is_file()]
    if missing:
        raise PaesError(
            f"the dashboard's browser assets are missing ({ASSETS / missing[0]}): run `make assets`"
        )


def _locales() -> dict[str, dict[str, Any]]:
    """Plotly's Italian by language code; PaesError if the assets were never fetched."""
    require_assets()
    locale = json.loads((ASSETS / _LOCALE).read_text("utf-8"))
    dates = locale["format"]
    for names in ("months", "shortMonths", "days", "shortDays"):
        dates[names] = [word.lower() for word in dates[names]]  # Italian writes them small
    return {"it": locale}


def _layout(refresh_s: float) -> Any:
    return html.Div(
        [
            dcc.Location(id="address", refresh=False),
            dcc.Interval(id="tick", interval=int(refresh_s * 1000)),
            dcc.Interval(id="retry", interval=int(refresh_s * 1000), max_intervals=0),
            html.Div(id="page"),
        ]
    )


def _add_callbacks(app: Dashboard, locales: dict[str, Any], refresh_s: float) -> None:
    observatory, languages = app.observatory, app.languages

    def show_page(href: str | None, tries: int | None) -> tuple[Any, int]:
        """The page, and 0; if it failed, words, and how often it may be asked for again in all.

        That is once more: who asks by the clock alone never has an answer that takes longer.
        """
        address = read_address(observatory.installation, href or "")
        language = languages[address.lang]
        try:
            data = observatory.page(address)
            return progress_page(data, language, chart_config(language, locales), refresh_s), 0
        except StoreError as err:  # whose words name hosts and files: nothing for a public page
            log.warning("cannot show the page: %s", err)
            return _failure(language.text("notice.store_away"), language), (tries or 0) + 1
        except PaesError as err:
            log.warning("cannot show the page: %s", err)
            return _failure(str(err), language), (tries or 0) + 1
        except Exception:  # a defect of ours: the reader gets words, the log the traceback
            log.exception("the page of %s failed", address.city.id)
            return _failure(language.text("notice.defect"), language), (tries or 0) + 1

    def show_meters(_: int, href: str | None, before: dict[str, str] | None) -> Any:
        address = read_address(observatory.installation, href or "")
        language = languages[address.lang]
        try:
            now, activity_at = observatory.live(address.city)
        except Exception as err:
            if isinstance(err, PaesError):
                log.warning("cannot refresh the meters: %s", err)
            else:
                log.exception("the meters of %s failed", address.city.id)
            time = language.clock_time(observatory.clock(), address.city.time_zone, seconds=True)
            return no_update, language.text("meters.status_failed", time=time), no_update
        block = live_html(now, activity_at, refresh_s, language, address)
        if now.states == before:
            return block, no_update, no_update
        time = language.clock_time(now.at, address.city.time_zone)
        return block, sentences.meters_changed(now, language, time), now.states

    app.callback(
        Output("page", "children"),
        Output("retry", "max_intervals"),
        Input("address", "href"),
        Input("retry", "n_intervals"),
    )(show_page)
    app.callback(
        Output("live-html", "data"),
        Output("live-status", "children"),
        Output("live-states", "data"),
        Input("tick", "n_intervals"),
        State("address", "href"),
        State("live-states", "data"),
        prevent_initial_call=True,
    )(show_meters)
    show = ClientsideFunction("live", "show")
    app.clientside_callback(  # type: ignore[no-untyped-call]
        show, Output("live-shown", "data"), Input("live-html", "data")
    )


def _failure(message: str, language: Language) -> Any:
    t = language.text
    return html.Div(
        [
            html.H1(t("notice.failed")),
            html.P(rich(t("notice.failed_next", message=message)), className="lead"),
            html.P(rich(t("notice.failed_hint"))),
        ]
    )


def _warm_up(app: Dashboard) -> None:
    """Let Dash finish its setup now: several threads' first requests would race for it."""
    app.server.test_client().get("/")
