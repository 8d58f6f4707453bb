"""The pictures say what the data say, with two channels for every difference."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from shown_town import MovingClock

from dashboard.figures import canvas
from dashboard.figures import progress as figures
from dashboard.figures.path import path_figure
from dashboard.formats import for_plot
from dashboard.queries.measure import Measure
from dashboard.queries.progress import CityView, view
from dashboard.texts import Language
from paes.accounting.ledger import EnergyLedger
from paes.installation import Installation
from paes.plan.target import InterimPoint
from paes.progress.progress import make_inventories
from paes.store.sqlite import SqliteStore

CARTESIAN = {"scatter", "bar", "box", "heatmap"}


@pytest.fixture(scope="module")
def shown(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> CityView:
    city = installation.city("la-spezia")
    empty_store = SqliteStore(tmp_path_factory.mktemp("figures") / "empty.sqlite")
    ledger = EnergyLedger(installation, empty_store, MovingClock())
    return view(city, ledger, "piano-energetico-2020", make_inventories(city, ledger))


def drawn(shown: CityView, language: Language) -> dict[str, dict[str, Any]]:
    made = {
        "path": path_figure(shown, language),
        "effects": figures.effects_figure(shown, language),
        "sectors": figures.sectors_figure(shown, language),
    }
    return {name: json.loads(figure.to_json()) for name, figure in made.items()}


@pytest.mark.parametrize("code", ["it", "en"])
def test_only_traces_of_the_cartesian_bundle_are_used(
    shown: CityView, languages: dict[str, Language], code: str
) -> None:
    for figure in drawn(shown, languages[code]).values():
        assert figure["data"]
        assert {trace["type"] for trace in figure["data"]} <= CARTESIAN


def test_published_inventory_is_a_hollow_marker_apart(
    shown: CityView, languages: dict[str, Language]
) -> None:
    traces = drawn(shown, languages["it"])["path"]["data"]
    published = next(t for t in traces if t.get("name") == "Pubblicato da altri")
    assert (published["x"], published["y"]) == ([2013], [243638.0])
    assert published["marker"]["symbol"] == "circle-open"


def test_the_path_bends_at_interim_points(shown: CityView, languages: dict[str, Language]) -> None:
    """A tenth of the base year's emissions by 2012, level after 2020."""
    points = (InterimPoint(year=2012, reduction_fraction=0.1),)
    progress = shown.progress
    target = progress.target.model_copy(update={"interim": points})
    own = replace(progress, target=target)
    bent = replace(shown, path=Measure(shown.city, target, "town", 2025).path(own))
    traces = json.loads(path_figure(bent, languages["it"]).to_json())["data"]
    path = next(t for t in traces if t["name"] == languages["it"].text("path.legend_path"))
    assert path["x"] == [2007, 2012, 2020, 2025]
    base_t = progress.base.emissions_t
    assert path["y"][:2] == [base_t, pytest.approx(0.9 * base_t)]


def test_assumed_inventories_have_their_own_shape(
    shown: CityView, languages: dict[str, Language]
) -> None:
    traces = drawn(shown, languages["it"])["path"]["data"]
    assumed = next(t for t in traces if t.get("name") == "Inventario con dati assunti")
    assert assumed["marker"]["symbol"] == "square"
    assert assumed["x"][0] == 2007


def test_waterfall_ends_at_the_total(shown: CityView, languages: dict[str, Language]) -> None:
    bars = drawn(shown, languages["it"])["effects"]["data"]
    steps = [bar["x"][0] for bar in bars[2:-1]]
    assert sum(steps) == pytest.approx(bars[-1]["x"][0])
    assert [bar["x"][0] for bar in bars[:2]] == pytest.approx([7.0, 7.0])


def test_causes_of_nothing_are_left_out_but_own_actions_stay(
    shown: CityView, languages: dict[str, Language]
) -> None:
    told = replace(shown.effects, weather_t=0.0, own_actions_t=0.0, own_low_t=0.0, own_high_t=0.0)
    progress = replace(shown.progress, effects=(told,))
    bars = drawn(replace(shown, progress=progress), languages["en"])["effects"]["data"]
    labels = [bar["y"][0].replace("<br>", " ") for bar in bars]
    assert not {"Weather", "Joined or left", "Mixed actions"} & set(labels)
    assert {"Power grid", "Own actions", "Unexplained"} <= set(labels)
    assert sum(bar["x"][0] for bar in bars[2:-1]) == pytest.approx(bars[-1]["x"][0])


def test_declared_causes_are_hatched_and_computed_ones_are_not(
    shown: CityView, languages: dict[str, Language]
) -> None:
    bars = drawn(shown, languages["en"])["effects"]["data"]
    hatch = {bar["y"][0]: bar["marker"]["pattern"].get("shape", "") for bar in bars}
    assert (hatch["Power grid"], hatch["Own actions"], hatch["Unexplained"]) == ("", "/", "x")


def test_chart_config_keeps_everything_on_this_machine(languages: dict[str, Language]) -> None:
    config = canvas.config(languages["it"], {})
    assert config["plotlyServerURL"] == ""
    assert config["showSendToCloud"] is False
    assert config["displayModeBar"] is False


def test_names_in_charts_are_texts_and_never_links() -> None:
    evil = '<a href="https://evil.example">Scuola</a><img src=x> < 3<br>B'
    safe = '&lt;a href="https://evil.example">Scuola&lt;/a>&lt;img src=x> &lt; 3<br>B'
    hover = "%{y}<extra>1</extra>"
    trace = go.Bar(x=[1.5, 2], y=np.array([evil, "b"]), name=evil, hovertemplate=hover)
    figure = go.Figure(trace, layout={"yaxis": {"ticktext": (evil, "b"), "tickvals": [1, 2]}})
    shown = canvas.without_markup(figure)
    assert shown["data"][0]["y"] == [safe, "b"]
    assert (shown["data"][0]["name"], shown["data"][0]["hovertemplate"]) == (safe, hover)
    assert shown["layout"]["yaxis"]["ticktext"] == [safe, "b"]
    assert shown["data"][0]["x"] == [1.5, 2]
    own = for_plot("t di CO2")
    assert canvas.without_markup({"title": own}) == {"title": "t di CO<sub>2</sub>"}
