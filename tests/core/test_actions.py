"""The register of actions: what stops the start, what a person should look at, and its status."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from paes.config import load_installation
from paes.config_file import read_yaml
from paes.errors import ConfigError
from paes.metering import Carrier, Sector
from paes.plan.action import Action, Funding, Origin, Overlap, Status
from paes.plan.covenant_lists import CovenantLists
from paes.plan.declared_effect import declared_effect
from paes.plan.findings import is_late, register_findings, underived_findings
from paes.plan.register import Chosen, register_status
from paes.schema import Text
from paes.shipped_files import shipped_config

NAME = Text(it="prova", en="test")
TODAY = date(2026, 11, 22)
ACTIONS = "cities/porto/actions.yaml"
SITES = "    sites:\n      - scuola\n      - molo\n"
"""Lines 8 to 10 of the file."""
SECOND = """\
  - id: caldaia
    name: {it: Caldaia, en: Boiler}
    sector: municipal_buildings
    status: not_started
"""


def action(name: str = "a", **more) -> Action:
    given = {"sector": Sector.PUBLIC_LIGHTING, "status": Status.COMPLETED, **more}
    return Action(id=name, name=NAME, **given)


def problems(small) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load_installation(small.root)
    return refused.value.problems


@pytest.fixture(scope="module")
def lists() -> CovenantLists:
    return read_yaml(shipped_config() / "covenant_lists.yaml", CovenantLists)


# ---- what stops the start


@pytest.mark.parametrize(
    ("lines", "line", "key", "told"),
    [
        ("    area: A12x\n", 11, "area", ("no area of intervention 'A12x'", "A12")),
        ("    instrument: energy\n", 11, "instrument", ("policy instrument", "energy-management")),
        (
            "    funding:\n      - {source: own-resource}\n", 12,
            "funding[0].source", ("no source 'own-resource'", "own-resources"),
        ),
        ("    stakeholders: [citizen]\n", 11, "stakeholders[0]", ("stakeholder", "citizens")),
        ("    meters: [scuola.mian]\n", 11, "meters[0]", ("no meter 'scuola.mian'", "scuola.main")),
        ("    work_table: porto\n", 11, "work_table", ("work table 'porto' in masterplan.yaml",)),
        ("    themes: [sole]\n", 11, "themes[0]", ("no theme 'sole' in masterplan.yaml",)),
        ("    requires: [caldaie]\n", 11, "requires[0]", ("no action 'caldaie'", "caldaia")),
        ("    excludes: [x]\n", 11, "excludes[0]", ("no action 'x'",)),
        ("    excludes: [led]\n", 11, "excludes", ("names the action itself",)),
        (
            "    overlaps:\n      - {action: x, fraction: 0.5}\n", 12,
            "overlaps[0].action", ("no action 'x'",),
        ),
        (
            "    overlaps:\n" + 2 * "      - {action: caldaia, fraction: 0.5}\n", 13,
            "overlaps[1].action", ("caldaia is there twice",),
        ),
        (
            "    requires: [caldaia]\n    excludes: [caldaia]\n", 11,
            "requires", ("caldaia is required and excluded",),
        ),
        ("    own_fraction: 0.5\n", 11, "own_fraction", ("that of a mixed action",)),
        ("    completed_fraction: 1.5\n", 11, "completed_fraction", ("1.5",)),
        ("    lifetime_years: 0\n", 11, "lifetime_years", ("0",)),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_told_with_its_line_and_what_there_is(small, lines, line, key, told):
    small.replace(ACTIONS, SITES, SITES + lines + SECOND)
    (problem,) = problems(small)
    assert f"{ACTIONS}:{line}: actions[led].{key}: " in problem
    for words in told:
        assert words in problem
    assert "\n" not in problem


def test_two_sided_overlaps_are_refused_for_they_would_take_the_part_off_twice(small):
    each = "    overlaps:\n      - {{action: {}, fraction: 0.5}}\n"
    small.replace(ACTIONS, SITES, SITES + each.format("caldaia") + SECOND + each.format("led"))
    (problem,) = problems(small)
    assert f"{ACTIONS}:11: actions[led].overlaps: a circle: led -> caldaia -> led" in problem
    assert "leave out one side" in problem


def test_circles_of_what_is_required_are_refused(small):
    third = SECOND.replace("caldaia", "tetto") + "    requires: [led]\n"
    lines = "    requires: [caldaia]\n" + SECOND + "    requires: [tetto]\n" + third
    small.replace(ACTIONS, SITES, SITES + lines)
    (problem,) = problems(small)
    assert "actions[led].requires: a circle: led -> caldaia -> tetto -> led" in problem


def test_masterplan_names_are_accepted_and_a_broken_masterplan_is_told_once(small):
    small.replace(ACTIONS, SITES, SITES + "    work_table: luce\n    themes: [sole]\n")
    plan = """\
