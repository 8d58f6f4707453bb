"""What a person can say of a malfunction, as forms; and what becomes of what was said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import html

from dashboard.access.rights import Right
from dashboard.asked import Asked, NoSuchPage
from dashboard.pages.blocks import action_form, button, entry, rich
from dashboard.pages.markup import Element, tag
from dashboard.queries.cases import case_path, case_said, id_of_part, say
from paes.errors import DataError
from paes.faults.cases.case import MOST_SAID, Case, Word
from paes.faults.cases.life import MAY_SAY

RIGHT = {
    Word.ACKNOWLEDGE: Right.FIELD,
    Word.REPAIRED: Right.FIELD,
    Word.NOTE: Right.FIELD,
    Word.ASSIGN: Right.DECIDE,
    Word.DISMISS: Right.DECIDE,
}
"""Who may say what."""
TOLD = ("done", "changed", "reason", "name", "long")
"""What a page may tell of what was just said; ``done`` is the only one in which it was written."""
_NEEDS_REASON = (Word.DISMISS, Word.NOTE)
_FIELD = {Word.REPAIRED: "done_what", Word.NOTE: "remark"}


def words_for(asked: Asked, case: Case) -> list[Word]:
    """What this reader may say of the case as it stands."""
    now = (*MAY_SAY[case.state], Word.NOTE)
    return [word for word in RIGHT if word in now and asked.user.may(RIGHT[word])]


def take_form(asked: Asked, case: Case, name: str) -> Element | None:
    """One button that takes a case, where nobody has and the reader may."""
    if Word.ACKNOWLEDGE not in words_for(asked, case) or not case.is_open:
        return None
    t = asked.language.text
    return action_form(
        asked,
        asked.link(case_path(case.id)),
        tag("input", type="hidden", name="word", value=Word.ACKNOWLEDGE.value),
        button(t("malfunctions.take"), main=False),
        label=f"{t('malfunctions.take')}: {name}",
    )


def decision_forms(asked: Asked, case: Case) -> list[Any]:
    """A form for each word that the reader may say, with what it means."""
    t = asked.language.text
    words = words_for(asked, case)
    if not words:
        role = t(f"role.{asked.user.role}") if asked.user.role else "–"
        return [html.P(t("malfunction.not_allowed", role=role), className="hint")]
    told: list[Any] = [html.P(t("malfunction.closing"), className="hint")]
    return [*told, html.Div([_form(asked, case, word) for word in words], className="decisions")]


def _form(asked: Asked, case: Case, word: Word) -> Any:
    t = asked.language.text
    hint = f"hint-{word}"
    fields: list[Any] = [tag("input", type="hidden", name="word", value=word.value)]
    if word is Word.ASSIGN:
        fields.append(
            entry("assignee", t("malfunction.to_whom"), required=True, maxlength=200,
                  autocomplete="off", aria_describedby=hint)
        )  # fmt: skip
    label = t(f"malfunction.{_FIELD.get(word, 'reason')}")
    fields.append(_long_entry(f"reason-{word}", label, word in _NEEDS_REASON, hint))
    form = action_form(
        asked,
        asked.link(case_path(case.id), told=None),
        *fields,
        button(t(f"case_word.{word}"), main=word is Word.ACKNOWLEDGE),
        label=t(f"case_word.{word}"),
    )
    heading = html.H3(t(f"case_word.{word}"))
    told = html.P(rich(t(f"case_hint.{word}")), id=hint, className="hint")
    parts: list[Any] = [heading, told, form]
    return html.Div(parts, className="decision")


def _long_entry(key: str, label: str, required: bool, hint: str) -> Element:
    """A field of several lines; what is sent is called ``reason``."""
    name = f"entry-{key}"
    box = tag(
        "textarea", name="reason", id=name, rows=2, maxlength=MOST_SAID, class_="form-control",
        required=required, aria_describedby=hint,
    )  # fmt: skip
    return tag("div", tag("label", label, for_=name), box, class_="field")


def decide(asked: Asked, form: Mapping[str, str]) -> str:
    """Write what the reader said of the case that is asked for; the address to go on with.

    Raises NotAllowed, and NoSuchPage if there is no such case.
    """
    case_id = id_of_part(asked.part)
    word = next((one for one in Word if one.value == form.get("word")), None)
    if word is None:
        return _back(asked, case_id, "changed")
    asked.require(RIGHT[word])
    reason, assignee = (form.get(key, "").strip() for key in ("reason", "assignee"))
    if word in _NEEDS_REASON and not reason:
        return _back(asked, case_id, "reason")
    if word is Word.ASSIGN and not assignee:
        return _back(asked, case_id, "name")
    if max(len(reason), len(assignee)) > MOST_SAID:
        return _back(asked, case_id, "long")
    sources = asked.observatory.sources
    try:
        known = case_said(sources, case_id)
    except DataError as err:
        raise NoSuchPage(asked.language.text("malfunction.nowhere", id=case_id[:80])) from err
    if word is not Word.NOTE and word not in MAY_SAY[known.state]:
        return _back(asked, known.id, "changed")
    name = assignee if word is Word.ASSIGN else None
    say(sources, known.id, word, asked.user.name, reason, name)
    told = f"{name}: {reason}" if name and reason else name or reason
    asked.audit(f"case.{word}", known.id, told)
    return _back(asked, known.id, "done")


def _back(asked: Asked, case_id: str, told: str) -> str:
    return asked.link(case_path(case_id), told=told)
