"""``paes user``: who may log in to the dashboard. Every change is a line of its audit log.

A password is asked for on the terminal or read from standard input, never given as an argument:
those are seen by everybody on the machine and stay in the shell's history.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paes.cli import Session
from paes.cli.dashboard_folder import dashboard_folder, folder_option
from paes.cli.output import print_json, print_table, say
from paes.errors import DataError
from paes.periods import now_utc, zone

if TYPE_CHECKING:
    from dashboard.access.accounts import Account, Accounts
    from dashboard.access.audit_log import AuditLog

ROLES = ("viewer", "technician", "energy_manager", "administrator")
TERMINAL = "terminal"
_name = click.argument("name", metavar="NAME")
_password = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input."
)


@click.group()
def user() -> None:
    """Accounts of the dashboard: who may log in, and as what."""


@user.command()
@_name
@click.option("--role", required=True, type=click.Choice(ROLES), help="What the person may do.")
@click.option("--full-name", default="", help="As pages greet the person.")
@_password
@folder_option
@click.pass_obj
def add(
    session: Session,
    name: str,
    role: str,
    full_name: str,
    password_stdin: bool,
    folder: Path | None,
) -> None:
    """A new account. A viewer looks; a technician works on malfunctions; an energy manager decides
    and makes reports; an administrator reads the audit log as well."""
    from dashboard.access.accounts import require_name
    from dashboard.access.rights import Role

    require_name(name)
    with _accounts(session, folder) as (accounts, _):
        if accounts.find(name):
            raise DataError(f"there is an account {name} already; choose another name")
        password = asked_password(password_stdin)
        accounts.add(name, Role(role), password, full_name, by=whoever())
    say(f"{name} may log in as {role.replace('_', ' ')}")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@folder_option
@click.pass_obj
def list_(session: Session, as_json: bool, folder: Path | None) -> None:
    """Everybody with an account, and when they last logged in."""
    with _accounts(session, folder) as (accounts, log):
        found, seen = accounts.all(), log.newest("login")
    if as_json:
        print_json([_document(one, seen.get(one.name)) for one in found])
        return
    if not found:
        say("no accounts yet: paes user add NAME --role administrator")
        return
    tz = zone(session.city.time_zone)

    def day(name: str) -> str:
        at = seen.get(name)
        return f"{at.astimezone(tz):%Y-%m-%d %H:%M}" if at else "never"

    columns = ("account", "role", "full name", "may log in", "last login")
    rows = [
        (one.name, one.role, one.full_name, "yes" if one.is_enabled else "no", day(one.name))
        for one in found
    ]
    print_table("", columns, rows, left=len(columns))


@user.command()
@_name
@_password
@folder_option
@click.pass_obj
def password(session: Session, name: str, password_stdin: bool, folder: Path | None) -> None:
    """Set another password; ends the person's sessions."""
    with _accounts(session, folder) as (accounts, _):
        accounts.require(name)
        accounts.set_password(name, asked_password(password_stdin), by=whoever())
    say(f"{name} has another password; open sessions were ended")


@user.command()
@_name
@click.argument("role", type=click.Choice(ROLES))
@folder_option
@click.pass_obj
def role(session: Session, name: str, role: str, folder: Path | None) -> None:
    """Give another role; holds at once."""
    from dashboard.access.rights import Role

    with _accounts(session, folder) as (accounts, _):
        accounts.set_role(name, Role(role), by=whoever())
    say(f"{name} is {role.replace('_', ' ')} now")


@user.command()
@_name
@folder_option
@click.pass_obj
def disable(session: Session, name: str, folder: Path | None) -> None:
    """Let nobody log in by this account; ends its sessions."""
    with _accounts(session, folder) as (accounts, _):
        accounts.set_enabled(name, False, by=whoever())
    say(f"{name} cannot log in any more; open sessions were ended")


@user.command()
@_name
@folder_option
@click.pass_obj
def enable(session: Session, name: str, folder: Path | None) -> None:
    """Let a disabled account log in again, with the password it had."""
    with _accounts(session, folder) as (accounts, _):
        accounts.set_enabled(name, True, by=whoever())
    say(f"{name} may log in again")


@user.command()
@_name
@folder_option
@click.pass_obj
def remove(session: Session, name: str, folder: Path | None) -> None:
    """Forget an account; what its person did stays in the audit log."""
    with _accounts(session, folder) as (accounts, _):
        accounts.remove(name, by=whoever())
    say(f"{name} has no account any more")


def asked_password(from_stdin: bool, ask: Callable[..., Any] = click.prompt) -> str:
    """From standard input (its first line), or asked for twice on the terminal."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("no terminal to ask for a password; use --password-stdin")
    from dashboard.access.passwords import RULE

    say(f"A password has {RULE}.")
    return str(ask("Password", hide_input=True, confirmation_prompt=True, err=True))


def whoever() -> tuple[str, str]:
    """Who is at the terminal, as the audit log is told."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        name = "?"
    return f"{name}@{TERMINAL}", TERMINAL


@contextmanager
def _accounts(session: Session, folder: Path | None) -> Iterator[tuple[Accounts, AuditLog]]:
    from dashboard.access.access_file import AccessFile
    from dashboard.access.accounts import Accounts
    from dashboard.access.audit_log import AuditLog

    file = AccessFile(dashboard_folder(session, folder))
    try:
        log = AuditLog(file, now_utc)
        yield Accounts(file, log, now_utc), log
    finally:
        file.close()


def _document(account: Account, seen: datetime | None) -> dict[str, Any]:
    return {
        "name": account.name,
        "full_name": account.full_name,
        "role": account.role.value,
        "enabled": account.is_enabled,
        "made_at": account.made_at.isoformat(),
        "last_login_at": seen.isoformat() if seen else None,
    }


COMMANDS = (user,)
