"""Meters that fall silent and come back together: the gateway's fault, or the collector's.

Together: they went and came back within two intervals (``late_after_h``) of one another. An episode
of a meter names its gateway as its place until it is grouped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from paes.faults.episode import Episode

COLLECTOR = "collector"
"""The subject when most gateways are away together."""
MOST = 0.5
LEAST_GATEWAYS = 3
Found = Mapping[str, list[Episode]]


def grouped(found: Found) -> dict[str, list[Episode]]:
    """Episodes by subject: a meter, a gateway with most of its meters, or the collector."""
    subjects: dict[str, list[Episode]] = {}
    by_gateway: dict[str, list[tuple[str, Episode]]] = {}
    for meter, episodes in found.items():
        for episode in episodes:
            if episode.place is None:
                subjects.setdefault(meter, []).append(episode)
            else:
                by_gateway.setdefault(episode.place, []).append((meter, episode))
    of_gateways: list[tuple[str, Episode]] = []
    for gateway, seen in by_gateway.items():
        for cluster in _clusters(seen):
            behind = cluster[0][1].numbers["meters_behind"]
            if len(cluster) > 1 and len(cluster) > MOST * behind:
                of_gateways.append((gateway, _together(cluster, "meters")))
            else:
                for meter, episode in cluster:
                    subjects.setdefault(meter, []).append(replace(episode, place=None))
    for cluster in _clusters(of_gateways):
        gateways = cluster[0][1].numbers["gateways_in_all"]
        if len(cluster) >= LEAST_GATEWAYS and len(cluster) > MOST * gateways:
            subjects.setdefault(COLLECTOR, []).append(_together(cluster, "gateways"))
        else:
            for gateway, episode in cluster:
                subjects.setdefault(gateway, []).append(episode)
    return {subject: sorted(of, key=lambda e: e.start) for subject, of in subjects.items()}


def _clusters(seen: Sequence[tuple[str, Episode]]) -> list[list[tuple[str, Episode]]]:
    """Episodes that began and ended together; of one subject at most one in each."""
    clusters: list[list[tuple[str, Episode]]] = []
    for subject, episode in sorted(seen, key=lambda one: (one[1].start, one[0])):
        for cluster in clusters:
            if _is_like(cluster[0][1], episode) and subject not in [s for s, _ in cluster]:
                cluster.append((subject, episode))
                break
        else:
            clusters.append([(subject, episode)])
    return clusters


def _is_like(one: Episode, other: Episode) -> bool:
    late_h = max(one.numbers["late_after_h"], other.numbers["late_after_h"])
    near = timedelta(hours=late_h)
    began = abs(one.start - other.start) <= near
    return began and one.is_over == other.is_over and abs(one.end - other.end) <= near


def _together(cluster: Sequence[tuple[str, Episode]], what: str) -> Episode:
    """One episode of several: the longest of them, from the first start to the last end."""
    episodes = [episode for _, episode in cluster]
    longest = max(episodes, key=lambda e: e.end - e.start)
    meters = sum(e.numbers.get("meters", 1.0) for e in episodes)
    return replace(
        longest,
        start=min(e.start for e in episodes),
        end=max(e.end for e in episodes),
        found=max(e.found for e in episodes),
        numbers={**longest.numbers, what: float(len(cluster)), "meters": meters},
        place=None,
    )
