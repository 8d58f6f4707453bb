"""Golden case: Turin's published inventory of 2019, through the command that a person would run.

Every cell within 0.1 t, total energy exact; ``tests/golden/turin_2019_published.csv`` names the
source.
"""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def inventory(tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("elsewhere")
    done = subprocess.run(
        [sys.executable, "-m", "paes", "--config", str(GOLDEN / "turin"), "--store",
         str(folder / "empty.sqlite"), "inventory", "2019", "--json"],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def published() -> dict[tuple[str, str], dict[str, str]]:
    lines = (GOLDEN / "turin_2019_published.csv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {(row["sector"], row["carrier"]): row for row in rows}


def test_total_energy_is_the_published_one_exactly(inventory):
    assert inventory["energy_mwh"] == 10_479_355


def test_every_cell_is_within_a_tenth_of_a_tonne(inventory, published):
    lines = {(line["sector"], line["carrier"]): line for line in inventory["lines"]}
    assert len(published) == 31
    assert lines.keys() == published.keys()
    for cell, row in published.items():
        assert lines[cell]["emissions_t"] == pytest.approx(float(row["emissions_t"]), abs=0.1), cell


def test_the_sum_of_the_cells_is_the_published_energy_subtotal(inventory):
    # 2,271,349.6 t, recomputed from the published cells; each is rounded, so 31 x 0.1 at most
    assert inventory["energy_emissions_t"] == pytest.approx(2_271_349.6, abs=3.1)


def test_the_total_is_the_published_one_to_the_tonne(inventory):
    """2,396,907 t: energy, waste to energy 99,351, sorted waste 23,832, waste water 15,730 and
    landfill 21,761, less 35,117 that green areas take up."""
    assert round(inventory["emissions_t"]) == 2_396_907
    rows = {(row["code"], row["use"]): row["emissions_t"] for row in inventory["other_rows"]}
    assert rows == {
        ("M91", "waste-to-energy"): 99_351, ("M91", "sorted-waste"): 23_832,
        ("M91", "landfill"): 21_761, ("M92", None): 15_730, ("M93", "urban-green"): -35_117,
    }  # fmt: skip
    assert inventory["other_t"] == 125_557
    assert inventory["findings"] == []


def test_nothing_in_it_is_assumed_metered_or_simulated(inventory):
    assert inventory["assumed_fraction"] == 0
    assert inventory["metered_fraction"] == 0
    assert inventory["simulated"] is False
