"""``paes commission``: compare a site's meters with their displays, and sign it off."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import click

from collectors.commissioning.judgement import (
    Display,
    Judgement,
    Seen,
    Verdict,
    judge,
    parse_display,
    pulse_lines,
)
from collectors.commissioning.record import Document, document_of, read_record, write_record
from collectors.commissioning.sheet import LANGUAGES, sheet
from collectors.commissioning.visit import Visit
from paes.cli import Session
from paes.cli.output import print_json, print_table, require_writable, say
from paes.errors import DataError, FieldError
from paes.meters import FieldMeter
from paes.periods import now_utc, parse_instant, zone

TYPED_WITHIN = timedelta(minutes=15)
"""How long before the command a display given by --reading was read, if it does not say when."""


@dataclass(frozen=True)
class _Answers:
    """What was said on the command line about displays."""

    displays: Mapping[str, Display]
    secondary: frozenset[str]


@click.command()
@click.argument("site", required=False)
@click.option("--by", metavar="NAME", help="Who stands before the meters; asked for if missing.")
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="METER=VALUE[@TIME]",
    help="A display, e.g. scuola.main=12345.6; then nothing is asked.",
)
@click.option(
    "--secondary",
    multiple=True,
    metavar="METER",
    help="Its display leaves out the transformer ratio.",
)
@click.option(
    "--out",
    default="commissioning",
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for the record and the sheets.",
)
@click.option(
    "--verify",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Only say whether a record is as it was written.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as one JSON document.")
@click.pass_obj
def commission(
    session: Session,
    site: str | None,
    by: str | None,
    readings: tuple[str, ...],
    secondary: tuple[str, ...],
    out: Path,
    verify: Path | None,
    as_json: bool,
) -> None:
    """Walk through the meters of SITE: read each, compare it with its display, write a record.

    Each meter is read before and after you type what its display shows; Enter skips one. The
    record (YAML) and a sheet to sign in Italian and English go to --out. Exit code 1 if a meter
    is not accepted.
    """  # fmt: skip
    if (site is None) == (verify is None):
        raise click.UsageError("give either a SITE or --verify FILE")
    if verify is not None:
        record = read_record(verify)
        click.echo(f"{verify}: as it was written by {record['by']} at {record['at']}")
        return
    assert site is not None
    meters = _meters_of(session, site)
    answers = _answers(session, meters, readings, secondary)
    _make_folder(out)
    by = by or _typed("your name")
    judged = _walk(session, meters, answers)
    document = _document(session, site, by, judged)
    _write(document, out, site)
    if as_json:
        print_json(document)
    else:
        _print(judged, document)
    refused = [j.meter.id for j in judged if not j.is_accepted]
    if refused:
        raise FieldError(
            f"{len(refused)} of {len(judged)} meters of {site} not accepted: {', '.join(refused)}"
        )


def _meters_of(session: Session, site: str) -> list[FieldMeter]:
    session.installation.site(site)
    meters = [m for m in session.installation.field_meters.values() if m.site == site]
    if not meters:
        raise DataError(f"site {site} has no meters in meters.yaml")
    return sorted(meters, key=lambda m: (m.gateway, m.unit, m.id))


def _answers(
    session: Session,
    meters: list[FieldMeter],
    readings: tuple[str, ...],
    secondary: tuple[str, ...],
) -> _Answers:
    """What was said, read before the first meter is asked."""
    for text in readings:
        if "=" not in text:
            raise DataError(f"--reading {text!r}; expected METER=VALUE, e.g. scuola.main=12345.6")
    pairs = dict(text.partition("=")[::2] for text in readings)
    known = {m.id: m for m in meters}
    for name in (*pairs, *secondary):
        if name not in known:
            raise DataError(f"no meter {name!r} at this site; there is {', '.join(sorted(known))}")
    displays = {name: _given(session, known[name], text) for name, text in pairs.items()}
    return _Answers(displays, frozenset(secondary))


def _walk(session: Session, meters: list[FieldMeter], answers: _Answers) -> list[Judgement]:
    """Every meter in turn; judged at the end, when all registers of the site are known.

    Whoever stops on the way keeps what was typed until then.
    """
    visit = Visit(session.installation, now_utc, lambda p: session.store.latest([p]).get(p))
    seen: dict[str, tuple[Seen, Display | None, Seen | None]] = {}
    for meter in meters:
        before = asyncio.run(visit.see(meter))
        say(_told(session, meter, before))
        display = None
        if before.value is not None:
            try:
                display = _display(session, meter, answers)
            except click.Abort:
                if not any(typed for _, typed, _ in seen.values()):
                    say("stopped: no record was written")
                    raise
                say(f"stopped at {meter.id}: the record holds the meters before it")
                break
        after = asyncio.run(visit.again(meter)) if display else None
        if display and (after is None or after.value is None):
            display = replace(display, at=display.at or now_utc())
        seen[meter.id] = before, display, after
    values = {name: s[0].value for name, s in seen.items() if s[0].value is not None}
    return [
        judge(
            meter,
            session.installation.register(meter),
            *seen[meter.id],
            secondary=meter.id in answers.secondary,
            neighbours={k: v for k, v in values.items() if k != meter.id},
        )
        for meter in meters
        if meter.id in seen
    ]


def _told(session: Session, meter: FieldMeter, seen: Seen) -> str:
    """What a meter says, on one line."""
    if seen.value is None:
        return f"{meter.id}: NOT READ: {seen.error}"
    register = session.installation.register(meter)
    words = " ".join(f"{w:04X}" for w in seen.words)
    raw = f" (words {words} = {seen.device_value})" if seen.words else ""
    power = "" if seen.power_w is None else f", {seen.power_w / 1000:.3g} kW now"
    serial = f", serial {seen.serial}" if seen.serial else ""
    stored = f"{meter.id}: will be stored as {seen.value:.10g} {register.unit}"
    if register.unit == "m3" and meter.volume_correction != 1:
        stored += f", {meter.volume_correction:g} times the display"
    return f"{stored}{raw}{power}{serial}"


def _display(session: Session, meter: FieldMeter, answers: _Answers) -> Display | None:
    """What the display shows: from the command line, else asked for until it can be read."""
    if answers.displays:
        return answers.displays.get(meter.id)
    unit = session.installation.register(meter).unit
    while True:
        text = _typed(f"  display of {meter.id} in {unit} (Enter: skip)", default="")
        if not text.strip():
            return None
        try:
            return parse_display(text, unit)
        except DataError as err:
            say(f"  {err}")


def _typed(question: str, default: str | None = None) -> str:
    """The answer of the person; Abort if they stop, DataError if nobody can answer."""
    try:
        return str(click.prompt(question, default=default, show_default=False, err=True))
    except click.Abort as err:
        say("")
        if sys.stdin.isatty():
            raise
        raise DataError(
            "no keyboard to answer with: give --by NAME and, for each meter, "
            "--reading METER=VALUE; no record was written"
        ) from err


def _make_folder(out: Path) -> None:
    """The folder of the records, made before anybody types for them."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise DataError(f"{out}: cannot be made: {err.strerror}") from err
    require_writable(out)


