"""The page of the data and that of one meter: coverage, gaps, causes, what to do, evidence.

The town of ``conftest``: registers every quarter of an hour from 25 October 2026, 09:30 UTC, until
now (22 November, 09:30 UTC) for one meter, four days less for another, nothing for a third.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from shown_town import LIVE, NEVER, NOW, PERIOD_S, SILENT, STALE, MovingClock, plain_town

import paes
from collectors.spool.rows import Parcel
from collectors.spool.spool import Spool
from dashboard.app import Dashboard, create_app
from dashboard.queries.coverage import make_coverage, meter_days
from dashboard.queries.evidence import KnownAs, evidence_of
from dashboard.queries.field_report import FieldReport, UnitSeen, seen
from dashboard.queries.field_work import field_work, last_absences, together
from dashboard.queries.gaps import split
from dashboard.queries.meters import activity_of, live_now, power_points
from dashboard.queries.recipe import Sources
from dashboard.sentences.data_health import next_step
from dashboard.sentences.reading_finding import reading_finding
from dashboard.tables.data_health import coverage_rows
from dashboard.texts import Language
from paes.accounting.ledger import EnergyLedger
from paes.cli.field_report import field_of
from paes.events import Cause, absence
from paes.installation import Installation
from paes.inventory.making import make_inventory
from paes.meter_status import MeterState
from paes.metering import Finding, Reading
from paes.periods import Span
from paes.store.sqlite import SqliteStore

CITY = "la-spezia"
ACCOUNTING = Path(paes.__file__).parent / "accounting"
READINGS_CODE = "".join(p.read_text("utf-8") for p in ACCOUNTING.glob("*.py"))
NOVEMBER_H = 21 * 24 + 10.5
"""From 1 November, midnight in Italy (23:00 UTC), to 22 November, 09:30 UTC."""


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory, installation: Installation
) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path_factory.mktemp("data") / "town.sqlite")
    now_s = int(NOW.timestamp())
    times = np.arange(now_s - 28 * 86400, now_s + 1, PERIOD_S, dtype=np.int64)
    for meter, late_s in ((LIVE, 0), (STALE, 5 * 3600), (SILENT, 4 * 86400)):
        kept = times <= now_s - late_s
        point = installation.register(installation.meter(meter)).point
        store.write_series(point, times[kept], 1000.0 + (times[kept] - times[0]) / 300.0)
    silent_since = NOW - timedelta(days=4)
    store.write_events([absence(SILENT, Cause.NO_REPLY, silent_since, NOW, "no reply")])
    yield store
    store.close()


@pytest.fixture(scope="module")
def sources(installation: Installation, filled: SqliteStore) -> Sources:
    return Sources.of(installation, filled, MovingClock())


@pytest.fixture(scope="module")
def page(assets: None, installation: Installation, filled: SqliteStore) -> Iterator[Dashboard]:
    report = FieldReport(NOW, NOW - timedelta(hours=1), 7, NOW, 2, units=(unit("open"),))
    app = create_app(installation, filled, clock=MovingClock(), field=lambda: report)
    yield app
    app.close()


def unit(state: str) -> UnitSeen:
    return UnitSeen("gw-x", "10.0.0.9:502", "3", (STALE,), state, None, 41.0, 90, 12)


def test_months_and_days_tell_time_with_data_and_never_what_was_not_in_use(
    sources: Sources,
) -> None:
    coverage = make_coverage(sources, CITY)
    assert [(s.year, s.month) for s in coverage.starts] == [(2026, 10), (2026, 11)]
    # October has 745 hours; data begin on the 25th at 09:30 UTC, 157.5 hours before November.
    assert coverage.meters[LIVE].fractions == pytest.approx([157.5 / 745, 1.0])
    assert coverage.meters[SILENT].fractions[1] == pytest.approx(1 - 96 / NOVEMBER_H)
    assert coverage.meters[NEVER].fraction == 0.0
    together_h = coverage.last_months(1).of([LIVE, SILENT]).missing_h
    assert together_h == pytest.approx(96)
    assert coverage.of_year(2025).meters[LIVE].fraction is None

    rows = coverage_rows(sources.city(CITY), coverage)
    assert rows[0].seen.fraction == 0.0
    assert rows[-1].site.id == LIVE.split(".")[0] or rows[-1].seen.fraction
    kinds = {row.site.kind.value for row in coverage_rows(sources.city(CITY), coverage, "school")}
    assert kinds == {"school"}

    meter = sources.installation.meter(SILENT)
    days = meter_days(sources.ledger, meter, 2026)
    found = dict(zip(days.days, days.seen.fractions, strict=True))
    assert found[date(2026, 11, 17)] == 1.0
    assert found[date(2026, 11, 18)] == pytest.approx(10.5 / 24)  # silent from 10:30 local time
    assert found[date(2026, 11, 19)] == 0.0
    assert math.isnan(found[date(2026, 11, 23)])  # is to come


def test_gaps_are_summed_by_cause_and_length_and_the_rest_has_no_cause() -> None:
    def gap(hours: float, **causes: float) -> Finding:
        numbers = {"hours": hours, **{f"{name}_hours": h for name, h in causes.items()}}
        return Finding("data.gap", "m/energy_import", "", NOW, numbers)

    told = [
        ("a", gap(0.5, no_reply=0.5)),
        ("a", gap(10.0, no_reply=6.0)),
        ("b", gap(100.0)),
        ("b", gap(400.0, gateway_down=400.0)),  # longer than the 14 days that are estimated
        ("b", Finding("counter.reset", "b/energy_import", "", NOW)),
    ]
    gaps = split(told, Span(NOW - timedelta(days=92), NOW))
    assert [(one.cause, one.all_hours, one.gaps, one.meters) for one in gaps.by_cause()] == [
        ("gateway_down", 400.0, 1, 1),
        ("unknown", 104.0, 2, 2),
        ("no_reply", 6.5, 2, 1),
    ]
    assert gaps.by_cause()[1].hours == (0.0, 4.0, 100.0, 0.0)
    assert gaps.hours == pytest.approx(510.5)
    assert [finding.name for _, finding in gaps.others] == ["counter.reset"]


def test_findings_about_readings_are_told_in_both_languages(
    languages: dict[str, Language],
) -> None:
    names = set(re.findall(r'"((?:counter|interval|amount)\.[a-z]+)"', READINGS_CODE))
    assert {"counter.reset", "interval.overlap", "amount.open"} <= names
    for language in languages.values():
        for name in names:
            assert language.knows(f"reading_finding.{name.replace('.', '_')}"), name
    reset = Finding("counter.reset", "m/energy_import", "English", NOW, {"value_kwh": 1234.5})
    assert "1.234,5\N{NO-BREAK SPACE}kWh" in reading_finding(reset, languages["it"])
    numbers = {"hours": 96.0, "gateway_down_hours": 96.0}
    gap = Finding("data.gap", "m/energy_import", "English", NOW, numbers)
    told = "nessuna lettura per 4,0 giorni: gateway irraggiungibile"
    assert reading_finding(gap, languages["it"]) == told
    unknown = Finding("counter.new_kind", "m/energy_import", "told in English", NOW)
    assert reading_finding(unknown, languages["it"]) == "told in English"


def test_what_to_do_follows_the_newest_that_anybody_knows(
    sources: Sources, languages: dict[str, Language]
) -> None:
    city = sources.city(CITY)
    power = power_points(sources.installation, city)
    now = live_now(sources, city, activity_of(city, sources.ledger, power))
    told = last_absences(sources.store, now)
    running = FieldReport(NOW, NOW, 0, None, 0, units=(unit("unreachable"),))

    tasks = {task.meter.meter.id: task for task in field_work(now, told, running)}
    assert LIVE not in tasks
    assert tasks[SILENT].cause is Cause.NO_REPLY  # the absence that it stored
    assert tasks[STALE].cause is Cause.GATEWAY_DOWN  # what the collector says now
    assert tasks[NEVER].cause is None
    assert f"paes probe {SILENT}" in next_step(tasks[SILENT], languages["it"])
    assert "10.0.0.9:502" in next_step(tasks[STALE], languages["en"])
    first = next(iter(tasks.values()))
    assert first.meter.state is MeterState.NEVER

    stopped = replace(running, heard_at=NOW - timedelta(minutes=5))
    errands = together(field_work(now, told, stopped))
    assert len(errands) == 1
    assert len(errands[0]) == len(tasks)
    assert {task.cause for task in errands[0]} == {Cause.COLLECTOR_DOWN}


def test_collector_is_told_from_its_spool(tmp_path: Path) -> None:
    path = tmp_path / "town.spool"
    assert field_of(path)() is None
    line = {
        "place": "10.0.0.9:502",
        "reached": True,
        "units": [
            {"unit": 3, "meters": ["a.main"], "state": "open", "requests": 90, "timeouts": 12,
             "p95_ms": 41.0, "next_try": NOW.isoformat(), "detail": "no reply"}
        ],
        "meters": {"a.main": {"last_reading_at": NOW.isoformat(), "why": "no reply"}},
    }  # fmt: skip
    cut_off = {**line, "reached": False, "units": []}
    spool = Spool(path)
    spool.put(
        Parcel(
            readings=[Reading("a.main/energy_import", NOW - timedelta(hours=2), 1.0)],
            state={
                "heartbeat": NOW.isoformat(),
                "collector": {"pid": 7, "since": (NOW - timedelta(days=1)).isoformat()},
                "store": {"failing_since": NOW.isoformat(), "reason": "disk full"},
                "gateway:gw-a": line,
                "gateway:gw-b": cut_off,
            },
        )
    )
    spool.close()
    report = field_of(path)()
    assert report is not None
    assert (report.waiting_readings, report.waiting_since) == (1, NOW - timedelta(hours=2))
    assert report.store_reason == "disk full"
    assert report.reasons == {"a.main": "no reply"}
    states = {(u.gateway, u.unit): (u.state, u.p95_ms) for u in report.units}
    assert states == {("gw-a", "3"): ("open", 41.0), ("gw-b", ""): ("unreachable", None)}
    assert report.is_running(NOW + timedelta(seconds=60))
    assert not report.is_running(NOW + timedelta(seconds=120))

    path.write_text("not a spool")
    told = seen(field_of(path))
    assert told.report is None
    assert str(path) in told.problem


def test_evidence_tells_assumed_from_declared(
    installation: Installation, empty_store: SqliteStore
) -> None:
    town = plain_town(installation)
    ledger = EnergyLedger(town, empty_store, MovingClock())
    evidence = evidence_of(make_inventory(town.city(), 2025, ledger))
    # 2025: 1000 MWh of electricity declared at 0.2671 t/MWh, 1100 MWh of gas assumed at 0.202.
    assert evidence.of_t(KnownAs.ASSUMED) == pytest.approx(1100 * 0.202)
    assert evidence.of_t(KnownAs.DECLARED) == pytest.approx(1000 * 0.2671, rel=1e-3)
    assert evidence.of_t(KnownAs.MEASURED) == 0
    assert evidence.sectors[0].unseen_t == max(one.unseen_t for one in evidence.sectors)


def test_page_tells_the_state_the_work_and_every_section(page: Dashboard) -> None:
    client = page.server.test_client()
    italian = client.get("/dati?sites=all").get_data(as_text=True)
    english = client.get("/dati?lang=en&kind=school&months=24").get_data(as_text=True)
    assert "97 contatori su 98 non parlano" in italian
    assert "1 su 98" in italian
    assert "il dispositivo non risponde" in italian
    assert "/edifici/scuola-2-giugno" in italian
    assert "the device does not answer" in english
    assert "0 of 1 units" in english
    assert "The store refused 2" in english
    for name in ("meters", "coverage", "gaps", "field", "imports", "evidence"):
        assert f'<h2 id="{name}"' in italian
    for table in ("meters", "work", "coverage", "meter-coverage", "units", "evidence"):
        answer = client.get(f"/dati/csv/{table}")
        assert answer.status_code == 200, table
        assert answer.get_data(as_text=True).count("\n") > 1, table
    assert "quadro-fossamastra.main" in client.get("/dati/csv/work").get_data(as_text=True)


def test_figures_of_the_pages_are_drawn_of_what_they_say(page: Dashboard) -> None:
    asked, town = page.visits.asked_by("/dati?months=12")
    assert town is not None
    charts = town.make(asked).charts
    assert {"coverage", "evidence"} <= charts.keys()
    heat = charts["coverage"]().data[0]
    assert len(heat.z) == 40  # of 44 sites those that lack most
    assert heat.z[0][-1] == 0
    for draw in charts.values():
        assert draw().data

    asked, one = page.visits.asked_by(f"/dati?meter={SILENT}")
    assert one is not None
    drawn = {name: draw() for name, draw in one.make(asked).charts.items()}
    assert drawn["days"].data[0].z[10][17] == pytest.approx(10.5 / 24, abs=1e-4)
    # A week back from now, until it fell silent four days ago.
    assert len(drawn["readings"].data[0].y) == 3 * 96 + 1


@pytest.mark.parametrize(
    ("meter", "says"),
    [
        (LIVE, "Sì: l’ultima lettura"),
        (SILENT, "Che cosa fare: Sul posto: alimentazione"),
        (NEVER, "No: non ha mai dato una lettura."),
    ],
)
def test_meter_says_whether_it_is_all_right_and_which_commands_help(
    page: Dashboard, meter: str, says: str
) -> None:
    client: FlaskClient = page.server.test_client()
    content = client.get(f"/dati?meter={meter}").get_data(as_text=True)
    assert says in content
    assert f"paes probe {meter}" in content
    live = page.visits.asked_by(f"/dati?meter={meter}")
    assert live[1] is not None
    assert live[1].live is not None
    assert meter in live[1].live(live[0]).states


def test_meter_that_is_not_there_is_a_page_that_says_so(page: Dashboard) -> None:
    answer = page.server.test_client().get("/dati?meter=%3Cscript%3E.main&lang=en")
    assert answer.status_code == 404
    assert "is not in this town" in answer.get_data(as_text=True)
    assert "<script>.main" not in answer.get_data(as_text=True)
