"""Distance, measure, bands and evidence of the page of progress, against figures by hand.

Emissions of the plain town (see test_queries): 677.4 t in 2007, 448.9 t in 2020, 489.3 t in 2025.
Its electricity stays at 1,000 MWh, so that the grid brings 1,000 x (0.4754 - 0.2671) = 208.3 t.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from shown_town import NOW, plain_town

from dashboard.app import create_app
from dashboard.figures import progress as figures
from dashboard.figures.path import path_figure
from dashboard.queries.distance import distance, parts_of
from dashboard.queries.progress import CityView, make_all, view
from dashboard.queries.recipe import Sources
from dashboard.sentences import prospects
from dashboard.tables.prospects import evidence_table, outlook_table
from dashboard.texts import Language
from paes.installation import Installation
from paes.scenarios.scenarios import ScenarioId
from paes.store.sqlite import SqliteStore

PEOPLE_2007, PEOPLE_2025 = 94600, 92700
"""Of city.yaml; those of 2023 stand in for 2025."""


@pytest.fixture(scope="module")
def sources(
    tmp_path_factory: pytest.TempPathFactory, installation: Installation
) -> Iterator[Sources]:
    path: Path = tmp_path_factory.mktemp("progress") / "empty.sqlite"
    store = SqliteStore(path)
    yield Sources.of(plain_town(installation), store, lambda: NOW)
    store.close()


def shown(sources: Sources, target: str, unit: str = "") -> CityView:
    made = make_all(sources, "la-spezia", "current")
    city = sources.city("la-spezia")
    return view(city, sources.ledger, target, made.by_year, made.draws, unit)


@pytest.fixture(scope="module")
def past(sources: Sources) -> CityView:
    return shown(sources, "piano-energetico-2020")


def test_distance_is_from_the_target_itself(past: CityView) -> None:
    """-14 % allows 0.86 x 677.4 = 582.564 t; 2025 is 93.264 t below."""
    found = distance(past)
    assert found.t == pytest.approx(489.3 - 582.564)
    assert found.of_target == pytest.approx(-93.264 / 582.564)


def test_own_and_supra_ordinate_parts_stand_beside_what_was_promised(
    past: CityView, languages: dict[str, Language]
) -> None:
    parts = {part.name: part for part in parts_of(past)}
    assert parts["whole"].reached == pytest.approx(228.5 / 677.4)
    assert parts["supra"].promised == pytest.approx(0.07)
    assert parts["own"].promised == pytest.approx(0.07)
    assert parts["supra"].reached == pytest.approx(208.3 / 677.4)
    assert parts["own"].reached == 0.0
    assert parts["own"].missing == pytest.approx(0.07)
    assert parts["other"].reached == pytest.approx(20.2 / 677.4)
    told = prospects.parts_told(parts_of(past), past, languages["it"])
    assert "**30,7**" in told  # 208.3 / 677.4 = 0.30750 less a little


def test_per_head_divides_tonnes_and_leaves_the_verdict(sources: Sources, past: CityView) -> None:
    head = shown(sources, "piano-energetico-2020", "head")
    assert head.progress.latest.emissions_t == pytest.approx(489.3 / PEOPLE_2025)
    assert head.progress.base.emissions_t == pytest.approx(677.4 / PEOPLE_2007)
    assert dict(head.path)[2025] == pytest.approx(582.564 / PEOPLE_2025)
    for key in ("verdict", "reduction_fraction", "required_fraction"):
        assert getattr(head.judged, key) == getattr(past.judged, key)
    assert head.judged is head.progress.at_target
    assert head.chances == past.chances
    assert distance(head).t == pytest.approx(distance(past).t / PEOPLE_2025)
    assert distance(head).of_target == pytest.approx(distance(past).of_target)
    assert head.next_step is not None
    assert past.next_step is not None
    assert head.next_step.gap_t == pytest.approx(past.next_step.gap_t / PEOPLE_2025)


def test_evidence_adds_up_and_tells_the_assumed_apart(
    past: CityView, languages: dict[str, Language]
) -> None:
    """2025: 267.1 t of sourced electricity, 222.2 t of assumed gas."""
    by_sector = {str(row.sector): row.shares for row in past.evidence}
    assert by_sector["residential_buildings"].declared_t == pytest.approx(267.1)
    assert by_sector["industry"].assumed_t == pytest.approx(222.2)
    assert sum(s.total_t for s in by_sector.values()) == pytest.approx(489.3)
    assert "assunto **45,4\xa0%**" in prospects.evidence(past, languages["it"])  # 222.2 / 489.3
    assert evidence_table(past, languages["it"]).rows[-1][4] == pytest.approx(267.1)


def test_bands_widen_to_the_target_year(
    sources: Sources, past: CityView, languages: dict[str, Language]
) -> None:
    """As usual nothing is saved: the middle follows the inhabitants, the band grows."""
    found = past.outlook
    assert found is not None
    assert found.target.id == "2030-40"
    usual = found.course(ScenarioId.AS_USUAL)
    assert usual is not None
    assert [y.year for y in usual.years] == list(range(2025, 2031))
    widths = [(y.high_t - y.low_t) / y.t for y in usual.years]
    assert widths == sorted(widths)
    assert all(y.low_t < y.t < y.high_t for y in usual.years)
    table = outlook_table(past, languages["it"])
    assert table is not None
    assert len(table.rows) == 5 * len(found.courses)
    assert shown(sources, "2030-55").outlook.target.id == "2030-55"  # type: ignore[union-attr]


@pytest.mark.parametrize("code", ["it", "en"])
def test_the_new_pictures_are_of_the_cartesian_bundle(
    past: CityView, languages: dict[str, Language], code: str
) -> None:
    language, parts = languages[code], parts_of(past)
    for figure in (
        path_figure(past, language),
        figures.distance_figure(parts, language),
        figures.evidence_figure(past, language),
    ):
        traces = json.loads(figure.to_json())["data"]
        assert traces
        assert {t["type"] for t in traces} <= {"scatter", "bar"}


def test_switches_keep_the_state_and_figures_open_their_passports(
    assets: None, sources: Sources
) -> None:
    app = create_app(sources.installation, sources.store, clock=lambda: NOW)
    try:
        text = app.server.test_client().get("/?unit=head&target=2030-40").get_data(as_text=True)
    finally:
        app.close()
    assert "t per abitante" in text.replace("\xa0", " ")
    assert 'href="/?target=2030-40" ' in text or 'href="/?target=2030-40">' in text
    reduction = "la-spezia/progress/2030-40/2025/reduction"
    assert f'data-figure="{reduction}"' in text
    assert 'data-figure="la-spezia/progress/2030-40/2025/emissions"' not in text  # other measure
