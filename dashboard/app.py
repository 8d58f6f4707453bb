"""The dashboard as one application: ``create_app`` builds it, ``serving`` runs it until stopped.

::

    browser ── GET /edifici?… ────→ Visits ─→ Page.make ─→ the whole document, words and tables
            ── charts callback ───→ Visits ─→ Page.make ─→ the figures of the same address
            ── every 10 s ────────→ Visits ─→ Page.live ─→ the block that stays live
            ── passport callback ─→ Visits ─→ the passport of a figure, for the panel
            ── GET …/csv/… ───────→ Visits ─→ Page.make ─→ a table of the same address
            ── POST … ────────────→ Visits ─→ Page.post ─→ the address to go on with

Documents are written by the server, so that a page is there, can be read and printed before any
script runs; Dash brings what moves: figures, live blocks, passports. Nothing is global and nothing
happens at import; an application owns its ``Observatory``, and ``close`` ends it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, no_update
from flask import request

from dashboard.access.access import Access
from dashboard.access.cookies import TOKEN_COOKIE, TOKEN_HEADER
from dashboard.access.local_guard import keep_local
from dashboard.access.proxies import trust_proxies
from dashboard.access.rights import LOCAL, User
from dashboard.figures.canvas import config as chart_config
from dashboard.figures.canvas import without_markup
from dashboard.memory import Memory, Pending
from dashboard.observatory import Observatory
from dashboard.pages.markup import markup
from dashboard.pages.table import PAGES
from dashboard.queries.field_report import Field
from dashboard.recipes import RECIPES
from dashboard.routes import add_headers, add_routes
from dashboard.serving import require_port, serve, stop_signals
from dashboard.texts import load_languages
from dashboard.visits import Visits
from dashboard.warm_up import compress_assets, make_ahead
from paes.errors import PaesError
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
_SCRIPTS = (_CHARTS, "charts.js", "live.js", "navigate.js")
_LOCALE = "vendor/plotly-locale-it.json"
log = logging.getLogger(__name__)


def local_user() -> User:
    """Who asks where no login is asked for."""
    return LOCAL


class Dashboard(Dash):
    """A Dash application whose documents are ours; ``close`` ends its background work."""

    access: Access | None = None
    """Who may come in; None: everybody at this machine."""

    def __init__(self, observatory: Observatory, who: Callable[[], User], **options: Any) -> None:
        super().__init__(__name__, **options)
        self.observatory = observatory
        self.visits = Visits(
            observatory,
            load_languages(),
            base=self.config.routes_pathname_prefix,
            who=who,
            asset=self.asset,
            style_sheets=_STYLES,
            has_style=lambda name: (ASSETS / name).is_file(),
        )

    def index(self, *_args: Any, **_kwargs: Any) -> Any:
        """The document of whatever page the request asks for."""
        return self.visits.answer(request, self._scripts)

    def _scripts(self) -> str:
        return str(super().index())  # type: ignore[no-untyped-call]

    def interpolate_index(self, **parts: Any) -> str:  # type: ignore[override]
        """The tags of Dash's own scripts, after ours."""
        own = "\n".join(f'<script src="{self.asset(n)}"></script>' for n in _SCRIPTS)
        return (
            '<div id="react-entry-point" hidden></div>\n'
            f"{own}\n{parts['config']}\n{parts['scripts']}\n{parts['renderer']}"
        )

    def asset(self, name: str) -> str:
        """The address of an own file; it changes with the file, so it may be kept for a year."""
        changed = int((ASSETS / name).stat().st_mtime)
        return f"{self.get_asset_url(name)}?m={changed}"

    def warm_up(self, ahead: bool) -> None:
        """Have ready what readers ask for first; with ``ahead`` the long answers too."""
        compress_assets(self.server, self.visits.base)
        if ahead:
            make_ahead(self.observatory, RECIPES)

    def close(self) -> None:
        """End the background work and the access; the store stays the caller's."""
        self.observatory.close()
        if self.access:
            self.access.close()


def create_app(
    installation: Installation,
    store: Store,
    *,
    clock: Callable[[], datetime] = now_utc,
    refresh_s: float = REFRESH_S,
    base: str = "/",
    memory: Memory | None = None,
    folder: Path | None = None,
    field: Field | None = None,
    who: Callable[[], User] = local_user,
    access: Access | None = None,
    proxies: int = 0,
) -> Dashboard:
    """The dashboard of ``installation`` over ``store``; live blocks are asked every ``refresh_s``.

    ``base`` is where it lives on its server, such as ``/energia/``; ``folder`` where it keeps what
    it makes itself; ``field`` tells of the collector on this machine. Without ``access``
    everybody at this machine is ``LOCAL``, and nobody else is answered; so many ``proxies`` before
    it are believed. Raises PaesError if the browser assets were never fetched. The caller closes
    the application before it closes the store.
    """
    locales = _locales()
    app = Dashboard(
        Observatory(installation, store, clock, memory, folder, field),
        access.who if access else who,
        assets_folder=str(ASSETS),
        include_assets_files=False,
        health_endpoint=HEALTH,
        suppress_callback_exceptions=True,
        update_title=None,
        url_base_pathname=base,
        csrf_token_name=TOKEN_COOKIE,
        csrf_header_name=TOKEN_HEADER,
    )
    app.server.config["SEND_FILE_MAX_AGE_DEFAULT"] = YEAR_S
    app.layout = _layout(refresh_s)
    _add_callbacks(app, locales)
    add_routes(app.server, app.visits, PAGES)
    tiles = installation.map_tiles
    add_headers(app.server, list(app.csp_hashes()), tiles.origin if tiles else "")
    if access:
        access.join(app)
        app.access = access
    else:
        keep_local(app.server)
    trust_proxies(app.server, proxies)
    _warm_up(app)
    return app


