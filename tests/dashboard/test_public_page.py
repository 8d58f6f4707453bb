"""The page for everybody: no small group, no day, no way in, and no gap told as a saving."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient
from shown_town import NOW

from dashboard.access.rights import NOBODY
from dashboard.app import create_app
from dashboard.queries.public import (
    OTHERS,
    GroupYear,
    PublicEnergy,
    grouped,
    public_energy,
)
from dashboard.queries.recipe import Sources
from dashboard.queries.town_energy import Key, TownEnergy
from dashboard.sentences import public as sentences
from dashboard.texts import Language
from paes.accounting.energy_table import EnergyTable
from paes.accounting.energy_total import EnergyTotal
from paes.installation import Installation
from paes.metering import Carrier, Measures, SiteKind
from paes.public_rules import public_rules
from paes.shipped_files import shipped_config
from paes.store.sqlite import SqliteStore

YEAR_S = 365 * 86400.0
POWER = Carrier.ELECTRICITY


@pytest.fixture(scope="module")
def anybody(
    tmp_path_factory: pytest.TempPathFactory, assets: None, installation: Installation
) -> Iterator[FlaskClient]:
    path: Path = tmp_path_factory.mktemp("public") / "empty.sqlite"
    store = SqliteStore(path)
    app = create_app(installation, store, clock=lambda: NOW, who=lambda: NOBODY)
    yield app.server.test_client()
    app.close()
    store.close()


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"school": 5, "office": 3}, {"school": 5, "office": 3}),
        ({"school": 5, "office": 2, "library": 1}, {"school": 5, OTHERS: 3}),
        # Two alone would be a difference: the smallest kind goes with them.
        ({"school": 5, "office": 3, "library": 2}, {"school": 5, OTHERS: 5}),
        ({"library": 2}, {}),
    ],
)
def test_small_groups_are_told_together(kinds: dict[str, int], expected: dict[str, int]) -> None:
    sites = {kind: [f"{kind}-{i}" for i in range(n)] for kind, n in kinds.items()}
    assert {kind: len(ids) for kind, ids in grouped(sites, 3).items()} == expected


def seen(kwh: float, missing_high_kwh: float = 0.0) -> EnergyTotal:
    return EnergyTotal(measured_kwh=kwh, missing_high_kwh=missing_high_kwh, covered_s=YEAR_S,
                       span_s=YEAR_S)  # fmt: skip


def two_years(last: EnergyTotal) -> PublicEnergy:
    sites = frozenset({"a", "b", "c"})
    rows = [
        GroupYear("school", year, "electricity", sites, used)
        for year, used in ((2024, seen(1000.0)), (2025, last))
    ]
    return PublicEnergy(public_rules(shipped_config()), tuple(rows), (), ())


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (seen(900.0), "il 10,0 % in meno"),
        (seen(1100.0), "il 10,0 % in più"),
        (seen(900.0, missing_high_kwh=150.0), None),
    ],
)
def test_a_gap_is_never_a_saving(
    languages: dict[str, Language], last: EnergyTotal, told: str | None
) -> None:
    text = sentences.buildings(two_years(last), languages["it"]).replace("\xa0", " ")
    assert (told in text) if told else ("in meno" not in text and "in più" not in text)


def test_heat_of_buildings_that_are_few_of_their_kind_is_not_left_out(
    installation: Installation, languages: dict[str, Language], empty_store: SqliteStore
) -> None:
    # Three offices and three schools have electricity; heat is metered at all schools and at one
    # office, one library and one depot: these three stand together, 200 kWh each.
    city = installation.city("la-spezia")
    of = {kind: [s.id for s in city.sites.values() if s.kind is kind] for kind in SiteKind}
    alone = [of[SiteKind.OFFICE][0], of[SiteKind.LIBRARY][0], of[SiteKind.DEPOT][0]]
    schools, gas = of[SiteKind.SCHOOL][:3], Carrier.NATURAL_GAS
    totals: dict[tuple[str, Carrier | None, Measures, int], EnergyTotal] = {}
    for carrier, kwh, ids in (
        (POWER, 100.0, of[SiteKind.OFFICE][:3] + schools),
        (gas, 200.0, schools + alone),
    ):
        totals |= {(i, carrier, Measures.WITHDRAWAL, 2025): seen(kwh) for i in ids}
    starts = pd.date_range("2025-01-01", periods=12, freq="MS", tz=city.time_zone)
    sources = Sources.of(installation, empty_store, lambda: NOW)
    shown = public_energy(sources, city, TownEnergy(starts, {}, totals), 2026)
    told = {(row.group, row.energy): (len(row.sites), row.used.kwh) for row in shown.groups}
    assert told == {
        ("school", "electricity"): (3, 300.0),
        ("office", "electricity"): (3, 300.0),
        ("school", "heat"): (3, 600.0),
        (OTHERS, "heat"): (3, 600.0),
    }
    text = sentences.buildings(shown, languages["en"])
    assert "8 buildings" in text  # 3 schools, 3 offices, a library, a depot
    assert "2\xa0MWh" in text


def sunny(installation: Installation, schools: int) -> TownEnergy:
    """As many schools with 100 kWh made a month in 2025, a quarter of it given away."""
    city = installation.city("la-spezia")
    ids = [s.id for s in city.sites.values() if s.kind is SiteKind.SCHOOL][:schools]
    starts = pd.date_range("2025-01-01", periods=12, freq="MS", tz=city.time_zone)
    spans = np.full(12, YEAR_S / 12)
    months = replace(
        EnergyTable.empty(12), measured=np.full(12, 100.0), covered_s=spans, span_s=spans
    )
    tables: dict[Key, EnergyTable] = {(i, POWER, Measures.GENERATION): months for i in ids}
    totals: dict[tuple[str, Carrier | None, Measures, int], EnergyTotal] = {}
    totals |= {(i, POWER, Measures.GENERATION, 2025): seen(1200.0) for i in ids}
    totals |= {(i, POWER, Measures.FEED_IN, 2025): seen(300.0) for i in ids}
    return TownEnergy(starts, tables, totals)


def test_schools_sun_is_told_for_pupils(
    installation: Installation, languages: dict[str, Language], empty_store: SqliteStore
) -> None:
    """Three schools make 3,600 kWh: 1.3 households of 2,700 kWh; three quarters stay at school."""
    sources = Sources.of(installation, empty_store, lambda: NOW)
    city = installation.city("la-spezia")
    found = public_energy(sources, city, sunny(installation, 3), 2026)
    (year,) = found.sun
    assert year.schools == 3
    assert year.made.kwh == pytest.approx(3600.0)
    assert [m.made.kwh for m in found.months] == [pytest.approx(300.0)] * 12
    text = sentences.sun(found, languages["it"]).replace("\xa0", " ")
    assert "3.600 kWh: come l’elettricità di 1 famiglie" in text
    assert "Il 75 % lo hanno usato le scuole stesse" in text
    alone = public_energy(sources, city, sunny(installation, 2), 2026)
    assert (alone.sun, alone.months) == ((), ())


@pytest.mark.parametrize("lang", ["it", "en"])
def test_anybody_reads_it_and_finds_no_way_in(anybody: FlaskClient, lang: str) -> None:
    answer = anybody.get(f"/pubblica?lang={lang}")
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    assert text.count("<h1>") == 1
    assert text.count('class="know"') >= 3
    assert "data-figure" not in text
    assert "/passaporto" not in text


def test_open_data_are_of_years_and_months_alone(
    anybody: FlaskClient, installation: Installation
) -> None:
    text = anybody.get("/pubblica").get_data(as_text=True)
    files = sorted(set(re.findall(r'href="(/pubblica/csv/[a-z_]+)"', text)))
    assert len(files) >= 4
    for file in files:
        answer = anybody.get(file)
        assert answer.status_code == 200
        body = answer.get_data(as_text=True)
        assert not re.search(r"\d\d:\d\d", body), file
        assert not [m for m in installation.meters if m in body], file


def test_without_a_whole_year_of_meters_the_page_says_so(anybody: FlaskClient) -> None:
    text = anybody.get("/pubblica").get_data(as_text=True)
    assert "Nessun contatore ha ancora visto un anno intero" in text
