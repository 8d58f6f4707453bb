"""Actions on their pages: counted, filtered, declared beside measured, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from shown_town import NOW, plain_town

from dashboard.app import create_app
from dashboard.figures.actions import curve_figure, timeline_figure
from dashboard.memory import Kept, Memory, Pending
from dashboard.queries.actions import SAVINGS, CostStep, Measured, Next, chosen_by
from dashboard.sentences import action as one_sentences
from dashboard.sentences import actions as sentences
from dashboard.texts import Language
from paes.errors import FactorMissing
from paes.faults.money.price import Interval
from paes.installation import Installation
from paes.plan.action import Status
from paes.plan.measurement import Option
from paes.plan.register import register_status
from paes.savings.action_saving import ActionSaving
from paes.savings.avoided import AvoidedEnergy
from paes.savings.figure import SavingFigure
from paes.savings.periods import DaySpan, Periods
from paes.savings.persistence import Persistence, SavingMonth
from paes.savings.verdict import Judged, Reason, Verdict
from paes.store.sqlite import SqliteStore

ACTION = "regolazione-centrali-termiche"
FIVE = {"edifici-comunali", "illuminazione-led", ACTION, "led-completamento", "autobus-biometano"}
"""Three completed, one not started, one postponed; by the shipped register."""
TODAY = date(2026, 11, 22)


@pytest.fixture(scope="module")
def client(
    assets: None, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FlaskClient]:
    store = SqliteStore(tmp_path_factory.mktemp("actions") / "empty.sqlite")
    app = create_app(small_town(installation), store, clock=lambda: NOW)
    yield app.server.test_client()
    app.close()
    store.close()


def small_town(installation: Installation) -> Installation:
    """A town with five of its actions and three declared rows, and not a single reading."""
    plain = plain_town(installation).city("la-spezia")
    city = installation.city("la-spezia")
    kept = tuple(a for a in city.actions if a.id in FIVE)
    towns = {city.id: replace(city, actions=kept, declared=plain.declared),
             "lerici": installation.city("lerici")}  # fmt: skip
    return replace(installation, cities=towns)


def saving(installation: Installation, low: float, likely: float, high: float) -> ActionSaving:
    """Of an action that declares 60 MWh; so many kWh of 1,000,000 expected were avoided."""
    action = next(a for a in installation.city("la-spezia").actions if a.id == ACTION)
    year = DaySpan(date(2024, 10, 1), date(2025, 10, 1))
    avoided = AvoidedEnergy(year, 1e6, 0.0, likely, likely, likely, 365, 365, 0)
    figure = SavingFigure(avoided, 0.0, high - likely, Interval(1, 2, 3), None)
    judged = Judged(Verdict.CONTRADICTED, Reason.LESS_THAN_DECLARED)
    periods = Periods(year, year, year, year, date(2024, 9, 30))
    assert figure.kwh.low == low
    return ActionSaving(action, Option.C, TODAY, periods, judged, 60_000.0, year=figure)


def test_the_page_is_there_while_savings_are_still_measured(
    assets: None, installation: Installation, empty_store: SqliteStore
) -> None:
    class Measuring(Memory):
        def get(self, key: Any, make: Any, max_age_s: float) -> Kept[Any]:
            if key[0] == SAVINGS.name:
                raise Pending(NOW)
            return super().get(key, make, max_age_s)

    memory = Measuring(lambda: NOW)
    app = create_app(small_town(installation), empty_store, clock=lambda: NOW, memory=memory)
    text = app.server.test_client().get("/azioni").text
    app.close()
    assert "In preparazione dalle" in text
    assert "data-again-s" in text
    assert 'id="timeline"' in text
    assert "Effetti soltanto dichiarati" not in text


def test_the_page_counts_the_register_and_says_that_nothing_was_measured(
    client: FlaskClient,
) -> None:
    text = client.get("/azioni").text
    assert "<strong>5 azioni</strong>" in text
    assert "concluse <strong>3</strong>, in corso 0, ancora da cominciare 1" in text
    assert "Nessuna è in ritardo" in text
    assert "Effetti soltanto dichiarati" in text
    assert "Di nessuna azione si può ancora misurare" in text
    assert all(f'href="/azioni/{name}"' in text for name in FIVE)
    lighting = client.get("/azioni?sector=public_lighting&status=completed").text
    assert "illuminazione-led" in lighting
    assert "edifici-comunali" not in lighting
    assert "Il valore «xx» non esiste qui" in client.get("/azioni?status=xx").text


def test_a_town_without_actions_says_where_they_are_written(client: FlaskClient) -> None:
    text = client.get("/azioni?city=lerici").text
    assert "Nessuna azione nel piano" in text
    assert "actions.yaml" in text


def test_one_action_tells_what_it_declares_and_why_it_is_not_measured(client: FlaskClient) -> None:
    text = client.get(f"/azioni/{ACTION}?lang=en").text
    assert "not measurable" in text
    assert f'data-figure="la-spezia/action/{ACTION}/saving_mwh"' in text
    assert "60\u00a0MWh" in text
    assert "Some figures of this action are assumed" in text
    assert 'href="/edifici/carducci?lang=en"' in text
    missing = client.get("/azioni/nessuna")
    assert missing.status_code == 404
    assert "Non c’è nessuna azione «nessuna»" in missing.text


def test_a_verdict_is_told_with_the_figures_that_make_it(
    installation: Installation, languages: dict[str, Language]
) -> None:
    found = saving(installation, -9_000.0, 10_000.0, 29_000.0)
    italian = sentences.why(found, languages["it"]).replace("\u00a0", " ")
    assert italian.startswith("Anche al massimo sono stati risparmiati 29 MWh l’anno,")
    assert italian.endswith("meno dei 60 MWh dichiarati.")
    other = replace(found, judged=Judged(Verdict.CONFIRMED, Reason.AS_DECLARED))
    told = sentences.measured_told([Measured(found), Measured(other)], languages["en"])
    assert told.endswith("the 2 actions that are measured: 1 confirmed, 1 contradicted.")
    unmeasurable = replace(found, judged=Judged(Verdict.NOT_MEASURABLE, Reason.GAPS))
    assert sentences.told_kwh(unmeasurable) is None
    # twice 60 MWh were declared, and 10 measured
    both = sentences.compare([found, other], languages["it"]).replace("\u00a0", " ")
    assert "misurare: 2, dei quali confermati 1;" in both
    assert "**120 MWh**" in both
    assert "**20 MWh**" in both


def test_more_use_than_expected_is_never_called_avoided(
    installation: Installation, languages: dict[str, Language]
) -> None:
    """Two months: 1 MWh avoided, then 3 MWh more: 2 MWh more in all, and nothing that lasts."""
    months = (
        SavingMonth(date(2025, 1, 1), 5e3, 1e3, 1e3, 1e3, 1e3, 31),
        SavingMonth(date(2025, 2, 1), 5e3, -3e3, -3e3, -3e3, -2e3, 28),
    )
    lasting = Persistence(months, first_fraction=0.5, last_fraction=0.5, band_fraction=0.1)
    found = replace(saving(installation, 0.0, 1e3, 2e3), persistence=lasting)
    text = one_sentences.months(found, languages["it"]).replace("\u00a0", " ")
    assert "**2 MWh** in più dell’atteso: non è un risparmio" in text
    assert "dura" not in text
    decayed = replace(found, persistence=replace(lasting, has_decayed=True))
    assert "l’azione va riaperta" in one_sentences.months(decayed, languages["it"])


def step(name: str, net_t: float, from_t: float, eur: float, is_chosen: bool) -> CostStep:
    return CostStep(name, {"it": name, "en": name}, net_t, from_t, eur, 1e6, 20, False, is_chosen,
                    False)  # fmt: skip


def test_the_curve_is_as_wide_as_the_tonnes_and_as_high_as_their_cost(
    installation: Installation, languages: dict[str, Language]
) -> None:
    """The target lacks 100 t, 30 are under way: 70 to close, of which two actions bring 50."""
    target = installation.city("la-spezia").plan.targets[0]
    found = Next(
        target, 2025, 100.0, 30.0, 70.0, 0.8,
        (step("a", 20, 0, -50, True), step("b", 30, 20, 10, True), step("c", 5, 50, 900, False)),
        ("a", "b"), 2e6, 50.0, 20.0, (),
    )  # fmt: skip
    figure = curve_figure(found, languages["it"])
    chosen, other = figure.data
    assert (list(chosen.x), list(chosen.width), list(chosen.y)) == ([0, 20], [20, 30], [-50, 10])
    assert (list(other.x), list(other.width), list(other.y)) == ([50], [5], [900])
    assert chosen.marker.pattern.shape != other.marker.pattern.shape
    assert list(figure.layout.xaxis.range) == [0, 55]
    text = " ".join(sentences.gap(found, languages["it"])).replace("\u00a0", " ")
    assert "mancano **100 t** rispetto al 2025" in text
    assert "ne porta 30,0 t (contando che si avveri l’80 %" in text
    assert "sono 2 e portano 50,0 t con 2,0 milioni di €" in text
    assert "mancano ancora **20,0 t**" in text
    assert "−50 €" in sentences.curve(found, languages["it"]).replace("\u00a0", " ")


def test_the_timeline_has_a_bar_for_each_dated_action_by_its_state(
    installation: Installation, languages: dict[str, Language]
) -> None:
    def no_factor(*_: object) -> float:
        raise FactorMissing("none is asked for")

    listed = installation.city("la-spezia").actions
    entries = register_status(listed, 2025, TODAY, no_factor).entries
    dated = [a for a in listed if a.start or a.end]
    figure = timeline_figure(entries, TODAY, languages["it"])
    assert sum(len(trace.y) for trace in figure.data) == len(dated) > 10
    shapes = [trace.marker.pattern.shape for trace in figure.data]
    assert len(set(shapes)) == len(shapes)
    one = next(a for a in listed if a.id == ACTION)
    row = next(t for t in figure.data if one.start in list(t.base))
    days = row.x[list(row.base).index(one.start)] / 86_400_000
    assert one.start
    assert one.end
    assert days == (one.end - one.start).days
    chosen = chosen_by("completed", "", "", "")
    assert all(a.status is Status.COMPLETED for a in listed if chosen.has(a))
