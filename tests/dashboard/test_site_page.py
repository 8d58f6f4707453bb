"""The page of a site against figures reckoned by hand.

Palazzo Civico takes 10 kW until October 2025 and 13 kW from November on, whatever the weather; on
6 October 2026 nobody reads it from 6 to 18 o'clock, while its register goes on. So the last twelve
whole months (8,760 hours) are 113,880 kWh, 30 % more than 87,600; a day is 312 kWh. The library's
meter is silent since 15 November. The school takes 3 kW, makes 2 and feeds in 0.5 in October 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient
from page_request import charts_request
from shown_town import NOW, MovingClock

from dashboard.app import create_app
from dashboard.figures.site_load import load_figure
from dashboard.queries.recipe import Sources
from dashboard.queries.site_events import site_findings
from dashboard.queries.site_load import Load, StepState, load, outdoor
from dashboard.queries.site_meters import site_now
from dashboard.queries.site_money import site_money
from dashboard.queries.site_period import read_period
from dashboard.queries.site_streams import find_stream, sole_meter, streams_of
from dashboard.queries.site_year import Use, habits, open_hours, stream_year
from dashboard.sentences.site_findings import finding_words
from dashboard.tables.site import signature_table
from dashboard.texts import Language
from paes.climate.weather import imported_temperature
from paes.installation import Installation
from paes.meter_status import MeterState
from paes.periods import to_seconds
from paes.store.sqlite import SqliteStore

HALL, LIBRARY, SCHOOL = "palazzo-civico", "biblioteca-civica", "scuola-2-giugno"
BEGIN = datetime(2024, 10, 31, 23, tzinfo=UTC)
MORE_FROM = datetime(2025, 10, 31, 23, tzinfo=UTC)
GAP = datetime(2026, 10, 6, 4, tzinfo=UTC), datetime(2026, 10, 6, 16, tzinfo=UTC)
SILENT_FROM = datetime(2026, 11, 14, 23, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def quarters(begin: datetime, end: datetime) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.arange(to_seconds(begin), to_seconds(end) + 1, 900, dtype=np.int64)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, installation: Installation) -> Iterator[Any]:
    opened = SqliteStore(Path(tmp_path_factory.mktemp("site")) / "readings.sqlite")

    def write(meter: str, t: np.ndarray[Any, Any], kwh: np.ndarray[Any, Any]) -> None:
        opened.write_series(installation.register(installation.meter(meter)).point, t, kwh)

    t = quarters(BEGIN, NOW)
    shown = 10.0 * (t - t[0]) / 3600 + 3.0 * np.maximum(t - to_seconds(MORE_FROM), 0) / 3600
    read = (t <= to_seconds(GAP[0])) | (t >= to_seconds(GAP[1]))
    write(f"{HALL}.main", t[read], shown[read])
    t = quarters(datetime(2026, 10, 31, 23, tzinfo=UTC), SILENT_FROM)
    write(f"{LIBRARY}.main", t, 4.0 * (t - t[0]) / 3600)
    t = quarters(datetime(2026, 9, 30, 22, tzinfo=UTC), NOW)
    for name, power_kw in (("main", 3.0), ("pv", 2.0), ("feed-in", 0.5)):
        write(f"{SCHOOL}.{name}", t, power_kw * (t - t[0]) / 3600)
    hours = np.arange(to_seconds(BEGIN), to_seconds(NOW), 3600, dtype=np.int64)
    degc = 15 - 8 * np.cos(2 * np.pi * (hours - hours[0] - 80 * 86400) / (365.25 * 86400))
    opened.write_series(imported_temperature("la-spezia"), hours, degc)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def sources(installation: Installation, store: SqliteStore) -> Sources:
    return Sources.of(installation, store, MovingClock())


@pytest.fixture(scope="module")
def client(assets: None, installation: Installation, store: SqliteStore) -> Iterator[FlaskClient]:
    app = create_app(installation, store, clock=MovingClock())
    yield app.server.test_client()
    app.close()


def shown(sources: Sources, site: str, period: str) -> Load:
    city = sources.city("la-spezia")
    stream, asked = find_stream(city, site, "electricity", ""), read_period(period, TODAY)
    assert stream
    assert asked
    return load(sources, city, stream, asked, outdoor(sources, city.id))


def test_an_address_names_a_stretch_of_local_days_and_what_stands_beside_it() -> None:
    periods = {key: read_period(key, TODAY) for key in ("", "2025", "2025-02", "2026-W01")}
    recent, year, month, week = periods.values()
    assert recent
    assert (recent.first, recent.end) == (date(2025, 11, 1), date(2026, 11, 23))
    assert year
    assert year.shown_beside
    assert year.shown_beside.key == "2024"
    assert month
    assert (month.end, month.shown_beside and month.shown_beside.first) == (
        date(2025, 3, 1),
        date(2024, 2, 3),  # a Saturday, as 1 February 2025
    )
    assert week
    assert (week.first, week.key) == (date(2025, 12, 29), "2026-W01")
    assert week.moved(1) == read_period("2026-W02", TODAY)
    assert [p.key for p in week.above] == ["2025", "2025-12"]
    wrong = ("2027", "2025-13", "2025-W54", "2025-02-30", "0001", "2026-12", "all2", "2025-03-14T")
    assert not [text for text in wrong if read_period(text, TODAY)]


def test_months_stand_beside_the_same_months_a_year_before(sources: Sources) -> None:
    hall = shown(sources, HALL, "")
    assert len(hall.starts) == 13
    assert hall.is_running.tolist() == [False] * 12 + [True]
    assert hall.total.kwh == pytest.approx(113_880)
    assert hall.change == pytest.approx((87_600, 113_880))
    assert hall.amounts[0] == pytest.approx(720 * 13)
    assert hall.running
    assert hall.running.kwh == pytest.approx(13 * (21 * 24 + 10.5))
    assert hall.passport_of == f"la-spezia/meter/{HALL}.main"
    assert hall.passport(date(2025, 11, 1), date(2025, 12, 1)) == (
        f"la-spezia/meter/{HALL}.main/2025-11/kwh"
    )


def test_a_month_that_runs_is_drawn_apart_and_beside_no_whole_one(
    sources: Sources, languages: dict[str, Language]
) -> None:
    drawn = load_figure(shown(sources, HALL, ""), (), languages["en"])
    by_name = {trace.name: list(trace.y) for trace in drawn.data}
    assert by_name["measured"][-1] is None
    assert by_name["measured so far"][:-1] == [None] * 12
    assert by_name["measured so far"][-1] == pytest.approx(13 * (21 * 24 + 10.5))
    (before,) = (t.y for t in drawn.data if t.type == "scatter" and t.marker.symbol == "diamond")
    assert before[-1] is None
    assert before[0] == pytest.approx(720 * 10)


def test_a_gap_has_no_course_and_what_is_unknown_is_neither_zero_nor_compared(
    sources: Sources,
) -> None:
    day = shown(sources, HALL, "2026-10-06")
    assert day.count(StepState.ESTIMATED) == 48
    assert day.count(StepState.MEASURED) == 48
    assert day.total.kwh == pytest.approx(24 * 13)
    silent = shown(sources, LIBRARY, "2026-11")
    lost = [n for n, s in enumerate(silent.states) if s is StepState.MISSING]
    assert lost
    assert min(lost) == 14
    assert np.isnan(silent.amounts[14:]).all()
    assert silent.amounts[0] == pytest.approx(96)
    assert silent.change is None


def test_hours_are_told_apart_by_the_sites_calendar(installation: Installation) -> None:
    """28 days with 19 open ones: 20 weekdays but for the patron's day, 19 March."""
    starts = pd.date_range("2026-02-23", "2026-03-23", freq="h", tz="Europe/Rome", inclusive="left")
    use = open_hours(starts, installation.opening(HALL))  # from 7.30 to 18: 11 hours
    amounts = np.where(use == 0, 10.0, 2.0)
    found = habits(amounts, use, starts, len(starts))
    assert found
    assert found.hours[Use.OPEN] == pytest.approx(19 * 11 / 672)
    assert found.hours[Use.SHUT_HOURS] == pytest.approx(19 * 13 / 672)
    assert found.hours[Use.RESTING] == pytest.approx(9 * 24 / 672)
    assert found.outside_hours == pytest.approx((19 * 13 + 9 * 24) * 2 / 3016)
    assert (found.base_kw, found.base_fraction) == pytest.approx((2.0, 672 * 2 / 3016))
    assert habits(np.full(672, np.nan), use, starts, 672) is None


