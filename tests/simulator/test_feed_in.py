"""A meter of what is given to the grid: the second register of the main meter's device.

Held against the plant and the site's withdrawal, and read from the device as the collector reads.
"""

from datetime import UTC, datetime

import numpy as np
import pytest

from collectors.device_files import load_device
from collectors.devices.registers import decode
from collectors.modbus.read_plan import points_to_read
from collectors.simulator import Town
from collectors.simulator.devices import SimulatedDevice
from paes.config import load_installation
from paes.installation import Installation
from paes.metering import Measures
from paes.periods import day_span, year_span
from paes.shipped_files import shipped_config

EPOCH = datetime(2024, 12, 31, 23, tzinfo=UTC)
SCHOOL = "scuola-cattaneo"


@pytest.fixture(scope="module")
def installation() -> Installation:
    return load_installation(shipped_config())


@pytest.fixture(scope="module")
def town(installation) -> Town:
    return Town(installation, epoch=EPOCH)


def test_a_plant_gives_what_the_school_does_not_use(town):
    """By quarter hours of a week in June: never more than the plant makes, nothing at night."""
    t = np.arange(0, 7 * 86400, 900) + int(datetime(2025, 6, 1, tzinfo=UTC).timestamp())
    made = town.power_at(f"{SCHOOL}.pv", t)
    fed_in = town.power_at(f"{SCHOOL}.feed-in", t)
    bought = town.power_at(f"{SCHOOL}.main", t)
    assert fed_in.max() > 5
    assert (fed_in <= made + 1e-9).all()
    assert (fed_in[made == 0] == 0).all()
    assert (np.minimum(fed_in, bought) == 0).all()  # one register stands while the other runs


def test_the_schools_together_give_about_a_third_to_the_grid(installation, town):
    """The town says "surplus of 30 % to the grid" of its nine school plants; half to twice that."""
    year = year_span(2025, "Europe/Rome")
    meters = [m for m in installation.meters.values() if m.measures is Measures.FEED_IN]
    assert len(meters) == 9
    fed_in = sum(town.energy(m.id, year.start, year.end) for m in meters)
    made = sum(town.energy(f"{m.site}.pv", year.start, year.end) for m in meters)
    assert 0.15 < fed_in / made < 0.6


def test_one_device_shows_both_registers(installation, town):
    feed_in, main = (installation.field_meter(f"{SCHOOL}.{n}") for n in ("feed-in", "main"))
    device = SimulatedDevice(town, [feed_in, main])
    june = day_span(datetime(2025, 6, 1, tzinfo=UTC).date(), "Europe/Rome")
    shown = [_registers(device, int(at.timestamp())) for at in (june.start, june.end)]
    for meter, name in ((feed_in, "energy_export"), (main, "energy_import")):
        grown_kwh = (shown[1][name] - shown[0][name]) / 1000
        true_kwh = town.energy(meter.id, june.start, june.end)
        assert true_kwh > 1
        assert grown_kwh == pytest.approx(true_kwh, abs=0.01)


def _registers(device: SimulatedDevice, at_s: int) -> dict[str, float]:
    """Both totals of the device, in its own unit (Wh)."""
    image, found = device.image(at_s), {}
    for name in ("energy_import", "energy_export"):
        point = device.profile.point(name)
        words = [image[point.fc, point.address + i] for i in range(point.end - point.address)]
        found[name] = float(decode(point, words).value)
    return found


def test_the_collector_reads_of_it_the_one_register(installation):
    feed_in = installation.field_meter(f"{SCHOOL}.feed-in")
    profile = load_device(installation.device_file(feed_in.device))
    assert [p.name for p in points_to_read(feed_in, profile)] == ["energy_export"]
    assert installation.register(feed_in).point == f"{SCHOOL}.feed-in/energy_export"
