"""Who may see what: the login of a dashboard, its guard and its audit log.

::

    every request ─→ guard ─┬─ public page, login, assets, health ──────────────→ answered
                            ├─ nobody: document → login; callback, CSV → 401
                            ├─ somebody: POST without the token of its session → 400
                            └─ otherwise ─→ Visits, which ask the page's right ─→ answered or 403

An ``Access`` is made of a folder and settings, joins one application and is closed with it.
Without one a dashboard knows nobody: everybody is ``LOCAL`` (demonstration, tests).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, has_request_context, request
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect, generate_csrf

from dashboard.access.access_file import AccessFile
from dashboard.access.accounts import Accounts
from dashboard.access.audit_log import AuditLog
from dashboard.access.cookies import SESSION_COOKIE, SessionCookie
from dashboard.access.guard import Guard
from dashboard.access.login import LoginViews
from dashboard.access.login_limits import Attempts
from dashboard.access.provider import SignIn
from dashboard.access.rights import NOBODY, User
from dashboard.access.sessions import Session, Sessions
from dashboard.access.settings import AccessSettings
from paes.errors import PaesError, StoreError
from paes.periods import now_utc

if TYPE_CHECKING:
    from dashboard.app import Dashboard

KEY_VARIABLE, SHORTEST_KEY = "PAES_SECRET_KEY", 32
LARGEST_REQUEST_BYTES = 1 << 20
_DEFAULTS = AccessSettings()
log = logging.getLogger(__name__)


def given_key(environment: Mapping[str, str]) -> str:
    """The key that cookies are signed with, if it is given; PaesError if it could be guessed."""
    key = environment.get(KEY_VARIABLE, "").strip()
    if key and len(key) < SHORTEST_KEY:
        raise PaesError(
            f"the environment variable {KEY_VARIABLE} has {len(key)} characters; expected at least"
            f" {SHORTEST_KEY} of chance, or none: then a key is made and kept"
        )
    return key


class Access:
    """The accounts, sessions and log in ``folder``, and the login of the application it joins."""

    def __init__(
        self,
        folder: Path,
        settings: AccessSettings = _DEFAULTS,
        *,
        clock: Callable[[], datetime] = now_utc,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        """Raises StoreError if the file cannot be used, PaesError if a secret is not set."""
        self.settings = settings
        self._key = given_key(environment)
        self.sign_in = SignIn(settings.provider, environment) if settings.provider else None
        self.file = AccessFile(folder)
        self.log = AuditLog(self.file, clock)
        self.accounts = Accounts(self.file, self.log, clock)
        self.sessions = Sessions(self.file, settings.sessions, clock)
        self.attempts = Attempts(self.file, settings.login, clock)

    @property
    def has_anybody(self) -> bool:
        """Whether anybody could log in."""
        return self.sign_in is not None or any(a.is_enabled for a in self.accounts.all())

    def session(self) -> Session | None:
        """The session of the present request."""
        if not has_request_context() or not current_user.is_authenticated:
            return None
        found: Session = current_user._get_current_object()
        return found

    def who(self) -> User:
        """Who asks."""
        session = self.session()
        return session.user if session else NOBODY

    def audit(self, user: User, what: str, subject: str, told: str) -> None:
        """Add a line to the audit log about what ``user`` did.

        It is done: if the log takes no line, the program's own log has it.
        """
        try:
            self.log.add(user.name, what, subject, told, request.remote_addr or "")
        except StoreError as err:
            log.error(
                "not in the audit log: %s: %s %s: %r: %s", user.name, what, subject, told, err
            )

    def join(self, app: Dashboard) -> None:
        """Guard every request of ``app``, and add the pages of login and logout."""
        server, base = app.server, app.visits.base
        self._configure(server, base)
        manager = LoginManager()
        manager.session_protection = None  # phones change networks; the token is what counts
        manager.user_loader(self.sessions.find)
        manager.init_app(server)
        csrf = CSRFProtect(server)
        visits = app.visits
        visits.has_login, visits.csrf, visits.audit = True, generate_csrf, self.audit
        Guard(self.session, self.sessions, csrf, base).join(server)
        LoginViews(self, visits).join(server)

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def _configure(self, server: Flask, base: str) -> None:
        server.secret_key = self._key or self.file.kept_secret()
        server.session_interface = SessionCookie()
        server.config.update(
            SESSION_COOKIE_NAME=SESSION_COOKIE,
            SESSION_COOKIE_PATH=base,
            SESSION_COOKIE_HTTPONLY=True,
            SESSION_COOKIE_SAMESITE="Lax",
            WTF_CSRF_CHECK_DEFAULT=False,  # the guard asks
            WTF_CSRF_TIME_LIMIT=None,  # a token ends with its session
            # The token and SameSite are enough; some browsers send no referrer at all.
            WTF_CSRF_SSL_STRICT=False,
            MAX_CONTENT_LENGTH=LARGEST_REQUEST_BYTES,
        )