def _given(session: Session, meter: FieldMeter, text: str) -> Display:
    """``VALUE`` or ``VALUE@TIME``."""
    value, _, time = text.partition("@")
    at = now_utc() - TYPED_WITHIN
    if time:
        at = parse_instant(time, session.installation.time_zone(meter.id))
    return parse_display(value, session.installation.register(meter).unit, at)


def _document(session: Session, site: str, by: str, judged: list[Judgement]) -> Document:
    installation = session.installation
    at = now_utc()
    return document_of(
        installation.site(site),
        by,
        at,
        zone(installation.time_zone(judged[0].meter.id)),
        [(j, installation.gateways[j.meter.gateway], _paste(session, j, by, at)) for j in judged],
    )


def _paste(session: Session, judged: Judgement, by: str, at: datetime) -> str | None:
    """The lines to paste for this meter: where its pulses start, or its serial number."""
    meter = judged.meter
    if judged.verdict is Verdict.DIFFERS and judged.display and meter.pulse:
        point = judged.register.point
        has_history = bool(session.store.latest([point]))
        return pulse_lines(meter, judged.before, judged.display, by, at, has_history)
    is_known = meter.serial is not None and not meter.assumed
    if judged.before.serial is not None and not is_known and not meter.pulse:
        return f"serial: {judged.before.serial!r}"
    return None


def _write(document: Document, out: Path, site: str) -> None:
    stamp = "".join(c for c in document["at"][:19] if c.isalnum())
    path = out / f"{site}-{stamp}.yaml"
    write_record(document, path)
    for language in LANGUAGES:
        path.with_suffix(f".{language}.md").write_text(sheet(document, language), encoding="utf-8")
    say(f"record: {path}; sheets to sign: {path.stem}.it.md, {path.stem}.en.md")


def _print(judged: list[Judgement], document: Document) -> None:
    print_table(
        "commissioning",
        ["meter", "verdict", "display", "register", "difference", "allowed", "unit"],
        [
            [
                j.meter.id,
                ("ok: " if j.is_accepted else "NO: ") + j.verdict.value.replace("_", " "),
                j.display.text if j.display else "-",
                "-" if j.before.value is None else f"{j.before.value:.10g}",
                "-" if j.difference is None else f"{j.difference:.6g}",
                "-" if j.tolerance is None else f"{j.tolerance:.3g}",
                j.register.unit,
            ]
            for j in judged
        ],
        left=2,
    )
    for j in judged:
        for finding in j.findings:
            say(f"{j.meter.id}: {finding.message} ({finding.name})")
    for entry in document["meters"]:
        if "paste" in entry:
            say(f"{entry['meter']}: to paste into meters.yaml:\n{entry['paste']}")


COMMANDS: tuple[click.Command, ...] = (commission,)
