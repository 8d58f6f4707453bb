"""``paes faults notify``: tell who is to be told now, or look at what would be told."""

from __future__ import annotations

from pathlib import Path

import click

from paes.cli import Session
from paes.cli.asked import json_option
from paes.cli.output import print_json, say, tell
from paes.errors import DataError, NoticeError
from paes.faults.cases.register import case_of
from paes.faults.telling.digest import Digest, digest
from paes.faults.telling.mail import letter
from paes.faults.telling.news import WAYS, News
from paes.faults.telling.notices import MailNotices, Notices
from paes.faults.telling.notify import Notifier, is_simulated, next_news
from paes.periods import zone

NOBODY = MailNotices(
    host="localhost", sender="PAES Monitor <paes@localhost>", recipients=("paes@localhost",)
)
"""Between whom a letter is shown where no mail server is configured."""


@click.command()
@click.option("--dry-run", is_flag=True, help="Only print what would be told; send nothing.")
@click.option(
    "--to",
    "file",
    metavar="FILE.eml",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the e-mail into a file that mail programs open; send nothing.",
)
@json_option
@click.pass_obj
def notify(session: Session, dry_run: bool, file: Path | None, as_json: bool) -> None:
    """Tell who is named in notices.yaml of cases that are new, back or closed.

    A collector does it by itself after its nightly run. Each case is told once by each way, and
    none in quiet hours. Exit code 1 if somebody could not be told; it is tried again.
    """
    notices = session.installation.notices
    ways = [way for way in WAYS if getattr(notices, way)]
    if dry_run or file:
        _show(session, ways or ["mail"], file, as_json)
        return
    if not ways:
        raise DataError(f"{session.root / 'notices.yaml'}: nobody to tell is named (mail, webhook)")
    _send(session, notices, as_json)


def _send(session: Session, notices: Notices, as_json: bool) -> None:
    clock, tz = session.ledger.clock, session.installation.city().time_zone
    until = notices.quiet.until(clock(), tz) if notices.quiet else clock()
    is_quiet = notices.quiet is not None and notices.quiet.covers(clock(), tz)
    notifier = Notifier(lambda: session.installation, lambda: session.store, clock)
    told = notifier.tell()
    if as_json:
        held = until.isoformat() if is_quiet else None
        print_json({"told": told, "held_until": held, "failed": notifier.failing})
    elif is_quiet:
        say(f"quiet hours: held until {until.astimezone(zone(tz)):%Y-%m-%d %H:%M}")
    else:
        tell(f"{told} news told" if told else "nothing to tell")
    if notifier.failing:
        raise NoticeError("; ".join(notifier.failing))


def _show(session: Session, ways: list[str], file: Path | None, as_json: bool) -> None:
    """What is to be told by each way; the letter into ``file`` if one is named."""
    installation, now = session.installation, session.ledger.clock()
    simulated = is_simulated(session.store)
    made: dict[str, Digest] = {}
    for way in ways:
        _, news = next_news(session.store, way, installation.notices, now)
        whole = [News(n.what, case_of(session.store, n.case.id), n.number) for n in news]
        if whole:
            made[way] = digest(whole, installation, now, way, simulated)
    if file and made:
        shown = made.get("mail") or next(iter(made.values()))
        mail = installation.notices.mail or NOBODY
        _write(file, letter(shown, mail, now).as_bytes())
        say(f"written: {file}")
    if as_json:
        print_json({way: {"id": d.id, "subject": d.subject} for way, d in made.items()})
    elif not made:
        say("nothing to tell")
    elif not file:
        for way, shown in made.items():
            tell(f"by {way}: {shown.subject}")
        click.echo(next(iter(made.values())).text)


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as err:
        raise DataError(f"{file}: cannot be written: {err.strerror}") from err
