"""From a request to a page and back: who asks, what for, whether it is allowed, what went wrong.

Whatever fails, the reader gets a page that says so in words, with its status; the log has the
cause. A store that is away names hosts and files: nothing for a page that anybody may open.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Request, Response, redirect

from dashboard.access.rights import Right, User
from dashboard.address import Address, path_within, read_address, read_values
from dashboard.asked import Asked, NoSuchPage, NotAllowed
from dashboard.memory import Pending
from dashboard.observatory import Observatory
from dashboard.pages.blocks import notice
from dashboard.pages.markup import markup
from dashboard.pages.page import Content, Page
from dashboard.pages.passport import passport_block
from dashboard.pages.plain_pages import failed_blocks, not_allowed_blocks, not_found_blocks
from dashboard.pages.shell import LOGIN, PUBLIC, Frame, MenuEntry, document, page_title, waiting
from dashboard.pages.table import PAGES, page_at
from dashboard.tables.table import csv_text
from dashboard.texts import Language
from paes.errors import PaesError, StoreError

AGAIN_S, FAILED_AGAIN_S = 2, 10
_CSV = "/csv/"
_FILE = "/file/"
log = logging.getLogger(__name__)


class Visits:
    """Answers requests for the pages of one observatory."""

    def __init__(
        self,
        observatory: Observatory,
        languages: dict[str, Language],
        *,
        base: str,
        who: Callable[[], User],
        asset: Callable[[str], str],
        style_sheets: tuple[str, ...],
        has_style: Callable[[str], bool],
    ) -> None:
        self.observatory = observatory
        self.languages = languages
        self.base = base
        self.has_login = False
        """Set by whoever adds a login."""
        self.csrf: Callable[[], str] = str
        """The token that a form carries; set with the login."""
        self.audit: Callable[[User, str, str, str], None] | None = None
        """Writes into the audit log; set with the login."""
        self._who = who
        self._asset = asset
        self._style_sheets = style_sheets
        self._has_style = has_style

    def answer(self, request: Request, scripts: Callable[[], str]) -> Response:
        """The document, or the CSV file, at the request's address."""
        path = path_within(self.base, request.path)
        table = file = ""
        if _FILE in path:
            path, _, file = path.partition(_FILE)
        elif _CSV in path:
            path, _, table = path.rpartition(_CSV)
        asked, page = self.asked(request, path or "/")
        refused = self._refused(asked, page)
        if refused:
            return refused
        assert page is not None
        if file:
            return self._file(page, asked, file)
        if table:
            return self._csv(page, asked, table)
        content = self._content(page, asked)
        return self.written(content, asked, page, scripts())

    def accounts_away(self, request: Request, err: StoreError) -> Response:
        """For whomever it cannot be told who that is."""
        log.error("cannot tell who asks: %s", err)
        values = dict(request.args.items())
        path = path_within(self.base, request.path)
        address = read_values(self.observatory.installation, values, self.base, path)
        language = self.languages[address.lang]
        asked = Asked(address, language, self.observatory)
        message = language.text("notice.access_away")
        blocks = failed_blocks(language, message, FAILED_AGAIN_S)
        content = Content(language.text("notice.failed"), blocks, status=503)
        response = self.written(content, asked, None)
        response.headers["Cache-Control"] = "no-store"
        return response

    def post(self, request: Request) -> Response:
        """What a page's form does, then the address to go on with."""
        asked, page = self.asked(request, path_within(self.base, request.path))
        refused = self._refused(asked, page)
        if refused:
            return refused
        assert page is not None
        if page.post is None:
            return Response("Method Not Allowed", 405, mimetype="text/plain")
        try:
            return _go_on(page.post(asked, request.form))
        except Exception as err:  # noqa: BLE001 -- told and logged there
            return self.written(self._failed(err, asked), asked, page)

    def asked(self, request: Request, path: str) -> tuple[Asked, Page | None]:
        """What the request asks of the page at ``path``; None if there is no such page."""
        values = dict(request.args.items())
        address = read_values(self.observatory.installation, values, self.base, path)
        return self._asked(address)

    def asked_by(self, href: str | None) -> tuple[Asked, Page | None]:
        """The same of an address that a browser tells; no page if that is none."""
        installation = self.observatory.installation
        try:
            if not isinstance(href, str | None):
                raise ValueError("an address is a text")
            address = read_address(installation, href or self.base, self.base)
        except ValueError:  # not written by our scripts
            return self._asked(read_address(installation, self.base, self.base))[0], None
        return self._asked(address)

    def _asked(self, address: Address) -> tuple[Asked, Page | None]:
        found = page_at(address.path)
        page, part = found if found else (None, "")
        language = self.languages[address.lang]
        user = self._who()
        asked = Asked(address, language, self.observatory, user, part, csrf=self.csrf)
        if self.audit:
            asked.audit = partial(self.audit, user)
        return asked, page

    def _refused(self, asked: Asked, page: Page | None) -> Response | None:
        """Why there is no answer: no such page, not logged in, not allowed."""
        if page is None:
            return self.written(self.not_found(asked), asked, None)
        if asked.user.may(page.right):
            return None
        if asked.user.role is None:
            address = asked.address
            if address.path == "/":
                return _go_on(address.link(PUBLIC))
            return _go_on(address.link(LOGIN, next=address.link()))
        reason = asked.language.text(f"access.needs_{page.right.value}")
        return self.written(self._not_allowed(asked, reason), asked, page)

    def _content(self, page: Page, asked: Asked) -> Content:
        try:
            return self.made(page, asked)
        except Exception as err:  # noqa: BLE001 -- told and logged there
            return self._failed(err, asked)

    def made(self, page: Page, asked: Asked) -> Content:
        """The page, after one wait at most for all its answers; what it raises passes."""
        with self.observatory.memory.one_wait():
            return page.make(asked)

    def _failed(self, err: Exception, asked: Asked) -> Content:
        """Words for what went wrong."""
        t, path = asked.language.text, asked.address.path
        if isinstance(err, Pending):
            since = asked.language.clock_time(err.since, asked.city.time_zone, seconds=True)
            return Content(t("site.preparing"), list(waiting(asked.language, since, AGAIN_S)))
        if isinstance(err, NoSuchPage):
            return self.not_found(asked, str(err))
        if isinstance(err, NotAllowed):
            return self._not_allowed(asked, str(err))
        message, status = t("notice.defect"), 500
        if isinstance(err, StoreError):
            log.warning("cannot show %s: %s", path, err)
            message, status = t("notice.store_away"), 503
        elif isinstance(err, PaesError):
            log.warning("cannot show %s: %s", path, err)
            # Its words may name files: they are for who has logged in.
            message, status = str(err) if asked.user.role else message, 503
        else:
            log.exception("the page %s failed", path)
        blocks = failed_blocks(asked.language, message, FAILED_AGAIN_S)
        return Content(t("notice.failed"), blocks, status=status)

    def not_found(self, asked: Asked, reason: str = "") -> Content:
        """For an address that leads nowhere."""
        title = asked.language.text("not_found.title")
        return Content(title, not_found_blocks(asked, reason), status=404)

    def _not_allowed(self, asked: Asked, reason: str) -> Content:
        title = asked.language.text("access.not_allowed")
        return Content(title, not_allowed_blocks(asked, reason), status=403)

    def written(
        self, content: Content, asked: Asked, page: Page | None, scripts: str = ""
    ) -> Response:
        """The document of a page that was made."""
        blocks = [*self._notices(asked, content), *content.blocks]
        title = page_title(content.title, asked.address, asked.language)
        text = document(self.frame(asked, page, scripts), title, markup(blocks))
        response = Response(text, content.status, mimetype="text/html")
        response.headers["Content-Language"] = asked.language.code
        return response

    def frame(self, asked: Asked, page: Page | None = None, scripts: str = "") -> Frame:
        """What the document of ``page`` needs around it."""
        own = (f"pages/{page.name}.css",) if page else ()
        sheets = (*self._style_sheets, *(name for name in own if self._has_style(name)))
        return Frame(
            address=asked.address,
            language=asked.language,
            cities=tuple(self.observatory.installation.cities.values()),
            style_sheets=tuple(self._asset(name) for name in sheets),
            icon=self._asset("icons/favicon.svg"),
            top=page.top if page else "/",
            menu=tuple(
                MenuEntry(each.name, each.path)
                for each in PAGES
                if each.in_menu and asked.user.role and asked.user.may(each.right)
            ),
            user=asked.user,
            has_login=self.has_login,
            csrf=self.csrf,
            scripts=scripts,
        )

    def _notices(self, asked: Asked, content: Content) -> list[Any]:
        """What a reader must know first: fallbacks of the address, simulated readings."""
        t, address = asked.language.text, asked.address
        texts = [_fallback(asked, one.key, one.asked, one.used) for one in address.notices]
        texts += asked.notices
        try:
            if content.status == 200 and self.observatory.simulated:
                texts.append(t("notice.simulated"))
        except StoreError as err:
            log.warning("cannot tell whether readings are simulated: %s", err)
        return [notice(text) for text in texts]

    def _file(self, page: Page, asked: Asked, name: str) -> Response:
        """A file that the page keeps, to be saved."""
        try:
            found = page.file(asked, name) if page.file else None
        except Exception as err:  # noqa: BLE001 -- told and logged there
            return self.written(self._failed(err, asked), asked, page)
        if found is None:
            return self.written(self.not_found(asked), asked, page)
        response = Response(found.content, mimetype=found.mimetype)
        response.headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
        response.headers["Cache-Control"] = "no-cache"
        return response

    def _csv(self, page: Page, asked: Asked, name: str) -> Response:
        """A table of the page as a file to be saved, named after city and table."""
        content = self._content(page, asked)
        make = content.tables.get(name)
        if make is None:
            lost = self.not_found(asked) if content.status == 200 else content
            return self.written(lost, asked, page)
        response = Response(csv_text(make(), asked.language), mimetype="text/csv")
        part = f"{asked.part}-" if asked.part else ""
        file = f"{asked.city.id}-{part}{name}.csv"
        response.headers["Content-Disposition"] = f'attachment; filename="{file}"'
        response.headers["Content-Language"] = asked.language.code
        return response

    def passport(self, figure: str, href: str | None) -> str:
        """The passport of a figure as HTML for the panel."""
        asked, page = self.asked_by(href)
        if page is None or not asked.user.may(page.right) or not asked.user.may(Right.LOOK):
            return markup(not_allowed_blocks(asked, asked.language.text("access.needs_look")))
        try:
            return markup(passport_block(asked, figure))
        except Exception as err:  # noqa: BLE001 -- told and logged there
            return markup(self._failed(err, asked).blocks)


def _fallback(asked: Asked, key: str, value: str, used: str) -> str:
    """A value of the address that nobody knows, and what is shown instead."""
    language, address = asked.language, asked.address
    names = {
        "city": address.city.name,
        "target": address.target.name.in_language(language.code),
        "factor": language.text(f"method.{used}", base=address.city.plan.base_year).lower()
        if key == "factor"
        else "",
    }
    return language.text(f"notice.{key}", asked=value, used=names.get(key, used))


def _go_on(address: str) -> Response:
    """To another address by GET."""
    answer = redirect(address, 303)
    assert isinstance(answer, Response)
    return answer
