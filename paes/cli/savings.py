"""``paes savings``: what actions really saved, by the meters, beside what was declared."""

from __future__ import annotations

from collections.abc import Collection

import click

from paes.cli import Session
from paes.cli.asked import json_option
from paes.cli.finding_groups import grouped_lines
from paes.cli.output import (
    following,
    number,
    percent,
    print_json,
    print_table,
    say,
    say_marks,
    tell,
)
from paes.cli.saving_words import in_short, measured_mwh, realised, told_kwh, why
from paes.errors import DataError
from paes.faults.money.price import Interval
from paes.installation import some
from paes.plan.action import Action
from paes.report.savings_documents import saving_document, savings_document
from paes.savings.action_saving import ActionSaving
from paes.savings.assumptions import read_savings_assumptions
from paes.savings.bands import EmpiricalBand
from paes.savings.figure import SavingFigure
from paes.savings.measuring import MeasuredSavings
from paes.savings.town_years import Follow


@click.command()
@click.argument("action_id", metavar="[ACTION]", required=False)
@click.option(
    "--before", is_flag=True, help="The smallest saving that the meters can show, before works."
)
@json_option
@click.pass_obj
def savings(session: Session, action_id: str | None, before: bool, as_json: bool) -> None:
    """What actions really saved by the meters, beside what was declared; or of one ACTION.

    Nothing smaller than what buildings of this town change by themselves is called a saving.
    """
    city = session.city
    actions = [_action(session, action_id)] if action_id else []
    with following("years without works") as follow:
        measuring = session_savings(session, follow)
        found = [measuring.of(a, smallest=before) for a in actions or measuring.measured]
    labels = session.store.labels()
    if as_json:
        whole = savings_document(city, found, measuring.changes, labels)
        print_json(saving_document(found[0]) if action_id else whole)
        return
    if not found:
        say(f"{city.name}: no action says how it is measured (measurement: in actions.yaml)")
    elif before:
        _print_detectable(city.name, found)
    elif action_id:
        _print_one(found[0])
    else:
        _print_all(city.name, found)
    for line in grouped_lines([f for s in found for f in s.findings], every=bool(action_id)):
        say(line)
    say_marks(None, labels)


def session_savings(session: Session, follow: Follow | None = None) -> MeasuredSavings:
    """The measured savings of the city that was asked for."""
    assumptions = read_savings_assumptions(session.root)
    return MeasuredSavings(session.ledger, session.city, assumptions, follow)


def measured_savings(
    session: Session, among: Collection[str], action_id: str | None = None
) -> dict[str, ActionSaving]:
    """The measured savings of those actions that say how; none where nothing was ever stored."""
    wanted = [a for a in session.city.actions if a.measurement and a.id in among]
    if action_id:
        wanted = [a for a in wanted if a.id == action_id]
    if not wanted or not session.has_store:
        return {}
    with following("years without works") as follow:
        measuring = session_savings(session, follow)
        return {action.id: measuring.of(action) for action in wanted}


def _action(session: Session, action_id: str) -> Action:
    known = {action.id: action for action in session.city.actions}
    if action_id not in known:
        raise DataError(
            f"{session.city.id}: no action {action_id!r}; there is {some(known, near=action_id)}"
        )
    return known[action_id]


def _print_all(city: str, found: list[ActionSaving]) -> None:
    print_table(
        f"{city}: measured savings as of {found[0].as_of}, MWh of a year",
        ["action", "verdict", "option", "works until", "declared", "measured", "realised"],
        [
            [
                saving.action.id,
                in_short(saving),
                str(saving.option),
                str(saving.periods.planned_end),
                _mwh(saving.declared_kwh),
                measured_mwh(told_kwh(saving)),
                realised(saving.realisation),
            ]
            for saving in found
        ],
        left=4,
    )
    for saving in found:
        tell(f"{saving.action.id}: {why(saving)}")


def _print_one(saving: ActionSaving) -> None:
    tell(f"{saving.action.id}: {in_short(saving)}: {why(saving)}")
    periods = saving.periods
    tell(
        f"option {saving.option}; baseline {periods.baseline}, works until "
        f"{periods.planned_end}, as of {saving.as_of}; measured: "
        f"{', '.join(saving.parts) or 'nothing'}"
    )
    told = [("first year", saving.year), ("to date", saving.to_date)]
    if saving.year and saving.year is saving.to_date:
        told = [("last year", saving.year)]
    rows = [(name, figure) for name, figure in told if figure]
    if rows:
        _print_figures(rows)
    if saving.declared_kwh is not None:
        tell(
            f"declared {_mwh(saving.declared_kwh)} MWh a year; realised "
            f"{realised(saving.realisation)}"
        )
    for band in saving.bands:
        tell(band_text(band))
    _print_models(saving)
    _print_months(saving)
    if saving.detectable:
        _print_detectable("", [saving])


