"""Tables A to D: codes and order against the template, figures against a town reckoned by hand.

``seap_template_2010_codes.json`` is transcribed from the form itself and names it.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from paes.activity.activity_data import Notation, activity_data
from paes.covenant_tables.supply_tables import table_c, table_d
from paes.covenant_tables.tables import CovenantTable, RowKind, table_a, table_b
from paes.covenant_tables.template import NAME as FILE
from paes.covenant_tables.template import template
from paes.errors import ConfigError
from paes.factors.emission_factors import FactorSet
from paes.inventory.inventory import Inventory
from paes.inventory.line import InventoryLine
from paes.inventory.method import Method
from paes.inventory.notation import NotedCell
from paes.inventory.other_emissions import OtherEmissions, OtherRow
from paes.metering import Carrier, Sector
from paes.supply.local_supply import Amount, LocalSupply, PlantYear
from paes.supply.plants import PlantFuel, PlantKind
from tests.core.evidence_town import FACTORS, GAS, HOMES, NAME, OFFICES, POWER, declared

FORM = json.loads((Path(__file__).parent / "seap_template_2010_codes.json").read_text("utf-8"))
SHIPPED = template(Path("nowhere"))
SET = FactorSet(id="test", name=NAME, approach="IPCC", gas="CO2", version="1")
GREEN = OtherEmissions(2024, OtherRow.GREEN_ELECTRICITY, -3.0, 2024, "s")
WASTE = OtherEmissions(2024, OtherRow.WASTE_MANAGEMENT, 7.0, 2024, "s")
ROWS = (
    declared(2024, 100.0),
    declared(2024, 50.0, carrier=GAS),
    declared(2024, 400.0, sector=HOMES),
    declared(2024, 20.0, sector=Sector.PUBLIC_TRANSPORT),
    declared(2024, 30.0, sector=Sector.OTHER),
)  # fmt: skip


def inventory(rows=ROWS, **changes) -> Inventory:
    """100 + 400 + 20 + 30 MWh of electricity at 0.5, 50 MWh of gas at 0.2; waste 7 t."""
    activities, _ = activity_data(2024, rows, {})
    lines = [InventoryLine(a, FACTORS.find("test", a.carrier, a.sector, 2024)) for a in activities]
    made = Inventory(
        "town", 2024, "MEI", SET, Method("test", 2007), tuple(lines), (), other_rows=(WASTE,)
    )
    return replace(made, **changes)


def figures(table: CovenantTable, code: str) -> dict[str, float]:
    values = zip(table.columns, table.row(code).values, strict=True)
    return {column.key: value for column, value in values if value is not None}


def test_columns_stand_in_the_order_of_the_form():
    table = table_a(inventory(), SHIPPED)
    assert len(FORM["carriers_it"]) == 15
    assert [c.title.it for c in table.columns] == [*FORM["carriers_it"], "Totale"]
    assert [c.key for c in table.columns][:-1] == [str(c.carrier) for c in SHIPPED.columns]
    assert table.columns[2].group is not None
    assert table.columns[2].group.it == "Combustibili fossili"


@pytest.mark.parametrize(("letter", "place"), [("A", 1), ("B", 2)])
def test_every_row_of_the_form_is_there_with_its_code_and_name(letter, place):
    table = (table_a if letter == "A" else table_b)(inventory(), SHIPPED)
    expected = [(row[place], row[0]) for row in FORM["sectors"] if row[place]]
    assert len(expected) == (8 if letter == "A" else 11)
    seen = [(r.code, r.title.it) for r in table.rows if r.kind is RowKind.ROW]
    assert seen == expected
    subtotals = FORM["subtotals"][f"table_{letter.lower()}"]
    sums = [r.code for r in table.rows if r.kind in (RowKind.SUBTOTAL, RowKind.TOTAL)]
    assert sums == [subtotals["buildings"], subtotals["transport"], subtotals["total"]]


def test_lines_below_the_tables_have_the_codes_of_the_form():
    below = {
        row.code: row.title.it
        for table in (table_a(inventory(), SHIPPED), table_b(inventory(), SHIPPED))
        for row in table.rows
        if row.kind is RowKind.BELOW
    }
    assert below == FORM["extra_rows"]


@pytest.mark.parametrize("letter", ["c", "d"])
def test_tables_of_supply_have_rows_and_columns_of_the_form(letter):
    table = {"c": table_c, "d": table_d}[letter](inventory(), SHIPPED)
    form = FORM[f"table_{letter}"]
    assert len(form["rows"]) >= 4
    assert [[row.code, row.title.it] for row in table.rows] == form["rows"]
    assert [column.title.it for column in table.columns] == form["columns"]


def test_energy_and_emissions_stand_in_their_rows_and_add_up():
    a, b = table_a(inventory(), SHIPPED), table_b(inventory(), SHIPPED)
    assert figures(a, "M11") == {"electricity": 100.0, "natural_gas": 50.0, "total": 150.0}
    assert figures(a, "M28") == {"electricity": 500.0, "natural_gas": 50.0, "total": 550.0}
    assert figures(a, "M48") == {"electricity": 20.0, "total": 20.0}
    assert figures(b, "M51") == {"electricity": 50.0, "natural_gas": 10.0, "total": 60.0}
    assert figures(b, "M91") == {"total": 7.0}
    assert figures(b, "M92") == {}
    # 550 MWh of electricity at 0.5 and 50 of gas at 0.2: 285 t, and 7 t of waste
    assert figures(b, "M109") == {"electricity": 275.0, "natural_gas": 10.0, "total": 292.0}


def test_what_the_form_has_no_row_for_is_marked_and_in_the_total():
    table = table_a(inventory(), SHIPPED)
    (extra,) = [row for row in table.rows if row.kind is RowKind.UNLISTED]
    assert extra.code is None
    assert extra.title.en == "Other (no row in the template of 2010)"
    assert extra.values[-1] == 30.0
    assert figures(table, "M49")["total"] == 600.0 == inventory().energy_mwh


def test_every_sector_of_the_product_has_a_row_or_a_marked_one():
    rows = [declared(2024, 1.0, sector=sector) for sector in Sector]
    table = table_a(inventory(rows), SHIPPED)
    assert figures(table, "M49")["total"] == len(Sector) == 11
    extra = [row.title.en for row in table.rows if row.kind is RowKind.UNLISTED]
    assert len(extra) == 3
    assert all("no row in the template" in title for title in extra)


def test_the_total_of_table_b_is_the_inventorys_but_for_green_electricity():
    made = inventory(other_rows=(WASTE, GREEN))
    table = table_b(made, SHIPPED)
    assert figures(table, "M109")["total"] == pytest.approx(292.0)
    last = [row for row in table.rows if row.kind is RowKind.TOTAL][-1]
    assert last.values[-1] == pytest.approx(289.0)
    assert made.emissions_t == pytest.approx(289.0)


def noted(sector: Sector, carrier: Carrier, key: str) -> NotedCell:
    return NotedCell(2024, sector, carrier, Notation(key), "a reason", 2024)


def test_a_notation_key_stands_where_there_is_no_figure():
    made = inventory(noted=(noted(OFFICES, Carrier.COAL, "NO"), noted(OFFICES, GAS, "IE")))
    table = table_a(made, SHIPPED)
    coal, gas = table.row("M11").cells[8], table.row("M11").cells[2]
    assert (table.columns[8].key, table.columns[2].key) == ("coal", "natural_gas")
    assert (coal.value, coal.notation) == (None, "NO")
    assert (gas.value, gas.notation) == (50.0, "IE")  # a use of it is elsewhere
    assert "coal" not in figures(table, "M28")


def test_a_sector_without_a_row_of_which_only_a_key_is_known_has_its_marked_row():
    made = inventory([declared(2024, 1.0)], noted=(noted(Sector.WASTE, GAS, "NE"),))
    (extra,) = [r for r in table_a(made, SHIPPED).rows if r.kind is RowKind.UNLISTED]
    assert extra.cells[2].notation == "NE"


def test_factors_stand_below_table_b():
    table = table_b(inventory(), SHIPPED)
    assert figures(table, "M550") == {"electricity": 0.5, "natural_gas": 0.2}
    assert figures(table, "M560") == {"electricity": 0.5}


def test_several_factors_of_a_carrier_are_told_as_their_mean():
    """100 MWh at 0.5 and 300 at 0.1: 80 t of 400 MWh."""
    made = inventory([declared(2024, 100.0), declared(2024, 300.0, sector=HOMES)])
    other = replace(made.lines[1].factor, factor_t_per_mwh=0.1)
    lines = [replace(made.lines[0]), replace(made.lines[1], factor=other)]
    if made.lines[0].activity.sector is HOMES:
        lines = [replace(made.lines[0], factor=other), made.lines[1]]
    table = table_b(replace(made, lines=tuple(lines)), SHIPPED)
    assert figures(table, "M550")["electricity"] == pytest.approx(0.2)


def test_local_production_stands_in_its_rows_with_fuel_tonnes_and_factor():
    """A cogenerator: 40 MWh, half of its 100 MWh of gas and 20.2 t are its electricity's."""
    chp = PlantYear(
        plant="chp", name="CHP", kind=PlantKind.CHP, electricity=Amount.exactly(40.0),
        delivered=Amount.exactly(40.0), heat=Amount.exactly(50.0), sells_heat=True,
        counts_emissions=True, fuels_mwh={PlantFuel.NATURAL_GAS: 100.0}, emissions_t=20.2,
        heat_emissions_fraction=0.5,
    )  # fmt: skip
    sun = PlantYear(
        plant="pv", name="PV", kind=PlantKind.PHOTOVOLTAIC, electricity=Amount.exactly(60.0),
        delivered=Amount.exactly(60.0), heat=Amount(), sells_heat=False, counts_emissions=True,
    )  # fmt: skip
    made = inventory(supply=LocalSupply(2024, (chp, sun), green_mwh=200.0, green_t=4.0))
    c, d = table_c(made, SHIPPED), table_d(made, SHIPPED)
    assert figures(c, "M114") == {
        "energy_mwh": 40.0, "natural_gas": 50.0, "emissions_t": 10.1,
        "factor_t_per_mwh": pytest.approx(0.2525),
    }  # fmt: skip
    assert figures(c, "M113")["energy_mwh"] == 60.0
    assert figures(c, "M129")["energy_mwh"] == 100.0
    assert figures(c, "M111") == {}
    assert figures(d, "M131")["energy_mwh"] == 50.0
    assert figures(d, "M149")["emissions_t"] == pytest.approx(10.1)
    assert figures(table_a(made, SHIPPED), "M510") == {"electricity": 200.0}
    assert figures(table_a(made, SHIPPED), "M520") == {"electricity": 0.02}


def test_every_cell_of_the_inventory_is_in_one_cell_of_the_table():
    made = inventory()
    table = table_b(made, SHIPPED)
    cells = [
        cell.value
        for row in table.rows
        if row.kind in (RowKind.ROW, RowKind.UNLISTED)
        for cell in row.cells[:-1]
        if cell.value is not None
    ]
    assert sorted(cells) == sorted(line.emissions_t for line in made.lines)
    assert math.fsum(cells) == pytest.approx(285.0)


def test_a_template_without_a_carrier_is_refused(tmp_path):
    text = (Path(__file__).parents[2] / "config" / FILE).read_text("utf-8")
    spoilt = "".join(x for x in text.splitlines(True) if "carrier: coal" not in x)
    (tmp_path / FILE).write_text(spoilt, encoding="utf-8")
    with pytest.raises(ConfigError, match="coal"):
        template(tmp_path)


def test_sectors_of_the_municipality_are_those_of_the_form():
    assert SHIPPED.code(OFFICES, "A") == "M11"
    assert SHIPPED.code(Sector.OTHER, "A") is None
    assert POWER is Carrier.ELECTRICITY
