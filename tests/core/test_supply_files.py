"""The tables of a town's own electricity and heat: every mistake with its file, line and key."""

import pytest

from paes.config import load_installation
from paes.errors import ConfigError
from paes.supply.plants import PlantFuel, PlantKind

FOLDER = "cities/porto/inventory"
PLANTS = """\
plants:
  - id: tetti
    name: Tetti
    kind: photovoltaic
    capacity_mw: 2
    used_on_the_spot_fraction: 0.4
    source: register of plants
  - id: centrale
    name: Centrale
    kind: chp
    capacity_mw: 5
    used_on_the_spot_fraction: 0
    source: register of plants
"""
GENERATION = """\
year,plant,electricity_mwh,heat_mwh,source
2005,tetti,100,,register
2005,centrale,200,450,operator
"""
FUELS = """\
year,plant,fuel,mwh,source
2005,centrale,natural_gas,1000,operator
"""
TRADE = """\
year,direction,mwh,emissions_t,factor_t_per_mwh,source
2005,import,1000,200,,operator
2005,export,500,,0.2,operator
"""
GREEN = """\
year,contract,mwh,source
2005,consip,300,contract
"""


def write(small, **files):
    named = {
        "plants": ("plants.yaml", PLANTS),
        "generation": ("generation.csv", GENERATION),
        "fuels": ("plant_fuels.csv", FUELS),
        "trade": ("heat_trade.csv", TRADE),
        "green": ("green_electricity.csv", GREEN),
    }
    small.write({f"{FOLDER}/{name}": files.get(key, text) for key, (name, text) in named.items()})


def problems(small, **files):
    write(small, **files)
    with pytest.raises(ConfigError) as told:
        load_installation(small.root)
    return told.value.problems


def test_everything_is_read(small):
    write(small)
    supply = load_installation(small.root).city().supply
    assert [p.kind for p in supply.plants] == [PlantKind.PHOTOVOLTAIC, PlantKind.CHP]
    assert [(g.plant, g.electricity_mwh) for g in supply.generation] == [
        ("tetti", 100),
        ("centrale", 200),
    ]
    assert supply.fuels[0].fuel is PlantFuel.NATURAL_GAS
    # 1000 MWh with 200 t; 500 MWh at 0.2 t/MWh are 100 t.
    assert [t.tonnes for t in supply.heat_trade] == [200, pytest.approx(100)]
    assert supply.green[0].mwh == 300


def test_a_town_without_the_folder_has_nothing(small):
    supply = load_installation(small.root).city().supply
    assert (supply.plants, supply.generation, supply.green) == ((), (), ())


@pytest.mark.parametrize(
    ("files", "place", "told"),
    [
        (
            {"generation": GENERATION.replace("2005,tetti", "2005,tettoia")},
            "generation.csv:2: plant",
            "no plant 'tettoia' in plants.yaml; there is centrale, tetti",
        ),
        (
            {"generation": GENERATION + "2005,tetti,5,,again\n"},
            "generation.csv:4",
            "tetti, 2005 is there already",
        ),
        (
            {"generation": GENERATION.replace("100,,", "100,3,")},
            "generation.csv:2: heat_mwh",
            "a photovoltaic plant makes no heat, seen 3",
        ),
        (
            {"generation": GENERATION.replace("100,,", ",,")},
            "generation.csv:2",
            "electricity_mwh and heat_mwh are both empty",
        ),
        (
            {"generation": GENERATION.replace("100,,", "-1,,")},
            "generation.csv:2: electricity_mwh",
            "greater than or equal to 0",
        ),
        (
            {"plants": PLANTS.replace("    used_on_the_spot_fraction: 0.4\n", "")},
            "generation.csv:2: used_on_the_spot_mwh",
            "nothing says how much tetti used on the spot",
        ),
        (
            {"plants": PLANTS.replace("capacity_mw: 2\n", "capacity_mw: 2\n    since: 2006\n")},
            "generation.csv:2: year",
            "tetti is in use since 2006",
        ),
        (
            {"fuels": FUELS.replace("2005,centrale", "2006,centrale")},
            "generation.csv:3: plant",
            "centrale burns something and plant_fuels.csv says nothing of it in 2005",
        ),
        (
            {"fuels": FUELS + "2005,tetti,coal,1,x\n"},
            "plant_fuels.csv:3: fuel",
            "a photovoltaic plant burns nothing, seen coal",
        ),
        (
            {"fuels": FUELS.replace("natural_gas", "waste")},
            "plant_fuels.csv:2",
            "emissions_t is empty, and no set of factors knows waste",
        ),
        (
            {"fuels": FUELS.replace("natural_gas", "peat")},
            "plant_fuels.csv:2: fuel",
            "'natural_gas'",
        ),
        (
            {"trade": TRADE.replace("1000,200,,", "1000,,,")},
            "heat_trade.csv:2",
            "expected emissions_t or factor_t_per_mwh, one of the two",
        ),
        (
            {"trade": TRADE.replace("1000,200,,", "1000,200,0.2,")},
            "heat_trade.csv:2",
            "expected emissions_t or factor_t_per_mwh, one of the two",
        ),
        (
            {"green": GREEN + "2005,consip,1,again\n"},
            "green_electricity.csv:3",
            "green electricity of consip, 2005 is there already",
        ),
        (
            {"green": GREEN.replace("300,contract", "300,")},
            "green_electricity.csv:2",
            "a purchase needs a source",
        ),
        (
            {"plants": PLANTS.replace("id: centrale", "id: tetti")},
            "plants.yaml:8: plants[tetti].id",
            "this id is there twice (line 2)",
        ),
        (
            {"plants": PLANTS.replace("kind: photovoltaic", "kind: photovoltaics")},
            "plants.yaml:4: plants[tetti].kind",
            "'photovoltaic'",
        ),
        (
            {"plants": PLANTS.replace("capacity_mw: 2\n", "capacity_mw: 2\n    sites: [scuole]\n")},
            "plants.yaml:6: plants[tetti].sites[0]",
            "no site 'scuole' in sites.yaml; there is molo, scuola",
        ),
        (
            {
                "plants": PLANTS.replace(
                    "capacity_mw: 2\n", "capacity_mw: 2\n    meters: [scuola.main]\n"
                )
            },
            "plants.yaml:6: plants[tetti].meters[0]",
            "scuola.main measures withdrawal; expected a meter of generation",
        ),
        (
            {"plants": PLANTS.replace("capacity_mw: 2\n", "heat_efficiency: 0.9\n")},
            "plants.yaml:2: plants[tetti]",
            "efficiencies split the emissions of a chp plant alone",
        ),
        (
            {
                "plants": PLANTS.replace(
                    "capacity_mw: 5\n", "capacity_mw: 5\n    heat_in_consumption: false\n"
                )
            },
            "plants.yaml:12: plants[centrale]",
            "leaves the emissions of its heat in no line",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(small, files, place, told):
    found = problems(small, **files)
    assert len([p for p in found if place in p and told in p]) == 1, found


def test_a_site_is_no_two_plants_of_a_kind(small):
    two = PLANTS.replace("capacity_mw: 2\n", "capacity_mw: 2\n    sites: [scuola]\n") + (
        "  - id: altro\n    name: Altro\n    kind: photovoltaic\n    sites: [scuola]\n"
        "    source: register\n"
    )
    found = problems(small, plants=two)
    assert any("scuola belongs to tetti already" in p for p in found), found
