"""Measured savings of a town with known buildings, from registers to verdicts.

Houses heat by a formula (``forecast_town``): what was saved is known without the model. No building
has enough years for a band of the town: the shipped one of 27 % (electricity 20 %) holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from forecast_town import (
    GAS,
    NAME,
    OFFICES,
    POWER,
    ROME,
    blow,
    heat_kwh,
    ledger,
    meter,
    town,
    year_weather,
)
from forecast_town import count as counted

from paes.baselines.days import night_hours
from paes.errors import DataError
from paes.installation import Installation
from paes.metering import Measures, Site, SiteKind
from paes.periods import local_midnight, to_seconds
from paes.plan.action import Action, Status
from paes.savings.action_saving import ActionSaving
from paes.savings.assumptions import read_savings_assumptions
from paes.savings.measuring import MeasuredSavings
from paes.savings.verdict import Reason, Verdict
from paes.series import Floats
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

FIRST, TODAY = date(2024, 1, 1), date(2026, 11, 10)
WORKS, AFTER = date(2025, 3, 17), date(2025, 4, 1)
DAYS = (TODAY - FIRST).days
YEAR = slice((AFTER - FIRST).days, (AFTER - FIRST).days + 365)
ASSUMED = read_savings_assumptions(shipped_config())


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    opened = SqliteStore(Path(tmp_path_factory.mktemp("savings")) / "readings.sqlite")
    # what every test may ask of: the weather, and a house that saves 40 %
    blow(opened, 2024, TODAY)
    counted(opened, "casa.gas", FIRST, saved(0.4))
    yield opened
    opened.close()


def usual() -> Floats:
    """What a house uses on each day without any works."""
    degc = np.concatenate([year_weather(year) for year in (2024, 2025, 2026)])
    return heat_kwh(FIRST, degc)[:DAYS]


def saved(part: float, until: date = TODAY) -> Floats:
    """The same with a part saved from ``AFTER`` on."""
    kwh = usual()
    kwh[(AFTER - FIRST).days : (until - FIRST).days] *= 1 - part
    return kwh


def action(site: str, declared_mwh: float | None = None, **changes: Any) -> Action:
    measurement = {"option": "C", "works_start": WORKS, "works_end": date(2025, 3, 31)}
    measurement |= changes.pop("measurement", {})
    of: dict[str, Any] = {
        "id": site, "name": NAME, "sector": OFFICES, "status": Status.COMPLETED, "carrier": GAS,
        "sites": (site,), "declared_saving_mwh": declared_mwh, "measurement": measurement,
        **changes,
    }  # fmt: skip
    return Action.model_validate(of)


def measured(
    store: SqliteStore, of: Installation, name: str | None = None, today: date = TODAY
) -> ActionSaving:
    city = of.cities["town"]
    found = MeasuredSavings(ledger(of, store, today), city, ASSUMED)
    wanted = [a for a in city.actions if name in (None, a.id)]
    return found.of(wanted[0])


def test_a_saving_is_found_to_two_hundredths_and_confirmed(store: SqliteStore) -> None:
    true_kwh = float(usual()[YEAR].sum()) * 0.4
    of = town((), meter("casa.gas"), actions=(action("casa", true_kwh / 1000),))
    found = measured(store, of)
    assert (found.verdict, found.judged.reason) == (Verdict.CONFIRMED, Reason.AS_DECLARED)
    assert found.year is not None
    assert found.year.avoided.kwh == pytest.approx(true_kwh, rel=0.02)
    # 27 % of what was expected, on either side; the statistical band is much narrower
    assert found.year.half_kwh == pytest.approx(0.27 * found.year.avoided.adjusted_kwh)
    assert found.year.statistical_half_kwh < 0.2 * found.year.half_kwh
    assert found.realisation is not None
    assert found.realisation.likely == pytest.approx(1.0, abs=0.02)
    # 0.2 t/MWh of gas; nobody has a contract
    assert found.year.co2_t is not None
    assert found.year.co2_t.likely == pytest.approx(found.year.avoided.kwh / 1000 * 0.2)
    assert found.year.eur is None
    assert found.bands[0].came_from == "shipped"
    assert not found.is_open_again


@pytest.mark.parametrize(
    ("declared_part", "verdict", "reason"),
    [
        (0.1, Verdict.NOT_DETECTABLE, Reason.WITHIN_NORMAL_CHANGE),
        (0.6, Verdict.CONTRADICTED, Reason.LESS_THAN_DECLARED),  # 27 % < 0.8 * 60 %
        (None, Verdict.NOT_DETECTABLE, Reason.WITHIN_NORMAL_CHANGE),
    ],
)
def test_works_that_changed_nothing(
    store: SqliteStore, declared_part: float | None, verdict: Verdict, reason: Reason
) -> None:
    counted(store, "niente.gas", FIRST, usual())
    year_mwh = float(usual()[YEAR].sum()) / 1000
    declared = None if declared_part is None else declared_part * year_mwh
    found = measured(store, town((), meter("niente.gas"), actions=(action("niente", declared),)))
    assert (found.verdict, found.judged.reason) == (verdict, reason)


def test_use_that_went_up_contradicts(store: SqliteStore) -> None:
    counted(store, "peggio.gas", FIRST, saved(-0.5))
    found = measured(store, town((), meter("peggio.gas"), actions=(action("peggio", 5.0),)))
    assert (found.verdict, found.judged.reason) == (Verdict.CONTRADICTED, Reason.USE_WENT_UP)


def test_nothing_metered_is_not_measurable(store: SqliteStore) -> None:
    sites = {"vuoto": Site(id="vuoto", name="V", kind=SiteKind.SCHOOL, sector=OFFICES)}
    found = measured(store, town((), actions=(action("vuoto", 5.0),), sites=sites))
    assert (found.verdict, found.judged.reason) == (Verdict.NOT_MEASURABLE, Reason.NO_METERS)
    assert found.realisation is None
    assert [f.name for f in found.findings] == ["saving.no_meter"]


def test_one_carrier_of_two_says_nothing_of_both(store: SqliteStore) -> None:
    """A heat pump saves gas and takes electricity: without one of the meters nobody can tell."""
    both = action("casa", 5.0, measurement={"carriers": [GAS, POWER]})
    found = measured(store, town((), meter("casa.gas"), actions=(both,)))
    assert found.judged.reason is Reason.NO_METERS
    assert "no meter of electricity at casa" in found.findings[0].message


def test_too_short_a_baseline_is_not_measurable(store: SqliteStore) -> None:
    begin = date(2024, 9, 1)
    counted(store, "tardi.gas", begin, usual()[(begin - FIRST).days :])
    found = measured(store, town((), meter("tardi.gas"), actions=(action("tardi", 5.0),)))
    assert found.judged.reason is Reason.TOO_FEW_DAYS


def test_a_year_that_is_not_over_has_figures_and_no_verdict(store: SqliteStore) -> None:
    counted(store, "presto.gas", FIRST, saved(0.4))
    of = town((), meter("presto.gas"), actions=(action("presto", 5.0),))
    found = measured(store, of, today=date(2026, 3, 31))
    assert found.judged.reason is Reason.YEAR_NOT_OVER
    assert found.to_date is not None
    assert found.to_date.avoided.span.count == 364
    assert found.realisation is None
    assert measured(store, of, today=date(2026, 4, 1)).verdict is Verdict.CONFIRMED


def test_a_long_gap_after_the_works_is_no_saving(store: SqliteStore) -> None:
    """Nothing was ever read again after October: 183 of 365 days are seen."""
    begin, end = FIRST, date(2025, 10, 1)
    counted(store, "muto.gas", begin, saved(0.0)[: (end - FIRST).days])
    found = measured(store, town((), meter("muto.gas"), actions=(action("muto", 5.0),)))
    assert (found.verdict, found.judged.reason) == (Verdict.NOT_MEASURABLE, Reason.GAPS)
    assert found.year is not None
    assert abs(found.year.avoided.kwh) < 0.05 * found.year.avoided.adjusted_kwh


def test_a_saving_that_is_lost_opens_the_action_again(store: SqliteStore) -> None:
    counted(store, "ricade.gas", FIRST, saved(0.6, until=date(2026, 4, 10)))
    true_mwh = float(usual()[YEAR].sum()) * 0.6 / 1000
    found = measured(store, town((), meter("ricade.gas"), actions=(action("ricade", true_mwh),)))
    assert found.verdict is Verdict.CONFIRMED
    assert found.is_open_again
    assert "saving.decayed" in [f.name for f in found.findings]
    lasting = found.persistence
    assert lasting is not None
    # whole months since April 2025, and their running sum
    assert lasting.months[0].first == date(2025, 4, 1)
    assert lasting.months[-1].first == date(2026, 10, 1)
    total = sum(month.avoided_kwh for month in lasting.months)
    assert lasting.months[-1].sum_kwh == pytest.approx(total)
    assert lasting.first_fraction == pytest.approx(0.6, abs=0.05)
    assert lasting.last_fraction == pytest.approx(0.0, abs=0.05)


def test_before_works_the_smallest_saving_is_told(store: SqliteStore) -> None:
    counted(store, "prima.gas", FIRST, usual())
    planned = {"works_start": date(2027, 5, 1), "works_end": date(2027, 9, 30)}
    of = town(
        (), meter("prima.gas"), actions=(action("prima", 0.5, measurement=planned),)
    )  # fmt: skip
    found = measured(store, of)
    assert found.judged.reason is Reason.BEFORE_WORKS
    assert found.detectable is not None
    last_year = float(usual()[-365:].sum())
    assert found.detectable.year_kwh == pytest.approx(last_year, rel=0.02)
    assert found.detectable.kwh == pytest.approx(0.27 * last_year, rel=0.02)
    assert found.detectable.is_declared_detectable is False  # 500 kWh


def test_two_actions_at_one_meter_are_measured_together(store: SqliteStore) -> None:
    counted(store, "due.gas", FIRST, saved(0.4))
    other = action("due", 2.0, id="altra", measurement={"works_start": date(2025, 3, 20)})
    of = town((), meter("due.gas"), actions=(action("due", 3.0), other))
    found = measured(store, of, "due")
    assert found.measured_with == ("altra",)
    assert found.declared_kwh == 5000.0
    assert "saving.measured_together" in [f.name for f in found.findings]


def test_an_action_that_is_not_measured_is_an_error(store: SqliteStore) -> None:
    bare = action("casa", 1.0).model_copy(update={"measurement": None})
    with pytest.raises(DataError, match="does not say how it is measured"):
        measured(store, town((), meter("casa.gas"), actions=(bare,)))


def test_a_plant_is_measured_by_its_own_meter(store: SqliteStore) -> None:
    """30 kWh a day: 10.95 MWh in the last year, known to 7.3 % (the year's sun, the meter)."""
    counted(store, "tetto.pv", FIRST, np.full(DAYS, 30.0))
    plant = meter("tetto.pv", POWER, measures=Measures.GENERATION)
    made = action("tetto", None, carrier=POWER, declared_production_mwh=11.0,
                  measurement={"option": "B"})  # fmt: skip
    found = measured(store, town((), plant, actions=(made,)))
    assert found.verdict is Verdict.CONFIRMED
    assert found.year is not None
    assert found.year.avoided.span.end == TODAY
    assert found.year.kwh.likely == pytest.approx(10_950)
    assert found.year.kwh.high == pytest.approx(10_950 * (1 + np.hypot(0.07, 0.02)))


def test_lamps_with_a_stated_power_are_compared_over_their_hours(store: SqliteStore) -> None:
    """Option A: 10 kW were installed, 4 kW burn in the hours without sun: 60 % is saved."""
    every = [FIRST + timedelta(days=n) for n in range(DAYS)]
    night = night_hours(44.1, every)
    counted(store, "viale.main", FIRST, 4.0 * night)
    stated = {"option": "A", "installed_before_kw": 10.0}
    lamps = action("viale", 25.0, carrier=POWER, measurement=stated)
    found = measured(store, town((), meter("viale.main", POWER), actions=(lamps,)))
    assert found.verdict is Verdict.CONFIRMED
    assert found.year is not None
    assert found.year.avoided.kwh == pytest.approx(6.0 * night[YEAR].sum())
    assert found.year.half_kwh == pytest.approx(10.0 * night[YEAR].sum() * np.hypot(0.05, 0.04))


def test_a_plant_that_came_is_no_saving_of_its_building(store: SqliteStore) -> None:
    """100 kWh a day, always; from April 2025 on 60 come from the roof, of 80 that it makes."""
    has_plant = np.arange(DAYS) >= (AFTER - FIRST).days
    counted(store, "nido.main", FIRST, np.where(has_plant, 40.0, 100.0))
    counted(store, "nido.pv", AFTER, np.full((TODAY - AFTER).days, 80.0))
    counted(store, "nido.feed-in", AFTER, np.full((TODAY - AFTER).days, 20.0))
    of_roof = {"valid_from": AFTER}
    meters = (
        meter("nido.main", POWER),
        meter("nido.pv", POWER, measures=Measures.GENERATION, **of_roof),
        meter("nido.feed-in", POWER, measures=Measures.FEED_IN, **of_roof),
    )
    works = action("nido", 10.0, carrier=POWER)
    found = measured(store, town((), *meters, actions=(works,)))
    assert found.year is not None
    assert found.year.avoided.used_kwh == pytest.approx(36_500, rel=0.005)
    assert found.verdict is not Verdict.CONFIRMED
    # without a meter of what is fed in nobody can tell
    blind = measured(store, town((), *meters[:2], actions=(works,)))
    assert blind.judged.reason is Reason.NET_METERED


def test_new_years_are_local_and_no_hour_is_lost(store: SqliteStore) -> None:
    """The first year begins at local midnight: 22:00 UTC of 31 March, in summer time."""
    found = measured(store, town((), meter("casa.gas"), actions=(action("casa", 5.0),)))
    begins = local_midnight(found.periods.first_year.first, ROME)
    assert to_seconds(begins) == to_seconds(local_midnight(AFTER, "UTC")) - 7200
    assert found.year is not None
    assert found.year.avoided.days == 365
