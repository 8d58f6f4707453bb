"""Workbooks like the Covenant's SEAP template of 2010, for tests: its wording, filled with figures.

The wording is ``samples/seap-template/template_2010.json`` (Italian: the Excel template of the
Covenant, Cariplo variant, from github.com/graychicken/EcoGIS@2a59745,
web/download/Template_Import_PAES.xls). ``python tests/imports/seap_workbook.py FILE.xls`` made
``samples/seap-template/due_inventari.xls`` with xlwt 1.3, which is not among our packages.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

WORDING = json.loads(
    (Path(__file__).parent / "samples/seap-template/template_2010.json").read_text("utf-8")
)
OUR_SECTORS = {
    "industry_non_ets": "industry",
    "private_commercial_transport": "private_transport",
    "waste_management": "waste",
    "other_emissions": "other",
}
GROUPS = {
    "it": {"fossil": "Combustibili fossili", "renewable": "Energie rinnovabili",
           "buildings": "EDIFICI, ATTREZZATURE/IMPIANTI E INDUSTRIE", "transport": "TRASPORTI",
           "other": "ALTRO"},
    "en": {"fossil": "Fossil fuels", "renewable": "Renewable energies",
           "buildings": "BUILDINGS, EQUIPMENT/FACILITIES AND INDUSTRIES",
           "transport": "TRANSPORT", "other": "OTHER"},
}  # fmt: skip
WORDS = {
    "it": {"year": "1) Anno di inventario", "heads": "Numero di abitanti nell'anno di inventario",
           "ipcc": 'Fattori di emissione "standard" in linea con i principi IPCC',
           "lca": "Fattori LCA (valutazione del ciclo di vita)", "co2": "CO2",
           "co2eq": "CO2 equivalenti", "A": "CONSUMO ENERGETICO FINALE [MWh]",
           "B": "Emissioni di CO2 [t]/emissioni equivalenti di CO2 [t]", "category": "Categoria",
           "sub": "Totale parziale", "total": "Totale",
           "green": WORDING["extra_rows"]["M510"], "factors": WORDING["extra_rows"]["M550"]},
    "en": {"year": "Inventory year", "heads": "Number of inhabitants in the inventory year",
           "ipcc": "Standard emission factors in line with the IPCC principles",
           "lca": "LCA (Life Cycle Assessment) factors", "co2": "CO2",
           "co2eq": "CO2 equivalent emissions", "A": "FINAL ENERGY CONSUMPTION [MWh]",
           "B": "CO2 emissions [t]/ CO2 equivalent emissions [t]", "category": "Category",
           "sub": "Subtotal", "total": "Total",
           "green": "Municipal purchases of certified green electricity (if any) [MWh]",
           "factors": "Corresponding CO2-emission factors in [t/MWh]"},
}  # fmt: skip
Cells = Mapping[tuple[str, str], float | str]
Rows = list[list[object]]


@dataclass
class Inventory:
    """What is filled into one sheet; cells by our sector and carrier."""

    year: int | None
    energy: Cells
    emissions: Cells = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    inhabitants: int | None = None
    pv_mwh: float | None = None
    green_mwh: float | None = None
    waste_t: float | None = None
    language: str = "it"
    swapped_in: str = ""
    """The tables (A, B) in which biofuel and plant oil have changed their places."""
    lca: bool = False
    total_mwh: float | None = None
    """The grand total of table A as printed; None for the true one."""


def inventory_rows(inventory: Inventory) -> Rows:
    """A sheet: codes in column A, labels in column B, figures from column C on."""
    words = WORDS[inventory.language]
    mark = ["", "x"] if inventory.lca else ["x", ""]
    return [
        ["", words["year"], inventory.year],
        ["", words["heads"], inventory.inhabitants],
        ["", words["ipcc"], mark[0]],
        ["", words["lca"], mark[1]],
        ["", words["co2"], "x", words["co2eq"], ""],
        [],
        *_table(inventory, "A", inventory.energy),
        ["M510", words["green"], inventory.green_mwh],
        [],
        *_table(inventory, "B", inventory.emissions),
        *_factor_row(inventory),
        [],
        *_production(inventory),
    ]


def action_rows() -> Rows:
    """The action plan with one line."""
    titles = WORDING["action_plan_columns_it"]
    return [
        titles,
        ["EDIFICI, ATTREZZATURE/IMPIANTI E INDUSTRIE"],
        ["Illuminazione pubblica comunale", "Lampade LED", "Ufficio tecnico", "2012-2016", 300000,
         1375, 0, 650.5],
    ]  # fmt: skip


def save_xlsx(path: Path, sheets: Mapping[str, Rows]) -> Path:
    """Write the sheets as XLSX."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([None if cell == "" else cell for cell in row])
    book.save(path)
    return path


