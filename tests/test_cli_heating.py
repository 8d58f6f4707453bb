"""``paes degree-days`` and ``paes heating`` over a winter whose figures are known by hand.

One school with a heat meter that is imported as a load curve. Outdoors it is 10 degC from
November to April and 25 degC from May to October: 10 degree days a day over 166 days (1 November
2024 to 15 April 2025) are 1,660 in the season; the usual winter has 1,411. An hour of the season
takes 4 kWh, an hour outside of it 1, and on 5 and 6 May 2025 3: heated outside the season.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from click.testing import CliRunner, Result
from small_installation import SmallInstallation

from paes.accounting.energy_total import EnergyTotal
from paes.accounting.ledger import EnergyLedger
from paes.cli import Session, paes
from paes.climate.degree_days import ITALIAN, DegreeDays
from paes.climate.heating import normalise
from paes.config import load_installation
from paes.periods import local_midnight
from paes.store.sqlite import SqliteStore

TZ = "Europe/Rome"
FIRST, END = date(2024, 5, 1), date(2025, 10, 1)
TEMPERATURE = "porto.weather/outdoor_temperature"
HEAT = "scuola.calore"
NOW = datetime(2025, 11, 20, 12, tzinfo=UTC)


def days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((END - FIRST).days)]


def is_winter(day: date) -> bool:
    return day.month in (11, 12, 1, 2, 3) or (day.month == 4 and day.day <= 15)


def kwh_an_hour(day: date) -> float:
    if day in (date(2025, 5, 5), date(2025, 5, 6)):
        return 3.0
    return 4.0 if is_winter(day) else 1.0


class Town:
    """The small installation with a climate, a heat meter by load curve, and a store."""

    def __init__(self, small: SmallInstallation, folder: Path) -> None:
        self.root = small.root
        self.url = str(folder / "town.sqlite")
        self._add("city.yaml", "climate_zone: D\nreference_degree_days:\n  degree_days: 1411\n"
                  "  source: invented for tests\n")  # fmt: skip
        self._add("meters.yaml", f"imported_meters:\n  - id: {HEAT}\n    carrier: heat_cold\n"
                  "    interval_s: 3600\n    rated_power_kw: 50\n")  # fmt: skip
        self._add("sites.yaml", "  - id: vuoto\n    name: Vuoto\n    kind: office\n"
                  "    sector: municipal_buildings\n")  # fmt: skip
        self.write(TEMPERATURE, lambda day: 10.0 if day.month in (11, 12, 1, 2, 3, 4) else 25.0)
        point = load_installation(self.root).registers[HEAT].point
        self.write(point, kwh_an_hour)

    def _add(self, name: str, text: str) -> None:
        path = self.root / "cities" / "porto" / name
        path.write_text(path.read_text() + text)

    def write(self, point: str, value_of: Callable[[date], float]) -> None:
        """A value for each hour of every day."""
        start, end = (int(local_midnight(day, TZ).timestamp()) for day in (FIRST, END))
        seconds = np.arange(start, end, 3600, dtype=np.int64)
        of_day = {day: value_of(day) for day in days()}
        tz = ZoneInfo(TZ)
        values = [of_day[datetime.fromtimestamp(s, tz).date()] for s in seconds.tolist()]
        store = SqliteStore(Path(self.url))
        store.write_series(point, seconds, np.array(values))
        store.close()

    def expire(self, point: str, before: date) -> None:
        store = SqliteStore(Path(self.url))
        store.expire([point], local_midnight(before, TZ))
        store.close()

    def paes(self, *arguments: str) -> Result:
        options = ["--config", str(self.root), "--store", self.url]
        return CliRunner().invoke(paes, [*options, *arguments])

    def json(self, *arguments: str) -> Any:
        done = self.paes(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture
def town(small: SmallInstallation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    made = Town(small, tmp_path)

    def ledger(session: Session) -> EnergyLedger:
        return EnergyLedger(session.installation, session.store, lambda: NOW)

    monkeypatch.setattr(Session, "ledger", property(ledger))
    return made


def test_a_season_s_degree_days_with_base_and_days(town: Town) -> None:
    (season,) = town.json("degree-days", "--from", "2024-12-01", "--to", "2025-02-01")
    assert (season["period"], season["first"], season["end"]) == (
        "2024-25", "2024-11-01", "2025-04-16",
    )  # fmt: skip
    by_rule = {found["rule"]: found for found in season["degree_days"]}
    assert by_rule["gg"]["degree_days"] == pytest.approx(1660.0)
    assert (by_rule["gg"]["base_degc"], by_rule["gg"]["threshold_degc"]) == (20.0, None)
    assert by_rule["gg"]["measured_days"] == 166
    assert by_rule["hdd"]["degree_days"] == pytest.approx(8 * 166)
    assert by_rule["cdd"]["degree_days"] == 0.0
    assert season["hours_by_point"][TEMPERATURE] > 166 * 24


def test_months_of_summer_have_no_italian_degree_days_and_some_of_cooling(town: Town) -> None:
    found = town.json("degree-days", "--from", "2025-04-01", "--to", "2025-06-01", "--by", "month")
    told = {
        (month["period"], one["rule"]): one["degree_days"]
        for month in found
        for one in month["degree_days"]
    }
    assert told["2025-04", "gg"] == pytest.approx(150)  # 15 days of the season
    assert told["2025-04", "hdd"] == pytest.approx(8 * 30)
    assert told["2025-05", "gg"] is None  # no day of it counts
    assert told["2025-05", "cdd"] == pytest.approx(4 * 31)


def test_base_and_threshold_are_used_and_printed(town: Town) -> None:
    options = ("--from", "2024-12-01", "--to", "2025-01-01", "--base", "19", "--threshold", "9")
    (season,) = town.json("degree-days", *options)
    assert season["degree_days"][0]["degree_days"] == 0.0  # 10 degC is not cold enough
    told = town.paes("degree-days", *options)
    assert "GG: base 19 degC, days with Tm <= 9, conventional season" in told.stderr
    assert "HDD: base 18 degC, days with Tm <= 15, all days" in told.stderr


def test_without_any_temperature_it_says_where_it_comes_from(town: Town) -> None:
    done = town.paes("degree-days", "--from", "2019-01-01", "--to", "2019-02-01")
    assert str(done.exception) == (
        f"Porto: no outdoor temperature in this time ({TEMPERATURE},"
        " porto.weather/typical_outdoor_temperature); it comes from a sensor (paes collect) or"
        " from files (paes import)"
    )


def test_the_heating_of_a_season_raw_and_normalised(town: Town) -> None:
    """166 days have 3,983 hours of 4 kWh: 15,932. Base 24 x 166 = 3,984, weather part 11,948."""
    (use,) = town.json("heating", "--season", "2024-25")
    assert use["raw"]["kwh"] == pytest.approx(15932.0)
    assert use["base"] == {"kwh_a_day": pytest.approx(24.0), "summer": 2024}
    assert use["degree_days"]["value"] == pytest.approx(1660.0)
    assert use["normalised"]["kwh"] == pytest.approx(3984 + 11948 * 1411 / 1660)
    assert use["findings"] == []


def test_days_heated_outside_the_season_are_listed(town: Town) -> None:
    """The limit: a summer's day, and a tenth of a mean day of the season (15,932 / 166) more."""
    (use,) = town.json("heating", "--season", "2024-25")
    assert [one["day"] for one in use["heated_outside_season"]] == ["2025-05-05", "2025-05-06"]
    assert [one["kwh"] for one in use["heated_outside_season"]] == pytest.approx([72.0, 72.0])
    limit_kwh = use["heated_outside_season"][0]["limit_kwh"]
    assert limit_kwh == pytest.approx(24 + 15932 / 166 / 10)
    # 1 July to 31 October and 16 April to 30 June
    assert use["judged_days"] == 123 + 76
    shown = town.paes("heating", "--season", "2024", "--days")
    assert "2025-05-06" in shown.stdout
    assert "replaces nothing" in shown.stderr


