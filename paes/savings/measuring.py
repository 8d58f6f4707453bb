"""How the saving of an action is measured, step by step, with what a town's actions share."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from paes.accounting.ledger import EnergyLedger
from paes.errors import DataError
from paes.installation import City
from paes.lighting import Stretch, burning_hours, lamps_of
from paes.metering import Finding
from paes.periods import Span, local_midnight
from paes.plan.action import Action
from paes.plan.measurement import Measurement, Option
from paes.savings.action_saving import ActionSaving, declared_kwh, not_measurable
from paes.savings.assumptions import SavingsAssumptions
from paes.savings.avoided import AvoidedEnergy, together
from paes.savings.bands import EmpiricalBand, portfolio_half_kwh, statistical_half_kwh
from paes.savings.detectable import Detectable
from paes.savings.figure import SavingFigure, saving_figure
from paes.savings.lighting import LampHours, stated_before_works
from paes.savings.metered import Metered
from paes.savings.null_savings import NormalChanges
from paes.savings.other_actions import done_together
from paes.savings.periods import DaySpan, Periods, periods_of
from paes.savings.persistence import Persistence, persistence
from paes.savings.production import plant_year, produced, production_half_kwh
from paes.savings.town_years import Follow, TownYears
from paes.savings.verdict import Judged, Reason, Verdict, judge
from paes.savings.whole_building import Before, after_works, before_works, meter_changed
from paes.savings.worth import Worth


class MeasuredSavings:
    """The savings of a city's actions as of its ledger's now."""

    def __init__(
        self,
        ledger: EnergyLedger,
        city: City,
        assumptions: SavingsAssumptions,
        follow: Follow | None = None,
    ) -> None:
        self.ledger, self.city, self.assumptions = ledger, city, assumptions
        self.town = TownYears(ledger, city, assumptions, follow)
        self.today: date = self.town.today
        self._worth = Worth(ledger)

    @property
    def measured(self) -> list[Action]:
        """The actions that say how they are measured."""
        return self.town.measured

    @property
    def changes(self) -> NormalChanges:
        """What building years of this town change without works."""
        return self.town.changes

    def all(self) -> list[ActionSaving]:
        """Of every action that says how it is measured, in the register's order."""
        return [self.of(action) for action in self.measured]

    def of(self, action: Action, smallest: bool = False) -> ActionSaving:
        """Of one action; DataError if it does not say how it is measured.

        With ``smallest`` also what its meters can show at the least, if works are over already.
        """
        measurement = action.measurement
        if measurement is None:
            raise DataError(
                f"action {action.id} does not say how it is measured; expected measurement: with "
                "option, works_start and works_end in actions.yaml"
            )
        periods = periods_of(measurement, self.today)
        parts, findings = self.town.parts_of(action)
        is_plant = bool(parts) and all(part.use is None for part in parts)
        # a plant has its own meter, which tells it from all that is done to its building
        others = [] if is_plant else done_together(action, self.city.actions, periods)
        saving = ActionSaving(
            action=action,
            option=measurement.option,
            as_of=self.today,
            periods=periods,
            judged=Judged(Verdict.NOT_MEASURABLE, Reason.NO_METERS),
            declared_kwh=declared_kwh(action, others),
            parts=tuple(part.name for part in parts),
            measured_with=tuple(other.id for other in others),
            findings=(*findings, *_not_alone(action, others)),
        )
        if not parts or findings:
            return saving
        if is_plant:
            return self._of_plants(saving, parts)
        if measurement.option is Option.A:
            return self._of_stated(saving, parts, measurement)
        return self._of_models(saving, parts, measurement, smallest)

    def _of_models(
        self,
        saving: ActionSaving,
        parts: Sequence[Metered],
        measurement: Measurement,
        smallest: bool,
    ) -> ActionSaving:
        periods = saving.periods
        befores = [before_works(p, periods.baseline, measurement, self.assumptions) for p in parts]
        bands = tuple(self._bands(befores).values())
        saving = replace(saving, models=tuple(befores), bands=bands)
        if any(part.is_net_metered for part in parts):
            return not_measurable(saving, Reason.NET_METERED)
        missing = [before.obstacle for before in befores if before.obstacle]
        if missing:
            return not_measurable(saving, Reason.TOO_FEW_DAYS, *missing)
        if smallest or periods.reporting.count == 0:
            detectable = self._detectable(befores, periods, saving.declared_kwh)
            saving = replace(saving, detectable=detectable)
        if periods.reporting.count == 0:
            reason = Reason.BEFORE_WORKS if periods.is_before_works else Reason.WORKS_GO_ON
            return not_measurable(saving, reason)
        to_date = self._figure(befores, periods.reporting)
        saving = replace(saving, to_date=to_date)
        if any(meter_changed(before, periods, self.assumptions) for before in befores):
            return not_measurable(saving, Reason.METER_CHANGED)
        if not periods.is_first_year_over:
            return not_measurable(saving, Reason.YEAR_NOT_OVER)
        year = self._figure(befores, periods.first_year)
        lasting = self._persistence(befores, periods, year.half_fraction)
        return self._judged(replace(saving, year=year, persistence=lasting))

    def _of_stated(
        self, saving: ActionSaving, parts: list[Metered], measurement: Measurement
    ) -> ActionSaving:
        """Option A: stated power, hours of burning, energy by the register."""
        periods, rules = saving.periods, self.assumptions.option_a
        if periods.reporting.count == 0:
            reason = Reason.BEFORE_WORKS if periods.is_before_works else Reason.WORKS_GO_ON
            return not_measurable(saving, reason)

        def figure(span: DaySpan) -> SavingFigure:
            seen = self._lamp_hours(parts, span)
            latitude = self.city.facts.latitude
            of, half = stated_before_works(parts, span, measurement, seen, latitude, rules)
            worth = self._worth.of(parts[0], span, np.ones(span.count))
            return saving_figure([of], [worth], half, 0.0)

        saving = replace(saving, to_date=figure(periods.reporting))
        if not periods.is_first_year_over:
            return not_measurable(saving, Reason.YEAR_NOT_OVER)
        return self._judged(replace(saving, year=figure(periods.first_year)))

    def _of_plants(self, saving: ActionSaving, parts: list[Metered]) -> ActionSaving:
        """Production by its meters, in the last whole year."""
        periods = saving.periods
        if periods.reporting.count == 0:
            return not_measurable(saving, Reason.WORKS_GO_ON)
        span = plant_year(periods)
        made = produced(parts, span)
        each = [produced([part], span) for part in parts]
        worth = [
            self._worth.of_plant(part, span, made.kwh)
            for part, made in zip(parts, each, strict=True)
        ]
        half = production_half_kwh(made, self.assumptions.plants)
        figure = saving_figure(each, worth, half, 0.0)
        if span.count < 365:
            return not_measurable(replace(saving, to_date=figure), Reason.YEAR_NOT_OVER)
        return self._judged(replace(saving, year=figure, to_date=figure))

    def _judged(self, saving: ActionSaving) -> ActionSaving:
        """With the verdict on its year."""
        year = saving.year
        assert year is not None  # who calls has made it
        if year.avoided.seen_days < self.assumptions.days.reporting_least:
            return not_measurable(saving, Reason.GAPS)
        judged = judge(year.kwh, saving.declared_kwh, self.assumptions.verdict)
        findings = (*saving.findings, *_decay(saving))
        return replace(saving, judged=judged, findings=findings)

    def _figure(self, befores: Sequence[Before], span: DaySpan) -> SavingFigure:
        found = [after_works(before, span) for before in befores]
        worth = [
            self._worth.of(before.metered, span, before.expected_kwh[before.metered.at(span)])
            for before in befores
        ]
        statistical = self._statistical(befores, found)
        return saving_figure(found, worth, statistical, self._empirical(befores, found))

    def _statistical(self, befores: Sequence[Before], found: Sequence[AvoidedEnergy]) -> float:
        """Half of the statistical band; errors of several models have nothing in common."""
        halves = [
            statistical_half_kwh(
                b.model.fit_quality, a.adjusted_kwh, a.days, self.assumptions.level
            )
            for b, a in zip(befores, found, strict=True)
            if b.model
        ]
        return math.hypot(*halves)

    def _empirical(self, befores: Sequence[Before], found: Sequence[AvoidedEnergy]) -> float:
        """Half of the empirical band; what is used in several ways changes in several."""
        total = 0.0
        for use, band in self._bands(befores).items():
            of = [a.adjusted_kwh for b, a in zip(befores, found, strict=True)
                  if b.metered.use is use]  # fmt: skip
            total += portfolio_half_kwh(band, of, self.assumptions)
        return total

    def _bands(self, befores: Sequence[Before]) -> dict[object, EmpiricalBand]:
        own = {before.metered.name for before in befores}
        uses = dict.fromkeys(b.metered.use for b in befores if b.metered.use)
        return {use: self.changes.band(use, own) for use in uses}

    def _detectable(
        self, befores: Sequence[Before], periods: Periods, declared: float | None
    ) -> Detectable:
        """Of a year as the last one."""
        found = [after_works(before, periods.baseline) for before in befores]
        used = math.fsum(a.adjusted_kwh for a in found)
        return Detectable(
            used, self._statistical(befores, found), self._empirical(befores, found), declared
        )

    def _persistence(
        self, befores: Sequence[Before], periods: Periods, band_fraction: float
    ) -> Persistence:
        months = [
            together([after_works(before, month) for before in befores])
            for month in whole_months(periods.reporting)
        ]
        return persistence(months, band_fraction, self.assumptions.persistence)

    def _lamp_hours(self, parts: Sequence[Metered], span: DaySpan) -> LampHours | None:
        """Mean burning hours of the sites' lamps; None where their meters saw too few nights."""
        tz = self.city.time_zone
        asked = Span(local_midnight(span.first, tz), local_midnight(span.end, tz))
        hours = []
        for site in dict.fromkeys(part.site.id for part in parts):
            try:
                lamps = lamps_of(self.ledger.installation, self.city.sites[site])
            except DataError:
                return None
            table = burning_hours(self.ledger, lamps[0], asked, Stretch.DAY)
            known, missing = table["burning_h"].sum() + table["dark_h"].sum(), table["missing_h"]
            if known < self.assumptions.option_a.measured_nights_least * (known + missing.sum()):
                return None
            scale = (known + float(missing.sum())) / known
            hours.append(float(table["burning_h"].sum()) * scale)
        return LampHours(float(np.mean(hours)), True) if hours else None


def whole_months(span: DaySpan) -> Iterator[DaySpan]:
    """The whole calendar months in ``span``."""
    first = span.first if span.first.day == 1 else _next_month(span.first)
    while _next_month(first) <= span.end:
        yield DaySpan(first, _next_month(first))
        first = _next_month(first)


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _not_alone(action: Action, others: Sequence[Action]) -> Iterator[Finding]:
    if others:
        names = ", ".join(other.id for other in others)
        text = f"its meters cannot tell it from {names}: they are measured together"
        yield Finding("saving.measured_together", action.id, text)


def _decay(saving: ActionSaving) -> Iterator[Finding]:
    lasting = saving.persistence
    if lasting is None or not lasting.has_decayed:
        return
    first, last = lasting.first_fraction or 0.0, lasting.last_fraction or 0.0
    yield Finding(
        "saving.decayed",
        saving.action.id,
        f"{100 * last:.0f} % saved in the last months, {100 * first:.0f} % in "
        "the same months of the first year: the action is open again",
        numbers={"first_fraction": first, "last_fraction": last},
    )
