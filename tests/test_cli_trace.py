"""``paes trace`` as a person at a terminal calls it.

The school of the small installation takes 4 kW all of 2025 (8,760 h: 35,040 kWh), beside a declared
rest of 520.5 MWh; electricity has 0.483 t/MWh, frozen at 2005: (520.5 + 35.04) x 0.483 = 268.33 t.
"""

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
CELL = "porto/inventory/2025/municipal_buildings/electricity"


@pytest.fixture
def paes(small, tmp_path: Path, monkeypatch, capfd):
    """Runs a command on the small installation with a metered year."""
    meters = "cities/porto/meters.yaml"
    text = (small.root / meters).read_text(encoding="utf-8")
    swaps = text.split("ct_ratio: 40\n")[1].split("  - id")[0]
    small.replace(meters, swaps, "    rated_power_kw: 10\n    valid_from: 2025-01-01\n")
    table = "cities/porto/activity/bollette.csv"
    small.replace(table, "520.5,sector,bills,,", "520.5,rest,bills,,")
    small.replace(
        table, "\n# between two rows", "\n2025,public_lighting,electricity,10,sector,bills,,"
    )
    gas = "natural_gas,,0.202,invented for tests\n"
    small.replace("factors/prova.csv", gas, f"{gas}diesel,,0.25,invented for tests\n")
    store = tmp_path / "readings.sqlite"
    start, end = (int(local_midnight(date(y, 1, 1), ROME).timestamp()) for y in (2025, 2026))
    seconds = np.arange(start, end + 86_401, 900, dtype=np.int64)
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


def test_a_cell_tells_formula_inputs_factor_and_coverage(paes):
    code, out, err = paes("trace", f"{CELL}/t")
    assert code == 0, err
    assert out.startswith(f"268.326 t  {CELL}/t\n")
    assert "emissions_t = energy_mwh * factor_t_per_mwh  [emissions v1]" in out
    assert "100.0 % of the time seen" in out
    assert "factor of 2005 (frozen) in prova: invented for tests" in out
    assert f"├─energy: 555.540 MWh  {CELL}/mwh" in out
    assert "└─factor: 0.4830000 t/MWh" in out
    assert f"{CELL}/factor" in out
    assert max(len(line) for line in out.splitlines()) <= 100


def test_the_way_to_a_meter_ends_at_reads_with_their_register(paes):
    code, out, err = paes(
        "trace", "porto/inventory/2025/t", "--meter", "scuola.main", "--day", "2025-03-14"
    )
    assert code == 0, err
    # 31 + 28 + 13 days at 96 kWh by midnight of 14 March, in UTC one hour earlier
    assert "start: 6 912.000 kWh  porto/meter/scuola.main/2025-03-13T23:00:00Z/reading" in out
    assert "device contatore" in out
    assert "(192.0.2.10:502)" in out
    assert "quality good" in out
    assert out.count("/reading") == 2 * 96


def test_months_of_a_meter_are_listed_and_days_of_one_month_on_demand(paes):
    _, year, _ = paes("trace", f"{CELL}/t", "--meter", "scuola.main")
    assert "course: 2 976.000 kWh  porto/meter/scuola.main/2025-01/course" in year
    assert "2025-01-02/course" not in year
    _, month, _ = paes("trace", f"{CELL}/t", "--meter", "scuola.main", "--month", "2025-02")
    assert month.count("course: 96.000 kWh") == 28
    assert "2025-01-02/course" not in month


def test_depth_opens_levels(paes):
    _, one, _ = paes("trace", f"{CELL}/t")
    _, two, _ = paes("trace", f"{CELL}/t", "--depth", "2")
    assert "bollette.csv:4" not in one
    assert "declaration: bills (bollette.csv:4)" not in one
    _, three, _ = paes("trace", f"{CELL}/t", "--depth", "3")
    assert "energy_mwh = sum of declared_mwh + metered_kwh / 1000" in two
    assert "declaration: bills (bollette.csv:4)" in three


def test_verified_figures_say_so(paes):
    code, out, err = paes("trace", f"{CELL}/t", "--verify")
    assert code == 0, err
    assert out.splitlines()[-1].endswith("365 days made anew of their reads: all equal")


