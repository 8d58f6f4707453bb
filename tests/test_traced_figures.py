"""A hundred figures of the shipped town, each followed down a way taken at random to its evidence.

Four sites of the shipped town have a simulated year of readings with its losses; everything else
is declared. Whatever figure is taken, the way ends at reads of a register, or at a declaration or
table that is named. The digits are the same in every process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from lineage_town import LineageTown, leaf_below

from collectors.simulator import Town, fill_history
from paes.accounting.ledger import EnergyLedger
from paes.config import load_installation
from paes.installation import Installation
from paes.lineage.figure import Figure
from paes.lineage.figure_id import FigureId
from paes.lineage.remaking import agrees, remade
from paes.lineage.tracing import Tracer
from paes.periods import year_span
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

pytestmark = pytest.mark.timeout(300)
GATEWAYS = ("gw-scuola-2-giugno", "gw-palazzo-civico", "gw-quadro-centro")
NOW = datetime(2026, 2, 1, tzinfo=UTC)
YEAR = year_span(2025, "Europe/Rome")
EVIDENCE = {"register", "file", "bill", "declaration", "table", "target"}
"""Where a way may end."""


def three_sites() -> Installation:
    """The shipped installation with the meters of three gateways."""
    whole = load_installation(shipped_config())
    city = whole.city()
    meters = {m.id: m for m in whole.field_meters.values() if m.gateway in GATEWAYS}
    assert len(meters) >= 5
    gateways = {id_: city.gateways[id_] for id_ in GATEWAYS}
    city = replace(city, meters=dict(meters), gateways=gateways, virtual_meters={}, sensors={})
    registers = {m: whole.registers[m] for m in meters}
    return replace(whole, cities={city.id: city}, registers=registers)


@pytest.fixture(scope="module")
def tracer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracer]:
    """Over a simulated year of three sites."""
    installation = three_sites()
    store = SqliteStore(tmp_path_factory.mktemp("town") / "readings.sqlite")
    town = Town(installation, seed=4, epoch=YEAR.start)
    fill_history(town, store, YEAR.start, datetime(2026, 1, 10, tzinfo=UTC))
    yield Tracer(installation.city(), EnergyLedger(installation, store, lambda: NOW))
    store.close()


@pytest.fixture(scope="module")
def leaves(tracer: Tracer) -> list[Figure]:
    """Where a hundred ways end: half of them begin at figures of the metered year."""
    ids = list(tracer.ids())
    metered = [one for one in ids if "/inventory/2025/municipal_buildings" in one]
    assert len(ids) > 1000
    assert len(metered) > 10
    return [
        leaf_below(tracer, metered if seed % 2 else ids, np.random.default_rng(seed))
        for seed in range(100)
    ]


def test_a_hundred_figures_reach_reads_or_a_named_source_every_time(leaves: list[Figure]) -> None:
    assert len(leaves) == 100
    kinds = Counter(figure.sources[0].kind for figure in leaves)
    assert set(kinds) <= EVIDENCE
    assert all(figure.sources[0].text for figure in leaves)
    assert kinds["register"] >= 5
    assert kinds["declaration"] >= 20
    assert kinds["table"] >= 5


def test_reads_name_their_register_unit_and_gateway(leaves: list[Figure]) -> None:
    reads = [figure for figure in leaves if figure.sources[0].kind == "register"]
    assert reads
    for figure in reads:
        assert figure.id.endswith("Z/reading")
        assert " at address " in figure.sources[0].text
        assert (figure.sources[0].place or "").startswith("gateway gw-")


def test_declared_rows_name_file_and_line(leaves: list[Figure]) -> None:
    rows = [figure for figure in leaves if "/declared/" in figure.id]
    assert len(rows) > 20
    for figure in rows:
        name, _, line = (figure.sources[0].place or "").partition(":")
        text = shipped_config() / "cities/la-spezia/activity" / name
        written = text.read_text(encoding="utf-8").splitlines()[int(line) - 1]
        year, sector, carrier = figure.id.split("/")[2:5]
        assert written.startswith(f"{year},{sector},{carrier}")


def test_every_figure_of_the_metered_year_is_made_again_to_the_last_bit(tracer: Tracer) -> None:
    made = [tracer.figure(one) for one in tracer.of_year(2025).ids()]
    computed = [figure for figure in made if remade(figure) is not None]
    assert len(computed) > 100
    assert [figure.id for figure in computed if remade(figure) != figure.value] == []


METHODS = (
    "electricity=frozen",
    "scope=local",
    "green=in_factor&scope=local",
    "green=own_row",
    "factors=ipcc-co2eq",
    "factors=ipcc-gases&gwp=ar5",
)


@pytest.mark.parametrize("choices", METHODS)
def test_figures_of_any_method_are_made_again_to_the_last_bit(tracer: Tracer, choices: str) -> None:
    asked = FigureId.parse(f"la-spezia/inventory/2025/t?{choices}")
    figures = tracer.of_year(2025, asked.method(tracer.city.plan))
    ids = list(figures.ids())
    assert ids[0] == str(asked)
    made = [tracer.figure(one) for one in ids]
    assert [figure.id for figure in made if not agrees(figure)] == []
    factors = [figure for figure in made if figure.id.split("?")[0].endswith("/factor")]
    computed = [figure for figure in factors if figure.formula]
    assert (len(computed) > 0) is ("local" in choices or "gases" in choices)
    assert all(remade(figure) == figure.value for figure in computed)


def test_the_local_factor_is_made_of_its_terms_down_to_plants_and_their_meters(
    tracer: Tracer,
) -> None:
    scope = "?scope=local"
    cell = f"la-spezia/inventory/2025/municipal_buildings/electricity/factor{scope}"
    factor = tracer.figure(cell)
    assert factor.formula is not None
    assert factor.formula.text.startswith("EFE = ")
    assert remade(factor) == factor.value
    terms = {one.role: tracer.figure(one.id) for one in factor.inputs}
    assert {"tce_mwh", "lpe_mwh", "neefe_t_per_mwh", "co2lpe_t"} <= terms.keys()
    for one in factor.inputs:
        assert terms[one.role].value == one.value
    assert remade(terms["tce_mwh"]) == terms["tce_mwh"].value
    made = [one for one in terms["lpe_mwh"].inputs if one.role == "generation"]
    assert any("scuola-2-giugno" in one.id for one in made)
    kinds = {s.kind for name in terms for s in terms[name].sources}
    assert {"plant", "declaration"} <= kinds
    assert factor.bounds is not None
    assert factor.bounds[0] <= factor.value <= factor.bounds[1]


def test_own_actions_are_the_sum_of_what_each_counts(tracer: Tracer) -> None:
    figure = tracer.figure("la-spezia/progress/2030-55/2025/own_actions_t")
    assert len(figure.inputs) > 3
    assert remade(figure) == figure.value
    for one in figure.inputs:
        action = tracer.figure(one.id)
        assert action.sources[0].place == "actions.yaml"
        assert one.unit == "t"
    declared = [one for one in figure.inputs if one.id.endswith("/t")]
    assert declared
    assert all(0 < one.value <= tracer.figure(one.id).value for one in declared)


PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[2])
from lineage_town import LineageTown
from paes.store.sqlite import SqliteStore
from pathlib import Path
tracer = LineageTown(SqliteStore(Path(sys.argv[1]))).tracer()
print(json.dumps({one: tracer.figure(one).value.hex() for one in tracer.ids()}))
"""


def test_every_process_adds_up_in_one_order(tmp_path: Path) -> None:
    """Texts are hashed otherwise in each process, so that sets have another order."""
    path = tmp_path / "readings.sqlite"
    store = SqliteStore(path)
    town = LineageTown(store)
    random = np.random.default_rng(1)
    town.fill({m: random.gamma(2.0, 0.5, len(town.hours)) for m in ("school.main", "nursery.load")})
    store.close()
    found = []
    for seed in ("1", "2", "3"):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path), str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    assert len(found[0]) > 100
    assert found[0] == found[1] == found[2]
