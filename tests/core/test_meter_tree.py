"""Formulas, and to which site a meter's energy belongs: terms are counted by hand.

Messages of configuration are asked of real files, each spoilt in one place.
"""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paes.config import load_installation
from paes.errors import ConfigError
from paes.meter_trees.tree import MeterTree, Term, expanded, net
from paes.meter_trees.virtual import VirtualMeter, parse_formula
from paes.metering import Carrier, Measures
from paes.meters import Meter
from paes.periods import ALWAYS, Span
from tests.core.tree_town import SECTORS, meter, town, virtual
from tests.small_installation import FILES

KWH = Carrier.ELECTRICITY
IN_2026 = Span(datetime(2025, 12, 31, 23, tzinfo=UTC), ALWAYS.end)  # Rome is an hour ahead


def weights(tree: MeterTree, *sites: str) -> dict[str, float]:
    terms = tree.terms(sites, KWH, Measures.WITHDRAWAL)
    assert all(term.span == ALWAYS for term in terms)
    return {term.meter.id: term.weight for term in terms}


def tree(*of: Meter | VirtualMeter) -> MeterTree:
    return MeterTree(town(*of).city())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("main", {"main": 1.0}),
        ("main - heat_pump", {"main": 1.0, "heat-pump": -1.0}),
        ("-lift+main", {"lift": -1.0, "main": 1.0}),
        ("0.5 * main + school.gym*2", {"main": 0.5, "school.gym": 2.0}),
        ("2 * main * 3", {"main": 6.0}),
        ("heat-pump", {"heat-pump": 1.0}),
    ],
)
def test_formulas(text, expected):
    assert parse_formula(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "formula '': no meter in it"),
        ("main -", "formula 'main -': no meter after '-'"),
        ("main - - lift", "formula 'main - - lift': '-' after '-'"),
        ("main lift", "formula 'main lift': expected +, - or * before 'lift'"),
        ("main * lift", ("formula 'main * lift': 'main' times 'lift'; a meter can be multiplied "
         "by a number only")),
        ("* main", "formula '* main': nothing stands before '*'"),
        ("main * - 2", "formula 'main * - 2': '-' after '*'"),
        ("main + 5", "formula 'main + 5': 5 without a meter"),
        ("0 * main", "formula '0 * main': 'main' is multiplied by 0"),
        ("main - main", "formula 'main - main': 'main' is in it twice"),
        ("(main)", ("formula '(main)': unexpected '('; expected names of meters, numbers with a "
         "point, +, - and *")),
        ("main * 0,5", ("formula 'main * 0,5': unexpected ','; expected names of meters, numbers "
         "with a point, +, - and *")),
    ],
)  # fmt: skip
def test_formulas_that_are_none(text, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        parse_formula(text)


NAMES = st.sampled_from(["main", "lift", "heat-pump", "school.gym", "3-giugno"])
PARTS = st.dictionaries(NAMES, st.integers(1, 400).map(lambda n: n / 8), min_size=1)


@settings(deadline=None)
@given(PARTS, st.lists(st.booleans(), min_size=5, max_size=5))
def test_a_formula_reads_as_it_was_written(parts, minuses):
    signs = ["-" if minus else "+" for minus, _ in zip(minuses, parts, strict=False)]
    text = " ".join(f"{s} {w} * {n}" for s, (n, w) in zip(signs, parts.items(), strict=True))
    expected = {n: -w if s == "-" else w for s, (n, w) in zip(signs, parts.items(), strict=True)}
    assert parse_formula(text) == expected


def test_a_submeter_at_the_site_of_its_parent_adds_nothing():
    of = tree(meter("school.main"), meter("school.gym", parent="school.main"))
    assert weights(of, "school") == {"school.main": 1.0}


def test_a_submeter_at_another_site_takes_its_energy_there():
    of = tree(
        meter("school.main"),
        meter("school.gym", parent="school.main"),
        meter("columns.main", parent="school.gym"),
        meter("columns.one", parent="columns.main"),
        meter("flat.main", parent="columns.one"),
    )
    assert weights(of, "school") == {"school.main": 1.0, "columns.main": -1.0}
    assert weights(of, "columns") == {"columns.main": 1.0, "flat.main": -1.0}
    assert weights(of, "flat") == {"flat.main": 1.0}
    assert weights(of, "school", "columns") == {"school.main": 1.0, "flat.main": -1.0}
    assert weights(of, *SECTORS) == {"school.main": 1.0}


def test_a_shared_meter_is_its_own_sites_until_its_first_key():
    main = meter(
        "school.main",
        shares=[
            {"from": "2025-06-01", "sites": {"school": 0.6, "nursery": 0.4}},
            {"from": "2026-01-01", "sites": {"nursery": 1}},
        ],
    )
    of = tree(main, meter("flat.main", parent="school.main"))
    june, january = datetime(2025, 5, 31, 22, tzinfo=UTC), IN_2026.start
    alone, shared = Span(ALWAYS.start, june), Span(june, january)
    part = of.city.meters["flat.main"]
    assert of.terms(["school"], KWH, Measures.WITHDRAWAL) == [
        Term(main, 1.0, alone), Term(main, 0.6, shared),
        Term(part, -1.0, alone), Term(part, -0.6, shared),
    ]  # fmt: skip
    assert of.terms(["nursery"], KWH, Measures.WITHDRAWAL) == [
        Term(main, 0.4, shared), Term(main, 1.0, IN_2026),
        Term(part, -0.4, shared), Term(part, -1.0, IN_2026),
    ]  # fmt: skip
    assert weights(of, "school", "nursery") == {"school.main": 1.0, "flat.main": -1.0}
    assert weights(of, *SECTORS) == {"school.main": 1.0}


def test_a_virtual_meter_is_shown_and_in_no_total():
    of = tree(
        meter("school.main"),
        meter("school.heat-pump", parent="school.main"),
        virtual("school.rest", "main - heat_pump"),
    )
    assert weights(of, "school") == {"school.main": 1.0}
    rest = of.city.virtual_meters["school.rest"]
    born = Span(datetime(2024, 12, 31, 23, tzinfo=UTC), ALWAYS.end)
    assert [(t.meter.id, t.weight, t.span) for t in of.formula(rest)] == [
        ("school.main", 1.0, born), ("school.heat-pump", -1.0, born),
    ]  # fmt: skip


def test_a_virtual_meter_that_counts_takes_its_energy_to_its_site():
    of = tree(
        meter("school.main", valid_from=None),
        meter("school.own", parent="school.main", valid_from=None),
        virtual("nursery.main", "school.main - school.own", counts=True),
        virtual("flat.main", "0.25 * school.own", counts=True),
    )
    assert weights(of, "school") == {"school.own": 0.75}
    assert weights(of, "nursery") == {"school.main": 1.0, "school.own": -1.0}
    assert weights(of, "flat") == {"school.own": 0.25}
    assert weights(of, *SECTORS) == {"school.main": 1.0}


def test_a_virtual_meter_lives_while_all_that_is_in_it_lives():
    of = tree(
        meter("school.main", valid_to=date(2026, 1, 1)),
        meter("school.gym", parent="school.main", valid_from=date(2025, 6, 1)),
        virtual("school.rest", "main - gym", valid_from=date(2025, 4, 1)),
        virtual("school.half", "0.5 * rest"),
        virtual("school.never", "rest", valid_from=date(2026, 1, 1)),
    )
    shown = of.city.virtual_meters
    (life,) = {t.span for t in of.formula(shown["school.half"])}
    assert life == Span(datetime(2025, 5, 31, 22, tzinfo=UTC), IN_2026.start)
    assert of.formula(shown["school.never"]) == []
    assert expanded(shown["school.half"], shown) == {"school.main": 0.5, "school.gym": -0.5}


def test_terms_that_cancel_are_left_out():
    one = meter("school.main")
    day = datetime(2025, 5, 1, tzinfo=UTC)
    before, after = Span(ALWAYS.start, day), Span(day, ALWAYS.end)
    assert net([Term(one, 0.5), Term(one, -0.5, after)]) == [Term(one, 0.5, before)]
    assert net([Term(one, 0.1), Term(one, 0.2), Term(one, -0.3)]) == []
    assert net([Term(one, 1.0, before), Term(one, 1.0, after)]) == [Term(one, 1.0)]


METERS = "cities/porto/meters.yaml"
VIRTUAL = """\
virtual_meters:
  - id: scuola.aule
    carrier: electricity
    formula: main - palestra
"""


@pytest.fixture
def porto(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + (VIRTUAL if name == METERS else ""), encoding="utf-8")
    return tmp_path


def test_the_sound_files_load(porto):
    installation = load_installation(porto)
    assert list(installation.virtual_meters) == ["scuola.aule"]
    assert "scuola.aule" not in installation.meters


SHARES = "    unit: 1\n    ct_ratio: 40\n    shares:\n      - {{from: {day}, sites: {{{sites}}}}}\n"


def shares(sites: str, day: str = "2024-01-01") -> tuple[str, str]:
    return "    unit: 1\n    ct_ratio: 40\n", SHARES.format(day=day, sites=sites)


def line_of(porto, text: str) -> int:
    lines = (porto / METERS).read_text(encoding="utf-8").splitlines()
    return next(i for i, line in enumerate(lines, 1) if text in line)


@pytest.mark.parametrize(
    ("old", "new", "at", "problem"),
    [
        (
            *shares("scuola: 0.6, molo: 0.3"), "sites: {",
            ("meters[scuola.main].shares[0].sites: sites get 0.9 of the energy in all; expected 1, "
            "so that nothing is lost"),
        ),
        (
            *shares("scuola: 0.6, mulo: 0.4"), "sites: {",
            ("meters[scuola.main].shares[0].sites.mulo: no site 'mulo' in sites.yaml; there is "
            "molo, scuola"),
        ),
        (
            "    parent: scuola.main\n",
            "    parent: scuola.main\n    shares: [{from: 2024-01-01, sites: {molo: 1}}]\n",
            "shares: [",
            ("meters[scuola.palestra].shares: shares are those of the meter that it is part of; "
            "leave them out"),
        ),
        (
            "formula: main - palestra", "formula: main - palestre", "formula:",
            ("virtual_meters[scuola.aule].formula: no meter 'scuola.palestre'; is it "
            "scuola.palestra?"),
        ),
        (
            "formula: main - palestra", "formula: main-palestra", "formula:",
            ("virtual_meters[scuola.aule].formula: no meter 'scuola.main-palestra'; write blanks "
            "around a minus, for names have hyphens in them"),
        ),
        (
            "formula: main - palestra", "formula: boiler", "formula:",
            ("virtual_meters[scuola.aule].formula: no meter 'scuola.boiler'; there is scuola.aule, "
            "scuola.main, scuola.palestra"),
        ),
        (
            "formula: main - palestra", "formula: main * palestra", "formula:",
            ("virtual_meters[scuola.aule].formula: formula 'main * palestra': 'main' times "
            "'palestra'; a meter can be multiplied by a number only"),
        ),
        (
            "formula: main - palestra", "formula: main - molo.gas", "formula:",
            ("virtual_meters[scuola.aule].formula: molo.gas measures natural_gas, not electricity; "
            "a formula has one carrier and unit"),
        ),
        (
            "formula: main - palestra", "formula: main - aule", "formula:",
            ("virtual_meters[scuola.aule].formula: formula has scuola.aule in it, which is this "
            "meter itself"),
        ),
        (
            "  - id: scuola.aule", "  - id: scuola.main", "formula:",
            ("virtual_meters[scuola.main].formula: formula has scuola.main in it, which is this "
            "meter itself"),
        ),
        (
            "  - id: scuola.aule", "  - id: scuola.palestra\n    name: x", "formula:",
            ("virtual_meters[scuola.palestra].formula: formula has scuola.palestra in it, which is "
            "this meter itself"),
        ),
        (
            "  - id: scuola.aule\n    carrier: electricity\n    formula: main - palestra",
            "  - {id: molo.gas, carrier: electricity, formula: scuola.main}", "{id: molo.gas",
            "virtual_meters[molo.gas].id: this id is there already, under meters:",
        ),
        (
            "  - id: scuola.aule\n    carrier: electricity\n    formula: main - palestra",
            "  - {id: mulo.x, carrier: electricity, formula: scuola.main}", "{id: mulo.x",
            "virtual_meters[mulo.x].id: no site 'mulo' in sites.yaml; there is molo, scuola",
        ),
        (
            "formula: main - palestra",
            "formula: b\n  - {id: scuola.b, carrier: electricity, formula: aule}", "formula: b",
            "virtual_meters[scuola.aule].formula: scuola.aule would be computed from itself",
        ),
        (
            "formula: main - palestra", "formula: main - palestra\n    counts: true", "counts:",
            ("virtual_meters[scuola.aule].counts: its energy belongs to this site already; leave "
            "out counts:"),
        ),
        (
            "formula: main - palestra",
            ("formula: main\n  - {id: molo.a, carrier: electricity, formula: 2 * scuola.main, "
            "counts: true}"),
            "{id: molo.a",
            ("virtual_meters[molo.a].counts: scuola.main would be counted twice: -1 of it is left "
            "at scuola; what belongs to another site already is taken off the formula, as often "
            "as it is in it"),
        ),
        (
            "formula: main - palestra",
            ("formula: main\n  - {id: molo.a, measures: generation, carrier: electricity, "
            "formula: scuola.main, counts: true}"),
            "{id: molo.a",
            ("virtual_meters[molo.a].counts: scuola.main counts as withdrawal, not as generation; "
            "leave out counts:"),
        ),
        (
            "    ct_ratio: 40\n", "    ct_ratio: 40\n    plant: wind\n", "plant:",
            "meters[scuola.main].plant: plant wind of a meter that measures withdrawal",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(porto, old, new, at, problem):
    path = porto / METERS
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_installation(porto)
    assert caught.value.problems[0] == f"{path}:{line_of(porto, at)}: {problem}"


def test_two_that_count_the_same_part_are_refused(porto):
    """The school's gym belongs to the quay; what is left of the school is its main less the gym."""
    path = porto / METERS
    text = path.read_text(encoding="utf-8").replace("scuola.palestra", "molo.palestra")
    text = text.replace("  - id: scuola.aule\n", "  - id: molo.aule\n    counts: true\n")
    right = text.replace("main - palestra", "scuola.main - palestra")
    path.write_text(right, encoding="utf-8")
    weights = MeterTree(load_installation(porto).city())
    assert weights.terms(["scuola"], KWH, Measures.WITHDRAWAL) == []
    path.write_text(text.replace("main - palestra", "scuola.main"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"molo\.palestra would be counted twice: -1"):
        load_installation(porto)


def test_what_is_fed_in_may_be_computed_of_what_is_generated(porto):
    """The gym is a plant here: it gives all to the grid, or half; twice is too much."""
    path = porto / METERS
    text = path.read_text(encoding="utf-8")
    part = "    measures: submeter\n    parent: scuola.main\n"
    assert text.count(part) == 1
    text = text.replace(part, "    measures: generation\n")
    fed_in = "measures: feed_in\n    counts: true\n    formula: "
    for formula, weight in (("palestra", 1.0), ("0.5 * palestra", 0.5)):
        path.write_text(text.replace("formula: main - palestra", fed_in + formula))
        tree = MeterTree(load_installation(porto).city())
        (made,) = tree.terms(["scuola"], KWH, Measures.GENERATION)
        (given,) = tree.terms(["scuola"], KWH, Measures.FEED_IN)
        assert (made.weight, given.meter.id, given.weight) == (1.0, "scuola.palestra", weight)
        (bought,) = tree.terms(["scuola"], KWH, Measures.WITHDRAWAL)
        assert bought.meter.id == "scuola.main"
    path.write_text(text.replace("formula: main - palestra", fed_in + "2 * palestra"))
    with pytest.raises(ConfigError) as caught:
        load_installation(porto)
    assert caught.value.problems == [
        (
            f"{path}:{line_of(porto, 'counts:')}: virtual_meters[scuola.aule].counts: 2 of "
            "scuola.palestra cannot be fed in; expected a part of what it makes"
        )
    ]
    path.write_text(text.replace("formula: main - palestra", fed_in + "palestra + main"))
    with pytest.raises(ConfigError, match="counts as withdrawal, not as feed_in"):
        load_installation(porto)
