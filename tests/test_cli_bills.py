"""``paes bills`` as a clerk calls it, after ``paes import``.

The meter has 2 kW all day in January and February 2024: 1,488 and 1,392 kWh.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from billed_town import ROME, SAMPLES, billed_town
from click.testing import CliRunner, Result

from paes.cli import paes
from paes.errors import DataError
from paes.periods import local_midnight, to_seconds
from paes.store.sqlite import SqliteStore

BILLS = """\
POD;Dal;Al;kWh;EUR;Documento;Data;Fornitore;Tipo
IT001E12345678;01/01/2024;31/01/2024;1490;300,00;A1;10/02/2024;Luce SpA;effettiva
IT001E12345678;01/02/2024;29/02/2024;55680;9.000,00;A2;10/03/2024;Luce SpA;effettiva
IT001E12345678;01/02/2024;29/02/2024;1400;280,00;A3;10/03/2024;Luce SpA;stimata
"""


class Town:
    """A town on disk and its command line."""

    def __init__(self, root: Path, store: Path) -> None:
        self._options = ["--config", str(root), "--store", str(store)]

    def run(self, *arguments: str) -> Result:
        """What a command answers; errors of the product are raised as they are."""
        return CliRunner().invoke(
            paes, [*self._options, *arguments], catch_exceptions=False, standalone_mode=False
        )


@pytest.fixture
def town(small, tmp_path) -> Town:
    billed_town(small)
    path = tmp_path / "town.sqlite"
    store = SqliteStore(path)
    start, end = (to_seconds(local_midnight(d, ROME)) for d in (date(2024, 1, 1), date(2024, 3, 1)))
    seconds = np.arange(start, end + 1, 900)
    store.write_series("scuola.main/energy_import", seconds, (seconds - start) / 1800.0)
    store.close()
    made = Town(small.root, path)
    bills = tmp_path / "bollette.csv"
    bills.write_text(BILLS, encoding="utf-8")
    made.run("import", str(bills))
    return made


def rows(output: str) -> dict[str, list[str]]:
    """The cells of each row of a table by its first one."""
    cells = [[c.strip() for c in line.strip("│").split("│")] for line in output.splitlines()
             if line.startswith("│")]  # fmt: skip
    return {row[0]: row for row in cells}


def test_a_table_of_bills_beside_the_meter(town):
    done = town.run("bills", "--meter", "scuola.main")
    assert done.exit_code == 0
    assert done.stdout.startswith("scuola.main, POD IT001E12345678\n")
    assert rows(done.stdout) == {
        "A1": ["A1", "2024-01-01", "2024-01-31", "actual", "agrees", "1 490.0 kWh", "1 488.0",
               "+2.0", "0.1 %", "300.00", "-"],
        "A2": ["A2", "2024-02-01", "2024-02-29", "actual", "wrong factor?", "55 680.0 kWh",
               "1 392.0", "+54 288.0", "3900.0 %", "9 000.00", "9 055.00"],
        "A3": ["A3", "2024-02-01", "2024-02-29", "estimated", "does not count", "1 400.0 kWh", "-",
               "-", "-", "280.00", "-"],
    }  # fmt: skip
    # 9,000 EUR x 54,288 / 55,680 kWh, and the estimated bill that was not deducted: 8,775 + 280
    assert done.stderr.splitlines()[-1] == "3 documents, 9 580.00 EUR; to claim 9 055.00 EUR"
    assert "bill.factor: document A2: 40 times what was metered: " in done.stderr


def test_one_json_document_has_everything(town):
    town.run("import", str(SAMPLES / "deliveries" / "gasolio.csv"),
             str(SAMPLES / "deliveries" / "ricariche.csv"))  # fmt: skip
    answer = json.loads(town.run("bills", "--json").stdout)
    assert [b["document"] for b in answer["bills"]] == ["A1", "A2", "A3"]
    first = answer["bills"][0]
    assert (first["verdict"], first["billed"], first["last_day"]) == (
        "bill.agrees", 1490.0, "2024-01-31",
    )  # fmt: skip
    assert first["metered"] == pytest.approx(1488.0)
    assert first["difference_kwh"] == pytest.approx(2.0)
    assert [d["quantity"] for d in answer["deliveries"]] == [3000.0, 2500.5, 1800.0]
    assert answer["sessions"] == [
        {"meter": "molo.ricarica", "month": "2024-03", "sessions": 3, "energy_kwh": 47.55}
    ]
    assert answer["total_eur"] == 9580.0
    assert [m["meter"] for m in answer["without_bill"]] == ["molo.gas", "molo.luci", "scuola.gas"]


def test_bills_of_a_site_and_of_a_time(town):
    done = town.run("bills", "--site", "scuola", "--from", "2024-02-01", "--to", "2024-03-01")
    assert sorted(rows(done.stdout)) == ["A2", "A3"]
    assert "no bill in this time (1): 00881234567891 (scuola.gas)" in done.stderr


def test_gas_shows_the_gross_value_and_its_net_energy(town):
    town.run("import", str(SAMPLES / "fattura_pa" / "gas.xml"))
    row = rows(town.run("bills", "--meter", "scuola.gas").stdout)["G-5"]
    assert row[-2:] == ["38.52", "24 475"]  # 2,500 Sm3 x 9.79 kWh net


def test_deliveries_and_sessions_are_told_beside_bills(town):
    town.run("import", str(SAMPLES / "deliveries" / "ricariche.csv"))
    done = town.run("bills", "--meter", "molo.ricarica")
    assert rows(done.stdout)["molo.ricarica"] == ["molo.ricarica", "2024-03", "3", "47.5"]


def test_bills_of_a_meter_that_is_gone_are_told(town, small):
    small.replace("cities/porto/meters.yaml", "  - id: molo.luci\n", "  - id: molo.lampioni\n")
    store = SqliteStore(small.root.parent / "town.sqlite")
    (event, *_) = store.events(name="bill.")
    store.write_events(
        [type(event)("molo.luci", event.name, event.start, event.end, "", event.facts)]
    )
    store.close()
    done = town.run("bills")
    assert done.stderr.splitlines()[-1] == (
        "bills of meters that are not in the configuration (any more): molo.luci"
    )


def test_without_bills_it_says_where_they_come_from(town):
    with pytest.raises(DataError) as wrong:
        town.run("bills", "--meter", "molo.gas")
    assert str(wrong.value) == (
        "no bills and no deliveries of these meters in this time; see: paes import"
    )
    with pytest.raises(DataError, match=r"^no meter 'x\.y'; there is "):
        town.run("bills", "--meter", "x.y")
