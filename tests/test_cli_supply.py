"""``--scope`` and ``--side-by-side`` on the shipped town, whose assumed figures are known by hand.

In 2007 roofs made 90 MWh, of which 35 % were used under them: 58.5 MWh met what others bought, at
a national factor of 0.4754 that is 27.81 t. No meter was there yet.
"""

import json
import sys

import pytest

from paes.cli import main

LESS_T = 58.5 * 0.4754


@pytest.fixture
def paes(tmp_path, monkeypatch, capfd):
    """Runs a command on the shipped installation with an empty store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PAES_CONFIG", raising=False)
    monkeypatch.setenv("PAES_STORE", str(tmp_path / "readings.sqlite"))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["paes", *arguments])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
        told = capfd.readouterr()
        assert not code, told.err
        return told

    return run


def test_an_inventory_by_the_local_factor(paes):
    national = json.loads(paes("inventory", "2007", "--json").out)
    local = json.loads(paes("inventory", "2007", "--scope", "local", "--json").out)
    assert (national["electricity_scope"], local["electricity_scope"]) == ("national", "local")
    assert national["emissions_t"] - local["emissions_t"] == pytest.approx(LESS_T, abs=1e-6)
    factors = {
        line["factor_t_per_mwh"] for line in local["lines"] if line["carrier"] == "electricity"
    }
    assert len(factors) == 1
    assert local["supply"]["lpe"]["energy_mwh"] == pytest.approx(58.5)
    assert [row["code"] for row in local["supply"]["table_c"]] == ["M113", "M129"]


def test_the_local_factor_is_printed_with_its_terms_and_tables(paes):
    told = paes("inventory", "2007", "--scope", "local")
    assert "electricity local, current" in told.out
    assert "table C, local electricity" in told.out
    assert "EFE = ((TCE - LPE - GEP) x NEEFE + CO2LPE + CO2GEP) / TCE" in told.err
    assert "LPE 58.5 MWh" in told.err
    assert "in the emissions trading scheme" in told.err


def test_an_inventory_by_every_basis(paes):
    told = paes("inventory", "2007", "--side-by-side")
    for basis in (
        "national, current",
        "national, frozen at 2007",
        "local, current",
        "local, frozen at 2007",
    ):
        assert basis in told.out
    bases = json.loads(paes("inventory", "2007", "--side-by-side", "--json").out)["bases"]
    assert [b["asked"] for b in bases] == [True, False, False, False]
    # In the base year itself current and frozen are one factor.
    totals = [b["emissions_t"] for b in bases]
    assert totals[0] == totals[1]
    assert totals[2] == totals[3] == pytest.approx(totals[0] - LESS_T, abs=1e-6)


def test_progress_by_every_basis(paes):
    bases = json.loads(paes("progress", "--side-by-side", "--json").out)["bases"]
    by_name = {b["basis"]: {y["year"]: y for y in b["years"]} for b in bases}
    assert len(by_name) == 4
    for years in by_name.values():
        assert years[2007]["reduction_fraction"] == 0
    base = {name: years[2007]["emissions_t"] for name, years in by_name.items()}
    assert base["national, current"] - base["local, current"] == pytest.approx(LESS_T, abs=1e-6)
    fell = {name: years[2020]["reduction_fraction"] for name, years in by_name.items()}
    # The grid fell from 0.4754 to 0.2671 and roofs grew: each alone lowers the total.
    assert fell["national, current"] > fell["national, frozen at 2007"]
    assert fell["local, frozen at 2007"] > fell["national, frozen at 2007"]
    assert fell["local, current"] > fell["national, current"]


def test_progress_by_every_basis_is_printed(paes):
    told = paes("progress", "--side-by-side").out
    assert "by every factor of electricity" in told
    assert "local, frozen at 2007" in told


def test_progress_says_which_factor_it_is_made_with(paes):
    told = paes("progress", "--scope", "local", "--draws", "100", "--json").out
    local = json.loads(told)
    assert (local["electricity_factor"], local["electricity_scope"]) == ("current", "local")
