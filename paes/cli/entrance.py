"""Who may come in to a dashboard that is about to be served: settled before any process starts."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from paes.cli import Session
from paes.cli.output import say
from paes.errors import PaesError
from paes.listening import is_loopback

if TYPE_CHECKING:
    from dashboard.access.access import Access


def entrance(
    session: Session, folder: Path, login: bool, host: str, proxies: int
) -> Callable[[], Access | None]:
    """What makes the access of each process that serves pages; None of it without a login.

    Says what a person should know. Raises PaesError without a login where others could come, and
    for whatever is wrong with settings, secrets or the file of accounts.
    """
    if not login:
        require_local(host, proxies)
        say("no login is asked for: everybody at this machine may do everything")
        return lambda: None
    from dashboard.access.access import Access
    from dashboard.access.settings import read_settings

    settings = read_settings(session.root)
    with closing(Access(folder, settings)) as access:
        if not access.has_anybody:
            say(
                "nobody can log in yet, only the public page is open: make an account by"
                " paes user add NAME --role administrator"
            )
    if not is_loopback(host) and not proxies:
        say(f"passwords travel unencrypted to {host}: put a proxy with https before, --proxies 1")
    return lambda: Access(folder, settings)


def require_local(host: str, proxies: int) -> None:
    """PaesError if anybody but this machine could come in without a login."""
    if not is_loopback(host):
        raise PaesError(
            f"--no-login opens everything to whoever reaches {host}; expected a loopback address"
            " such as 127.0.0.1"
        )
    if proxies:
        raise PaesError("--no-login behind a proxy opens everything to its readers; leave it out")
