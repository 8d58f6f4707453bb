"""What one request asks of a page: where its reader is, who that is, in which language.

The page's own choices are read with ``choice``, which knows nothing unsafe: a value that is not
among the allowed ones falls back to the default, and the reader is told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from dashboard.access.rights import NOBODY, Right, User
from dashboard.address import Address
from dashboard.texts import Language
from paes.errors import PaesError
from paes.installation import City

if TYPE_CHECKING:
    from dashboard.observatory import Observatory


class NotAllowed(PaesError):
    """The reader's role does not allow it."""


class NoSuchPage(PaesError):
    """The address names something that is not there: a site, a case, an action."""


def _nowhere(_what: str, _subject: str, _told: str) -> None:
    """Where there is no audit log."""


@dataclass
class Asked:
    """One request; ``part`` is what the address names within the page (a site, a case)."""

    address: Address
    language: Language
    observatory: Observatory
    user: User = NOBODY
    part: str = ""
    notices: list[str] = field(default_factory=list)
    """Told on top of the page: what was asked and is not known."""
    csrf: Callable[[], str] = str
    """The token that a form of the page must carry."""
    audit: Callable[[str, str, str], None] = _nowhere
    """Writes into the audit log: what was done (a word), to what (an id), and how it was told."""

    @property
    def city(self) -> City:
        """The city that the page is about."""
        return self.address.city

    @property
    def now(self) -> datetime:
        """The present time by the observatory's clock."""
        return self.observatory.clock()

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """The value of the page's own ``key``: one of ``allowed``, else ``default``, told."""
        asked = self.address.values.get(key, default)
        if asked == default or asked in allowed:
            return asked
        told = self.language.text("notice.choice", asked=asked[:60], used=default or "–")
        if told not in self.notices:
            self.notices.append(told)
        return default

    def link(self, path: str | None = None, **changes: str | None) -> str:
        """See ``Address.link``."""
        return self.address.link(path, **changes)

    def passport(self, figure: str) -> str:
        """The address of the passport of a figure."""
        return self.address.link("/passaporto", id=figure)

    def require(self, right: Right) -> None:
        """NotAllowed if the reader may not."""
        if not self.user.may(right):
            raise NotAllowed(self.language.text(f"access.needs_{right.value}"))
