"""What is wrong with meters that are part of others, shared between sites, or computed.

Each function returns problems as texts with file, line and key. What is told here first is left
out of what rests on it: a formula with an unknown name is not asked whether it counts twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from paes.city_files import MetersFile
from paes.config_file import Location, Parsed
from paes.installation import City, some
from paes.meter_trees.tree import SMALLEST_WEIGHT, MeterTree, Term, inner_meters
from paes.meter_trees.virtual import VirtualMeter
from paes.meters import Meter

Problem = tuple[Location, str]


def tree_problems(
    meters: Parsed[MetersFile], sites: Collection[str] | None, city: City | None
) -> list[str]:
    """What is wrong in one city; ``sites`` and ``city`` are None if they could not be read."""
    of = meters.value
    real = {m.id: m for m in of.all_meters}
    virtual = {m.id: m for m in of.virtual_meters}
    found = [*_repeated(of), *_part_problems(of, real)]
    if sites is not None:
        found += [*_site_problems(of, sites), *_share_problems(of, sites)]
    found += _formula_problems(of, real, virtual)
    if city and not found:
        found += _counting_problems(of, MeterTree(city))
    return [meters.tree.problem(location, message) for location, message in found]


def _places(of: MetersFile) -> Iterator[tuple[Location, Meter]]:
    """Every meter that is not computed, and where it is written."""
    for key, listed in (("meters", of.meters), ("imported_meters", of.imported_meters)):
        for index, meter in enumerate(listed):
            yield (key, index), meter


def _repeated(of: MetersFile) -> Iterator[Problem]:
    """Ids of one list that stand in another; within one they are told with the line."""
    seen: dict[str, str] = {}
    lists: list[tuple[str, list[str]]] = [
        ("meters", [m.id for m in of.meters]),
        ("imported_meters", [m.id for m in of.imported_meters]),
        ("virtual_meters", [m.id for m in of.virtual_meters]),
    ]
    for key, ids in lists:
        for index, name in enumerate(ids):
            if seen.get(name, key) != key or (key != "meters" and name in ids[:index]):
                yield (key, index, "id"), f"this id is there already, under {seen[name]}:"
            seen.setdefault(name, key)


def _site_problems(of: MetersFile, sites: Collection[str]) -> Iterator[Problem]:
    """Meters that are not read, at no site; those that are read are told of elsewhere."""
    lists = (
        ("imported_meters", [m.site for m in of.imported_meters]),
        ("virtual_meters", [m.site for m in of.virtual_meters]),
    )
    for key, named in lists:
        for index, site in enumerate(named):
            if site not in sites:
                message = f"no site {site!r} in sites.yaml; there is {some(sites, near=site)}"
                yield (key, index, "id"), message


def _part_problems(of: MetersFile, real: Mapping[str, Meter]) -> Iterator[Problem]:
    for place, meter in _places(of):
        wrong = _wrong_parent(meter, real)
        if wrong:
            yield (*place, "parent"), wrong


def _wrong_parent(meter: Meter, real: Mapping[str, Meter]) -> str | None:
    """Why ``meter`` cannot be part of its parent, or None if it can."""
    if meter.parent is None:
        return None
    above = real.get(meter.parent)
    if above is None:
        beside = [m.id for m in real.values() if m.site == meter.site and m.id != meter.id]
        return f"no meter {meter.parent!r} in this city; at this site there is {some(beside)}"
    if above.site != meter.site and above.carrier is not meter.carrier:
        return (
            f"{above.id} measures {above.carrier or above.measures}, so {meter.carrier} of another "
            "site is no part of it; expected a meter of the same carrier"
        )
    seen = {meter.id}
    while above:
        if above.id in seen:
            return f"{meter.id} would be part of itself"
        seen.add(above.id)
        above = real.get(above.parent) if above.parent else None
    return None


def _share_problems(of: MetersFile, sites: Collection[str]) -> Iterator[Problem]:
    for place, meter in _places(of):
        for index, share in enumerate(meter.shares):
            for site in share.sites:
                if site not in sites:
                    message = f"no site {site!r} in sites.yaml; there is {some(sites, near=site)}"
                    yield (*place, "shares", index, "sites", site), message


def _formula_problems(
    of: MetersFile, real: Mapping[str, Meter], virtual: Mapping[str, VirtualMeter]
) -> Iterator[Problem]:
    """Unknown names first; then circles; then what cannot be added to each other."""
    unknown = False
    for index, meter in enumerate(of.virtual_meters):
        for name in meter.weights:
            if name not in real and name not in virtual:
                unknown = True
                message = f"no meter {name!r}{_perhaps(name, meter, [*real, *virtual])}"
                yield ("virtual_meters", index, "formula"), message
    if unknown:
        return
    for index, meter in enumerate(of.virtual_meters):
        place = ("virtual_meters", index)
        if _is_circular(meter, virtual):
            yield (*place, "formula"), f"{meter.id} would be computed from itself"
            continue
        for name in meter.weights:
            carrier = (real.get(name) or virtual[name]).carrier
            if carrier is not meter.carrier:
                told = f"{name} measures {carrier or 'water'}, not {meter.carrier or 'water'}"
                yield (*place, "formula"), f"{told}; a formula has one carrier and unit"


def _perhaps(name: str, meter: VirtualMeter, known: list[str]) -> str:
    """What may be meant by an unknown name."""
    parts = name.split(".")[-1].split("-")
    if len(parts) > 1 and f"{meter.site}.{parts[0]}" in known:
        return "; write blanks around a minus, for names have hyphens in them"
    near = get_close_matches(name, known, 1, 0.8)
    if near:
        return f"; is it {near[0]}?"
    return f"; there is {some(k for k in known if k.startswith(f'{meter.site}.'))}"


def _is_circular(
    meter: VirtualMeter, virtual: Mapping[str, VirtualMeter], above: tuple[str, ...] = ()
) -> bool:
    if meter.id in above:
        return True
    inner = [virtual[name] for name in meter.weights if name in virtual]
    return any(_is_circular(one, virtual, (*above, meter.id)) for one in inner)


def _counting_problems(of: MetersFile, tree: MeterTree) -> Iterator[Problem]:
    """Virtual meters that count what another site counts already, or nothing at all."""
    for index, meter in enumerate(of.virtual_meters):
        wrong = _wrong_count(meter, tree) if meter.counts else None
        if wrong:
            yield ("virtual_meters", index, "counts"), wrong


def _wrong_count(meter: VirtualMeter, tree: MeterTree) -> str | None:
    terms = tree.formula(meter)
    of = [term.meter for term in terms]
    of_plants = [term for term in terms if tree.is_fed_in(meter, term.meter)]
    if of_plants and len(of_plants) == len(terms):
        return _wrong_feed_in(of_plants, tree)
    not_made = [m for m in of if not tree.is_fed_in(meter, m)]
    other = next((m for m in not_made if tree.root(m).measures is not meter.measures), None)
    if other:
        kind = tree.root(other).measures
        return f"{other.id} counts as {kind}, not as {meter.measures}; leave out counts:"
    if all({site for site, _, _ in tree.owners(m)} == {meter.site} for m in of):
        return "its energy belongs to this site already; leave out counts:"
    inner = inner_meters(meter, tree.city.virtual_meters)
    touched = {m.id for one in of for m in tree.lineage(one)} | set(inner)
    for site, part, left in _taken_too_often(tree, meter):
        if touched & {m.id for m in tree.lineage(part)}:
            return (
                f"{part.id} would be counted twice: {left:+g} of it is left at {site}; what "
                "belongs to another site already is taken off the formula, as often as it is in it"
            )
    return None


def _wrong_feed_in(terms: list[Term], tree: MeterTree) -> str | None:
    """What is fed in of what plants make is part of it."""
    weights = {term.meter.id: term.weight for term in terms}
    for term in terms:
        part = sum(weights.get(m.id, 0.0) for m in tree.lineage(term.meter))
        if not -SMALLEST_WEIGHT <= part <= 1 + SMALLEST_WEIGHT:
            return f"{part:g} of {term.meter.id} cannot be fed in; expected a part of what it makes"
    return None


def _taken_too_often(tree: MeterTree, meter: VirtualMeter) -> Iterator[tuple[str, Meter, float]]:
    """What more is taken from a site than it has: the site, the meter, and what is left of it."""
    for site in tree.city.sites:
        terms = tree.terms([site], None, meter.measures)
        for at in sorted({term.span.start for term in terms}):
            now = [t for t in terms if t.span.start <= at < t.span.end]
            weights = {t.meter.id: t.weight for t in now}
            for term in now:
                left = sum(weights.get(m.id, 0.0) for m in tree.lineage(term.meter))
                if left < -SMALLEST_WEIGHT:
                    yield site, term.meter, left
