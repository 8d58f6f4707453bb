"""Inverters sleep when the sun is down at their site; nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from few_meters import installation
from small_installation import SmallInstallation

from collectors.night import night_rule
from collectors.schedule import plan_installation
from paes.config import load_installation

METERS = """\
gateways:
  - {id: gw, host: 127.0.0.1}
meters:
  - {id: scuola.main, carrier: electricity, device: eastron-sdm120, gateway: gw, unit: 1}
  - {id: scuola.pv-meter, carrier: electricity, measures: generation, device: eastron-sdm120,
     gateway: gw, unit: 2, register: energy_export}
  - {id: scuola.pv, carrier: electricity, measures: generation, device: huawei-sun2000,
     gateway: gw, unit: 3, register: energy_export}
"""


@pytest.mark.parametrize(
    ("at", "asleep"),
    [  # La Spezia, 21 June: sunrise 03:40, sunset 19:12 UTC; 21 December: 06:50 and 15:45
        (datetime(2025, 6, 21, 1, tzinfo=UTC), True),
        (datetime(2025, 6, 21, 12, tzinfo=UTC), False),
        (datetime(2025, 6, 21, 18, tzinfo=UTC), False),
        (datetime(2025, 12, 21, 18, tzinfo=UTC), True),
    ],
)
def test_an_inverter_sleeps_and_the_meter_beside_it_does_not(
    small: SmallInstallation, at: datetime, asleep: bool
) -> None:
    small.write({"cities/porto/meters.yaml": METERS})
    town = load_installation(small.root)
    is_asleep = night_rule(town, plan_installation(town).values())
    assert is_asleep("scuola.pv", at) is asleep
    assert not is_asleep("scuola.pv-meter", at)
    assert not is_asleep("scuola.main", at)


def test_where_nothing_has_a_place_nothing_sleeps() -> None:
    town = installation(502)
    is_asleep = night_rule(town, plan_installation(town).values())
    assert not is_asleep("g0.main", datetime(2025, 6, 21, 1, tzinfo=UTC))
