"""``notices.yaml``: when malfunctions are looked for, who is told, by which way, and when not.

Secrets are never in the file: it *names* the environment variables that hold them, and they are
read when something is sent. Without the file malfunctions are looked for, and nobody is told.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from paes.errors import NoticeRefused
from paes.listening import is_loopback
from paes.periods import local_instant, zone
from paes.public_holidays import public_holidays
from paes.schema import ConfigModel

Language = Literal["it", "en"]
Environment = Mapping[str, str]


def _clock_time(value: object) -> object:
    if isinstance(value, time):
        return value
    try:
        hour, minute = (int(part) for part in str(value).split(":"))
        return time(hour, minute)
    except ValueError as err:
        raise ValueError(f"expected a time of day such as 05:30, seen {value!r}") from err


def _mailbox(text: str) -> str:
    _, address = parseaddr(text)
    try:
        parsed = Address(addr_spec=address)
        is_whole = bool((parsed.username and "." in parsed.domain) or parsed.domain == "localhost")
    except (ValueError, IndexError, LookupError):  # what the parser raises of nonsense varies
        is_whole = False
    if not is_whole or not address.isascii() or not text.isprintable():
        raise ValueError(f"expected an address such as energia@comune.example, seen {text!r}")
    return text


ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
"""``energia@comune.example`` or ``Ufficio energia <energia@comune.example>``."""
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
"""The name of an environment variable."""


class Quiet(ConfigModel):
    """Local hours in which nobody is told; over midnight if they are not in order."""

    from_time: ClockTime
    to_time: ClockTime
    rest_days: bool = False
    """Nor at any time of Saturdays, Sundays and public holidays."""

    @model_validator(mode="after")
    def _have_an_end(self) -> Self:
        if self.from_time == self.to_time:
            raise ValueError(f"to_time is {self.to_time:%H:%M}, as from_time: nobody is ever told")
        return self

    def covers(self, at: datetime, tz: str) -> bool:
        """True if nobody is told at the instant ``at``."""
        local = at.astimezone(zone(tz))
        day, now = local.date(), local.time()
        if self.rest_days and (day.weekday() > 4 or day in public_holidays("IT", day.year)):
            return True
        if self.from_time < self.to_time:
            return self.from_time <= now < self.to_time
        return now >= self.from_time or now < self.to_time

    def until(self, at: datetime, tz: str) -> datetime:
        """The first time from ``at`` on at which people may be told, in UTC."""
        if not self.covers(at, tz):
            return at
        today = at.astimezone(zone(tz)).date()
        for days in range(15):  # no rest is longer
            for ends in (time(0), self.to_time):
                instant = local_instant(today + timedelta(days=days), ends, tz)
                if instant > at and not self.covers(instant, tz):
                    return instant
        return at + timedelta(days=15)


class MailNotices(ConfigModel):
    """A mail server, and who is told by it."""

    host: str = Field(min_length=1)
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user_variable: Variable | None = None
    password_variable: Variable | None = None
    ca: Path | None = None
    """The certificate authority (PEM) of a server with a certificate of its own."""
    sender: Mailbox
    recipients: Annotated[tuple[Mailbox, ...], Field(min_length=1)]
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 15.0

    @field_validator("host")
    @classmethod
    def _is_a_host(cls, host: str) -> str:
        if not host.isprintable() or set(host) & set(" /@"):
            raise ValueError(f"expected the name of a mail server, seen {host!r}")
        return host

    @model_validator(mode="after")
    def _passwords_travel_safely(self) -> Self:
        if (self.user_variable is None) != (self.password_variable is None):
            raise ValueError("user_variable and password_variable go together: one is missing")
        if self.user_variable and self.security == "none" and not is_loopback(self.host):
            raise ValueError(
                "security is none: a password would travel unencrypted; expected starttls or tls"
            )
        return self

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it needs."""
        return tuple(name for name in (self.user_variable, self.password_variable) if name)


class WebhookNotices(ConfigModel):
    """An address of a program that is told, and the secret by which it knows who tells it.

    Addresses often are secrets themselves: then name the variable that holds them.
    """

    url: str | None = Field(default=None, repr=False)
    url_variable: Variable | None = None
    secret_variable: Variable | None = None
    ca: Path | None = None
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 15.0

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str | None) -> str | None:
        if url is not None and (wrong := url_problem(url)):
            raise ValueError(wrong)
        return url

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        if (self.url is None) == (self.url_variable is None):
            raise ValueError("expected either url or url_variable")
        return self

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that it needs."""
        return tuple(name for name in (self.url_variable, self.secret_variable) if name)


class Notices(ConfigModel):
    """``notices.yaml``; as it is made without arguments, nobody is told."""

    night_run: ClockTime = time(5, 30)
    """When malfunctions are looked for, on the clock of the default city."""
    language: Language = "it"
    least_eur_per_week: Annotated[float, Field(ge=0)] = 0.0
    """What is priced and costs less is not told; what has no price always is."""
    most_cases: Annotated[int, Field(ge=1, le=50)] = 15
    """So many cases are told one by one in a digest, the others by their number."""
    quiet: Quiet | None = None
    page: str | None = None
    """Where people open the dashboard, for the links of a digest."""
    mail: MailNotices | None = None
    webhook: WebhookNotices | None = None

    @field_validator("page")
    @classmethod
    def _is_a_page(cls, page: str | None) -> str | None:
        if page is not None:
            parts = _split(page)
            if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"expected an address such as https://paes.example, seen {page!r}")
        return page

    def unset_variables(self, environment: Environment = os.environ) -> list[str]:
        """A line for each environment variable that is named and not set."""
        named = [("mail", self.mail), ("webhook", self.webhook)]
        return [
            f"notices.yaml: {key}: the environment variable {name} is not set here"
            for key, way in named
            if way
            for name in way.variables
            if not environment.get(name, "").strip()
        ]


def secret(name: str, environment: Environment) -> str:
    """What the environment variable ``name`` holds; NoticeRefused if that is nothing."""
    value = environment.get(name, "").strip()
    if not value:
        raise NoticeRefused(f"the environment variable {name} is not set; notices.yaml names it")
    return value


def url_problem(url: str) -> str | None:
    """Why nothing is sent to ``url``, without repeating it: it may hold a secret."""
    parts = _split(url)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        return "url is not understood; expected https://HOST/PATH"
    if "@" in parts.netloc:
        return "url holds a user or password; expected https://HOST/PATH"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "url is http, which anyone on the way can read; expected https://HOST/PATH"
    return None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts if url.isascii() and url.isprintable() and " " not in url else None
