"""What can be wrong in the register of actions: every name it uses must exist.

Problems are texts with file, line and key, as in ``paes.config_checks``. What is merely odd about
an action is a finding (``paes.plan.findings``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter

from paes.city_files import ActionsFile, CityFiles
from paes.config_checks import repeated_ids
from paes.config_file import Location, Parsed
from paes.installation import some
from paes.plan.action import Action
from paes.plan.covenant_lists import AreaList, CodeList, CovenantLists
from paes.plan.measurement import BASELINE_DAYS, Measurement

_HINTS = {
    "overlaps": "a common part counts with one of them: leave out one side",
    "requires": "none of them could be the first",
}


def plan_problems(files: CityFiles, lists: CovenantLists | None) -> list[str]:
    """What is wrong with a city's targets and register; without lists codes are not checked."""
    problems = list(_population_problems(files))
    if files.actions is None:
        return problems
    register = _Register(files.actions)
    problems += repeated_ids(
        files.actions.tree, "actions", [a.id for a in files.actions.value.actions]
    )
    problems += register.place_problems(files)
    problems += register.masterplan_problems(files)
    problems += register.relation_problems()
    problems += register.measurement_problems(files)
    if lists:
        problems += register.code_problems(lists)
    return problems


def _population_problems(files: CityFiles) -> Iterator[str]:
    """A target per head needs the inhabitants of its base year."""
    if not (files.plan and files.facts):
        return
    counted = [p.year for p in files.facts.value.population]
    for target in files.plan.value.targets:
        if target.kind == "per_capita" and not any(y <= target.base_year for y in counted):
            yield files.facts.tree.problem(
                ("population",),
                f"no inhabitants of {target.base_year} or before; expected them, for target "
                f"{target.id} is per head",
            )


