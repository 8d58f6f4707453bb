"""Everything that the dashboard for Grafana asks, asked of a real server that our own store filled.

Asked as Grafana does it: over ``/query`` with the header and the database of the data sources in
``deploy/grafana``, the dashboard's variables put in.
"""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from influx_server import PATIENCE_S, TOKEN_VARIABLE, InfluxServer
from small_installation import SmallInstallation

from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.events import Cause, absence
from paes.metering import Reading
from paes.periods import Span
from paes.shipped_files import shipped_config
from paes.store import open_store

FOLDER = Path(__file__).parents[1] / "deploy"
METER = "scuola.palestra"
DAYS = 70
"""Of any so many days, one month is whole."""
QUARTER_S = 900


def data_sources() -> dict[str, dict[str, Any]]:
    text = (FOLDER / "grafana/provisioning/datasources/paes.yaml").read_text("utf-8")
    found = {s["uid"]: s for s in yaml.safe_load(text)["datasources"]}
    assert len(found) == 2
    return found


def dashboard() -> dict[str, Any]:
    (file,) = (FOLDER / "grafana/dashboards").glob("*.json")
    document: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return document


@dataclass(frozen=True)
class Asked:
    """A query of the dashboard; ``source`` is the uid of its data source by default."""

    title: str
    query: str
    source: str


def asked() -> list[Asked]:
    document = dashboard()
    variables = document["templating"]["list"]
    chosen = {f"${{{v['name']}}}": v["current"]["value"] for v in variables}
    panels = [
        Asked(panel["title"], target["query"], chosen[target["datasource"]["uid"]])
        for panel in document["panels"]
        for target in panel["targets"]
    ]
    notes = [
        Asked(note["name"], note["target"]["query"], chosen[note["datasource"]["uid"]])
        for note in document["annotations"]["list"]
    ]
    lists = [
        Asked(v["label"], v["query"], chosen[v["datasource"]["uid"]])
        for v in variables
        if v["type"] == "query"
    ]
    assert (len(panels), len(notes), len(lists)) == (7, 1, 3)
    return panels + notes + lists


@dataclass(frozen=True)
class Town:
    """What was stored, and where Grafana finds it."""

    server: InfluxServer
    bucket: str
    now: datetime

    def ask(self, question: Asked) -> list[dict[str, Any]]:
        """The series that Grafana gets, times in milliseconds."""
        source = data_sources()[question.source]
        environment = {"PAES_BUCKET": self.bucket, "GRAFANA_INFLUXDB_TOKEN": self.server.token}
        settings = source["jsonData"] | source["secureJsonData"]
        put_in = {k: _expanded(v, environment) for k, v in settings.items()}
        form = {"db": put_in["dbName"], "epoch": "ms", "q": self._filled(question.query)}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.server.port}/query",
            urllib.parse.urlencode(form).encode(),
            {put_in["httpHeaderName1"]: put_in["httpHeaderValue1"]},
            method=put_in["httpMode"],
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            (result,) = json.load(answer)["results"]
        assert "error" not in result, result["error"]
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def _filled(self, query: str) -> str:
        begin = round((self.now - timedelta(days=DAYS)).timestamp() * 1000)
        end = round(self.now.timestamp() * 1000)
        values = {
            "$timeFilter": f"time >= {begin}ms and time <= {end}ms",
            "$__interval": "15m",
            "$contatore": f"({re.escape(METER)}|another)",
            "$grandezza": "energy_import",
            "$potenza": "power",
        }
        for name, value in values.items():
            query = query.replace(name, value)
        assert "$" not in query.replace("$/", "")
        return query


def _expanded(text: str, environment: dict[str, str]) -> str:
    return re.sub(r"\$\{?([A-Z_]+)\}?", lambda name: environment[name[1]], text)


