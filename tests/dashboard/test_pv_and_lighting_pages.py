"""Own plants and street lamps: figures reckoned by hand from constant powers and hand-made nights.

Plants run at one power all October 2026, which has 745 hours in Italy: the clock goes back once.
Nights are of a sun that sets at 18:00 and rises at 6:00.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np
import pytest
from shown_town import SILENT, MovingClock

from dashboard.app import Dashboard, create_app
from dashboard.queries.lighting import lit_town
from dashboard.queries.lit_nights import (
    Follows,
    Nights,
    TownNights,
    by_month,
    carpet_of,
    habit,
    nights_of,
)
from dashboard.queries.photovoltaics import PV_TOWN, Expected, PvSite, PvTown
from dashboard.queries.pv_behind import behind
from paes.faults.load_curve import LoadCurve
from paes.faults.rules.switching_time import SwitchingTimeParameters
from paes.faults.signs.lit_nights import Lights
from paes.installation import Installation
from paes.periods import zone
from paes.solar.expected import How
from paes.solar.made_beside import Beside
from paes.store.sqlite import SqliteStore

OCTOBER = datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)
POWERS_KW = {
    "scuola-cattaneo.pv": 2.0,
    "scuola-cattaneo.feed-in": 0.5,
    "scuola-cattaneo.main": 1.0,
    "fotovoltaico-valbosca.pv": 10.0,
    "fotovoltaico-valbosca.auxiliary": 1.0,
}
ROME = "Europe/Rome"


@pytest.fixture(scope="module")
def sunny(
    assets: None, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboard]:
    store = SqliteStore(tmp_path_factory.mktemp("sunny") / "store.sqlite")
    first, last = (int(at.timestamp()) for at in OCTOBER)
    times = np.arange(first, last + 1, 900, dtype=np.int64)
    for meter, kw in POWERS_KW.items():
        point = installation.register(installation.meter(meter)).point
        store.write_series(point, times, 1000.0 + kw * (times - first) / 3600.0)
    dashboard = create_app(installation, store, clock=MovingClock())
    yield dashboard
    dashboard.close()
    store.close()


def text_of(app: Dashboard, path: str) -> str:
    answer = app.server.test_client().get(path)
    assert answer.status_code == 200, path
    return answer.get_data(as_text=True).replace("\N{NO-BREAK SPACE}", " ")


def rows_of(app: Dashboard, path: str) -> list[dict[str, str]]:
    """A table in English, as numbers can be read back."""
    text = text_of(app, f"{path}{'&' if '?' in path else '?'}lang=en")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows, path
    return rows


def test_a_school_uses_what_it_does_not_feed_in(sunny: Dashboard) -> None:
    """2 kW made, 0.5 fed in, 1 bought: of 745 h 1,490 kWh, three quarters used, autarky 1.5/2.5."""
    page = "/fotovoltaico/csv/flows?site=scuola-cattaneo"
    october = next(r for r in rows_of(sunny, page) if r["Month"] == "October 2026")
    assert float(october["Produced (kWh)"]) == pytest.approx(1490.0)
    assert float(october["Fed in (kWh)"]) == pytest.approx(372.5)
    assert float(october["Used on the spot (kWh)"]) == pytest.approx(1117.5)
    assert (october["Self-consumption"], october["Autarky"]) == ("75.0%", "60.0%")
    plants = {r["Plant"]: r for r in rows_of(sunny, "/fotovoltaico/csv/plants")}
    assert float(plants["Scuola Cattaneo"]["kWh for each kW"]) == pytest.approx(1490 / 20)
    assert plants["Scuola di Migliarina"]["Produced (kWh)"] == ""  # never read: nothing, not 0
    told = text_of(sunny, "/fotovoltaico?site=scuola-cattaneo")
    assert "1.490" in told
    assert "1.118 kWh" in told
    assert "Scuola di Migliarina" in told  # it cannot be judged, and is named


def test_what_a_plant_gives_all_to_the_grid_earns(sunny: Dashboard) -> None:
    """A virtual meter feeds in all: 7,450 kWh at 0.085 EUR (config/tariffs), nothing avoided."""
    worth = {r["Plant"]: r for r in rows_of(sunny, "/fotovoltaico/csv/worth")}
    plant = worth["Impianto fotovoltaico della discarica di Valbosca"]
    assert float(plant["For feeding in (€)"]) == pytest.approx(7450 * 0.085)
    assert float(plant["Energy not bought (€)"]) == 0.0
    # JRC's factor of Italian electricity, 0.2671 t/MWh in 2020, is the newest known.
    assert float(plant["CO₂ avoided (t)"]) == pytest.approx(7.45 * 0.2671)
    assert worth["Scuola di Migliarina"]["For feeding in (€)"] == ""


def test_plants_that_were_never_read_are_not_zero(app: Dashboard) -> None:
    told = text_of(app, "/fotovoltaico?city=lerici")
    assert "Nel 2026 non c’è produzione letta." in told or "nessun impianto" in told.lower()
    assert "<strong>0" not in told


def month(number: int, made: float, expected: float, known: float = 1.0) -> Beside:
    start = datetime(2026, number, 1, tzinfo=zone(ROME))
    return Beside(start, made, expected, 0.9 * expected, 1.1 * expected, known)


def test_a_plant_is_behind_since_its_first_month_below_in_a_row(sunny: Dashboard) -> None:
    """Below in April, fine in May; below in June, unknown in July, below in August: since June."""
    town: PvTown = sunny.observatory.kept(PV_TOWN, "la-spezia").value
    site: PvSite = next(s for s in town.sites if s.id == "scuola-cattaneo")
    one = PvTown(town.starts, (site,), None)
    months = (
        month(4, 50, 100), month(5, 95, 100), month(6, 80, 100), month(7, 0, 10, 0.2),
        month(8, 60, 100),
    )  # fmt: skip
    late = datetime(2026, 9, 5, tzinfo=UTC)

    def found(how: How) -> tuple[list[object], list[PvSite]]:
        below, unknown = behind(one, {site.id: Expected(how, 3, True, months)}, late)
        return [(b.since.month, b.months, b.ratio, b.lost_kwh) for b in below], unknown

    assert found(How.NEIGHBOURS) == ([(6, 2, pytest.approx(0.7), pytest.approx(60.0))], [])
    assert found(How.CLEAR_SKY) == ([], [site])  # what is expected is the most that can be


def lights(lit: list[tuple[float, float]], nights: int = 8) -> Lights:
    """10 kW between hours after noon, each night from 11 January 2026 on; the sun sets at 6."""
    noon = int(datetime(2026, 1, 11, 12, tzinfo=zone(ROME)).timestamp())
    hour = np.arange(96) / 4.0
    night = np.zeros(96)
    for begin, end in lit:
        night += np.clip(np.minimum(end, hour + 0.25) - np.maximum(begin, hour), 0, 0.25) * 10.0
    days = nights + 1
    midnight = noon - 12 * 3600 + 86400 * np.arange(days)
    curve = LoadCurve(noon, 900, np.tile(night, nights), ROME)
    return Lights(curve, midnight + 6.0 * 3600, midnight + 18.0 * 3600)


def told(of: Lights) -> Nights:
    rule = SwitchingTimeParameters.model_validate(
        {
            "plateau_from_fraction": 0.8, "least_plateau_quarters": 4, "burning_from_fraction": 0.3,
            "usual_nights": 14, "off_by_min": 30, "nights_in_a_row": 3, "quiet_nights": 3,
            "spreads": 2,
        }
    )  # fmt: skip
    return nights_of(of, 10.0, rule)


@pytest.mark.parametrize(
    ("lit", "burning_h", "by_day_h", "follows"),
    [
        ([(6.0, 18.0)], 12.0, 0.0, Follows.SUN),
        ([(6.125, 18.0)], 11.875, 0.0, Follows.SUN),  # half of the first quarter hour
        ([(6.0, 18.0), (20.0, 24.0)], 16.0, 4.0, Follows.BY_DAY),
        ([(4.0, 18.0)], 14.0, 0.0, Follows.TOO_LONG),  # two hours early, and not by day
        ([(8.0, 18.0)], 10.0, 0.0, Follows.TOO_SHORT),
    ],
)
def test_lamps_are_judged_beside_the_sun(
    lit: list[tuple[float, float]], burning_h: float, by_day_h: float, follows: Follows
) -> None:
    nights = told(lights(lit))
    of = habit(nights)
    assert of is not None
    assert (of.nights, of.dark_h) == (7, 12.0)
    assert of.burning_h == pytest.approx(burning_h)
    assert of.by_day_h == pytest.approx(by_day_h, abs=0.3)
    assert TownNights({}, (), 30.0, 1.0).judged(of) is follows


def test_a_night_with_a_gap_counts_nowhere() -> None:
    """Of eight nights the third misses an hour and a half of 24: less than 95 % is known."""
    whole = lights([(6.0, 18.0)])
    amounts = whole.curve.amounts.copy()
    amounts[2 * 96 + 30 : 2 * 96 + 36] = np.nan
    curve = LoadCurve(whole.curve.start_s, 900, amounts, ROME)
    nights = told(Lights(curve, whole.sunrise_s, whole.sunset_s))
    assert nights.known.tolist() == [True, True, False, True, True, True, True, True]
    months = by_month(nights)
    assert (months.starts, months.nights, months.of) == ((date(2026, 1, 1),), (7,), (8,))
    assert months.burning_h.tolist() == [pytest.approx(12.0)]
    picture = carpet_of(Lights(curve, whole.sunrise_s, whole.sunset_s), 10.0)
    assert np.isnan(picture.level[30:36, 2]).all()
    assert picture.level[24:29, 0].tolist() == [1.0] * 5  # from six hours after noon on
    assert picture.sunset_h.tolist() == [6.0] * 8


def test_lamps_that_two_actions_renew_are_declared_once(installation: Installation) -> None:
    """1,375 + 17 + 60 MWh, and of 34.7 and 1,020 what the LED programme does not count."""
    town = lit_town(installation, installation.city("la-spezia"))
    assert town.declared_mwh == pytest.approx(1452.0 + 34.7 * 0.375 + 1020 * 0.94)


def test_cabinets_tell_what_each_lamp_uses_and_which_are_not_seen(
    app: Dashboard, installation: Installation
) -> None:
    """One cabinet was read, at 12 kW for 24 days: 6,912 kWh of 90 light points, day and night."""
    (row,) = rows_of(app, "/illuminazione/csv/cabinets")
    site = installation.site(SILENT.split(".")[0])
    assert (row["Cabinet"], site.light_points) == (site.name, 90)
    assert float(row["Used (kWh)"]) == pytest.approx(6912.0)
    assert float(row["kWh for each light point"]) == pytest.approx(76.8)
    assert row["Whole year"] == "in part"
    unseen = rows_of(app, "/illuminazione/csv/without")
    assert [r["Why"] for r in unseen] == ["has a meter, never read in this year"] * 9
    (hours,) = rows_of(app, "/illuminazione/csv/hours")
    assert hours["Judgement"] == "burns by day"
    assert float(hours["Lit (h a night)"]) == pytest.approx(24.0)
    page = text_of(app, "/illuminazione")
    assert "9 quadri non hanno consumi letti" in page
    assert site.name in page
    assert "10 senza una lettura recente" in page  # four days old is not now