def test_model_of_the_year_before_tells_what_weather_does_not_explain(sources: Sources) -> None:
    year = stream_year(sources, HALL, "electricity", "", "")
    assert year.power.shape == (24, 365)
    assert year.missing_hours == 12
    column = (date(2026, 10, 6) - date(2025, 11, 1)).days
    assert np.flatnonzero(np.isnan(year.power[:, column])).tolist() == list(range(6, 18))
    assert year.signature
    assert year.signature.expected_kwh == pytest.approx(87_600, rel=0.005)
    assert year.signature.used_kwh == pytest.approx(113_880, rel=0.005)
    assert not year.signature.is_usual  # 30 % is more than the shipped band of 20 %


def test_unknown_weather_is_a_dash_or_left_out_of_a_months_mean(
    sources: Sources, languages: dict[str, Language]
) -> None:
    told = stream_year(sources, HALL, "electricity", "", "").signature
    assert told is not None
    degc = np.full(len(told.days), 20.0)
    degc[3] = np.nan  # one of November's thirty days: the mean of the others stands
    degc[30:41] = np.nan  # eleven of December's: too many
    days = replace(told.days, degc=degc)
    filled = replace(told, days=days, used=np.ones(len(days)), expected=np.ones(len(days)))
    rows = signature_table(filled, "kWh", languages["en"]).rows
    assert [row[-1] for row in rows[:3]] == [20.0, None, 20.0]


