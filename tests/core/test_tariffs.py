"""Tariffs and contracts as files: what is read, and every problem with its file, line and key."""

import pytest

from paes.config import load_installation
from paes.costs.prices import meter_supplies
from paes.errors import ConfigError
from paes.periods import parse_instant
from paes.shipped_files import shipped_config
from paes.tariffs.contracts import Direction

ROME = "Europe/Rome"
TARIFF = """\
name: Three bands
carrier: electricity
unit: kWh
bands: italy
periods:
  - valid_from: 2023-01-01
    energy_eur_per_unit: {F1: 0.2, F2: 0.18, F3: 0.15}
    power: [{basis: contract, eur_per_kw_month: 2.5}]
    source: a letter
    vat_fraction: 0.22
  - valid_from: 2024-06-15T12:00
    energy_eur_per_unit: {F1: 0.2, F23: 0.16}
    vat_fraction: 0.22
    source: a letter
"""
GAS = """\
name: Gas
carrier: natural_gas
unit: Sm3
periods:
  - {valid_from: 2023-01-01, source: a letter, energy_eur_per_unit: 0.9, vat_fraction: 0.22}
"""
CONTRACTS = """\
contracts:
  - meter: scuola.main
    tariff: three
    valid_from: 2023-01-01
    valid_to: 2025-01-01
    contract_power_kw: 30
  - meter: scuola.main
    tariff: three
    valid_from: 2025-01-01
    contract_power_kw: 40
  - site: molo
    tariff: gas
    valid_from: 2023-01-01
"""


@pytest.fixture
def priced(small):
    small.write({
        "tariffs/three.yaml": TARIFF, "tariffs/gas.yaml": GAS,
        "cities/porto/contracts.yaml": CONTRACTS,
    })  # fmt: skip
    return small


def problems(small) -> list[str]:
    with pytest.raises(ConfigError) as told:
        load_installation(small.root)
    return [p.removeprefix(f"{small.root}/") for p in told.value.problems]


def test_tariffs_and_contracts_are_part_of_an_installation(priced):
    found = load_installation(priced.root)
    assert set(found.tariffs) == {"three", "gas"}  # no price is taken from the shipped installation
    three = found.tariffs["three"]
    assert [p.start for p in three.periods] == [
        parse_instant("2023-01-01T00:00+01:00", ROME), parse_instant("2024-06-15T12:00+02:00", ROME)
    ]  # fmt: skip
    assert three.at(parse_instant("2022-12-31T23:59", ROME)) is None
    assert three.at(parse_instant("2024-06-15T11:59", ROME)) is three.periods[0]
    assert three.at(parse_instant("2024-06-15T12:00", ROME)) is three.periods[1]
    assert three.label_of_band(three.periods[1]) == {"F1": "F1", "F2": "F23", "F3": "F23"}
    supplies = meter_supplies(found, found.meter("scuola.main"))
    assert [s.contract.contract_power_kw for s in supplies] == [30, 40]
    assert [s.tariff.id for s in meter_supplies(found, found.meter("molo.gas"))] == ["gas"]
    # A submeter is paid for with the meter that contains it.
    assert meter_supplies(found, found.meter("scuola.palestra")) == supplies


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("tariffs/three.yaml", "unit: kWh", "unit: MWh",
         "3: unit: expected 'kWh', 'Sm3', 'm3', 'l' or 'kg', seen 'MWh'"),
        ("tariffs/three.yaml", "carrier: electricity\n", "",
         "1: carrier is missing: only water, whose unit is m3, has none"),
        ("tariffs/gas.yaml", "unit: Sm3", "unit: m3",
         "3: unit: unit 'm3' is that of water, which has no carrier; gas is sold in Sm3"),
        ("tariffs/three.yaml", "bands: italy\n", "",
         "1: bands are missing: prices by band need a file of bands/, e.g. italy"),
        ("tariffs/three.yaml", "bands: italy", "bands: spain",
         "4: bands: no bands 'spain'; there is italy"),
        ("tariffs/three.yaml", "F23: 0.16", "F2: 0.16",
         "12: periods[1].energy_eur_per_unit: band F3 has no price; seen F1, F2"),
        ("tariffs/three.yaml", "F23: 0.16", "F23: 0.16, F3: 0.1",
         "12: periods[1].energy_eur_per_unit: band F3 has two prices, among F1, F23, F3"),
        ("tariffs/three.yaml", "F23: 0.16", "F9: 0.16",
         ("12: periods[1].energy_eur_per_unit: no band 'F9' in italy; there is "
          "F1, F2, F3, F23")),
        ("tariffs/three.yaml", "2024-06-15T12:00", "2022-06-15",
         "5: periods: periods must be in order of time; 2022-06-15 is not"),
        ("tariffs/three.yaml", "2024-06-15T12:00", "15/06/2024",
         ("11: periods[1].valid_from: cannot read time '15/06/2024'; expected e.g. "
          "2025-03-30 or 2025-03-30T14:15+02:00")),
        ("tariffs/gas.yaml", "energy_eur_per_unit: 0.9", "energy_eur_per_unit: '0.9'",
         ("5: periods[0].energy_eur_per_unit: expected a price, or a price for each "
          "band, seen '0.9'")),
        ("tariffs/gas.yaml", "0.22", "22",
         "5: periods[0].vat_fraction: expected less than 1, seen 22"),
        ("tariffs/gas.yaml", " source: a letter,", "",
         "5: periods[0]: prices need a source, or assumed: true with a note"),
        ("tariffs/gas.yaml", ", vat_fraction: 0.22", "",
         "5: periods[0].vat_fraction: this key is missing"),
    ],
)  # fmt: skip
def test_a_wrong_tariff_is_told_with_its_line(priced, name, old, new, problem):
    priced.replace(name, old, new)
    assert problems(priced) == [f"{name}:{problem}"]


