"""Cases of malfunctions as plain data: the list, one case whole, labels, and what a run changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from paes import __version__
from paes.faults.cases.case import Bout, Case, CaseUpdate, Decision, State, Step, Word
from paes.faults.cases.run import LastRun
from paes.faults.episode import Episode, Excess, Picture
from paes.faults.money.price import Interval, Price, Waste
from paes.faults.telling import sentences
from paes.report.documents import Document, finite
from paes.series import Floats

LANGUAGES = ("it", "en")


def list_document(
    city: str, cases: Iterable[Case], last: LastRun | None, root: Path, labels: dict[str, str]
) -> Document:
    """The cases asked for in their order, without series; EUR are null where no contract says."""
    return {
        "city": city,
        "last_run": last and _last_run(last),
        "cases": [case_document(case, root) for case in cases],
        "simulated": labels.get("simulated") == "true",
        "software_version": __version__,
    }


def update_document(update: CaseUpdate, root: Path) -> Document:
    """What a run found and changed."""
    return {
        name: [case_document(case, root) for case in cases]
        for name, cases in (
            ("new", update.new),
            ("changed", update.changed),
            ("closed", update.closed),
        )
    } | {
        "cases": len(update.all),
        "open": sum(case.is_open for case in update.all),
        "failures": [asdict(failure) for failure in update.failures],
    }


def _last_run(last: LastRun) -> Document:
    return {
        "at": last.at.isoformat(),
        **_span(last.span.start, last.span.end),
        "failed": last.failed,
        "failures": [asdict(failure) for failure in last.failures],
    }


def case_document(case: Case, root: Path, series: bool = False) -> Document:
    """One case: what was seen, by which numbers, what it costs, what was said, where it stands.

    ``series``: with the amounts and the picture, as far as the case was read with them.
    """
    episode = case.episode
    document: Document = {
        "id": case.id,
        "rule": case.rule,
        "version": case.version,
        "name": {of: sentences.name(case, of, root) for of in LANGUAGES},
        "says": {of: sentences.sentence(case, of, root) for of in LANGUAGES},
        "what_to_do": {of: sentences.what_to_do(case, of, root) for of in LANGUAGES},
        "subject": case.subject,
        "site": case.site,
        "city": case.city,
        "state": str(case.state),
        "is_open": case.is_open,
        "assignee": case.assignee,
        "opened_at": case.opened_at.isoformat(),
        **_episode(episode),
        "parameters": dict(case.parameters),
        "price": case.price and price_document(case.price),
        "steps": [_step(step) for step in case.steps],
        "decisions": [decision_document(decision) for decision in case.decisions],
        "bouts": [_bout(bout) for bout in case.bouts],
    }
    if series:
        document["picture"] = episode.picture and _picture(episode.picture)
        document["excess"] = episode.excess and _excess(episode.excess)
    return document


def decision_document(decision: Decision) -> Document:
    """What a person said, when and why."""
    return {
        "word": str(decision.word),
        "author": decision.author,
        "reason": decision.reason,
        "assignee": decision.assignee,
        "at": decision.at.isoformat(),
    }


def price_document(price: Price) -> Document:
    """What it costs; amounts in ``unit``."""
    return {
        "unit": price.unit,
        "so_far": _waste(price.so_far),
        "per_week": _waste(price.per_week),
        "is_assumed": price.is_assumed,
        "gap_fraction": price.gap_fraction,
        "unknown_h": price.unknown_h,
        "unpriced": price.unpriced,
        "rests_on": list(price.rests_on),
    }


def label_documents(cases: Iterable[Case]) -> list[Document]:
    """What people called a malfunction (by telling of its repair) or none (by dismissing it)."""
    return [_label(case, is_one) for case in cases if (is_one := is_malfunction(case)) is not None]


def is_malfunction(case: Case) -> bool | None:
    """What people said last of whether it is one; None if nobody did."""
    if case.state is State.DISMISSED:
        return False
    return True if any(d.word is Word.REPAIRED for d in case.decisions) else None


def _label(case: Case, is_one: bool) -> Document:
    deciding = Word.REPAIRED if is_one else Word.DISMISS
    said = [decision for decision in case.decisions if decision.word is deciding]
    return {
        "case": case.id,
        "rule": case.rule,
        "version": case.version,
        "parameters": dict(case.parameters),
        "subject": case.subject,
        **_episode(case.episode),
        "is_malfunction": is_one,
        "reason": said[-1].reason if said else "",
        "author": said[-1].author if said else "",
        "at": said[-1].at.isoformat() if said else None,
    }


def _episode(episode: Episode) -> Document:
    return {
        "since": episode.start.isoformat(),
        "last_seen": episode.end.isoformat(),
        "found": episode.found.isoformat(),
        "is_over": episode.is_over,
        "place": episode.place,
        "numbers": {name: finite(value) for name, value in episode.numbers.items()},
        "windows": {name: _span(s.start, s.end) for name, s in episode.windows.items()},
    }


def _bout(bout: Bout) -> Document:
    return {
        **_episode(bout.episode),
        "seen_until": bout.seen_until.isoformat(),
        "is_gone": bout.is_gone,
    }


def _step(step: Step) -> Document:
    return {
        "state": str(step.state),
        "at": step.at.isoformat(),
        "cause": str(step.cause),
        "sentence": step.sentence,
        "author": step.decision.author if step.decision else None,
    }


def _waste(waste: Waste) -> Document:
    return {
        "amount": asdict(waste.amount),
        "eur": _interval(waste.eur),
        "co2_t": _interval(waste.co2_t),
    }


def _interval(interval: Interval | None) -> Document | None:
    return None if interval is None else asdict(interval)


def _picture(picture: Picture) -> Document:
    columns = {name: getattr(picture, name) for name in ("seen", "usual", "low", "high")}
    return {
        "start_s": picture.start_s,
        "step_s": picture.step_s,
        "unit": picture.unit,
        **{name: None if c is None else _column(c) for name, c in columns.items()},
    }


def _excess(excess: Excess) -> Document:
    return {
        "step_s": excess.step_s,
        "starts_s": excess.starts_s.tolist(),
        **{name: _column(getattr(excess, name)) for name in ("likely", "low", "high")},
    }


def _column(column: Floats) -> list[float | None]:
    return [finite(value) for value in column.tolist()]


def _span(start: datetime, end: datetime) -> Document:
    return {"from": f"{start:%Y-%m-%dT%H:%M:%SZ}", "to": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
