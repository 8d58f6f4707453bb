"""Editions of the annual report, as the page of the report lists and makes them.

One is made in a thread of its own, for it may take a minute: who asked for it sees it as being
made, from any process, for what stands in the folder is all there is to know.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from dashboard.queries.recipe import Sources
from paes.errors import PaesError
from paes.report.edition import (
    Edition,
    Unfinished,
    editions,
    make_edition,
    reserve,
    unfinished,
)

CUT_OFF_AFTER = timedelta(minutes=30)
"""No report takes so long: who made it is gone."""
THREAD = "edition"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shelf:
    """All editions of a city, and those that are not whole."""

    editions: tuple[Edition, ...] = ()
    making: tuple[Unfinished, ...] = ()
    failed: tuple[Unfinished, ...] = ()
    """Failed with a reason, or cut off without."""


def shelf(sources: Sources, city_id: str) -> Shelf:
    """What is there at this moment; nothing where the dashboard has no folder."""
    if sources.folder is None:
        return Shelf()
    begun, now = unfinished(sources.folder, city_id), sources.clock()
    making = [one for one in begun if not one.reason and now - one.since < CUT_OFF_AFTER]
    return Shelf(
        editions=tuple(editions(sources.folder, city_id)),
        making=tuple(making),
        failed=tuple(one for one in begun if one not in making),
    )


def begin(sources: Sources, folder: Path, city_id: str, year: int, by: str) -> Unfinished:
    """Take a number and make the edition in the background."""
    begun = reserve(folder, city_id, year, by, sources.clock())
    thread = threading.Thread(target=_make, args=(begun, sources), name=THREAD, daemon=True)
    thread.start()
    return begun


def _make(begun: Unfinished, sources: Sources) -> None:
    try:
        make_edition(begun, sources.city(begun.city), sources.ledger)
    except PaesError as err:
        log.warning("edition %s of %s %s failed: %s", begun.number, begun.city, begun.year, err)
    except Exception:
        log.exception("edition %s of %s %s failed", begun.number, begun.city, begun.year)


def file_of(sources: Sources, city_id: str, name: str) -> tuple[str, bytes] | None:
    """The file at ``YEAR/NUMBER/NAME``, with the name to save it by; the whole as ``all.zip``.

    None if there is no such file. DataError if it is not as it was made.
    """
    parts = name.split("/")
    if sources.folder is None or len(parts) != 3:
        return None
    listed = {(str(e.year), str(e.number)): e for e in editions(sources.folder, city_id)}
    found = listed.get((parts[0], parts[1]))
    if found is None:
        return None
    if parts[2] == "all.zip":
        return f"{found.stem}.zip", found.zipped()
    content = found.file(parts[2])
    return None if content is None else (parts[2], content)