CONTRACT_FILE = "cities/porto/contracts.yaml"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("site: molo", "site: faro",
         "11: contracts[2].site: no site 'faro' in sites.yaml; there is molo, scuola"),
        ("site: molo", "meter: molo.gass",
         ("11: contracts[2].meter: no meter 'molo.gass' in meters.yaml; there is molo.gas, "
          "scuola.main, scuola.palestra")),
        ("site: molo", "meter: scuola.palestra",
         "11: contracts[2].meter: scuola.palestra is a submeter: it is paid for with scuola.main"),
        ("site: molo", "meter: scuola.main",
         ("12: contracts[2].tariff: gas is for natural_gas (withdrawal), and scuola.main "
          "measures electricity (withdrawal)")),
        ("site: molo", "site: scuola",
         "12: contracts[2].tariff: gas is for natural_gas (withdrawal); scuola has no such meter"),
        ("tariff: gas", "tariff: gaz",
         "12: contracts[2].tariff: no tariff 'gaz' in tariffs/; there is gas, three"),
        ("valid_from: 2025-01-01", "valid_from: 2024-12-01",
         ("9: contracts[1].valid_from: scuola.main has a contract already, from 2023-01-01 "
          "to 2025-01-01")),
        ("valid_from: 2025-01-01", "valid_from: 2025-02-01",
         "9: contracts[1].valid_from: scuola.main has no contract from 2025-01-01 to 2025-02-01"),
        ("    valid_to: 2025-01-01\n", "",
         ("8: contracts[1].valid_from: scuola.main has a contract already, from 2023-01-01 "
          "to further notice")),
        ("valid_to: 2025-01-01", "valid_to: 2023-01-01",
         "5: contracts[0].valid_to: 2023-01-01 is not after valid_from 2023-01-01"),
        ("    contract_power_kw: 40\n", "",
         "7: contracts[1].contract_power_kw: this key is missing: tariff three charges for it"),
        ("  - site: molo\n    tariff: gas\n    valid_from: 2023-01-01",
         "  - site: molo\n    tariff: gas\n    valid_from: 2022-01-01",
         "13: contracts[2].valid_from: tariff gas has no prices before 2023-01-01"),
        ("valid_from: 2025-01-01", "valid_from: 2025-03-30T02:30",
         ("9: contracts[1].valid_from: local time 2025-03-30T02:30 does not exist in "
          "Europe/Rome: the clocks skip it")),
        ("  - site: molo\n", "  - supplier: X\n",
         "11: contracts[2]: expected either a meter or a site"),
    ],
)  # fmt: skip
def test_a_wrong_contract_is_told_with_its_line(priced, old, new, problem):
    priced.replace(CONTRACT_FILE, old, new)
    assert problems(priced) == [f"{CONTRACT_FILE}:{problem}"]


def test_a_price_with_a_decimal_comma_is_told_in_words_of_the_file(priced):
    priced.replace("tariffs/three.yaml", "F23: 0.16", "F23: 0,16")
    told = problems(priced)
    place = "tariffs/three.yaml:12: periods[1].energy_eur_per_unit"
    assert f"{place}[16]: expected text, seen 16; put it in quotes" in told
    assert not [one for one in told if "constrained" in one or "dict[" in one]


def test_a_tariff_in_another_unit_than_the_register_is_told(priced):
    priced.replace("tariffs/gas.yaml", "unit: Sm3", "unit: kWh")
    (told,) = problems(priced)
    assert told == (
        f"{CONTRACT_FILE}:12: contracts[2].tariff: molo.gas counts m3, "
        "and tariff gas has prices for kWh"
    )


def test_a_wrong_tariff_is_told_once_and_not_again_by_its_contracts(priced):
    priced.replace("tariffs/gas.yaml", "vat_fraction: 0.22", "vat_fraction: 2")
    assert len(problems(priced)) == 1


def test_every_shipped_tariff_is_read_and_says_where_its_prices_are_from():
    found = load_installation(shipped_config())
    assert {t.file.direction for t in found.tariffs.values()} == set(Direction)
    assert len(found.tariffs) >= 6
    for tariff in found.tariffs.values():
        for period in tariff.file.periods:
            assert period.source or period.assumed, tariff.id


def test_every_shipped_meter_that_is_paid_for_has_a_contract():
    found = load_installation(shipped_config())
    paid = [m for m in found.field_meters.values() if m.measures in ("withdrawal", "water")]
    assert len(paid) > 50
    assert [m.id for m in paid if not meter_supplies(found, m)] == []
