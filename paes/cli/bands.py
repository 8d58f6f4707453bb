"""paes bands: electricity by the time bands of tariffs."""

from __future__ import annotations

import click

from paes.cli import Session
from paes.cli.asked import asked_span, by_option, from_option, json_option, period_text, to_option
from paes.cli.output import number, percent, print_json, print_table
from paes.costs.band_energy import BandEnergy, BandTable
from paes.errors import DataError
from paes.metering import Measures
from paes.periods import By
from paes.report.cost_documents import bands_document
from paes.tariffs.bands import Bands


@click.command()
@click.option("--site", metavar="ID", help="All electricity of a site.")
@click.option("--meter", metavar="ID", help="One meter.")
@click.option("--bands", "bands_id", metavar="ID", help="A file of bands/ [the only one].")
@from_option
@to_option
@by_option
@json_option
@click.pass_obj
def bands(
    session: Session,
    site: str | None,
    meter: str | None,
    bands_id: str | None,
    start: str | None,
    end: str | None,
    by: str,
    as_json: bool,
) -> None:
    """Electricity by time band: F1, F2, F3 on local time and with the holidays of the tariff.

    Without --site or --meter, of the whole city. Bands add up to the energy of the period.
    """
    span = asked_span(session, start, end, By(by))
    energy = BandEnergy(session.ledger, _bands(session, bands_id))
    if meter:
        key = {"meter": meter}
        table = energy.meter(session.installation.meter(meter), span, By(by))
    else:
        key = {"site": session.installation.site(site).id} if site else {"city": session.city.id}
        sites = [site] if site else list(session.city.sites)
        table = energy.sites(sites, Measures.WITHDRAWAL, span, By(by))
    if as_json:
        print_json(bands_document({**key, "bands": energy.bands.id}, table))
    else:
        _print(f"{' '.join(key.values())}: {energy.bands.file.name}", table, By(by))


def _bands(session: Session, wanted: str | None) -> Bands:
    there = session.installation.bands
    name = wanted or (next(iter(there)) if len(there) == 1 else None)
    if name not in there:
        seen = f"no bands {name!r}" if name else "--bands: which of several is missing"
        raise DataError(f"{seen}; there is {', '.join(sorted(there)) or 'none'}")
    return there[name]


def _print(title: str, table: BandTable, by: By) -> None:
    rows = []
    for i, start in enumerate(table.starts):
        low, high = float(table.total.low[i]), float(table.total.high[i])
        known = float(table.total.measured[i] + table.total.estimated[i])
        span_s = float(table.span_s[i])
        rows.append(
            [
                period_text(start, by),
                *(number(float(a.measured[i] + a.estimated[i]), 1) for a in table.amounts.values()),
                number(known, 1),
                number(float(table.total.estimated[i]), 1),
                "-" if high - low < 0.05 else f"{number(low, 1)} to {number(high, 1)}",
                percent(float(table.covered_s[i]) / span_s if span_s else None),
            ]
        )
    columns = ["from", *table.amounts, f"all, {table.unit}", "of it estimated", "true between"]
    print_table(title, [*columns, "coverage"], rows)
    for name, of in table.amounts.items():
        eur = f"{name}: {number(float((of.measured + of.estimated).sum()), 1)} {table.unit}"
        click.echo(f"{eur} in {number(float(table.hours[name].sum()))} h")


COMMANDS = (bands,)
