"""Passports over a town that can be reckoned by hand: 1,100 MWh of gas at 0.202 t/MWh in 2025."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from shown_town import NOW, plain_town

from dashboard.app import Dashboard, create_app
from dashboard.queries.passport import NoFigure, passport_of
from dashboard.sentences import passport as told
from dashboard.texts import Language
from paes.installation import Installation
from paes.lineage.figure_id import FigureId
from paes.lineage.formulas import FORMULAS
from paes.lineage.tracing import Tracer
from paes.store.sqlite import SqliteStore

CELL = "la-spezia/inventory/2025/industry/natural_gas"
IN_THEIR_OWN_WORDS = {"factor", "efe", "efh"}
"""Formulas whose terms are the JRC's own; told as they are written."""


@pytest.fixture(scope="module")
def dashboard(
    tmp_path_factory: pytest.TempPathFactory, assets: None, installation: Installation
) -> Iterator[Dashboard]:
    path: Path = tmp_path_factory.mktemp("passports") / "empty.sqlite"
    store = SqliteStore(path)
    app = create_app(plain_town(installation), store, clock=lambda: NOW)
    yield app
    app.close()
    store.close()


@pytest.fixture(scope="module")
def town(dashboard: Dashboard) -> FlaskClient:
    client: FlaskClient = dashboard.server.test_client()
    return client


def page(town: FlaskClient, figure: str, lang: str = "it") -> tuple[int, str]:
    answer = town.get("/passaporto", query_string={"id": figure, "lang": lang})
    return answer.status_code, unescape(answer.get_data(as_text=True)).replace("\xa0", " ")


def test_a_passport_tells_value_formula_inputs_factor_and_command(town: FlaskClient) -> None:
    status, text = page(town, f"{CELL}/t")
    assert status == 200
    assert "<h1>Emissioni: Industria (non ETS) · Gas naturale, 2025</h1>" in text
    assert "222,2 t = 1.100 MWh × 0,2020 t/MWh" in text
    for part in ("mwh", "factor"):
        assert f'data-figure="{CELL}/{part}"' in text
    assert 'data-figure="la-spezia/inventory/2025/industry/t"' in text  # upwards
    assert "Poggia su un’assunzione" in text
    assert f"paes trace '{CELL}/t'" in text
    english = page(town, f"{CELL}/t", "en")[1]
    assert "222.2 t = 1,100 MWh × 0.2020 t/MWh" in english


def test_a_reduction_is_told_in_per_cent_with_its_terms(town: FlaskClient) -> None:
    """1 - 448.9 / 677.4 (see test_queries)."""
    figure = "la-spezia/progress/piano-energetico-2020/2020/reduction"
    text = page(town, figure)[1]
    assert "33,73 % = 1 − 448,9 t / 677,4 t" in text


def test_another_method_is_followed_by_its_own_factor(town: FlaskClient) -> None:
    """Electricity of 2025 by the factor of 2007: 1,000 MWh times 0.4754."""
    cell = "la-spezia/inventory/2025/residential_buildings/electricity/t?electricity=frozen"
    text = page(town, cell)[1]
    assert "475,4 t = 1.000 MWh × 0,4754 t/MWh" in text
    assert "congelato all’anno base" in text


@pytest.mark.parametrize(
    "figure", [f"{CELL}x/t", "atlantis/inventory/2025/t", "<script>x</script>"]
)
def test_what_is_no_figure_says_so_and_what_is_near(town: FlaskClient, figure: str) -> None:
    status, text = page(town, figure)
    assert status == 404
    assert "Nessuna cifra con questo nome" in text
    assert 'data-figure="la-spezia/' in text
    assert "<script>x" not in town.get("/passaporto", query_string={"id": figure}).text


def test_the_nearest_name_comes_first(dashboard: Dashboard) -> None:
    observatory = dashboard.observatory
    with pytest.raises(NoFigure) as caught:
        passport_of(observatory, observatory.installation.city(), f"{CELL}s/t")
    assert caught.value.near[0] == f"{CELL}/t"


def test_every_figure_has_a_name_and_a_role_in_words(
    dashboard: Dashboard, languages: dict[str, Language]
) -> None:
    observatory = dashboard.observatory
    city = observatory.installation.city()
    tracer = Tracer(city, observatory.ledger)
    ids = list(tracer.ids())
    assert len(ids) > 100
    for language in languages.values():
        for figure_id in ids:
            asked = FigureId.parse(figure_id)
            title = told.title(figure_id, city, language)
            assert asked.quantity not in title.split()
            for one in tracer.figure(asked).inputs:
                assert language.knows(f"passport.role_{one.role}"), one.role


def test_every_formula_is_told_in_both_languages(languages: dict[str, Language]) -> None:
    names = FORMULAS.keys() - IN_THEIR_OWN_WORDS
    assert len(names) > 15
    for language in languages.values():
        assert not [name for name in names if not language.knows(f"passport.formula_{name}")]
