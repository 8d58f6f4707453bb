"""A small but complete installation on disk: two sites, two gateways, three meters, a plan.

Every line of its files is known here, so that a test can spoil one and ask for its number.
The device and the factor set are its own: no test of errors depends on what is shipped.
"""

from __future__ import annotations

from pathlib import Path

FILES: dict[str, str] = {
    "installation.yaml": """\
name: Prova
default_city: porto
""",
    "calendars/scuola.yaml": """\
weekdays: [0, 1, 2, 3, 4]
from_hour: 8
to_hour: 13.5
closed:
  - [2025-06-15, 2025-09-14]
""",
    "devices/contatore.yaml": """\
schema: mbdev/1
id: contatore
points:
  - {name: power, kind: gauge, unit: W, type: f32, quantity: active_power}
  - {name: energy_import, kind: counter, unit: Wh, type: u32, quantity: active_energy,
     direction: import, scale: 10, rollover: 100000000}
  - {name: energy_export, kind: counter, unit: Wh, type: u32, quantity: active_energy,
     direction: export, scale: 10}
""",
    "devices/impulsi.yaml": """\
schema: mbdev/1
id: impulsi
points:
  - {name: pulses_1, kind: counter, unit: pulse, type: u32, quantity: pulse, rollover: 4294967296}
  - {name: pulses_2, kind: counter, unit: pulse, type: u32, quantity: pulse, rollover: 4294967296}
""",
    "factors/sets.yaml": """\
sets:
  - id: prova
    name: {it: Fattori di prova, en: Trial factors}
    approach: IPCC
    gas: CO2
    version: "1"
    source: invented for tests
""",
    "factors/prova.csv": """\
# carrier by carrier
carrier,year,factor_t_per_mwh,source
electricity,2005,0.483,invented for tests
natural_gas,,0.202,invented for tests
""",
    "cities/porto/city.yaml": """\
id: porto
name: Porto
istat_code: "011015"
time_zone: Europe/Rome
latitude: 44.1
longitude: 9.8
population:
  - {year: 2007, inhabitants: 1000, source: invented for tests}
""",
    "cities/porto/plan.yaml": """\
base_year: 2005
factor_set: prova
electricity_factor: frozen
default_target: t2020
targets:
  - id: t2020
    name: {it: Meno 14 %, en: 14 % less}
    base_year: 2005
    target_year: 2020
    reduction_fraction: 0.14
    supra_ordinate_fraction: 0.07
    source: invented for tests
""",
    "cities/porto/sites.yaml": """\
# line 1 is a comment
sites:
  - id: scuola
    name: Scuola
    kind: school
    sector: municipal_buildings
    floor_area_m2: 1200
    opening: scuola
  - id: molo
    name: Molo
    kind: port
    sector: public_lighting
""",
    "cities/porto/meters.yaml": """\
gateways:
  - id: gw-scuola
    host: 192.0.2.10
    port: 502
  - id: gw-molo
    host: 192.0.2.11
meters:
  - id: scuola.main
    carrier: electricity
    pod: IT001E12345678
    device: contatore
    gateway: gw-scuola
    unit: 1
    ct_ratio: 40
    replacements:
      - {at: 2024-05-01T10:00:00+02:00, new_serial: B2, last_reading: 10, first_reading: 0}
      - {at: 2025-05-01T10:00:00+02:00, new_serial: B3}
  - id: scuola.palestra
    carrier: electricity
    measures: submeter
    parent: scuola.main
    device: contatore
    gateway: gw-scuola
    unit: 2
  - id: molo.gas
    carrier: natural_gas
    pdr: "00881234567890"
    device: impulsi
    gateway: gw-molo
    unit: 1
    register: pulses_1
    pulse: {weight: 0.1, unit: m3}
    volume_correction: 1.02
    valid_from: 2023-01-01
    valid_to: 2030-01-01
""",
    "cities/porto/actions.yaml": """\
actions:
  - id: led
    name: {it: Lampade LED, en: LED lamps}
    sector: public_lighting
    status: completed
    start: 2015-03-01
    end: 2016-10-31
    sites:
      - scuola
      - molo
""",
    "cities/porto/activity/bollette.csv": """\
# Declared energy
year,sector,carrier,mwh,covers,source,assumed,note

2005,municipal_buildings,electricity,520.5,sector,bills,,
# between two rows
2005,municipal_buildings,natural_gas,900,rest,,true,by floor area
""",
    "cities/porto/activity/trasporti.csv": """\
year,sector,carrier,mwh,source
2005,private_transport,diesel,4000,statistics
""",
}
SECOND_CITY: dict[str, str] = {
    "cities/zona/city.yaml": "id: zona\nname: Zona\nlatitude: 44.0\nlongitude: 9.9\n",
    "cities/zona/plan.yaml": FILES["cities/porto/plan.yaml"],
    "cities/zona/sites.yaml": (
        "sites:\n  - {id: faro, name: Faro, kind: port, sector: public_lighting}\n"
    ),
    "cities/zona/meters.yaml": "gateways:\n  - {id: gw-faro, host: 192.0.2.20}\nmeters: []\n",
}


class SmallInstallation:
    """The folder ``root`` with every file of ``FILES`` in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.write(FILES)

    def write(self, files: dict[str, str]) -> None:
        """Write ``files`` (text by path below the root), making folders."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str) -> None:
        """Put ``new`` for ``old``, which the file holds exactly once."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{name} holds {old!r} {text.count(old)} times"
        self.write({name: text.replace(old, new)})

    def add_city(self) -> None:
        """A second city, ``zona``, with a site and a gateway and no meter."""
        self.write(SECOND_CITY)