def require_assets() -> None:
    """PaesError if any of the fetched browser assets is missing."""
    missing = [n for n in (*_STYLES, *_SCRIPTS, _LOCALE) if not (ASSETS / n).is_file()]
    if missing:
        raise PaesError(
            f"the dashboard's browser assets are missing ({ASSETS / missing[0]}): run `make assets`"
        )


def _locales() -> dict[str, dict[str, Any]]:
    """Plotly's words and dates by language code; PaesError if the assets were never fetched."""
    require_assets()
    locale = json.loads((ASSETS / _LOCALE).read_text("utf-8"))
    dates = locale["format"]
    for names in ("months", "shortMonths", "days", "shortDays"):
        dates[names] = [word.lower() for word in dates[names]]  # Italian writes them small
    dates |= _DAY_FIRST
    return {"it": locale, "en": {"moduleType": "locale", "name": "en", "format": _DAY_FIRST}}


_DAY_FIRST = {"dayMonth": "%-d %b", "dayMonthYear": "%-d %b %Y"}
"""As both languages write dates everywhere else on the pages."""


def _layout(refresh_s: float) -> Any:
    """Nothing to be seen: where Dash keeps what it brings, and what it is asked by."""
    return html.Div(
        [
            dcc.Location(id="address", refresh=False),
            dcc.Interval(id="tick", interval=int(refresh_s * 1000)),
            *(dcc.Store(id=name) for name in _STORES),
        ]
    )


_STORES = ("again", "charts", "charts-drawn", "live", "live-states", "live-shown", "passport-asked",
           "passport", "passport-shown")  # fmt: skip


def _add_callbacks(app: Dashboard, locales: dict[str, Any]) -> None:
    visits = app.visits

    def draw(href: str | None, _again: float | None) -> Any:
        """The figures of the page at ``href`` by name; None where one could not be made."""
        asked, page = visits.asked_by(href)
        if page is None or not asked.user.may(page.right):
            return no_update
        try:
            charts = visits.made(page, asked).charts
        except (PaesError, Pending):
            return {"href": href, "figures": {}}
        except Exception:
            log.exception("the charts of %s failed", asked.address.path)
            return {"href": href, "figures": {}}
        figures = {name: _drawn(name, make) for name, make in charts.items()}
        return {"href": href, "figures": figures, "config": chart_config(asked.language, locales)}

    def refresh(_: int, href: str | None, before: dict[str, str] | None) -> Any:
        asked, page = visits.asked_by(href)
        if page is None or page.live is None or not asked.user.may(page.right):
            return no_update, no_update
        language, city = asked.language, asked.city
        try:
            live = page.live(asked)
        except Exception as err:
            if isinstance(err, (PaesError, Pending)):
                log.warning("cannot refresh %s: %s", asked.address.path, err)
            else:
                log.exception("cannot refresh %s", asked.address.path)
            time = language.clock_time(asked.now, city.time_zone, seconds=True)
            return {"words": language.text("meters.status_failed", time=time)}, no_update
        words = live.words if before is not None and dict(live.states) != before else ""
        return {"html": markup(live.block), "words": words}, dict(live.states)

    def open_passport(figure: str | None, href: str | None) -> Any:
        return visits.passport(str(figure), href) if figure else no_update

    app.callback(Output("charts", "data"), Input("address", "href"), Input("again", "data"))(draw)
    app.callback(
        Output("live", "data"),
        Output("live-states", "data"),
        Input("tick", "n_intervals"),
        State("address", "href"),
        State("live-states", "data"),
        prevent_initial_call=True,
    )(refresh)
    app.callback(
        Output("passport", "data"),
        Input("passport-asked", "data"),
        State("address", "href"),
        prevent_initial_call=True,
    )(open_passport)
    for space, store in (("charts", "charts"), ("live", "live"), ("panel", "passport")):
        app.clientside_callback(  # type: ignore[no-untyped-call]
            ClientsideFunction(space, "show"),
            Output("charts-drawn" if store == "charts" else f"{store}-shown", "data"),
            Input(store, "data"),
        )


def _drawn(name: str, make: Callable[[], Any]) -> Any:
    try:
        return without_markup(make())
    except PaesError as err:
        log.warning("the chart %s cannot be drawn: %s", name, err)
    except Exception:
        log.exception("the chart %s failed", name)
    return None


def _warm_up(app: Dashboard) -> None:
    """Let Dash finish its setup now: several threads' first requests would race for it."""
    app.server.test_client().get(f"{app.config.routes_pathname_prefix}_dash-dependencies")
