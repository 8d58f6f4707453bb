"""``paes faults notify`` as a person types it, with a mail server on loopback or none."""

from __future__ import annotations

import json
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from field_commands import CommandLine, Done, command_line
from mail_sink import HOST, MailSink, mail_server
from small_installation import SmallInstallation
from told_cases import keep, leak

from paes.store.sqlite import SqliteStore

NOTICES = """\
mail:
  host: {host}
  port: {port}
  security: none
  sender: paes@comune.example
  recipients: [anna@comune.example]
"""


@pytest.fixture
def paes(
    small: SmallInstallation,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> CommandLine:
    """The command over the small installation, in whose store one leak is kept."""
    store = SqliteStore(tmp_path / "readings.sqlite")
    keep(store, leak("scuola.main", site="scuola", city="porto"))
    store.close()
    run = command_line(tmp_path, monkeypatch, capfd)

    def typed(*arguments: str, typed: str = "") -> Done:
        return run("--config", str(small.root), *arguments, typed=typed)

    return typed


def test_a_case_is_mailed_once(paes: CommandLine, small: SmallInstallation):
    with mail_server(MailSink()) as sink:
        small.write({"notices.yaml": NOTICES.format(host=HOST, port=sink.port)})
        first, again = paes("faults", "notify"), paes("faults", "notify")
        whole = paes("faults", "notify", "--json")
    assert (first.code, first.out) == (0, "1 news told\n")
    assert (again.code, again.out) == (0, "nothing to tell\n")
    assert json.loads(whole.out) == {"told": 0, "held_until": None, "failed": []}
    assert len(sink.letters) == 1
    assert "Scuola" in sink.letters[0].get_body(("plain",)).get_content()


def test_looking_sends_nothing_and_needs_nobody(paes: CommandLine, tmp_path: Path):
    shown = paes("faults", "notify", "--dry-run")
    assert shown.code == 0
    assert "by mail: PAES Monitor: 1 nuova anomalia, 42\u00a0€ a settimana" in shown.out
    assert "passano almeno 120 litri" in shown.out
    written = paes("faults", "notify", "--to", str(tmp_path / "letter.eml"))
    assert (written.code, written.out) == (0, "")
    letter = message_from_bytes((tmp_path / "letter.eml").read_bytes(), policy=policy.default)
    assert letter["Subject"] == "PAES Monitor: 1 nuova anomalia, 42 € a settimana"
    assert paes("faults", "notify", "--dry-run").out == shown.out


def test_who_cannot_be_told_is_told_in_one_line(paes: CommandLine, small: SmallInstallation):
    nobody = paes("faults", "notify")
    assert nobody.code == 1
    assert "notices.yaml: nobody to tell is named (mail, webhook)" in nobody.err
    with mail_server(MailSink()) as sink:
        sink.refuse = {"anna@comune.example": "550 5.1.1 no such user"}
        small.write({"notices.yaml": NOTICES.format(host=HOST, port=sink.port)})
        refused = paes("faults", "notify")
    assert refused.code == 1
    assert f"paes: mail server {HOST}:{sink.port}: every recipient was refused" in refused.err


def test_quiet_hours_are_told(paes: CommandLine, small: SmallInstallation):
    with mail_server(MailSink()) as sink:
        quiet = 'quiet: {from_time: "00:01", to_time: "00:00"}\n'
        small.write({"notices.yaml": quiet + NOTICES.format(host=HOST, port=sink.port)})
        held = paes("faults", "notify", "--json")
        answer = json.loads(held.out)
        # Quiet but for the first minute of the day: the one that a test may run in.
        assert answer["told"] == len(sink.letters)
        assert (answer["held_until"] is None) == bool(sink.letters)


def test_check_names_what_is_not_set(
    paes: CommandLine, small: SmallInstallation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("PAES_SMTP_USER", raising=False)
    monkeypatch.setenv("PAES_SMTP_PASSWORD", "gattino 7")
    login = "  user_variable: PAES_SMTP_USER\n  password_variable: PAES_SMTP_PASSWORD\n"
    small.write({"notices.yaml": NOTICES.format(host=HOST, port=25) + login})
    told = json.loads(paes("check", "--no-reach", "--json").out)
    said = "notices.yaml: mail: the environment variable PAES_SMTP_USER is not set here"
    assert said in told["warnings"]
    small.replace("notices.yaml", "port: 25", "port: x")
    wrong = paes("check", "--no-reach")
    assert wrong.code == 1
    assert f"{small.root / 'notices.yaml'}:3: mail.port: expected a whole number" in (
        wrong.out + wrong.err
    )
