"""Whatever is wrong with an installation is told with its file, line, key and what was expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from small_installation import SmallInstallation

from paes.config import config_root, load_installation
from paes.config_table import read_csv
from paes.errors import ConfigError
from paes.factors.emission_factors import FactorRow
from paes.metering import Carrier, Sector
from paes.shipped_files import shipped_config

CITY = "cities/porto/city.yaml"
PLAN = "cities/porto/plan.yaml"
SITES = "cities/porto/sites.yaml"
METERS = "cities/porto/meters.yaml"
ACTIONS = "cities/porto/actions.yaml"
BILLS = "cities/porto/activity/bollette.csv"
TRANSPORT = "cities/porto/activity/trasporti.csv"
BILLS_ROW = "2005,municipal_buildings,electricity,520.5,sector,bills,,\n"


@dataclass(frozen=True)
class Spoilt:
    """One edit of one file, and the one problem that it must give.

    An empty ``old`` stands for the whole file. ``where`` is ``line: key``, or ``line`` alone;
    ``says`` are fragments of the message: what was seen and what was expected.
    """

    name: str
    file: str
    old: str
    new: str
    where: str
    says: tuple[str, ...]


YAML_FORM = [
    Spoilt(
        "malformed", SITES, "kind: school", "kind: [school", "6", ("not valid YAML", "expected")
    ),
    Spoilt("a tab", SITES, "    kind: school", "\tkind: school", "5", ("not valid YAML", "tab")),
    Spoilt("no keys", CITY, "", "- a\n- list\n", "1", ("expected keys and values", "a list")),
    Spoilt("empty", CITY, "", "", "1", ("expected keys and values", "seen nothing")),
    Spoilt("a control character", CITY, "name: Porto", "name: Por\x01to", "2", ("not valid YAML",)),
    Spoilt(
        "duplicated key",
        METERS,
        "    unit: 2\n",
        "    unit: 2\n    gateway: gw-molo\n",
        "25: gateway",
        ("there twice", "line 23"),
    ),
    Spoilt(
        "unknown key",
        PLAN,
        "base_year: 2005\nf",
        "colour: red\nbase_year: 2005\nf",
        "1: colour",
        ("unknown key",),
    ),
    Spoilt(
        "unknown nested key",
        METERS,
        "pulse: {weight: 0.1, unit: m3}",
        "pulse: {weight: 0.1, unit: m3, wieght: 1}",
        "32: meters[molo.gas].pulse.wieght",
        ("unknown key",),
    ),
    Spoilt(
        "unknown key on a line of its own",
        SITES,
        "    floor_area_m2: 1200\n",
        "    floor_area_m2: 1200\n    floor_area_ft2: 12000\n",
        "8: sites[scuola].floor_area_ft2",
        ("unknown key",),
    ),
]
VALUES = [
    Spoilt(
        "text for a number",
        METERS,
        "unit: 2",
        "unit: two",
        "24: meters[scuola.palestra].unit",
        ("expected a whole number", "'two'"),
    ),
    Spoilt(
        "fraction for a whole number",
        METERS,
        "unit: 2",
        "unit: 2.5",
        "24: meters[scuola.palestra].unit",
        ("expected a whole number", "2.5"),
    ),
    Spoilt(
        "decimal comma",
        SITES,
        "floor_area_m2: 1200",
        'floor_area_m2: "1200,5"',
        "7: sites[scuola].floor_area_m2",
        ("expected a number", "'1200,5'", "decimal point"),
    ),
    Spoilt(
        "number for a text",
        SITES,
        "name: Molo",
        "name: 42",
        "10: sites[molo].name",
        ("expected text", "seen 42", "put it in quotes"),
    ),
    Spoilt(
        "truth value for a text",
        SITES,
        "name: Molo",
        "name: no",
        "10: sites[molo].name",
        ("expected text", "seen False", "put it in quotes"),
    ),
    Spoilt(
        "nothing for a text",
        SITES,
        "name: Molo",
        "name:",
        "10: sites[molo].name",
        ("expected text", "seen nothing"),
    ),
    Spoilt("empty text", SITES, "name: Molo", 'name: ""', "10: sites[molo].name", ("not empty",)),
    Spoilt(
        "list for keys and values",
        CITY,
        "name: Porto",
        "name: [Porto]",
        "2: name",
        ("expected text", "seen a list"),
    ),
    Spoilt(
        "keys for a list",
        PLAN,
        "targets:\n  - id",
        "targets:\n  a:\n    id",
        "5: targets",
        ("expected a list", "seen keys and values"),
    ),
    Spoilt(
        "text for keys",
        ACTIONS,
        "name: {it: Lampade LED, en: LED lamps}",
        "name: LED",
        "3: actions[led].name",
        ("expected keys and values", "'LED'"),
    ),
    Spoilt(
        "one language missing",
        ACTIONS,
        ", en: LED lamps",
        "",
        "3: actions[led].name.en",
        ("missing",),
    ),
    Spoilt(
        "missing key",
        METERS,
        "    gateway: gw-scuola\n    unit: 2\n",
        "    unit: 2\n",
        "18: meters[scuola.palestra].gateway",
        ("this key is missing",),
    ),
    Spoilt(
        "missing key at the top",
        PLAN,
        "default_target: t2020\n",
        "",
        "1: default_target",
        ("this key is missing",),
    ),
    Spoilt(
        "unknown word",
        SITES,
        "kind: port",
        "kind: harbour",
        "11: sites[molo].kind",
        ("'port'", "'harbour'"),
    ),
    Spoilt(
        "unknown choice",
        PLAN,
        "factor: frozen",
        "factor: thawed",
        "3: electricity_factor",
        ("'current' or 'frozen'", "'thawed'"),
    ),
    Spoilt(
        "POD",
        METERS,
        "IT001E12345678",
        "IT01E12345678",
        "10: meters[scuola.main].pod",
        ("matches ^IT", "'IT01E12345678'"),
    ),
    Spoilt(
        "PDR",
        METERS,
        "00881234567890",
        "881234567890",
        "27: meters[molo.gas].pdr",
        ("matches", "'881234567890'"),
    ),
    Spoilt(
        "PDR without quotes",
        METERS,
        '"00881234567890"',
        "30881234567890",
        "27: meters[molo.gas].pdr",
        ("expected text", "seen 30881234567890", "quotes"),
    ),
    Spoilt(
        "site id",
        SITES,
        "id: molo",
        "id: Molo Nord",
        "9: sites[Molo Nord].id",
        ("matches ^[a-z0-9]", "'Molo Nord'"),
    ),
    Spoilt(
        "meter id",
        METERS,
        "id: molo.gas",
        "id: molo-gas",
        "25: meters[molo-gas].id",
        ("matches", "'molo-gas'"),
    ),
    Spoilt(
        "host",
        METERS,
        "host: 192.0.2.11",
        "host: http://192.0.2.11/",
        "6: gateways[gw-molo].host",
        ("matches", "http://"),
    ),
    Spoilt(
        "port out of range",
        METERS,
        "port: 502",
        "port: 70000",
        "4: gateways[gw-scuola].port",
        ("less than or equal to 65535", "70000"),
    ),
    Spoilt(
        "unit out of range",
        METERS,
        "unit: 2",
        "unit: 256",
        "24: meters[scuola.palestra].unit",
        ("less than or equal to 255", "256"),
    ),
    Spoilt(
        "latitude out of range",
        CITY,
        "44.1",
        "144.1",
        "5: latitude",
        ("less than or equal to 90", "144.1"),
    ),
    Spoilt(
        "ratio of nothing",
        METERS,
        "ct_ratio: 40",
        "ct_ratio: 0",
        "14: meters[scuola.main].ct_ratio",
        ("greater than 0", "seen 0"),
    ),
    Spoilt(
        "target over the whole",
        PLAN,
        "reduction_fraction: 0.14",
        "reduction_fraction: 14",
        "10: targets[t2020].reduction_fraction",
        ("less than or equal to 1", "14"),
    ),
    Spoilt(
        "time zone",
        CITY,
        "Europe/Rome",
        "Europe/Spezia",
        "4: time_zone",
        ("unknown time zone", "'Europe/Spezia'"),
    ),
    Spoilt(
        "wrong date",
        METERS,
        "valid_from: 2023-01-01",
        "valid_from: 2023-02-30",
        "34: meters[molo.gas].valid_from",
        ("expected a date", "'2023-02-30'"),
    ),
    Spoilt(
        "year for a date",
        ACTIONS,
        "start: 2015-03-01",
        "start: 2015",
        "6: actions[led].start",
        ("expected a date", "2015"),
    ),
    Spoilt(
        "time without offset",
        METERS,
        "2025-05-01T10:00:00+02:00",
        "2025-05-01T10:00:00",
        "17: meters[scuola.main].replacements[1].at",
        ("with its offset", "2025-05-01T10:00:00'"),
    ),
    Spoilt(
        "city without an area code",
        CITY,
        '"011015"',
        "11015",
        "3: istat_code",
        ("expected text", "quotes"),
    ),
    Spoilt(
        "calendar",
        "calendars/scuola.yaml",
        "to_hour: 13.5",
        "to_hour: 7",
        "1",
        ("closes at 7", "opens at 8"),
    ),
    Spoilt(
        "hours past midnight",
        "calendars/scuola.yaml",
        "to_hour: 13.5",
        "to_hour: 25",
        "3: to_hour",
        ("less than or equal to 24", "25"),
    ),
    Spoilt("no site at all", SITES, "", "sites: []\n", "1: sites", ("at least 1", "an empty list")),
]
COHERENCE = [
    Spoilt(
        "infinity",
        METERS,
        "ct_ratio: 40",
        "ct_ratio: .inf",
        "14: meters[scuola.main].ct_ratio",
        ("finite number", "inf"),
    ),
    Spoilt(
        "closure that ends before it begins",
        "calendars/scuola.yaml",
        "2025-09-14",
        "2025-05-14",
        "4: closed",
        ("2025-05-14", "2025-06-15"),
    ),
    Spoilt(
        "water with a carrier",
        METERS,
        "    carrier: natural_gas\n",
        "    carrier: natural_gas\n    measures: water\n",
        "25: meters[molo.gas]",
        ("a water meter has no carrier",),
    ),
    Spoilt(
        "no carrier",
        METERS,
        "    carrier: natural_gas\n",
        "",
        "25: meters[molo.gas]",
        ("every other meter has one",),
    ),
    Spoilt(
        "submeter without a parent",
        METERS,
        "    parent: scuola.main\n",
        "",
        "18: meters[scuola.palestra]",
        ("a submeter names its parent",),
    ),
    Spoilt(
        "parent without a submeter",
        METERS,
        "    measures: submeter\n",
        "",
        "18: meters[scuola.palestra]",
        ("no other meter has one",),
    ),
    Spoilt(
        "life that ends before it begins",
        METERS,
        "valid_to: 2030-01-01",
        "valid_to: 2022-01-01",
        "35: meters[molo.gas].valid_to",
        ("2022-01-01 is not after", "2023-01-01"),
    ),
    Spoilt(
        "life of no day",
        METERS,
        "valid_to: 2030-01-01",
        "valid_to: 2023-01-01",
        "35: meters[molo.gas].valid_to",
        ("is not after",),
    ),
    Spoilt(
        "replacements out of order",
        METERS,
        "at: 2025-05-01",
        "at: 2023-05-01",
        "15: meters[scuola.main].replacements",
        ("in order of time",),
    ),
    Spoilt(
        "own part larger than the target",
        PLAN,
        "supra_ordinate_fraction: 0.07",
        "supra_ordinate_fraction: 0.2",
        "6: targets[t2020]",
        ("0.2 exceeds", "0.14"),
    ),
    Spoilt(
        "target in its base year",
        PLAN,
        "target_year: 2020",
        "target_year: 2005",
        "6: targets[t2020]",
        ("target year 2005 is not after 2005",),
    ),
    Spoilt(
        "default target",
        PLAN,
        "default_target: t2020",
        "default_target: t2030",
        "4: default_target",
        ("'t2030' is none of", "t2020"),
    ),
    Spoilt(
        "assumed without a note",
        SITES,
        "name: Molo\n",
        "name: Molo\n    assumed: true\n",
        "11: sites[molo].assumed",
        ("needs a note",),
    ),
    Spoilt(
        "action that ends before it starts",
        ACTIONS,
        "end: 2016-10-31",
        "end: 2014-10-31",
        "2: actions[led]",
        ("2014-10-31, before its start 2015-03-01",),
    ),
]
REFERENCES = [
    Spoilt(
        "site",
        METERS,
        "id: molo.gas",
        "id: porto.gas",
        "25: meters[porto.gas].id",
        ("no site 'porto'", "molo, scuola"),
    ),
    Spoilt(
        "gateway",
        METERS,
        "gateway: gw-molo",
        "gateway: gw-faro",
        "29: meters[molo.gas].gateway",
        ("no gateway 'gw-faro'", "gw-molo, gw-scuola"),
    ),
    Spoilt(
        "parent",
        METERS,
        "parent: scuola.main",
        "parent: scuola.mian",
        "21: meters[scuola.palestra].parent",
        ("no meter 'scuola.mian'", "scuola.main"),
    ),
    Spoilt(
        "parent at another site that measures gas",
        METERS,
        "parent: scuola.main",
        "parent: molo.gas",
        "21: meters[scuola.palestra].parent",
        ("molo.gas measures natural_gas, so electricity of another site is no part of it",),
    ),
    Spoilt(
        "parent of itself",
        METERS,
        "parent: scuola.main",
        "parent: scuola.palestra",
        "21: meters[scuola.palestra].parent",
        ("part of itself",),
    ),
    Spoilt(
        "device",
        METERS,
        "device: impulsi",
        "device: impulso",
        "28: meters[molo.gas].device",
        ("no device profile 'impulso'",),
    ),
    Spoilt(
        "register",
        METERS,
        "register: pulses_1",
        "register: pulses_9",
        "31: meters[molo.gas].register",
        ("no counter 'pulses_9'", "pulses_1, pulses_2"),
    ),
    Spoilt(
        "register of another quantity",
        METERS,
        "    carrier: natural_gas\n",
        "    carrier: electricity\n",
        "31: meters[molo.gas].register",
        ("m3", "expected kWh"),
    ),
    Spoilt(
        "unit of two meters",
        METERS,
        "unit: 2",
        "unit: 1",
        "24: meters[scuola.palestra].unit",
        ("unit 1 behind gw-scuola is already meter scuola.main",),
    ),
    Spoilt(
        "calendar of a site",
        SITES,
        "opening: scuola",
        "opening: scuole",
        "8: sites[scuola].opening",
        ("no calendar 'scuole'", "there is scuola"),
    ),
    Spoilt(
        "factor set",
        PLAN,
        "factor_set: prova",
        "factor_set: provo",
        "2: factor_set",
        ("no factor set 'provo'", "prova"),
    ),
    Spoilt(
        "default city",
        "installation.yaml",
        "default_city: porto",
        "default_city: capo",
        "2: default_city",
        ("no city 'capo'", "there is porto"),
    ),
    Spoilt(
        "site of an action",
        ACTIONS,
        "- molo",
        "- faro",
        "10: actions[led].sites[1]",
        ("no site 'faro'", "molo, scuola"),
    ),
]
REPEATED = [
    Spoilt(
        "site id",
        SITES,
        "  - id: molo\n",
        "  - {id: scuola, name: S, kind: port, sector: other}\n  - id: molo\n",
        "9: sites[scuola].id",
        ("there twice (line 3)",),
    ),
    Spoilt(
        "meter id",
        METERS,
        "  - id: scuola.palestra\n",
        "  - id: scuola.main\n    carrier: electricity\n    device: contatore\n"
        "    gateway: gw-molo\n    unit: 9\n  - id: scuola.palestra\n",
        "18: meters[scuola.main].id",
        ("there twice (line 8)",),
    ),
    Spoilt(
        "gateway id",
        METERS,
        "  - id: gw-molo\n",
        "  - {id: gw-scuola, host: a}\n  - id: gw-molo\n",
        "5: gateways[gw-scuola].id",
        ("there twice (line 2)",),
    ),
    Spoilt(
        "action id",
        ACTIONS,
        "    start: 2015-03-01\n    end: 2016-10-31\n",
        "  - id: led\n    name: {it: Ancora, en: Again}\n    sector: other\n    status: ongoing\n",
        "6: actions[led].id",
        ("there twice (line 2)",),
    ),
    Spoilt(
        "factor set id",
        "factors/sets.yaml",
        "    source: invented for tests\n",
        "    source: a\n  - {id: prova, name: {it: P, en: P}, approach: LCA, gas: CO2, version: b}",
        "8: sets[prova].id",
        ("there twice (line 2)",),
    ),
    Spoilt(
        "target id",
        PLAN,
        "    source: invented for tests\n",
        "  - id: t2020\n    name: {it: T, en: T}\n    base_year: 2005\n    target_year: 2021\n"
        "    reduction_fraction: 0.2\n",
        "1",
        ("two targets have one id",),
    ),
]
TABLES = [
    Spoilt(
        "unknown column",
        BILLS,
        "year,sector,carrier,mwh,covers",
        "year,sector,carrier,mwh,cover",
        "2: cover",
        ("unknown column", "covers"),
    ),
    Spoilt(
        "missing column",
        TRANSPORT,
        "year,sector,carrier,mwh,source\n2005,private_transport,diesel,4000,statistics",
        "year,sector,carrier,source\n2005,private_transport,diesel,statistics",
        "2",
        ("mwh is empty", "no amount"),
    ),
    Spoilt(
        "column there twice", TRANSPORT, "mwh,source\n", "mwh,mwh\n", "1: mwh", ("there twice",)
    ),
    Spoilt(
        "column without a name", TRANSPORT, "mwh,source\n", "mwh,\n", "1", ("column 5 has no name",)
    ),
    Spoilt(
        "too few cells",
        BILLS,
        BILLS_ROW,
        "2005,municipal_buildings,electricity,520.5\n",
        "4",
        ("expected 8 cells", "seen 4"),
    ),
    Spoilt(
        "too many cells",
        BILLS,
        BILLS_ROW,
        BILLS_ROW.replace("520.5", "520,5"),
        "4",
        ("expected 8 cells", "seen 9"),
    ),
    Spoilt("bad number", BILLS, "520.5", "lots", "4: mwh", ("expected a number", "'lots'")),
    Spoilt(
        "decimal comma",
        BILLS,
        "520.5",
        '"520,5"',
        "4: mwh",
        ("expected a number", "'520,5'", "decimal point"),
    ),
    Spoilt(
        "negative energy",
        BILLS,
        ",900,",
        ",-900,",
        "6: mwh",
        ("greater than or equal to 0", "'-900'"),
    ),
    Spoilt(
        "empty cell",
        BILLS,
        "2005,municipal_buildings,e",
        ",municipal_buildings,e",
        "4: year",
        ("this cell is empty",),
    ),
    Spoilt("no figure", BILLS, "520.5", "", "4", ("mwh is empty", "no amount")),
    Spoilt(
        "unknown sector",
        BILLS,
        "2005,municipal_buildings,electricity",
        "2005,town,electricity",
        "4: sector",
        ("'municipal_buildings'", "'town'"),
    ),
    Spoilt("figure without an origin", BILLS, "bills", "", "4", ("needs a source",)),
    Spoilt("assumed without a note", BILLS, "by floor area", "", "6: assumed", ("needs a note",)),
    Spoilt(
        "cell there twice in one file",
        BILLS,
        "natural_gas",
        "electricity",
        "6",
        ("electricity in municipal_buildings, 2005 is there already (bollette.csv:4)",),
    ),
    Spoilt(
        "cell there twice in two files",
        TRANSPORT,
        "private_transport,diesel",
        "municipal_buildings,natural_gas",
        "2",
        ("natural_gas in municipal_buildings, 2005", "(bollette.csv:6)"),
    ),
    Spoilt("no header", BILLS, "", "# only a comment\n", "1", ("empty", "header")),
    Spoilt(
        "factor there twice",
        "factors/prova.csv",
        "natural_gas,,",
        "electricity,2005,",
        "4",
        ("electricity, 2005 is there already (prova.csv:3)",),
    ),
    Spoilt(
        "factor out of range",
        "factors/prova.csv",
        "0.202",
        "202",
        "4: factor_t_per_mwh",
        ("less than or equal to 5", "'202'"),
    ),
]
CASES = [*YAML_FORM, *VALUES, *COHERENCE, *REFERENCES, *REPEATED, *TABLES]


def problems_of(small: SmallInstallation) -> list[str]:
    """What is told of the installation, with files named from its root."""
    with pytest.raises(ConfigError) as raised:
        load_installation(small.root)
    return [p.replace(f"{small.root}/", "") for p in raised.value.problems]


# The installation of the tests


def test_the_small_installation_is_valid(small: SmallInstallation) -> None:
    installation = load_installation(small.root)
    city = installation.city()
    assert (city.id, city.time_zone) == ("porto", "Europe/Rome")
    assert set(installation.sites) == {"scuola", "molo"}
    assert set(installation.gateways) == {"gw-scuola", "gw-molo"}
    assert set(installation.meters) == {"scuola.main", "scuola.palestra", "molo.gas"}
    assert set(installation.registers) == set(installation.meters)
    assert [a.id for a in city.actions] == ["led"]
    opening = installation.site("scuola").opening
    assert opening is not None
    assert opening.to_hour == 13.5


def test_rows_of_all_activity_tables_are_there(small: SmallInstallation) -> None:
    declared = load_installation(small.root).city().declared
    assert {(r.carrier, r.mwh) for r in declared} == {
        (Carrier.ELECTRICITY, 520.5),
        (Carrier.NATURAL_GAS, 900.0),
        (Carrier.DIESEL, 4000.0),
    }


def test_actions_and_activity_may_be_absent(small: SmallInstallation) -> None:
    for name in (ACTIONS, BILLS, TRANSPORT):
        (small.root / name).unlink()
    (small.root / BILLS).parent.rmdir()
    city = load_installation(small.root).city()
    assert (city.actions, city.declared) == ((), ())


def test_two_cities_stand_side_by_side(small: SmallInstallation) -> None:
    small.add_city()
    assert set(load_installation(small.root).cities) == {"porto", "zona"}


# One problem


def test_cases_have_names_of_their_own_in_each_group() -> None:
    assert len(CASES) > 80
    for group in (YAML_FORM, VALUES, COHERENCE, REFERENCES, REPEATED, TABLES):
        assert len({c.name for c in group}) == len(group)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_one_mistake_gives_one_problem_at_its_line(small: SmallInstallation, case: Spoilt) -> None:
    if case.old:
        small.replace(case.file, case.old, case.new)
    else:
        small.write({case.file: case.new})
    told = problems_of(small)
    assert len(told) == 1, told
    assert told[0].startswith(f"{case.file}:{case.where}: "), told[0]
    for fragment in case.says:
        assert fragment in told[0]


def test_two_meters_that_contain_each_other_are_refused(small: SmallInstallation) -> None:
    small.replace(
        METERS, "    pod: IT", "    measures: submeter\n    parent: scuola.palestra\n    pod: IT"
    )
    assert problems_of(small) == [
        f"{METERS}:11: meters[scuola.main].parent: scuola.main would be part of itself",
        f"{METERS}:23: meters[scuola.palestra].parent: scuola.palestra would be part of itself",
    ]


# Ids in two cities


@pytest.mark.parametrize(
    ("file", "text", "where", "there"),
    [
        ("city.yaml", "id: porto\nname: Capo\nlatitude: 4\nlongitude: 9\n", "1: id", "city.yaml:1"),
        (
            "sites.yaml",
            "sites:\n  - {id: molo, name: M, kind: port, sector: other}\n",
            "2: sites[molo].id",
            "sites.yaml:9",
        ),
        (
            "meters.yaml",
            "gateways:\n  - {id: gw-molo, host: h}\nmeters: []\n",
            "2: gateways[gw-molo].id",
            "meters.yaml:5",
        ),
    ],
)
def test_an_id_of_two_cities_is_refused_with_both_places(
    small: SmallInstallation, file: str, text: str, where: str, there: str
) -> None:
    small.add_city()
    small.write({f"cities/zona/{file}": text})
    first = f"cities/porto/{there}"
    second = f"cities/zona/{file}:{where}"
    assert problems_of(small) == [f"{second}: this id is there already ({first})"]


# Files that cannot be read, and several problems at once


@pytest.mark.parametrize("file", ["city.yaml", "plan.yaml", "sites.yaml", "meters.yaml"])
def test_a_missing_file_is_named(small: SmallInstallation, file: str) -> None:
    (small.root / "cities/porto" / file).unlink()
    assert problems_of(small) == [f"cities/porto/{file}: no such file"]


def test_a_missing_table_of_factors_is_named(small: SmallInstallation) -> None:
    (small.root / "factors/prova.csv").unlink()
    assert problems_of(small) == ["factors/prova.csv: no such file"]


@pytest.mark.parametrize("file", [SITES, BILLS])
def test_a_file_that_is_not_utf8_is_told_with_its_line(small: SmallInstallation, file: str) -> None:
    path = small.root / file
    text = path.read_text(encoding="utf-8")
    path.write_bytes((text + "# perché\n").encode("latin-1"))
    line = text.count("\n") + 1
    assert problems_of(small) == [f"{file}:{line}: not UTF-8 text; save the file as UTF-8"]


def test_a_folder_in_place_of_a_file_is_told(small: SmallInstallation) -> None:
    (small.root / ACTIONS).unlink()
    (small.root / ACTIONS).mkdir()
    assert problems_of(small) == [f"{ACTIONS}: cannot be read: Is a directory"]


def test_several_registers_that_fit_are_named_for_each_meter(small: SmallInstallation) -> None:
    small.replace("devices/contatore.yaml", "direction: export", "direction: import")
    told = problems_of(small)
    assert [p.split(": ")[0] for p in told] == [f"{METERS}:11", f"{METERS}:22"]
    assert all("energy_import, energy_export" in p and "register:" in p for p in told)


def test_a_broken_device_file_is_told_once_however_many_meters_use_it(
    small: SmallInstallation,
) -> None:
    small.replace("devices/contatore.yaml", "{name: power, kind: gauge,", "{name: power,")
    assert problems_of(small) == [
        "devices/contatore.yaml:4: points[0].kind: this key is missing",
    ]


def test_problems_of_all_files_are_told_in_one_run(small: SmallInstallation) -> None:
    small.replace("installation.yaml", "name: Prova", "nome: Prova")
    small.replace("calendars/scuola.yaml", "from_hour: 8", "from_hour: eight")
    small.replace("factors/prova.csv", "0.483", "much")
    small.replace(CITY, "longitude: 9.8", "longitude: east")
    small.replace(PLAN, "base_year: 2005\nf", "base_year: 1066\nf")
    small.replace(SITES, "kind: port", "kind: harbour")
    small.replace(METERS, "gateway: gw-molo", "gateway: gw-faro")
    small.replace(ACTIONS, "status: completed", "status: done")
    small.replace(BILLS, "520.5", "lots")
    small.replace(TRANSPORT, "4000", "many")
    told = [":".join(p.split(":")[:3]) for p in problems_of(small)]
    assert sorted(told) == sorted(
        [
            "installation.yaml:1: name",
            "installation.yaml:1: nome",
            "calendars/scuola.yaml:2: from_hour",
            "factors/prova.csv:3: factor_t_per_mwh",
            f"{CITY}:6: longitude",
            f"{PLAN}:1: base_year",
            f"{SITES}:11: sites[molo].kind",
            f"{METERS}:29: meters[molo.gas].gateway",
            f"{ACTIONS}:5: actions[led].status",
            f"{BILLS}:4: mwh",
            f"{TRANSPORT}:2: mwh",
        ]
    )


def test_the_error_itself_is_one_line_with_the_count_of_the_others(
    small: SmallInstallation,
) -> None:
    small.replace(METERS, "port: 502", "port: 0")
    small.replace(SITES, "kind: port", "kind: harbour")
    with pytest.raises(ConfigError) as raised:
        load_installation(small.root)
    text = str(raised.value)
    assert "\n" not in text
    assert text.endswith("(and 1 more: run `paes check`)")


def test_every_problem_of_one_file_is_told(small: SmallInstallation) -> None:
    small.replace(METERS, "port: 502", "port: 0")
    small.replace(METERS, "ct_ratio: 40", "ct_ratio: -1")
    small.replace(METERS, "host: 192.0.2.11", "hots: 192.0.2.11")
    assert [p.split(": ")[1] for p in problems_of(small)] == [
        "gateways[gw-scuola].port",
        "gateways[gw-molo].hots",
        "meters[scuola.main].ct_ratio",
    ]


# Which folder


def test_a_folder_that_is_no_installation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not an installation: .*installation\.yaml is missing"):
        config_root(tmp_path)


def test_an_installation_without_cities_says_so(small: SmallInstallation) -> None:
    (small.root / "cities").rename(small.root / "towns")
    (told,) = problems_of(small)
    assert told.startswith("installation.yaml:2: default_city: no city 'porto'; there is none")


def test_the_option_beats_the_environment_and_both_the_shipped_city(
    small: SmallInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAES_CONFIG", raising=False)
    assert config_root(None) == shipped_config()
    monkeypatch.setenv("PAES_CONFIG", str(small.root))
    assert config_root(None) == small.root
    assert config_root(str(shipped_config())) == shipped_config()


# What spreadsheets do to a table


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",", ";"),
        lambda text: "\ufeff" + text.replace(",", ";").replace("\n", "\r\n"),
        lambda text: text.replace("# Declared energy\n", '"# Declared, as ""bills"" say",,,,,,,\n'),
        lambda text: text + ",,,,,,,\n",
        lambda text: text.replace("bills", '"bills, and more"'),
        lambda text: text.replace("2005,", " 2005 , "),
    ],
    ids=["mark", "crlf", "semicolon", "all", "quoted-comment", "padding", "quotes", "spaces"],
)
def test_what_a_spreadsheet_saves_is_read_alike(
    small: SmallInstallation, change: Callable[[str], str]
) -> None:
    path = small.root / BILLS
    path.write_bytes(change(path.read_text(encoding="utf-8")).encode())
    declared = load_installation(small.root).city().declared
    assert {(r.sector, r.mwh) for r in declared if r.carrier is not Carrier.DIESEL} == {
        (Sector.MUNICIPAL_BUILDINGS, 520.5),
        (Sector.MUNICIPAL_BUILDINGS, 900.0),
    }


@pytest.mark.parametrize("separator", [",", ";"])
def test_comments_and_empty_lines_keep_the_numbers_of_the_lines(
    tmp_path: Path, separator: str
) -> None:
    text = "# one\n\n# three\ncarrier,factor_t_per_mwh,source\n\n# six\ncoal,0.34,IPCC\n"
    path = tmp_path / "factors.csv"
    path.write_text(text.replace(",", separator), encoding="utf-8")
    assert [line for line, _ in read_csv(path, FactorRow)] == [7]


# What YAML of 1999 would read otherwise


def test_codes_and_hours_stay_what_was_written(small: SmallInstallation) -> None:
    small.replace(CITY, '"011015"', "011015")
    assert load_installation(small.root).city().facts.istat_code == "011015"
    small.replace("calendars/scuola.yaml", "from_hour: 8", "from_hour: 7:30")
    assert problems_of(small) == [
        "calendars/scuola.yaml:2: from_hour: expected a number, seen '7:30'"
    ]


def test_a_value_that_is_part_of_itself_is_told_and_not_followed_for_ever(
    small: SmallInstallation,
) -> None:
    small.replace(CITY, "name: Porto", "name: &again [*again]")
    assert problems_of(small) == [f"{CITY}:2: name: expected text, seen a list"]


def test_a_list_that_is_empty_is_said_to_be_so(small):
    small.write({"cities/porto/sites.yaml": "sites: []\n"})
    told = "sites: expected at least 1 in the list, seen an empty list"
    assert any(told in problem for problem in problems_of(small))


# What the installation adds to the shipped factors


def test_an_own_calorific_value_wins_over_the_shipped_one(small: SmallInstallation) -> None:
    shipped = load_installation(small.root).factors
    match = shipped.calorific_value(Carrier.NATURAL_GAS, "Sm3", 2020)
    year = "" if match.year_used is None else match.year_used
    small.write(
        {
            "factors/calorific_values.csv": "carrier,unit,kwh_per_unit,basis,year,source\n"
            f"natural_gas,Sm3,9.999,net,{year},own\n"
        }
    )
    own = load_installation(small.root).factors
    assert own.calorific_value(Carrier.NATURAL_GAS, "Sm3", 2020).kwh_per_unit == 9.999
