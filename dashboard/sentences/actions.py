"""Actions in words: how far they are, what they declare, what the meters say of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from dashboard.queries.actions import Measured, Next, Register, verdicts
from dashboard.sentences.amounts import digits, euros
from dashboard.texts import Language
from paes.faults.money.price import Interval
from paes.plan.action import Action, Status
from paes.plan.register import Entry, Sums
from paes.savings.action_saving import ActionSaving
from paes.savings.verdict import Verdict

LOOK = {
    Verdict.CONFIRMED: "within",
    Verdict.NOT_DETECTABLE: "uncertain",
    Verdict.CONTRADICTED: "above",
    Verdict.NOT_MEASURABLE: "never",
}
"""Icon and colour of a verdict; its word says the same."""
STATUS_LOOK = {
    Status.NOT_STARTED: "never",
    Status.ONGOING: "stale",
    Status.COMPLETED: "within",
    Status.POSTPONED: "outside",
    Status.CANCELLED: "outside",
}
_MILLION = 1e6
_KWH_OF_MWH = 1000.0
_A_YEAR = timedelta(days=365)


def mwh(kwh: float, language: Language) -> str:
    """kWh as MWh."""
    value = kwh / _KWH_OF_MWH
    return language.quantity(value, "MWh", digits(value))


def money(eur: float, language: Language) -> str:
    """Money of a plan: millions from one on."""
    if abs(eur) >= _MILLION:
        millions = "milioni di €" if language.code == "it" else "million €"
        return language.quantity(eur / _MILLION, millions, 1)
    return euros(eur, language)


def headline(
    register: Register, measured: Mapping[str, Measured], language: Language
) -> tuple[str, str]:
    """State and word of the answer."""
    t = language.text
    if not register.status.entries:
        return "never", t("actions.none")
    told = verdicts(measured.values())
    if told[Verdict.CONTRADICTED] or told[Verdict.NOT_DETECTABLE]:
        return "uncertain", t("actions.state_mixed")
    if told[Verdict.CONFIRMED]:
        return "within", t("actions.state_good")
    return "assumed", t("actions.state_unknown")


def answer(register: Register, measured: Mapping[str, Measured], language: Language) -> list[str]:
    """Counts, declared tonnes, money, and what the meters say."""
    t, total, by_status = language.text, register.status.total, register.status.by_status
    if not total.actions:
        return [t("actions.none_told")]
    n = language.number

    def count(status: Status) -> str:
        return n(by_status[status].actions) if status in by_status else n(0)

    late = total.late
    key = "late_none" if not late else "late_one" if late == 1 else "late_many"
    counts = t("actions.counts", n=n(total.actions), completed=count(Status.COMPLETED),
               ongoing=count(Status.ONGOING), not_started=count(Status.NOT_STARTED),
               others=_put_off(by_status.get(Status.POSTPONED), language))  # fmt: skip
    late_told = t(f"actions.{key}", n=n(late)) if late > 1 else t(f"actions.{key}")
    declared = t("actions.declared", done=language.tonnes(total.in_year_t),
                 year=register.status.year, whole=language.tonnes(total.reduction_t))  # fmt: skip
    return [
        f"{counts} {late_told}",
        measured_told(measured.values(), language),
        declared,
        _money_told(register, language),
    ]


def _put_off(postponed: Sums | None, language: Language) -> str:
    """After the other counts; nothing where no action waits."""
    if postponed is None or not postponed.actions:
        return ""
    return language.text("actions.others", n=language.number(postponed.actions))


def _money_told(register: Register, language: Language) -> str:
    total = register.status.total
    values = {
        "cost": money(total.cost_eur, language),
        "with_cost": language.number(total.with_cost),
        "n": language.number(total.actions),
    }
    if not any(entry.action.spent_eur is not None for entry in register.status.entries):
        return language.text("actions.money_nothing", **values)
    return language.text("actions.money", **values, spent=money(total.spent_eur, language))


def measured_told(found: Iterable[Measured], language: Language) -> str:
    """How many actions have which verdict."""
    listed = list(found)
    if not listed:
        return language.text("actions.measured_none")
    told = [
        language.text(f"saving_count.{verdict}", n=language.number(count))
        for verdict, count in verdicts(listed).items()
        if count
    ]
    n = language.number(len(listed))
    return language.text("actions.measured", n=n, told=", ".join(told))


def why(saving: ActionSaving | None, language: Language) -> str:
    """Why the verdict is what it is, with the figures that make it so."""
    if saving is None:
        return language.text("saving.not_asked")
    key, year = f"saving.{saving.judged.reason}", saving.year
    if year is None:
        return language.text(key)
    of = year.kwh
    return language.text(
        key,
        low=mwh(of.low, language),
        likely=mwh(of.likely, language),
        high=mwh(of.high, language),
        half=mwh(year.half_kwh, language),
        declared=mwh(saving.declared_kwh or 0.0, language),
        less=mwh(-of.high, language),
        more=mwh(-of.low, language),
    )


def verdict_word(saving: ActionSaving | None, language: Language) -> str:
    """A verdict in a word; whether it has to be looked at again."""
    if saving is None:
        return language.text("saving_verdict.none")
    word = language.text(f"saving_verdict.{saving.verdict}")
    return f"{word}, {language.text('actions.open_again')}" if saving.is_open_again else word


def told_kwh(saving: ActionSaving | None) -> Interval | None:
    """A year's saving, where it is worth a figure."""
    if saving is None or saving.year is None or saving.verdict is Verdict.NOT_MEASURABLE:
        return None
    return saving.year.kwh


