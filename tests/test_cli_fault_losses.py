"""``paes faults losses``: the ledger over cases of ``kept_faults`` in the small installation.

Thirty days of March 2025: 40 Wh an hour at the school's main meter (28.8 kWh), of which its gym's
10 Wh are a part (7.2 kWh), and 100 Wh of gas at the pier (72 kWh). No contract gives a price.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from field_commands import CommandLine, command_line
from kept_faults import keep, leak
from small_installation import SmallInstallation

from paes.store.sqlite import SqliteStore

MAIN, GYM, GAS = (
    f"{subject}/water_leak/2025-03-01" for subject in ("scuola.main", "scuola.palestra", "molo.gas")
)


@pytest.fixture
def paes(small: SmallInstallation, tmp_path: Path, monkeypatch: Any, capfd: Any) -> CommandLine:
    store = SqliteStore(tmp_path / "readings.sqlite")
    keep(
        store,
        leak("scuola.palestra", "scuola", "porto", 10, 7.0),
        leak("scuola.main", "scuola", "porto", 40, 28.0),
        leak("molo.gas", "molo", "porto", 100, 70.0, is_over=True),
        leak("other.water", "other", "altrove", 100, 70.0),
    )
    store.close()
    run = command_line(tmp_path, monkeypatch, capfd)
    monkeypatch.setenv("PAES_CONFIG", str(tmp_path / "installation"))
    return run


def document(paes: CommandLine, *options: str) -> dict[str, Any]:
    done = paes("faults", "losses", *options, "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def test_the_ledger_counts_each_hour_once(paes: CommandLine) -> None:
    found = document(paes)
    assert [(r["month"], r["site"], r["cases"]) for r in found["rows"]] == [
        ("2025-03", "molo", [GAS]),
        ("2025-03", "scuola", [MAIN]),
    ]
    (total,) = found["totals"]
    assert total["amount"]["likely"] == pytest.approx(72.0 + 28.8)
    assert total["amount"]["low"] == pytest.approx(0.9 * 100.8)
    assert total["co2_t"]["likely"] == pytest.approx((72 * 0.202 + 28.8 * 0.483) / 1000)
    (overlap,) = found["overlaps"]
    assert (overlap["case"], overlap["by"], overlap["hours"]) == (GYM, MAIN, 720)
    assert overlap["amount"] == pytest.approx(7.2)


def test_without_contracts_there_is_no_money(paes: CommandLine) -> None:
    found = document(paes)
    assert found["eur"] is None
    (unpriced,) = found["unpriced"]
    assert unpriced == {"amount": pytest.approx(100.8), "unit": "kWh"}


def test_a_site_of_its_own_has_what_counts_there(paes: CommandLine) -> None:
    found = document(paes, "--site", "molo")
    assert [row["site"] for row in found["rows"]] == ["molo"]
    assert found["overlaps"] == []


def test_months_without_losses_say_so(paes: CommandLine) -> None:
    assert document(paes, "--from", "2025-04-05")["rows"] == []
    done = paes("faults", "losses", "--from", "2025-04-05")
    assert "no losses" in done.err
    assert len(document(paes, "--from", "2025-03-30", "--to", "2025-04-01")["rows"]) == 2


@pytest.mark.parametrize(
    ("by", "first"), [("row", "2025-03"), ("month", "2025-03"), ("site", "Molo")]
)
def test_the_table_has_lines_and_a_total(paes: CommandLine, by: str, first: str) -> None:
    done = paes("faults", "losses", "--by", by)
    assert done.code == 0, done.err
    lines = [line for line in done.out.splitlines() if line.startswith("│")]
    assert first in lines[0]
    assert "all, kWh" in lines[-1]
    assert "100.8 kWh" in lines[-1]
    assert "100.8 kWh have no price" in done.err
    assert f"7 kWh of {GYM}" in done.err


def test_names_are_told_in_italian(paes: CommandLine) -> None:
    assert "Perdita d’acqua" in paes("faults", "losses", "--by", "rule", "--lang", "it").out


def test_what_is_not_known_is_refused(paes: CommandLine) -> None:
    done = paes("faults", "losses", "--rule", "leak")
    assert done.code == 1
    assert "no rule 'leak'; there is" in done.err
    assert paes("faults", "losses", "--site", "nowhere").code == 1
