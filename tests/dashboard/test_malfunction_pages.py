"""Malfunctions on their pages: ranked by money, told whole, and decided on by those who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from flask.testing import FlaskClient
from kept_faults import keep, leak
from page_request import charts_request
from shown_town import MovingClock

from dashboard.access.rights import Role, User
from dashboard.app import create_app
from dashboard.pages.markup import markup
from dashboard.pages.sparkline import sparkline
from dashboard.queries.cases import case_path, id_of_part, points_of, spark_of
from paes.faults.cases.case import State, Word
from paes.faults.cases.register import case_of, decide
from paes.faults.cases.run import run_event
from paes.faults.episode import Picture
from paes.installation import Installation
from paes.periods import Span
from paes.store.sqlite import SqliteStore

CITY = "la-spezia"
DEAR, CHEAP, OVER, FALSE = (
    "piscina-comunale.water", "scuola-2-giugno.water", "sollevamento-lagora.water",
    "biblioteca-civica.main",
)  # fmt: skip
CASE = f"{DEAR}/water_leak/2025-03-01"
PAGE = f"/allarmi/{DEAR}~water_leak~2025-03-01"


@dataclass
class Town:
    """A served town whose reader can be changed, and what its audit log was told."""

    store: SqliteStore
    client: FlaskClient
    reader: User = field(default_factory=lambda: User("Verdi", Role.TECHNICIAN))
    audited: list[tuple[str, str, str, str]] = field(default_factory=list)

    def page(self, address: str) -> str:
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    def say(self, word: Word, **form: str) -> str:
        """Where the answer leads to, or its status."""
        answer = self.client.post(PAGE, data={"word": word.value, **form})
        return answer.headers.get("Location", str(answer.status_code))

    def state(self, case: str = CASE) -> State:
        return case_of(self.store, case).state


@pytest.fixture
def town(
    assets: None, installation: Installation, empty_store: SqliteStore, clock: MovingClock
) -> Iterator[Town]:
    """Two open leaks of 70 and 7 EUR a week for 30 days, one that is over, one dismissed."""
    keep(
        empty_store,
        leak(DEAR, "piscina-comunale", CITY, 100, 70.0),
        leak(CHEAP, "scuola-2-giugno", CITY, 10, 7.0),
        leak(OVER, "sollevamento-lagora", CITY, 20, 14.0, is_over=True),
        leak(FALSE, "biblioteca-civica", CITY, 50, 35.0),
    )
    decide(empty_store, f"{FALSE}/water_leak/2025-03-01", Word.DISMISS, "Neri", "irrigazione",
           clock=clock)  # fmt: skip
    span = Span(clock().replace(month=1, day=1), clock())
    empty_store.write_events([run_event(clock(), span, ())])
    found: list[Town] = []
    app = create_app(installation, empty_store, clock=clock, who=lambda: found[0].reader)
    found.append(Town(empty_store, app.server.test_client()))
    app.visits.audit = lambda user, *told: found[0].audited.append((user.name, *told))
    yield found[0]
    app.close()


def test_the_list_is_ranked_by_money_and_adds_up_what_is_open(town: Town) -> None:
    """70 + 7 EUR a week with bounds of a tenth; 30 days of them are 330 EUR."""
    text = town.page("/allarmi")
    assert "2 allarmi aperti" in text
    assert "77\u00a0€ la settimana" in text
    assert "tra 69\u00a0€ e 85\u00a0€" in text
    assert "330\u00a0€" in text
    assert "tra 297\u00a0€ e 363\u00a0€" in text
    assert "Ultimo controllo: 22 novembre 2026, 10:30" in text
    assert text.index(case_path(CASE)) < text.index(f"{CHEAP}~water_leak")
    assert OVER not in text
    assert FALSE not in text
    assert "passano almeno 100 litri d’acqua all’ora" in text
    english = town.page("/allarmi?lang=en&state=dismissed")
    assert FALSE in english
    assert CHEAP not in english
    assert "at least 50 litres of water an hour" in english


def test_a_choice_narrows_the_list_and_an_unknown_one_is_told(town: Town) -> None:
    one = town.page("/allarmi?state=all&site=scuola-2-giugno")
    assert CHEAP in one
    assert DEAR not in one
    closed = town.page("/allarmi?state=closed")
    assert OVER in closed
    assert "chiuso dai consumi" in closed
    assert CHEAP not in closed
    odd = town.page("/allarmi?state=perduti")
    assert "Il valore «perduti» non esiste qui" in odd
    none = town.page("/allarmi?state=taken")
    assert "Nessun allarme per questa scelta" in none
    assert "4 in tutto, dei quali 2 aperti" in none


def test_the_ledger_of_losses_counts_no_false_alarm(town: Town) -> None:
    """A file with a row a month, kind and site: three leaks in March, none of the dismissed one."""
    answer = town.client.get("/allarmi/csv/losses")
    lines = answer.get_data(as_text=True).strip().splitlines()
    assert answer.headers["Content-Disposition"].endswith('"la-spezia-losses.csv"')
    sites = [line.split(";")[2] for line in lines[1:]]
    assert len(sites) == 3
    assert not any("Biblioteca" in site for site in sites)
    assert all(line.startswith("marzo 2025;Perdita d’acqua;") for line in lines[1:])


def test_one_case_tells_its_evidence_its_price_and_its_course(town: Town) -> None:
    text = town.page(PAGE)
    assert "Perdita d’acqua – Piscina comunale" in text
    assert "in media <strong>100" in text
    assert "di solito" in text
    assert "Passi in cui nessuno ha visto: 1 su 58" in text  # the sixth of 28 days before
    assert "70\u00a0€" in text
    assert "tra 63\u00a0€ e 77\u00a0€" in text
    assert "portata di notte" in text
    assert "le letture lo mostrano" in text
    asked = charts_request(f"http://localhost{PAGE}")
    answer = town.client.post("/_dash-update-component", json=asked).get_json()
    figure = answer["response"]["charts"]["data"]["figures"]["evidence"]
    seen = next(t for t in figure["data"] if t["name"] == "visto")
    assert len(seen["y"]) == 58
    assert seen["y"][5] is None
    assert not seen["connectgaps"]
    missing = town.client.get("/allarmi/nessuno~water_leak~2025-03-01")
    assert missing.status_code == 404
    assert "Non c’è nessun allarme «nessuno/water_leak/2025-03-01»" in missing.text


def test_a_technician_takes_notes_and_tells_of_repairs_but_decides_nothing(town: Town) -> None:
    assert town.say(Word.ACKNOWLEDGE).endswith("?told=done")
    assert town.say(Word.ACKNOWLEDGE).endswith("?told=changed")  # somebody has it already
    assert town.say(Word.NOTE).endswith("?told=reason")
    assert town.say(Word.NOTE, reason="sotto il lavabo").endswith("?told=done")
    assert town.say(Word.DISMISS, reason="no") == "403"
    assert town.say(Word.ASSIGN, assignee="Rossi") == "403"
    assert town.state() is State.ACKNOWLEDGED
    text = town.page(f"{PAGE}?told=done")
    assert "La decisione è scritta" in text
    assert "sotto il lavabo" in text
    assert 'value="repaired"' in text
    assert 'value="dismiss"' not in text
    assert town.say(Word.REPAIRED, reason="guarnizione").endswith("?told=done")
    # the clock stands long after the last reading of the leak: the word stands as it is
    assert town.state() is State.REPAIRED
    assert town.audited == [
        ("Verdi", "case.acknowledge", CASE, ""),
        ("Verdi", "case.note", CASE, "sotto il lavabo"),
        ("Verdi", "case.repaired", CASE, "guarnizione"),
    ]


def test_a_manager_assigns_and_dismisses_with_a_name_and_a_reason(town: Town) -> None:
    town.reader = User("Bianchi", Role.ENERGY_MANAGER)
    assert town.say(Word.ASSIGN).endswith("?told=name")
    assert town.say(Word.ASSIGN, assignee="Rossi").endswith("?told=done")
    assert "affidato a Rossi" in town.page(PAGE)
    assert town.say(Word.DISMISS, reason=" ").endswith("?told=reason")
    assert town.say(Word.DISMISS, reason="si riempie la vasca").endswith("?told=done")
    assert town.state() is State.DISMISSED
    said = case_of(town.store, CASE).decisions
    assert [(d.author, d.word, d.assignee) for d in said] == [
        ("Bianchi", Word.ASSIGN, "Rossi"),
        ("Bianchi", Word.DISMISS, None),
    ]
    assert "7\u00a0€" in town.page("/allarmi")  # only the other one is open
    long = "x" * 2001
    assert town.say(Word.NOTE, reason=long).endswith("?told=long")


def test_a_viewer_reads_and_says_nothing(town: Town) -> None:
    town.reader = User("Gialli", Role.VIEWER)
    assert "può leggere gli allarmi, non decidere" in town.page(PAGE)
    assert "Prendo in carico" not in town.page("/allarmi")
    assert town.say(Word.NOTE, reason="prova") == "403"
    assert town.say(Word.ACKNOWLEDGE) == "403"
    assert town.state() is State.NEW
    assert town.audited == []


def test_where_nobody_has_looked_the_page_says_so(
    assets: None, installation: Installation, empty_store: SqliteStore, clock: MovingClock
) -> None:
    app = create_app(installation, empty_store, clock=clock)
    try:
        text = app.server.test_client().get("/allarmi").text
    finally:
        app.close()
    assert "Nessuno ha ancora cercato guasti" in text
    assert "paes faults run" in text


def test_a_small_picture_breaks_its_line_where_nobody_saw() -> None:
    """Four steps known, one gap, five known: two lines; and 60 points of 120 steps are means."""
    seen = np.array([1.0, 1, 1, 1, np.nan, 9, 9, 9, 9, 9])
    picture = Picture(0, 86_400, "l/h", seen, np.ones(10))
    case = leak(DEAR, "piscina-comunale", CITY, 1, None)
    episode = replace(case.bouts[0].episode, picture=picture)
    spark = spark_of(episode)
    assert spark is not None
    text = markup(sparkline(spark, "visto <9>"))
    assert text.count('class="seen"') == 2
    assert text.count('class="usual"') == 1
    assert 'aria-label="visto &lt;9&gt;"' in text
    long = Picture(0, 3600, "kW", np.arange(120.0), np.full(120, np.nan))
    points = points_of(long, 60)
    assert points.seen[:2] == (0.5, 2.5)
    assert points.usual[0] is None
    assert points.step.total_seconds() == 7200


def test_a_case_is_named_in_an_address_and_found_again() -> None:
    path = case_path("scuola.main/register_step/2025-03-12/replacement")
    assert path == "/allarmi/scuola.main~register_step~2025-03-12~replacement"
    assert id_of_part(path.rpartition("/")[2]) == "scuola.main/register_step/2025-03-12/replacement"