def test_a_calendar_year_that_is_not_covered_is_not_normalised(town: Town) -> None:
    """2025 is not over, and half of its season has no temperature yet."""
    (use,) = town.json("heating", "--year", "2025")
    assert use["normalised"] is None
    assert {f["name"] for f in use["findings"]} >= {"heating.not_over"}
    assert use["raw"]["kwh"] > 10_000  # the raw figure is told all the same


def test_too_little_temperature_is_said_with_its_days(town: Town) -> None:
    town.expire(TEMPERATURE, date(2025, 1, 1))
    (use,) = town.json("heating", "--season", "2024-25")
    assert use["normalised"] is None
    assert [f["message"] for f in use["findings"]] == [
        (
            "scuola: outdoor temperature of 105 of 166 days of the season (61 without any"
            " estimate); expected 80%"
        )
    ]


def test_bounds_of_energy_and_of_degree_days_both_widen_the_normalised_figure() -> None:
    """Base 100; 1,000 to 1,200 kWh, 400 to 500 degree days beside 450 of the reference."""
    raw = EnergyTotal(measured_kwh=1000.0, missing_high_kwh=200.0, span_s=1.0)
    counted = DegreeDays(
        rule=ITALIAN, first=FIRST, end=END, measured=400.0, estimated=50.0, low=400.0, high=500.0,
        measured_days=40, estimated_days=5, unknown_days=0,
    )  # fmt: skip
    found = normalise(raw, 100.0, counted, 450.0)
    assert found.kwh == pytest.approx(100 + 900 * 450 / 450)
    assert found.low_kwh == pytest.approx(100 + 900 * 450 / 500)
    assert found.high_kwh == pytest.approx(100 + 1100 * 450 / 400)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--season", "winter"),
            "--season 'winter'; expected e.g. 2024-25, or the year it begins in",
        ),
        (("--season", "2024-26"), "--season '2024-26'; expected e.g. 2024-25"),
        (("--season", "2030"), "the season 2030-31 has not begun: it does on 2030-11-01"),
        (("--season", "2024", "--year", "2024"), "either --season or --year, not both"),
        (("--year", "2031"), "2031 has not begun"),
    ],
)
def test_periods_that_are_none_are_refused(
    town: Town, arguments: tuple[str, ...], message: str
) -> None:
    done = town.paes("heating", *arguments)
    assert str(done.exception).startswith(message)


def test_a_site_without_a_meter_of_heat_says_so(town: Town) -> None:
    (use,) = town.json("heating", "--site", "vuoto", "--season", "2024-25")
    assert [f["name"] for f in use["findings"]] == ["heating.no_meter"]


def test_a_city_without_a_climate_zone_is_told(town: Town) -> None:
    path = town.root / "cities" / "porto" / "city.yaml"
    path.write_text(path.read_text().replace("climate_zone: D\n", ""))
    done = town.paes("heating", "--season", "2024")
    assert str(done.exception).startswith("city porto: its climate zone is not known")
