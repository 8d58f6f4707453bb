"""``paes costs`` and ``paes bands`` as a treasurer calls them, on an installation of its own."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from paes.cli import main
from paes.periods import local_midnight
from paes.store.sqlite import SqliteStore

ROME = "Europe/Rome"
TARIFF = """\
name: Three bands
carrier: electricity
unit: kWh
bands: italy
periods:
  - valid_from: 2024-01-01
    energy_eur_per_unit: {F1: 0.20, F2: 0.18, F3: 0.15}
    taxes_eur_per_unit: 0.0125
    fixed_eur_per_month: 12
    power: [{basis: contract, eur_per_kw_month: 2.5}]
    vat_fraction: 0.22
    source: a letter
    assumed: true
    note: invented for tests
"""
CONTRACTS = """\
contracts:
  - meter: scuola.main
    tariff: three
    valid_from: 2024-01-01
    contract_power_kw: 6
"""
FED_IN = """\
name: Sold
carrier: electricity
unit: kWh
direction: feed_in
periods:
  - {valid_from: 2024-01-01, energy_eur_per_unit: 0.1, vat_fraction: 0, source: a letter}
"""


@pytest.fixture
def paes(small, tmp_path: Path, monkeypatch, capfd):
    """Runs a command on an installation whose school takes 4 kW from December to February."""
    meters = "cities/porto/meters.yaml"
    small.write({"tariffs/three.yaml": TARIFF, "cities/porto/contracts.yaml": CONTRACTS})
    text = (small.root / meters).read_text(encoding="utf-8")
    swaps = text.split("ct_ratio: 40\n")[1].split("  - id")[0]
    small.replace(meters, swaps, "    rated_power_kw: 10\n    valid_from: 2024-12-01\n")
    store = tmp_path / "readings.sqlite"
    start = int(local_midnight(date(2024, 12, 1), ROME).timestamp())
    end = int(local_midnight(date(2025, 3, 1), ROME).timestamp())
    seconds = np.arange(start, end + 1, 900, dtype=np.int64)
    opened = SqliteStore(store)
    opened.write_series("scuola.main/energy_import", seconds, (seconds - start) / 900.0)
    opened.close()
    monkeypatch.setenv("PAES_CONFIG", str(small.root))
    monkeypatch.setenv("PAES_STORE", f"sqlite:///{store}")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["paes", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        done = capfd.readouterr()
        return code, done.out, done.err

    return run


JANUARY = ("--from", "2025-01-01", "--to", "2025-02-01")


def cells(out: str, first: str) -> list[str]:
    """The cells of the row that begins with ``first``."""
    (line,) = [row for row in out.splitlines() if row.startswith(f"│{first}")]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_a_month_of_a_meter_is_its_bill(paes):
    code, out, err = paes("costs", "--meter", "scuola.main", *JANUARY)
    assert code == 0, err
    # 2,976 kWh in the bands of January 2025, reckoned by hand in tests/core/test_costs.py
    assert cells(out, "2025-01") == [
        "2025-01", "2 976", "512.88", "15.00", "12.00", "37.20", "126.96", "704.04", "0.00", "-",
        "100.0 %",
    ]  # fmt: skip
    assert "prices or contracts are assumed: three" in err


def test_bands_are_told_apart_and_all_periods_summed(paes):
    _, out, _ = paes("costs", "--meter", "scuola.main", "--bands", "--from", "2024-12-01",
                     "--to", "2025-02-01")  # fmt: skip
    assert cells(out, "2025-01")[1:5] == ["2 976", "184.80", "121.68", "206.40"]
    assert cells(out, "all")[1] == "5 952"


def test_json_is_one_document_with_bounds_and_marks(paes):
    code, out, err = paes("costs", *JANUARY, "--json")
    assert code == 0, err
    electricity, gas = json.loads(out)
    assert (electricity["city"], electricity["carrier"]) == ("porto", "electricity")
    assert electricity["assumed_tariffs"] == ["three"]
    (month,) = electricity["periods"]
    assert month["start"] == "2025-01-01T00:00:00+01:00"
    assert month["total"] == {
        "measured_eur": 704.0376, "estimated_eur": 0.0, "low_eur": 704.0376, "high_eur": 704.0376,
    }  # fmt: skip
    assert month["amounts"]["F3"]["measured"] == 1376.0
    assert month["coverage"] == 1.0
    # The gas meter has no contract: no cost is known, and it is not 0.
    assert gas["whole"]["total"]["high_eur"] is None
    assert [f["name"] for f in gas["findings"]] == ["costs.no_contract"]


def test_a_meter_without_a_contract_has_no_cost(paes):
    code, out, err = paes("costs", "--meter", "molo.gas", *JANUARY)
    assert code == 0
    row = cells(out, "2025-01")
    assert row[2:4] == ["-", "-"]
    assert "no price for" in row[5]
    assert "molo.gas: no contract for 31.0 days between 2025-01-01 and 2025-02-01" in err


def test_what_was_earned_is_told_apart_from_what_was_paid(paes, small):
    small.write({"tariffs/sold.yaml": FED_IN})
    roof = (
        "  - id: scuola.feed-in\n    carrier: electricity\n    measures: feed_in\n"
        "    device: contatore\n    gateway: gw-scuola\n    unit: 7\n    register: energy_import\n"
        "    valid_from: 2024-12-01\n"
    )
    small.replace("cities/porto/meters.yaml", "  - id: molo.gas\n", f"{roof}  - id: molo.gas\n")
    contract = "  - {meter: scuola.feed-in, tariff: sold, valid_from: 2024-01-01}\n"
    small.write({"cities/porto/contracts.yaml": CONTRACTS + contract})
    code, out, err = paes("costs", "--site", "scuola", *JANUARY)
    assert code == 0, err
    assert "earned EUR" in out
    assert cells(out, "paid in all") == ["paid in all", "704.04"]


def test_bands_add_up_to_the_energy_of_the_month(paes):
    code, out, err = paes("bands", "--meter", "scuola.main", *JANUARY)
    assert code == 0, err
    assert cells(out, "2025-01") == [
        "2025-01", "924.0", "676.0", "1 376.0", "2 976.0", "0.0", "-", "100.0 %",
    ]  # fmt: skip
    assert "F1: 924.0 kWh in 231 h" in out
    assert "F3: 1 376.0 kWh in 344 h" in out


def test_bands_of_a_site_as_json(paes):
    code, out, err = paes("bands", "--site", "scuola", "--by", "day", *JANUARY, "--json")
    assert code == 0, err
    document = json.loads(out)
    assert (document["site"], document["bands"], len(document["periods"])) == (
        "scuola",
        "italy",
        31,
    )
    epiphany = document["periods"][5]["bands"]
    assert {name: band["hours"] for name, band in epiphany.items()} == {"F1": 0, "F2": 0, "F3": 24}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bands", "--bands", "spain"), "no bands 'spain'; there is italy"),
        (("bands", "--site", "molo"),
         "no meter measures electricity (withdrawal) there; see: paes status"),
        (("costs", "--carrier", "diesel"),
         "no meter that is paid for measures that; see: paes status"),
        (("costs", "--meter", "scuola.mian"),
         "no meter 'scuola.mian'; there is molo.gas, scuola.main, scuola.palestra"),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_told_in_one_line(paes, arguments, message):
    code, out, err = paes(*arguments, *JANUARY)
    assert (code, out) == (1, "")
    assert err.strip().splitlines()[-1] == f"paes: {message}"
