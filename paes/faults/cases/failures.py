"""Rules that failed in a run: told and left out, so that one odd meter does not silence a town.

A defect of a rule, or of a file that only this rule reads, is an ERROR in the log, with its
traceback the first time that the rule fails in this way, and the run goes on. What could not be
looked at was not judged: its cases stay as they are. A store that fails does so for every meter:
it ends the run.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from paes.errors import PaesError, StoreError

ALL = "all meters"
"""The subject where a rule failed for every one of them."""
MOST_TOLD = 20
"""Of a run: a rule with a defect may fail for every meter of a town."""
_MOST_SAID = 200

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that could not look at a meter, and why in one line."""

    rule: str
    subject: str
    reason: str

    def __str__(self) -> str:
        return f"{self.rule} of {self.subject}: {self.reason}"


class Failures:
    """Those of one run, in order."""

    def __init__(self) -> None:
        self.told: list[Failure] = []
        self._traced: set[tuple[str, type[Exception]]] = set()

    @contextmanager
    def kept(self, rule: str, subject: str) -> Iterator[None]:
        """Whatever fails within is kept, but for the store."""
        try:
            yield
        except StoreError:
            raise
        except Exception as err:  # the top of a long run: a defect of one rule must not end it
            kind = rule, type(err)
            is_new = kind not in self._traced and not isinstance(err, PaesError)
            self._traced.add(kind)
            said = " ".join(str(err).split())[:_MOST_SAID]
            reason = said if isinstance(err, PaesError) else f"{type(err).__name__} {said}".strip()
            failure = Failure(rule, subject, reason)
            log.error("a rule failed, the others go on: %s", failure, exc_info=is_new)
            self.told.append(failure)

    def concern(self, rule: str, subject: str, is_grouped: bool) -> bool:
        """True if the subject was not judged; of a rule that groups, whenever any meter failed."""
        return any(
            failure.rule == rule and (is_grouped or failure.subject in (subject, ALL))
            for failure in self.told
        )


def as_text(failures: Sequence[Failure]) -> str:
    """What an event keeps of them: the first ones."""
    return json.dumps([[f.rule, f.subject, f.reason] for f in failures[:MOST_TOLD]])


def from_text(text: str) -> tuple[Failure, ...]:
    """What ``as_text`` wrote."""
    return tuple(Failure(*row) for row in json.loads(text))