def test_bands_add_up_and_a_roof_is_shared_out(sources: Sources) -> None:
    hall = site_money(sources, HALL, "")
    electricity = next(b for b in hall.bought if b.carrier and b.carrier.value == "electricity")
    assert sum(amount for amount, _ in electricity.energy.values()) == pytest.approx(113_880)
    assert electricity.months.sum() == pytest.approx(sum(electricity.parts.values()))
    assert electricity.months.sum() == pytest.approx(electricity.eur)
    assert hall.balance is None
    roof = site_money(sources, SCHOOL, "").balance
    assert roof
    october = roof.periods[-1]  # 745 hours: the clocks go back
    assert october.production.kwh == pytest.approx(745 * 2)
    assert october.self_consumption_share.value == pytest.approx(0.75)
    assert october.autarky.value == pytest.approx(1.5 / 4.5)


def test_meters_stand_as_a_tree_with_their_states(
    sources: Sources, languages: dict[str, Language]
) -> None:
    city = sources.city("la-spezia")
    now = site_now(sources, city, HALL, {})
    told = {m.meter.id.split(".")[1]: (m.depth, m.state) for m in now.meters}
    assert told["main"] == (0, MeterState.LIVE)
    assert told["cooling"] == (1, MeterState.NEVER)
    assert list(told)[:3] == ["main", "cooling", "data-centre"]
    assert now.worst is MeterState.NEVER
    assert sole_meter(city, streams_of(city, city.sites[HALL])[0]) == f"{HALL}.main"
    gaps = [g for g in site_findings(sources, HALL) if g.meter == f"{HALL}.main"]
    assert [(g.name, g.count) for g in gaps] == [("data.gap", 1)]
    words = finding_words(gaps[0].last, languages["it"])
    assert words == "nessuna lettura per 12,0 ore; intanto sono passati 156\N{NO-BREAK SPACE}kWh"


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("it", ("113.880", "+30,0", "Più di prima", "Il clima e il calendario non lo spiegano")),
        ("en", ("113,880", "+30.0%", "More than before", "Weather and calendar do not explain")),
    ],
)
def test_page_answers_what_has_changed_and_why(
    client: FlaskClient, lang: str, told: tuple[str, ...]
) -> None:
    text = client.get(f"/edifici/{HALL}?lang={lang}").get_data(as_text=True)
    missing = [words for words in told if words not in text]
    assert not missing
    assert text.count("<h1") == 1
    assert f'data-figure="la-spezia/meter/{HALL}.main/2025-11-01..2026-11-01/kwh"' in text


def test_a_reader_goes_from_months_to_days_to_quarter_hours(client: FlaskClient) -> None:
    months = client.get(f"/edifici/{HALL}?period=2026").get_data(as_text=True)
    assert f'href="/edifici/{HALL}?period=2026-10"' in months
    days = client.get(f"/edifici/{HALL}?period=2026-10").get_data(as_text=True)
    assert f'href="/edifici/{HALL}?period=2026-10-06"' in days
    day = client.get(f"/edifici/{HALL}/csv/load?period=2026-10-06").get_data(as_text=True)
    rows = [line.split(";") for line in day.splitlines()[1:]]
    assert len(rows) == 96
    assert {row[1] for row in rows if row[2] == "misurato"} == {"3,25"}
    assert sum(row[2] == "stimato in parte" for row in rows) == 48
    hours = client.get(f"/edifici/{HALL}/csv/hours").get_data(as_text=True).splitlines()[1:]
    assert len(hours) == 365
    of_gap = next(line.split(";") for line in hours if line.startswith("2026-10-06"))
    assert of_gap[1:] == ["13"] * 6 + [""] * 12 + ["13"] * 6


@pytest.mark.parametrize(
    "address",
    ["", "?period=all", "?period=2026-W41", "?period=2026-10-06", f"?meter={HALL}.cooling"],
)
def test_every_picture_is_drawn_of_simple_traces(client: FlaskClient, address: str) -> None:
    asked = charts_request(f"http://localhost/edifici/{HALL}{address}")
    answer = client.post("/_dash-update-component", json=asked).get_json()
    figures = answer["response"]["charts"]["data"]["figures"]
    assert "load" in figures
    assert all(figure is not None for figure in figures.values())
    kinds = {trace["type"] for figure in figures.values() for trace in figure["data"]}
    assert kinds <= {"bar", "scatter", "heatmap"}


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/edifici/villa-<b>x", 404, "«villa-&lt;b&gt;x»"),
        (f"/edifici/{HALL}?meter=other.main", 404, "non ha il contatore «other.main»"),
        (f"/edifici/{HALL}?period=2099", 200, "Il valore «2099» non esiste qui"),
        (f"/edifici/{HALL}?what=coal", 200, "Il valore «coal» non esiste qui"),
        (f"/edifici/{LIBRARY}?period=2026-11", 200, "con lacune"),
        (f"/edifici/{SCHOOL}?what=generation", 200, "Dove va l’elettricità del tetto?"),
    ],
)
def test_whatever_is_asked_there_is_a_page_that_says_so(
    client: FlaskClient, address: str, status: int, words: str
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert words in answer.get_data(as_text=True)
