"""``paes pv``, tables of ``paes inventory``, and computed meters, as a person calls them.

A day of a school in the shipped town, 1 June 2025: its plant at 5 kW, 2 kW fed in, 3 kW bought.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from paes.cli import Session
from paes.cli.energy import energy
from paes.cli.inventory import inventory
from paes.cli.pv import pv
from paes.errors import DataError
from paes.store.sqlite import SqliteStore

START = datetime(2025, 5, 31, 22, tzinfo=UTC)  # midnight in Rome
DAY = ("--from", "2025-06-01", "--to", "2025-06-02", "--by", "day")
SCHOOL = "scuola-cattaneo"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    path = tmp_path / "readings.sqlite"
    t = int(START.timestamp()) + 900 * np.arange(97, dtype=np.int64)
    store = SqliteStore(path)
    registers = {"main/energy_import": 3.0, "pv/energy_export": 5.0, "feed-in/energy_export": 2.0}
    for name, power_kw in registers.items():
        store.write_series(f"{SCHOOL}.{name}", t, 100 + (t - t[0]) / 3600 * power_kw)
    store.close()
    sessions: list[Session] = []

    def call(command: object, *arguments: str) -> Result:
        session = Session(None, str(path), None)
        sessions.append(session)
        runner = CliRunner()
        return runner.invoke(command, arguments, obj=session, catch_exceptions=False)  # type: ignore[arg-type]

    yield call
    for session in sessions:
        session.store.close()


def test_a_sites_balance_as_json(run: Run) -> None:
    told = json.loads(run(pv, "--site", SCHOOL, *DAY, "--json").stdout)
    assert told["findings"] == []
    (site,) = told["balances"]
    assert site["site"] == SCHOOL
    (day,) = site["periods"]
    assert day["start"] == "2025-06-01T00:00:00+02:00"
    amounts = {name: day[name]["kwh"] for name in day if "kwh" in day[name]}
    assert amounts == {
        "production": pytest.approx(120),
        "feed_in": pytest.approx(48),
        "withdrawal": pytest.approx(72),
        "self_consumption": pytest.approx(72),
        "consumption": pytest.approx(144),
    }
    assert day["self_consumption_fraction"]["value"] == pytest.approx(0.6)
    assert day["autarky_fraction"]["value"] == pytest.approx(0.5)
    assert day["production"]["coverage"] == pytest.approx(1.0)


def test_a_sites_balance_as_a_table(run: Run) -> None:
    done = run(pv, "--site", SCHOOL, *DAY)
    (row,) = [line for line in done.stdout.splitlines() if "2025-06-01" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "2025-06-01", "120.0", "48.0", "72.0", "72.0", "60.0 %", "50.0 %",
    ]  # fmt: skip
    assert done.stderr == ""


def test_what_the_plant_was_worth_is_told_at_the_prices_in_force(run: Run) -> None:
    told = json.loads(run(pv, "--site", SCHOOL, *DAY, "--value", "--json").stdout)
    (site,) = told["values"]
    (day,) = site["periods"]
    # A Sunday is all F3: 72 kWh x (0.162 + 0.0125 excise) x 1.22, and 48 kWh x 0.085.
    assert day["avoided"]["measured_eur"] == pytest.approx(15.3281, abs=1e-4)
    assert day["earned"]["measured_eur"] == pytest.approx(4.08, abs=1e-4)
    assert (
        "│2025-06-01 │     15.33 │       4.08│" in run(pv, "--site", SCHOOL, *DAY, "--value").stdout
    )


def test_the_town_stands_below_its_sites(run: Run) -> None:
    table = run(pv, *DAY).stdout
    assert table.count("self-consumption") == 11  # nine schools, a landfill and the town
    last = table[table.index("La Spezia, with all that its sites withdraw") :]
    assert last.count("2025-06-01") == 1


def test_a_plant_whose_feed_in_nobody_meters_is_told_of(tmp_path: Path, run: Run) -> None:
    session = Session(None, str(tmp_path / "readings.sqlite"), "lerici")
    done = CliRunner().invoke(pv, DAY, obj=session, catch_exceptions=False)
    session.store.close()
    assert done.stderr == (
        "lerici-scuola-capoluogo: no meter of what is fed in, so only bounds can be told; add one "
        "with measures: feed_in (or a virtual one, where all of it is)\n"
    )


def test_a_site_without_a_plant_is_refused(run: Run) -> None:
    with pytest.raises(DataError, match="no meter of generation of electricity here"):
        run(pv, "--site", "palazzo-civico", *DAY)
    with pytest.raises(DataError, match="no site 'nowhere'"):
        run(pv, "--site", "nowhere", *DAY)


def test_the_inventory_has_table_c(run: Run) -> None:
    told = json.loads(run(inventory, "2025", "--json").stdout)["local_generation"]
    (row,) = told["rows"]
    assert (row["code"], row["plant"], row["meters"]) == ("M113", "photovoltaic", 10)
    assert row["energy_mwh"] >= 0.12
    assert row["high_mwh"] > row["low_mwh"]  # a day is not a year
    assert told["total"]["energy_mwh"] == row["energy_mwh"]
    assert [one["sector"] for one in told["self_consumed"]] == ["municipal_buildings"]


def test_the_inventory_tells_the_estimated_part_beside_the_missing_one(
    tmp_path: Path, run: Run
) -> None:
    t = int(START.timestamp()) + 900 * np.arange(10 * 96, dtype=np.int64)
    lost = (t > t[5 * 96]) & (t < t[6 * 96])  # a day at whose end the register begins again
    counted = np.where(t < t[6 * 96], t - t[0], t - t[6 * 96]) / 3600 * 100.0
    store = SqliteStore(tmp_path / "readings.sqlite")
    store.write_series("palazzo-civico.main/energy_import", t[~lost], counted[~lost])
    store.close()
    told = json.loads(run(inventory, "2025", "--json").stdout)["lines"]
    (parts,) = (
        line["evidence"]
        for line in told
        if (line["sector"], line["carrier"]) == ("municipal_buildings", "electricity")
    )
    assert parts["estimated_mwh"] == pytest.approx(2.4)  # 24 h of 100 kW
    assert parts["missing_high_mwh"] > parts["missing_low_mwh"]
    shown = run(inventory, "2025").stdout
    assert "Missing beside municipal_buildings/electricity: " in shown


def test_a_computed_meter_is_asked_like_any_other(run: Run) -> None:
    done = run(energy, "--meter", "fotovoltaico-valbosca.feed-in", *DAY, "--json")
    (told,) = json.loads(done.stdout)
    assert (told["measures"], told["formula"]) == ("feed_in", "pv")
    assert told["periods"][0]["measured_kwh"] == 0
    assert told["periods"][0]["missing_high_kwh"] > 0
    (fed_in,) = json.loads(run(energy, "--meter", f"{SCHOOL}.feed-in", *DAY, "--json").stdout)
    assert fed_in["periods"][0]["measured_kwh"] == pytest.approx(48)
    with pytest.raises(DataError, match=r"no meter 'scuola-cattaneo\.nothing'"):
        run(energy, "--meter", f"{SCHOOL}.nothing", *DAY)