name: {it: Piano, en: Plan}
work_tables:
  - {id: luce, name: {it: Luce, en: Light}}
themes:
  - {id: sole, name: {it: Sole, en: Sun}}
"""
    small.write({"cities/porto/masterplan.yaml": plan})
    masterplan = load_installation(small.root).city().masterplan
    assert masterplan is not None
    assert [t.id for t in masterplan.work_tables] == ["luce"]
    small.replace("cities/porto/masterplan.yaml", "work_tables:", "tables:")
    assert len(problems(small)) == 2  # the unknown key and the missing one; no work table is blamed


# ---- the Covenant's lists


def test_the_lists_are_whole_and_say_what_nobody_verified(lists):
    """Counts are those of the template's lists: 44 areas in 7 groups, 17 instruments and on."""
    assert [len(g.items) for g in lists.areas.groups] == [9, 4, 5, 11, 7, 4, 5]
    assert len(lists.instruments.items) == 17
    assert lists.statuses.codes == [str(s) for s in Status]
    assert {str(o) for o in Origin} < set(lists.origins.codes)
    assert len(lists.funding_sources.items) == 7
    assert len(lists.stakeholders.items) == 8
    assert lists.notation_keys.codes == ["NO", "IE", "C", "NE"]
    assert "memory" in lists.areas.unverified
    assert "whole list" in lists.origins.unverified
    assert lists.areas.name("A410").en == "Eco-driving"
    assert lists.areas.name("A99") is None


def test_an_installation_may_have_lists_of_its_own(small):
    text = (shipped_config() / "covenant_lists.yaml").read_text(encoding="utf-8")
    small.write({"covenant_lists.yaml": text.replace("code: A53", "code: Z1")})
    small.replace(ACTIONS, SITES, SITES + "    area: Z1\n")
    assert load_installation(small.root).city().actions[0].area == "Z1"
    small.write({"covenant_lists.yaml": text.replace("code: A53", "code: A52")})
    assert any("there twice: A52" in p for p in problems(small))


# ---- what a person should look at


def names(*actions: Action, lists: CovenantLists | None = None) -> list[str]:
    return [f.name.removeprefix("action.") for f in register_findings(actions, TODAY, lists)]


DAY = timedelta(days=1)
DONE = {"end": date(2020, 12, 31)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (DONE, []),
        ({"end": None}, ["completed_without_end"]),
        ({"end": TODAY + DAY}, ["completed_ahead"]),
        ({"end": TODAY}, []),
        ({"status": Status.ONGOING, "end": TODAY - DAY}, ["late"]),
        ({"status": Status.ONGOING, "end": TODAY}, []),
        ({"status": Status.ONGOING}, []),
        ({"status": Status.NOT_STARTED, "end": TODAY - DAY}, ["late"]),
        ({"status": Status.NOT_STARTED, "start": TODAY}, ["start_passed"]),
        ({"status": Status.NOT_STARTED, "start": TODAY + DAY}, []),
        ({"status": Status.POSTPONED, "end": TODAY - DAY}, []),
        ({"status": Status.CANCELLED, "end": TODAY - DAY}, []),
        ({"end": date(2010, 1, 1), "lifetime_years": 15}, ["lifetime_over"]),
        ({"end": date(2010, 1, 1), "lifetime_years": 17}, []),
        ({**DONE, "completed_fraction": 0.8}, ["completed_fraction"]),
        ({"status": Status.NOT_STARTED, "completed_fraction": 0.1}, ["completed_fraction"]),
        ({**DONE, "cost_eur": 10, "spent_eur": 10.5}, ["spent_above_cost"]),
        ({**DONE, "cost_eur": 10, "spent_eur": 10}, []),
        ({**DONE, "declared_saving_mwh": 5}, ["saving_without_carrier"]),
        ({**DONE, "declared_production_mwh": 5}, ["production_without_carrier"]),
    ],
)
def test_what_is_odd_about_one_action(given, expected):
    assert names(action(**given)) == expected


