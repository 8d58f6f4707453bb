"""Cases of malfunctions, once on SQLite and once on InfluxDB: the same life, the same documents.

A rule of this file finds a leak from 1 March 2025 until the day that a script says; every word is
said at a fixed time. A second case has a year of quarter hours: more than an event of InfluxDB
holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from influx_server import TOKEN_VARIABLE, InfluxServer
from kept_faults import keep, leak
from small_installation import SmallInstallation

from paes.accounting.ledger import EnergyLedger
from paes.cli import paes
from paes.config import load_installation
from paes.faults.cases import register
from paes.faults.cases.case import State, Word
from paes.faults.cases.events import KeptCase
from paes.faults.episode import Episode, Excess
from paes.faults.rule import Parameters, Rule
from paes.faults.rules import water_leak
from paes.faults.view import View
from paes.periods import Span, to_seconds
from paes.store import Store, open_store

pytestmark = [pytest.mark.untraced, pytest.mark.timeout(300)]
METER, CASE = "scuola.main", "scuola.main/water_leak/2025-03-01"
LONG = "molo.gas/water_leak/2025-03-01"


def march(day: int) -> datetime:
    return datetime(2025, 3, day, tzinfo=UTC)


def look(last_day: int) -> Rule[Any]:
    """The rule of leaks, which finds one until ``last_day``; it is over after three days."""

    def found(view: View, _: Parameters) -> list[Episode]:
        if view.meter.id != METER or view.now < march(3):
            return []
        end, over = min(march(last_day), view.now), view.now >= march(last_day + 3)
        numbers = {"night_flow_l_h": 12.5, "nights": float((end - march(1)).days)}
        return [Episode(march(1), end, march(3), over, numbers)]

    return replace(water_leak.RULE, look=found, concerns=lambda meter, site: True, wastes=False)


def live(root: Path, store: Store) -> list[tuple[State, ...]]:
    """Seen, assigned, repaired, verified; the states after each."""
    installation, states = load_installation(root), []

    def note() -> None:
        states.append(tuple(case.state for case in register.all_cases(store)))

    for until, last_day in ((5, 12), (16, 12)):
        ledger = EnergyLedger(installation, store, lambda until=until: march(until))
        register.update_cases(ledger, Span(march(1), march(until)), rules=[look(last_day)])
        note()
        if until == 5:
            for at, word, to in ((6, Word.ASSIGN, "Bianchi"), (11, Word.REPAIRED, None)):
                clock = lambda at=at: march(at)  # noqa: E731
                register.decide(store, CASE, word, "Rossi", "à faire", to, clock)
                note()
    return states


def long_case() -> KeptCase:
    """A year of quarter hours, each of another amount."""
    case = leak("molo.gas", "molo", "porto", 10, 7.0)
    starts = to_seconds(march(1)) + 900 * np.arange(4 * 8760, dtype=np.int64)
    likely = np.random.default_rng(7).random(len(starts)).round(3)
    episode = replace(case.bouts[0].episode, excess=Excess(starts, 900, likely, likely, likely))
    return replace(case, bouts=(replace(case.bouts[0], episode=episode),))


@dataclass
class Lived:
    """A store in which cases lived, and how it is asked."""

    root: Path
    url: str
    states: list[tuple[State, ...]]

    def answer(self, *arguments: str) -> str:
        options = ["--config", str(self.root), "--store", self.url]
        done = CliRunner().invoke(paes, [*options, "faults", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout


@pytest.fixture(scope="module")
def both(
    tmp_path_factory: pytest.TempPathFactory, influx_server: InfluxServer
) -> Iterator[dict[str, Lived]]:
    folder = tmp_path_factory.mktemp("faults")
    root = SmallInstallation(folder / "town").root
    urls = {
        "sqlite": str(folder / "town.sqlite"),
        "influx": influx_server.url(influx_server.new_bucket()),
    }
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TOKEN_VARIABLE, influx_server.token)
        for name, url in urls.items():
            with closing(open_store(url)) as store:
                states = live(root, store)
                keep(store, long_case())
                found[name] = Lived(root, url, states)
        yield found


def test_a_case_lives_the_same_in_both(both: dict[str, Lived]) -> None:
    lived = [(State.NEW,), (State.ASSIGNED,), (State.REPAIRED,), (State.VERIFIED,)]
    assert [both[name].states for name in ("sqlite", "influx")] == [lived, lived]


@pytest.mark.parametrize(
    "question",
    [
        ("--state", "all", "--json"),
        ("show", CASE, "--json"),
        ("show", LONG, "--json"),
        ("labels", "--json"),
        ("--state", "all"),
        ("show", LONG),
    ],
    ids=" ".join,
)
def test_an_answer_is_the_same_on_both_stores(
    both: dict[str, Lived], question: tuple[str, ...]
) -> None:
    first = both["sqlite"].answer(*question)
    assert len(first) > 100
    assert both["influx"].answer(*question) == first


def test_a_year_of_quarter_hours_comes_back_whole(both: dict[str, Lived]) -> None:
    expected = np.random.default_rng(7).random(4 * 8760).round(3).tolist()
    for lived in both.values():
        document: Any = json.loads(lived.answer("show", LONG, "--json"))
        assert document["excess"]["likely"] == expected


def test_words_keep_their_letters_and_their_time(both: dict[str, Lived]) -> None:
    for lived in both.values():
        document: Any = json.loads(lived.answer("show", CASE, "--json"))
        assert [(d["reason"], d["at"][:10]) for d in document["decisions"]] == [
            ("à faire", "2025-03-06"),
            ("à faire", "2025-03-11"),
        ]