class _Register:
    """The register with its lines."""

    def __init__(self, parsed: Parsed[ActionsFile]) -> None:
        self._tree = parsed.tree
        self._actions = parsed.value.actions
        self._ids = {a.id for a in self._actions}

    def place_problems(self, files: CityFiles) -> Iterator[str]:
        """Sites and meters that do not exist."""
        if files.sites:
            sites = {s.id for s in files.sites.value.sites}
            yield from self._unknown("sites", "site", sites, " in sites.yaml")
        if files.meters:
            found = files.meters.value
            meters = {m.id for m in found.all_meters} | {m.id for m in found.virtual_meters}
            yield from self._unknown("meters", "meter", meters, " in meters.yaml")

    def measurement_problems(self, files: CityFiles) -> Iterator[str]:
        """Measured savings: names that do not exist, and nothing to measure."""
        sites = {s.id for s in files.sites.value.sites} if files.sites else None
        meters = {m.id for m in files.meters.value.all_meters} if files.meters else None
        for index, action in enumerate(self._actions):
            of = action.measurement
            if of is None:
                continue
            place: Location = ("actions", index, "measurement")
            for key, named, known in (("sites", of.sites, sites), ("meters", of.meters, meters)):
                for i, name in enumerate(named):
                    if known is not None:
                        where = f" in {key}.yaml"
                        yield from self._absent((*place, key, i), name, key[:-1], known, where)
            yield from self._unmeasured(place, action, of)

    def _unmeasured(self, place: Location, action: Action, of: Measurement) -> Iterator[str]:
        """Without meters or sites nothing is measured, without a carrier nobody knows what."""
        if not (of.sites or of.meters or action.sites or action.meters):
            message = "nothing to measure; expected sites or meters, here or at the action"
            yield self._tree.problem(place, message)
        if not (of.carriers or of.meters or action.meters or action.carrier):
            message = "no carrier; expected carriers here, or carrier at the action"
            yield self._tree.problem(place, message)
        measured = {*of.sites, *action.sites}
        for i, event in enumerate(of.non_routine):
            if event.site and not of.meters and event.site not in measured:
                location = (*place, "non_routine", i, "site")
                yield from self._absent(location, event.site, "site", measured, " of this action")
            if event.last and event.last < of.works_start and not _in_baseline(event.last, of):
                message = f"{event.last} is before the baseline year; it changes nothing measured"
                yield self._tree.problem((*place, "non_routine", i, "last"), message)

    def masterplan_problems(self, files: CityFiles) -> Iterator[str]:
        """Work tables and themes that the masterplan does not have."""
        plan = files.masterplan.value if files.masterplan else None
        if plan is None and (files.folder / "masterplan.yaml").exists():
            return  # it could not be read: its own problems are told
        tables = {table.id for table in plan.work_tables} if plan else set()
        themes = {theme.id for theme in plan.themes} if plan else set()
        for index, action in enumerate(self._actions):
            if action.work_table:
                place: Location = ("actions", index, "work_table")
                yield from self._absent(
                    place, action.work_table, "work table", tables, " in masterplan.yaml"
                )
        yield from self._unknown("themes", "theme", themes, " in masterplan.yaml")

    def code_problems(self, lists: CovenantLists) -> Iterator[str]:
        """Codes that are in none of the Covenant's lists."""
        for index, action in enumerate(self._actions):
            place = ("actions", index)
            coded: list[tuple[Location, str | None, str, AreaList | CodeList]] = [
                ((*place, "area"), action.area, "area of intervention", lists.areas),
                ((*place, "instrument"), action.instrument, "policy instrument", lists.instruments),
                *(
                    ((*place, "funding", i, "source"), f.source, "source", lists.funding_sources)
                    for i, f in enumerate(action.funding)
                ),
                *(
                    ((*place, "stakeholders", i), code, "stakeholder", lists.stakeholders)
                    for i, code in enumerate(action.stakeholders)
                ),
            ]
            for location, code, what, known in coded:
                if code is not None:
                    yield from self._absent(
                        location, code, what, known.codes, " in covenant_lists.yaml"
                    )

    def relation_problems(self) -> Iterator[str]:
        """Actions that are not there, that stand to themselves, or in a circle."""
        for key in ("excludes", "requires"):
            yield from self._unknown(key, "action", self._ids, "")
        for index, action in enumerate(self._actions):
            yield from self._relations_of(index, action)
        yield from self._circle("overlaps", {a.id: _overlapped(a) for a in self._actions})
        yield from self._circle("requires", {a.id: a.requires for a in self._actions})

    def _relations_of(self, index: int, action: Action) -> Iterator[str]:
        place = ("actions", index)
        seen: set[str] = set()
        for i, overlap in enumerate(action.overlaps):
            location = (*place, "overlaps", i, "action")
            yield from self._absent(location, overlap.action, "action", self._ids, "")
            if overlap.action in seen:
                message = f"{overlap.action} is there twice; write one fraction for it"
                yield self._tree.problem(location, message)
            seen.add(overlap.action)
        named = {"overlaps": _overlapped(action), "excludes": action.excludes}
        for key, others in {**named, "requires": action.requires}.items():
            if action.id in others:
                yield self._tree.problem((*place, key), "names the action itself")
        for other in sorted(set(action.requires) & self._excluded(action)):
            message = f"{other} is required and excluded; expected one of them"
            yield self._tree.problem((*place, "requires"), message)

    def _excluded(self, action: Action) -> set[str]:
        """What it excludes, and what excludes it."""
        return {*action.excludes, *(a.id for a in self._actions if action.id in a.excludes)}

    def _circle(self, key: str, graph: Mapping[str, Collection[str]]) -> Iterator[str]:
        """One problem for the first circle of ``graph``, at the action that is written first."""
        others = {name: [n for n in named if n != name] for name, named in graph.items()}
        try:
            TopologicalSorter(others).prepare()
        except CycleError as err:
            ring: list[str] = err.args[1][:0:-1]  # each names the next, as it is written
            index = next(i for i, a in enumerate(self._actions) if a.id in ring)
            first = ring.index(self._actions[index].id)
            text = " -> ".join([*ring[first:], *ring[: first + 1]])
            hint = _HINTS[key]
            yield self._tree.problem(("actions", index, key), f"a circle: {text}; {hint}")

    def _unknown(self, key: str, what: str, known: Collection[str], where: str) -> Iterator[str]:
        """Names in the list ``key`` of each action that are none of ``known``."""
        for index, action in enumerate(self._actions):
            for i, name in enumerate(getattr(action, key)):
                yield from self._absent(("actions", index, key, i), name, what, known, where)

    def _absent(
        self, location: Location, name: str, what: str, known: Collection[str], where: str
    ) -> Iterator[str]:
        if name not in known:
            there = some(known, near=name)
            yield self._tree.problem(location, f"no {what} {name!r}{where}; there is {there}")


def _in_baseline(day: date, of: Measurement) -> bool:
    return day >= of.works_start - timedelta(days=BASELINE_DAYS)


def _overlapped(action: Action) -> tuple[str, ...]:
    return tuple(o.action for o in action.overlaps)