@pytest.mark.parametrize(
    ("eur", "expected"),
    [
        ((60, 40), []),
        ((60, 41), ["funding_sum"]),
        ((60, 39), ["funding_sum"]),
        ((60, None), []),  # the rest may be the one without a figure
        ((101, None), ["funding_sum"]),
        ((0.1, 99.9), []),
    ],
)
def test_money_from_all_sources_makes_the_cost(eur, expected):
    funds = tuple(Funding(source="own-resources", eur=part) for part in eur)
    assert names(action(**DONE, cost_eur=100, funding=funds)) == expected


def test_a_late_action_tells_how_late_it_is():
    late = action(status=Status.ONGOING, end=TODAY - timedelta(days=40))
    (finding,) = register_findings([late], TODAY)
    assert (finding.name, finding.subject) == ("action.late", "a")
    assert finding.numbers == {"late_days": 40.0}
    assert is_late(late, TODAY)
    assert not is_late(late, TODAY - timedelta(days=40))


def test_an_area_of_another_sector_is_told(lists):
    bulbs = action(area="A21", **DONE)
    panels = action("b", area="A53", **DONE)  # a plant may stand in any sector
    boiler = action("c", area="A13", **DONE)
    assert names(bulbs, panels, boiler, lists=lists) == ["area_of_other_sector"]


def test_actions_that_do_not_go_together_are_told():
    buses = action("e", status=Status.NOT_STARTED, excludes=("gas",))
    gas = action("gas", status=Status.ONGOING)
    put_off = action("gas", status=Status.POSTPONED)
    assert names(buses, gas) == ["excluded_beside"]
    assert names(buses, put_off) == []


@pytest.mark.parametrize(
    ("status", "other", "expected"),
    [
        (Status.COMPLETED, Status.ONGOING, ["required_not_completed"]),
        (Status.COMPLETED, Status.COMPLETED, []),
        (Status.ONGOING, Status.ONGOING, []),
        (Status.ONGOING, Status.CANCELLED, ["required_cancelled"]),
        (Status.CANCELLED, Status.CANCELLED, []),
    ],
)
def test_what_an_action_requires_has_to_come_first(status, other, expected):
    ends = {Status.COMPLETED: date(2020, 12, 31)}
    plants = action("plants", status=status, requires=("study",), end=ends.get(status))
    study = action("study", status=other, end=ends.get(other))
    assert names(plants, study) == expected


def test_overlaps_beyond_the_whole_are_told():
    shares = tuple(Overlap(action=n, fraction=0.6) for n in ("b", "c"))
    assert names(action(overlaps=shares, **DONE)) == ["overlaps_above_whole"]


def test_energy_without_tonnes_is_told():
    gas = action("gas", carrier=Carrier.NATURAL_GAS, declared_saving_mwh=5, **DONE)
    sun = action("sun", carrier=Carrier.SOLAR_THERMAL, declared_production_mwh=5, **DONE)
    effects = [(a, declared_effect(a, 2025, lambda *_: 0.2)) for a in (gas, sun)]
    assert [(f.name, f.subject) for f in underived_findings(effects)] == [
        ("action.tonnes_not_derived", "sun")
    ]


# ---- the register as a whole


REGISTER = (
    action("led", **DONE, cost_eur=1000, spent_eur=900, declared_reduction_t=10,
           funding=(Funding(source="own-resources", eur=1000),)),
    action("panels", end=date(2025, 6, 30), cost_eur=500, carrier=Carrier.ELECTRICITY,
           declared_production_mwh=100, sector=Sector.MUNICIPAL_BUILDINGS),
    action("walls", status=Status.ONGOING, end=date(2026, 1, 31), cost_eur=4000,
           carrier=Carrier.NATURAL_GAS, declared_saving_mwh=50, origin=Origin.MIXED,
           own_fraction=0.25, sector=Sector.MUNICIPAL_BUILDINGS, work_table="schools",
           overlaps=(Overlap(action="led", fraction=0.5),)),
    action("study", status=Status.ONGOING, themes=("sun",)),
    action("idea", status=Status.CANCELLED, cost_eur=9000, declared_reduction_t=99),
)  # fmt: skip