def _carriers(inventory: Inventory, table: str) -> list[dict]:
    carriers = list(WORDING["carriers"])
    if table in inventory.swapped_in:
        at = {c["key"]: i for i, c in enumerate(carriers)}
        oil, fuel = at["plant_oil"], at["biofuel"]
        carriers[oil], carriers[fuel] = carriers[fuel], carriers[oil]
    return carriers


def _table(inventory: Inventory, table: str, cells: Cells) -> Rows:
    language, words = inventory.language, WORDS[inventory.language]
    carriers = _carriers(inventory, table)
    groups = ["", words["category"]]
    names = ["", ""]
    last = ""
    for carrier in carriers:
        group = GROUPS[language].get(carrier["group"])
        groups.append(carrier[language] if group is None else "" if group == last else group)
        names.append("" if group is None else carrier[language])
        last = group or ""
    code = f"code_table_{table.lower()}"
    rows: Rows = [["", "", words[table]], [*groups, words["total"]], names]
    grand = 0.0
    for group in ("buildings", "transport", "other"):
        of_group = [s for s in WORDING["sectors"] if s["group"] == group and s[code]]
        if not of_group:
            continue
        rows.append(["", GROUPS[language][group]])
        subtotal = 0.0
        for sector in of_group:
            own = OUR_SECTORS.get(sector["id"], sector["id"])
            figures = [cells.get((own, c["key"]), "") for c in carriers]
            total = sum(f for f in figures if isinstance(f, int | float))
            if own == "waste" and inventory.waste_t:
                total = inventory.waste_t
            rows.append([sector[code], sector[language], *figures, total])
            subtotal += total
        if group != "other":
            rows.append(["", words["sub"], *[""] * len(carriers), subtotal])
        grand += subtotal
    if table == "A" and inventory.total_mwh is not None:
        grand = inventory.total_mwh
    rows.append(["", words["total"], *[""] * len(carriers), grand])
    return rows


def _factor_row(inventory: Inventory) -> Rows:
    if not inventory.factors:
        return []
    carriers = _carriers(inventory, "B")
    label = WORDS[inventory.language]["factors"]
    return [["M550", label, *[inventory.factors.get(c["key"], "") for c in carriers]]]


def _production(inventory: Inventory) -> Rows:
    tables: Rows = []
    for name, made in (("table_c", inventory.pv_mwh), ("table_d", None)):
        table = WORDING[name]
        tables += [["", table["title_it"]], ["", "", *table["columns"]]]
        for row in table["rows"]:
            own = made if row["code"] == "M113" or row["it"] == "Totale" else None
            tables.append([row["code"], row["it"], own if own is not None else ""])
        tables.append([])
    return tables


def two_inventories() -> dict[str, Rows]:
    """The baseline of 2005 and a second inventory of 2010 whose table B is swapped."""
    factors = {"electricity": 0.483, "natural_gas": 0.202, "biofuel": 0.255, "plant_oil": 0.287}
    first = {("residential_buildings", "electricity"): 1000.0,
             ("residential_buildings", "natural_gas"): 5000.0}  # fmt: skip
    second = {("residential_buildings", "electricity"): 900.0,
              ("private_transport", "biofuel"): 400.0,
              ("private_transport", "plant_oil"): 100.0}  # fmt: skip
    sheets = {}
    for name, year, energy, swapped in (
        ("Inventario base emissioni (1)", 2005, first, ""),
        ("Inventario base emissioni (2)", 2010, second, "B"),
    ):
        emissions = {cell: mwh * factors[cell[1]] for cell, mwh in energy.items()}
        inventory = Inventory(year, energy, emissions, factors, 1000, swapped_in=swapped)
        sheets[name] = inventory_rows(inventory)
    return {"Strategia generale": [["Obiettivo", "20 %"]], **sheets,
            "Piano di azione - SEAP": action_rows()}  # fmt: skip


def _save_xls(path: str) -> None:
    import xlwt

    book = xlwt.Workbook()
    for name, rows in two_inventories().items():
        sheet = book.add_sheet(name)
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                if cell not in ("", None):
                    sheet.write(r, c, cell)
    book.save(path)


if __name__ == "__main__":
    _save_xls(sys.argv[1])