def name_of(action: Action, language: Language) -> str:
    """The action in the reader's language."""
    return action.name.in_language(language.code)


def dated(entries: Iterable[Entry]) -> list[Entry]:
    """Those with a start or an end, by their start."""
    known = [e for e in entries if e.action.start or e.action.end]
    return sorted(known, key=lambda e: (e.action.start or e.action.end, e.action.id))


def timeline(entries: Sequence[Entry], register: Register, language: Language) -> str:
    """From when to when, what ends soon, and what has no date."""
    known, t = dated(entries), language.text
    undated = [name_of(e.action, language) for e in entries if e not in known]
    told = []
    if known:
        days = [day for e in known for day in (e.action.start, e.action.end) if day]
        soon = [e for e in known if e.action.end and e.action.status is not Status.COMPLETED
                and register.today <= e.action.end < register.today + _A_YEAR]  # fmt: skip
        told.append(t("actions.timeline", n=language.number(len(known)), first=min(days).year,
                      last=max(days).year, ahead=language.number(len(soon))))  # fmt: skip
    if undated:
        told.append(t("actions.timeline_undated", names=", ".join(undated)))
    return " ".join(told)


def compare(found: Sequence[ActionSaving], language: Language) -> str:
    """All declared beside all measured, of those that can be measured."""
    t, n = language.text, language.number
    if not found:
        return t("actions.compare_none")
    measured = sum(of.likely for s in found if (of := told_kwh(s)))
    return t(
        "actions.compare",
        n=n(len(found)),
        confirmed=n(sum(s.verdict is Verdict.CONFIRMED for s in found)),
        declared=mwh(sum(s.declared_kwh or 0.0 for s in found), language),
        measured=mwh(measured, language),
    )


def gap(found: Next, language: Language) -> list[str]:
    """What the next target lacks, what is under way, and what could be chosen."""
    t, of = language.text, language.tonnes
    name = found.target.name.in_language(language.code)
    if found.to_close_t <= 0:
        return [t("actions.gap_closed", target=name, gap=of(found.gap_t), year=found.newest_year)]
    told = [
        t("actions.gap", target=name, gap=of(found.gap_t), year=found.newest_year,
          under_way=of(found.under_way_t), left=of(found.to_close_t),
          part=language.percent(found.realisation, 0))
    ]  # fmt: skip
    if not found.chosen:
        return [*told, t("actions.mix_none")]
    told.append(t("actions.mix", n=language.number(len(found.chosen)), added=of(found.chosen_t),
                  cost=money(found.chosen_cost_eur, language)))  # fmt: skip
    if found.short_t > 0:
        told.append(t("actions.mix_short", short=of(found.short_t)))
    return told


def curve(found: Next, language: Language) -> str:
    """The cheapest and the dearest tonne."""
    if not found.steps:
        return language.text("actions.curve_none")
    first, last = found.steps[0], found.steps[-1]
    return language.text(
        "actions.curve",
        least=euros(first.eur_per_t, language),
        cheapest=first.name[language.code],
        most=euros(last.eur_per_t, language),
        dearest=last.name[language.code],
    )
