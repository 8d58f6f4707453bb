"""What people say of cases on the command line, and the labels that come of it."""

from __future__ import annotations

from datetime import datetime

import click

from paes.cli import Session
from paes.cli.asked import json_option
from paes.cli.fault_case import state_text
from paes.cli.output import print_json, print_table, say, tell
from paes.faults.cases.case import Case, Word
from paes.faults.cases.register import all_cases, decide
from paes.report.fault_documents import case_document, label_documents


def say_if_another(asked: str, case: Case) -> None:
    """Tell that the case that was asked for became a part of another."""
    if case.id != asked:
        say(f"{asked} turned out to be a part of {case.id}")


def _said(word: Word, text: str, takes_name: bool = False) -> click.Command:
    """The command by which a person says ``word`` of a case."""

    @click.command(name=str(word), help=text)
    @click.argument("case_id", metavar="ID")
    @click.option("--by", "author", metavar="NAME", required=True, help="Who says so.")
    @click.option("--reason", metavar="TEXT", default="", help="Why, or what was done.")
    @json_option
    @click.pass_obj
    def command(
        session: Session, /, case_id: str, author: str, reason: str, as_json: bool, **more: str
    ) -> None:
        case = decide(
            session.store, case_id, word, author, reason, more.get("to"), session.ledger.clock
        )
        say_if_another(case_id, case)
        if as_json:
            print_json(case_document(case, session.root))
        else:
            tell(f"{case.id} is {state_text(case)}")

    if takes_name:
        named = click.option("--to", metavar="NAME", required=True, help="Who is to see to it.")
        command = named(command)
    return command


WORDS = (
    _said(Word.ACKNOWLEDGE, "Say that somebody knows of a case."),
    _said(Word.ASSIGN, "Say who is to see to a case.", takes_name=True),
    _said(
        Word.DISMISS,
        "Say with --reason that a case is no malfunction. It does not alarm again until it was"
        " quiet for as long as its rule waits, and is kept as a label: paes faults labels.",
    ),
    _said(
        Word.REPAIRED,
        "Say that a case was repaired. It is closed when consumption is usual again, and opens"
        " again if it is not.",
    ),
)
"""A command for each."""


@click.command()
@json_option
@click.pass_obj
def labels(session: Session, as_json: bool) -> None:
    """What people called a malfunction (repaired), or none (dismissed): to tune rules by."""
    found = label_documents(all_cases(session.store))
    if as_json:
        print_json(found)
        return
    if not found:
        say("nobody has called a case repaired or dismissed it yet")
        return
    print_table(
        f"{len(found)} labels",
        ["case", "malfunction", "by", "on", "reason"],
        [
            [
                one["case"],
                "yes" if one["is_malfunction"] else "no",
                one["author"],
                _day(one["at"]),
                one["reason"],
            ]
            for one in found
        ],
        left=5,
    )


def _day(at: str | None) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d}" if at else "-"
