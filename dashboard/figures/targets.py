"""Where the names of targets stand in a picture of years, clear of the lines that lead to them."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.queries.progress import Milestone


def label_places(shown: Sequence[Milestone], among: Sequence[Milestone], latest: int) -> list[str]:
    """Plotly's text positions of ``shown``: the highest of a year above, others to the right.

    ``among`` are all targets of the picture; from ``latest``, the last year that a line reaches,
    there is room to the right of all of them.
    """
    places = []
    for one in shown:
        year = one.target.target_year
        highest = max(m.emissions_t for m in among if m.target.target_year == year)
        is_above = one.emissions_t == highest and year < latest
        places.append("top center" if is_above else "middle right")
    return places
