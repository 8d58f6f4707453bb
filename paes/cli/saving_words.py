"""Verdicts on savings in words, for every command that tells them."""

from __future__ import annotations

from paes.cli.output import number, percent
from paes.faults.money.price import Interval
from paes.savings.action_saving import ActionSaving
from paes.savings.verdict import Reason, Verdict

VERDICTS = {
    Verdict.CONFIRMED: "confirmed",
    Verdict.NOT_DETECTABLE: "not detectable",
    Verdict.CONTRADICTED: "contradicted",
    Verdict.NOT_MEASURABLE: "not measurable",
}
REASONS = {
    Reason.AS_DECLARED: "a saving is there, and a good part of what was declared is sure",
    Reason.SAVING_SEEN: "a saving is there; none was declared to hold it against",
    Reason.WITHIN_NORMAL_CHANGE: "not distinguishable from normal change",
    Reason.SIZE_OPEN: "a saving is there; whether it is the declared one cannot be told",
    Reason.LESS_THAN_DECLARED: "even the most that was measured is less than declared",
    Reason.USE_WENT_UP: "more was used than before, beyond normal change",
    Reason.NO_METERS: "what was changed has no meter",
    Reason.TOO_FEW_DAYS: "the baseline year was not metered well enough",
    Reason.BEFORE_WORKS: "works have not begun",
    Reason.WORKS_GO_ON: "works go on",
    Reason.YEAR_NOT_OVER: "the first year after the works is not over",
    Reason.GAPS: "too much of the year after the works is missing",
    Reason.NET_METERED: "a plant stands behind the meter, and what it feeds in is not metered",
    Reason.METER_CHANGED: "a month shows many times what is usual: another meter, or another use",
}


def why(saving: ActionSaving) -> str:
    """Why the verdict is what it is, with the figures (MWh a year) that make it so."""
    reason, year = saving.judged.reason, saving.year
    if year is None:
        return REASONS[reason]
    declared = "" if saving.declared_kwh is None else f"{_mwh(saving.declared_kwh)} MWh"
    low, high = _mwh(year.kwh.low), _mwh(year.kwh.high)
    match reason:
        case Reason.AS_DECLARED:
            return f"a saving is there: {low} MWh a year at the least, of {declared} declared"
        case Reason.SIZE_OPEN:
            return f"a saving is there: {low} to {high} MWh a year; whether {declared}, is open"
        case Reason.LESS_THAN_DECLARED if year.kwh.low > 0:
            return f"it does save, but {high} MWh a year at the most, where {declared} was declared"
        case Reason.LESS_THAN_DECLARED:
            return f"{high} MWh a year at the most are saved, where {declared} was declared"
        case Reason.WITHIN_NORMAL_CHANGE:
            of = f", and {declared} was declared" if declared else ""
            band = f"+- {_mwh(year.half_kwh)} MWh a year without any works"
            return f"{REASONS[reason]}, which is {band}{of}"
        case Reason.USE_WENT_UP:
            least, most = _mwh(-year.kwh.high), _mwh(-year.kwh.low)
            return f"{REASONS[reason]}: by {least} to {most} MWh a year"
    return REASONS[reason]


def measured_mwh(of: Interval | None) -> str:
    """A saving of some kWh as MWh between its bounds."""
    if of is None:
        return "-"
    return f"{_mwh(of.likely)} ({_mwh(of.low)} to {_mwh(of.high)})"


def realised(of: Interval | None) -> str:
    """What part of the declared saving was measured."""
    if of is None:
        return "-"
    return f"{percent(of.likely, 0)} ({percent(of.low, 0)} to {percent(of.high, 0)})"


def in_short(saving: ActionSaving) -> str:
    """A verdict for a narrow column."""
    text = VERDICTS[saving.verdict]
    return f"{text}, open again" if saving.is_open_again else text


def measured_short(saving: ActionSaving | None) -> str:
    """Beside a declared figure: the measured one, as far as there is one, and the verdict."""
    if saving is None:
        return "-"
    of = told_kwh(saving)
    return f"{_mwh(of.likely)} {VERDICTS[saving.verdict]}" if of else VERDICTS[saving.verdict]


def told_kwh(saving: ActionSaving) -> Interval | None:
    """A year's saving, where it is worth a figure: 0 with no upper end is none."""
    if saving.year is None or saving.verdict is Verdict.NOT_MEASURABLE:
        return None
    return saving.year.kwh


def _mwh(kwh: float) -> str:
    return number(kwh / 1000, 1)