@pytest.fixture(scope="module")
def town(influx_server: InfluxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A meter at exactly 1 kW for seventy days, with an absence and a reading that came late."""
    bucket = influx_server.new_bucket()
    influx_server.create_bucket(f"{bucket}-fast")
    now = datetime.now(UTC).replace(microsecond=0)
    small = SmallInstallation(tmp_path_factory.mktemp("town"))
    retention = (shipped_config() / "retention.yaml").read_text("utf-8")
    small.write({"retention.yaml": retention.replace('"W"', '"W"\n      - "power"')})
    installation = load_installation(small.root)
    end_s = int(now.timestamp()) - 300
    seconds = np.arange(end_s - DAYS * 86400, end_s + 1, QUARTER_S, dtype=np.int64)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(TOKEN_VARIABLE, influx_server.token)
        with closing(open_store(influx_server.url(bucket), installation.retention)) as store:
            counted_kwh = (seconds - seconds[0]) / 3600
            store.write_series(f"{METER}/energy_import", seconds, counted_kwh)
            powers_w = np.full(len(seconds), 1000.0)
            store.write_series(f"{METER}/power", seconds, powers_w)
            late = seconds[len(seconds) // 2] + 60
            at = datetime.fromtimestamp(int(late), UTC)
            store.write([Reading(f"{METER}/energy_import", at, (late - seconds[0]) / 3600)])
            store.write_events([absence(METER, Cause.NO_REPLY, at, at + timedelta(hours=1), "?")])
            whole = Span(now - timedelta(days=DAYS), now)
            EnergyLedger(installation, store, lambda: now).refresh(whole)
        yield Town(influx_server, bucket, now)


@pytest.mark.parametrize("question", asked(), ids=lambda q: q.title)
def test_every_question_of_the_dashboard_is_answered_with_rows(town: Town, question: Asked) -> None:
    series = town.ask(question)
    assert series
    for one in series:
        assert one["values"]
        assert all(cell is not None for row in one["values"] for cell in row)


def column(series: list[dict[str, Any]], name: str) -> list[Any]:
    return [row[one["columns"].index(name)] for one in series for row in one["values"]]


def by_title(title: str) -> Asked:
    (found,) = [q for q in asked() if q.title == title]
    return found


def test_a_day_at_one_kilowatt_is_shown_as_24_kwh(town: Town) -> None:
    days = town.ask(by_title("Energia al giorno per contatore"))
    assert days[0]["tags"] == {"meter": METER}
    amounts = column(days, "energia")
    assert len(amounts) >= DAYS - 3
    assert sorted({round(a) for a in amounts}) in ([24], [23, 24], [24, 25])
    (power,) = town.ask(by_title("Potenza attuale"))
    assert power["values"][0][1] == 1000


def test_the_age_of_the_last_reading_is_that_of_the_register(town: Town) -> None:
    (last,) = town.ask(by_title("Età dell'ultima lettura"))
    assert last["values"] == [[round(town.now.timestamp() * 1000) - 300_000, 0]]


def test_an_absence_is_a_note_from_its_start_to_its_end(town: Town) -> None:
    (note,) = dashboard()["annotations"]["list"]
    series = town.ask(by_title(note["name"]))
    target = note["target"]
    (start,) = column(series, "time")
    assert column(series, target["timeEndColumn"]) == [start + 3_600_000]
    assert column(series, target["textColumn"]) == ["?"]
    tags = [column(series, name) for name in target["tagsColumn"].split(",")]
    assert tags == [[METER], ["absence.no_reply"]]


def test_the_day_of_a_late_reading_is_listed_with_when_it_was_written(town: Town) -> None:
    (touch,) = town.ask(by_title("Giorni toccati da dati tardivi"))
    assert touch["tags"] == {"meter": METER, "quantity": "energy_import"}
    ((day_ms, written_ms),) = touch["values"]
    assert day_ms % 86_400_000 == 0
    assert written_ms >= round(town.now.timestamp() * 1000)


def test_every_list_offers_what_fits(town: Town) -> None:
    variables = {v["label"]: v for v in dashboard()["templating"]["list"] if v["type"] == "query"}
    offered = {
        label: [
            value
            for value in column(town.ask(by_title(label)), "value")
            if re.search(variables[label].get("regex", "").strip("/"), value)
        ]
        for label in variables
    }
    assert offered == {
        "Contatore": [METER], "Registro": ["energy_import"], "Potenza": ["power"],
    }  # fmt: skip


def test_only_what_every_generation_of_influxdb_understands_is_asked() -> None:
    foreign = r"\btz\(|\bINTO\b|\bDELETE\b|\bSLIMIT\b|\bINTEGRAL\b|CARDINALITY|SHOW SERIES|;"
    assert [q.title for q in asked() if re.search(foreign, q.query, re.IGNORECASE)] == []


def test_every_class_with_a_limit_is_a_data_source() -> None:
    databases = {s["jsonData"]["dbName"] for s in data_sources().values()}
    classes = load_installation(shipped_config()).retention.limited
    assert databases == {"$PAES_BUCKET", *(f"${{PAES_BUCKET}}-{c.name}" for c in classes)}


@pytest.mark.parametrize("name", ["influxdb2.yaml", "influxdb3.yaml"])
def test_the_container_hands_grafana_what_its_files_ask_for(name: str) -> None:
    services = yaml.safe_load((FOLDER / "compose" / name).read_text("utf-8"))["services"]
    grafana = services["grafana"]
    text = json.dumps(list(data_sources().values()))
    wanted = set(re.findall(r"\$\{?([A-Z_]+)", text))
    assert wanted == set(grafana["environment"]) - {
        key for key in grafana["environment"] if key.startswith("GF_")
    }
    provider = (FOLDER / "grafana/provisioning/dashboards/paes.yaml").read_text("utf-8")
    (read_from,) = [p["options"]["path"] for p in yaml.safe_load(provider)["providers"]]
    assert f"../grafana/dashboards:{read_from}:ro" in grafana["volumes"]