def _print_figures(rows: list[tuple[str, SavingFigure]]) -> None:
    print_table(
        "Avoided, kWh",
        ["", *(name for name, _ in rows)],
        [
            ["days", *(str(f.avoided.span) for _, f in rows)],
            ["expected by the baseline", *(number(f.avoided.expected_kwh) for _, f in rows)],
            ["non-routine adjustments", *(number(f.avoided.non_routine_kwh) for _, f in rows)],
            ["used", *(number(f.avoided.used_kwh) for _, f in rows)],
            ["avoided", *(number(f.avoided.kwh) for _, f in rows)],
            ["statistical band", *(f"+- {number(f.statistical_half_kwh)}" for _, f in rows)],
            ["empirical band", *(f"+- {number(f.empirical_half_kwh)}" for _, f in rows)],
            ["interval", *(_interval(f.kwh, 0) for _, f in rows)],
            ["EUR", *(_with_bounds(f.eur, 0) for _, f in rows)],
            ["t CO2", *(_with_bounds(f.co2_t, 1) for _, f in rows)],
            ["seen, of days", *(f"{f.avoided.seen_days}, {f.avoided.days}" for _, f in rows)],
        ],
    )  # fmt: skip


def _print_models(saving: ActionSaving) -> None:
    fits = [(b.metered.name, b.model.fit_quality) for b in saving.models if b.model]
    if fits:
        print_table(
            "Baseline models",
            ["part", "days", "CV(RMSE)", "NMBE"],
            [
                [name, str(f.days), percent(f.cv_rmse_fraction), percent(f.nmbe_fraction, 2)]
                for name, f in fits
            ],
        )


def _print_months(saving: ActionSaving) -> None:
    lasting = saving.persistence
    if lasting is None or not lasting.months:
        return
    print_table(
        "Month by month, kWh",
        ["month", "expected", "avoided", "sum"],
        [
            [f"{m.first:%Y-%m}", number(m.adjusted_kwh), number(m.avoided_kwh), number(m.sum_kwh)]
            for m in lasting.months
        ],
    )
    if lasting.first_fraction is not None:
        tell(
            f"the last months save {percent(lasting.last_fraction)}, the same months of the first "
            f"year {percent(lasting.first_fraction)} (band +- {percent(lasting.band_fraction)})"
        )


def _print_detectable(city: str, found: list[ActionSaving]) -> None:
    print_table(
        f"{city}: smallest saving that these meters can show, kWh a year".lstrip(": "),
        ["action", "used a year", "statistical", "empirical", "smallest", "of the use", "declared",
         "declared is"],
        [
            [
                saving.action.id,
                *(
                    [
                        number(d.year_kwh),
                        number(d.statistical_kwh),
                        number(d.empirical_kwh),
                        number(d.kwh),
                        percent(d.fraction),
                        number(d.declared_kwh),
                        {None: "-", True: "detectable", False: "too small"}[
                            d.is_declared_detectable
                        ],
                    ]
                    if (d := saving.detectable)
                    else ["-"] * 5 + [number(saving.declared_kwh), "-"]
                ),
            ]
            for saving in found
        ],
    )  # fmt: skip


def band_text(band: EmpiricalBand) -> str:
    """What one building of the town changes by itself, and how that is known."""
    told = f"normal change of one building, {band.use}: +- {percent(band.fraction)} of a year"
    if band.came_from == "shipped":
        return f"{told}, by savings.yaml (this town has too few years without works)"
    return (
        f"{told}, seen in {band.pairs} pairs of years without works of {band.buildings} other "
        "buildings of this town (pairs overlap)"
    )


def _with_bounds(of: Interval | None, digits: int) -> str:
    return "-" if of is None else f"{number(of.likely, digits)} ({_interval(of, digits)})"


def _interval(of: Interval, digits: int) -> str:
    return f"{number(of.low, digits)} to {number(of.high, digits)}"


def _mwh(kwh: float | None) -> str:
    return "-" if kwh is None else number(kwh / 1000, 1)


COMMANDS = (savings,)