def test_json_has_the_whole_passport(paes):
    code, out, err = paes("trace", f"{CELL}/t", "--json", "--depth", "2", "--verify")
    assert code == 0, err
    document = json.loads(out)
    assert document["id"] == f"{CELL}/t"
    assert document["value"] == pytest.approx(555.54 * 0.483)
    assert (document["formula_name"], document["formula_version"]) == ("emissions", 1)
    assert document["method"]["electricity_factor"] == "frozen"
    assert document["factor"]["factor_source"] == "invented for tests"
    assert document["coverage"] == 1
    assert document["verified"]["equal"] is True
    energy, factor = document["inputs"]
    assert energy["role"] == "energy"
    assert [one["role"] for one in energy["inputs"]] == ["declared", "metered"]
    assert factor["sources"][0]["text"] == "invented for tests"


def test_documents_print_the_ids_that_are_traced(paes):
    _, out, _ = paes("inventory", "2025", "--json")
    document = json.loads(out)
    ids = [document["id"], *(line["id"] for line in document["lines"])]
    assert f"{CELL}/t" in ids
    for one in ids:
        code, told, err = paes("trace", one, "--json")
        assert code == 0, err
        assert json.loads(told)["id"] == one
    _, out, _ = paes("inventory", "2025", "--electricity", "current", "--json")
    assert json.loads(out)["id"] == "porto/inventory/2025/t?electricity=current"
    _, out, _ = paes("progress", "--json")
    years = [year["id"] for year in json.loads(out)["years"]]
    assert years[-1] == "porto/progress/t2020/2025/reduction"
    code, told, err = paes("trace", years[-1])
    assert code == 0, err
    assert "reduction = 1 - emissions / base_emissions" in told


def test_without_an_id_it_lists_what_can_be_traced(paes):
    code, out, err = paes("trace")
    assert code == 0, err
    assert out.splitlines()[:2] == ["porto/inventory/2005/t", "porto/inventory/2025/t"]
    assert "porto/progress/t2020/2025/reduction" in out.split()
    _, out, _ = paes("trace", "--json")
    assert f"{CELL}/metered_kwh" in json.loads(out)["ids"]


def test_a_reduction_is_at_most_what_follows_if_nothing_that_was_missed_was_used(paes):
    """1 - 1,454.956 / 1,433.202 = -0.0152; nothing bounds what a meter of the town missed.

    The base year is declared, and so exact.
    """
    code, out, err = paes("trace", "porto/progress/t2020/2025/reduction")
    assert code == 0, err
    assert "between unbounded and -0.0152" in out


def test_what_a_late_reading_touches_is_listed(paes):
    span = ("--from", "2025-05-01", "--to", "2025-05-02")
    code, out, err = paes("trace", "--touched-by", "scuola.main", *span)
    assert code == 0, err
    assert f"{CELL}/t" in out.split()
    assert "porto/progress/t2020/2025/reduction" in out.split()
    assert "porto/inventory/2005/t" not in out.split()
    _, out, _ = paes("trace", "--touched-by", "scuola.main", *span, "--json")
    assert f"{CELL}/t" in json.loads(out)["ids"]
    row = "porto/declared/2005/private_transport/diesel/mwh"
    _, out, _ = paes("trace", "--touched-by", row)
    assert "porto/inventory/2025/private_transport/diesel/t" in out.split()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["porto/inventory/2025/municipal_building/t"], "there is porto/inventory/2025/munici"),
        (["porto/inventory/2025"], "is no id of a figure; expected CITY/KIND"),
        (["genova/inventory/2025/t"], "no city 'genova'; there is porto"),
        (["porto/inventory/2025/t", "--month", "2025-01"], "--month and --day go with --meter"),
        (["porto/inventory/2025/t", "--meter", "scuola.man"], "no meter 'scuola.man'"),
        ([f"{CELL}/t", "--meter", "molo.gas"], "does not rest on meter molo.gas"),
        ([f"{CELL}/t", "--meter", "scuola.main", "--day", "2025-01"], "expected one day"),
        (["--touched-by", "scuola.main", "--from", "2025-03-01", "--to", "2025-02-01"],
         "--to 2025-02-01 is not after --from 2025-03-01"),
        (["--touched-by", "scuola.main"], "between which times? add --from and --to"),
        (["--touched-by", "porto/declared/1999/industry/coal/mwh"], "no declared row"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_answered_in_one_line(paes, arguments, told):
    code, out, err = paes("trace", *arguments)
    assert code == 1
    assert out == ""
    assert told in err
    assert len(err.strip().splitlines()) == 1