def status_of(chosen: Chosen | None = None):
    return register_status(REGISTER, 2025, TODAY, lambda *_: 0.2, chosen)


def test_the_register_adds_up():
    """Completed: 10 t + 100 MWh x 0.2 = 30 t a year; in 2025 panels work 184 of 365 days.

    Ongoing: 50 MWh x 0.2 less half, 5 t, a quarter of it the town's own. The cancelled one costs,
    but declares nothing that counts.
    """
    found = status_of()
    done, ongoing = found.by_status[Status.COMPLETED], found.by_status[Status.ONGOING]
    assert (done.actions, done.cost_eur, done.spent_eur, done.funded_eur) == (2, 1500, 900, 1000)
    assert done.reduction_t == pytest.approx(30)
    assert done.derived_t == pytest.approx(20)
    assert done.in_year_t == pytest.approx(10 + 20 * 184 / 365)
    assert (done.production_mwh, done.saving_mwh) == (100, 0)
    assert (ongoing.actions, ongoing.late, ongoing.with_cost, ongoing.declaring) == (2, 1, 1, 1)
    assert (ongoing.saving_mwh, ongoing.reduction_t) == (25, pytest.approx(5))
    assert ongoing.in_year_t == 0
    assert found.by_status[Status.CANCELLED].reduction_t == 0
    assert list(found.by_status) == [Status.ONGOING, Status.COMPLETED, Status.CANCELLED]
    assert (found.total.actions, found.total.cost_eur) == (5, 14500)
    assert found.total.reduction_t == pytest.approx(35)
    assert found.completed.own_t == pytest.approx(10 + 20 * 184 / 365)
    assert found.planned.own_t == pytest.approx(1.25)
    assert found.planned.supra_ordinate_t == pytest.approx(3.75)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Chosen(status=Status.ONGOING), ["walls", "study"]),
        (Chosen(sector=Sector.MUNICIPAL_BUILDINGS), ["panels", "walls"]),
        (Chosen(origin=Origin.MIXED), ["walls"]),
        (Chosen(work_table="schools"), ["walls"]),
        (Chosen(theme="sun"), ["study"]),
        (Chosen(status=Status.COMPLETED, sector=Sector.PUBLIC_LIGHTING), ["led"]),
    ],
)
def test_a_part_of_the_register_still_overlaps_with_the_rest(chosen, expected):
    found = status_of(chosen)
    assert [e.action.id for e in found.entries] == expected
    for entry in found.entries:
        if entry.action.id == "walls":
            assert entry.whole.net_reduction_t == pytest.approx(5)


def big_register(number: int, total_eur: float) -> list[Action]:
    """``number`` actions of the same cost, each but the first over half of the one before."""
    return [
        action(
            f"a{i}",
            status=(Status.COMPLETED, Status.ONGOING, Status.NOT_STARTED)[i % 3],
            end=date(2015 + i % 20, 12, 31),
            cost_eur=total_eur / number,
            declared_reduction_t=8.0,
            lifetime_years=30,
            overlaps=(Overlap(action=f"a{i - 1}", fraction=0.5),) if i else (),
        )
        for i in range(number)
    ]


@pytest.mark.parametrize("number", [45, 500])
def test_a_register_of_a_masterplans_size_adds_up(number):
    """124 MEUR; the first counts whole, every other half of 8 t."""
    register = big_register(number, 124e6)
    found = register_status(register, 2025, TODAY, lambda *_: 0.2)
    assert found.total.actions == number
    assert found.total.cost_eur == pytest.approx(124e6)
    assert found.total.reduction_t == pytest.approx(8 + 4 * (number - 1))
    counts = [sums.actions for sums in found.by_status.values()]
    assert len(counts) == 3
    assert sum(counts) == number
    assert register_findings(register, TODAY)
