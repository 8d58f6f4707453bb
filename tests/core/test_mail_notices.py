"""Letters that reach a real mail server on loopback, and every way in which they do not."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from mail_sink import HOST, MailSink, certificates, mail_server, nobody_listens
from told_cases import OPENED, leak, town

from paes.errors import NoticeError, NoticeRefused
from paes.faults.telling.digest import Digest, digest
from paes.faults.telling.mail import letter, send_mail
from paes.faults.telling.news import News, What
from paes.faults.telling.notices import MailNotices

LOGIN = {"PAES_SMTP_USER": "paes", "PAES_SMTP_PASSWORD": "gattino 7"}
NAMES = {"user_variable": "PAES_SMTP_USER", "password_variable": "PAES_SMTP_PASSWORD"}
ANNA, BRUNO = "anna@comune.example", "Bruno Bò <bruno@comune.example>"
AT = datetime(2025, 10, 8, 5, 30, tzinfo=UTC)


def mail(port: int, **changes: Any) -> MailNotices:
    return MailNotices.model_validate(
        {
            "host": HOST, "port": port, "security": "none", "recipients": [ANNA, BRUNO],
            "sender": "PAES Monitor <paes@comune.example>", "timeout_s": 30, **changes,
        }
    )  # fmt: skip


def one_leak() -> Digest:
    return digest([News(What.NEW, leak())], town(), OPENED)


@pytest.fixture
def sink() -> MailSink:
    return MailSink()


def test_a_letter_arrives_as_it_was_written(sink: MailSink):
    made = one_leak()
    with mail_server(sink):
        assert send_mail(letter(made, mail(sink.port), AT), mail(sink.port)) == []
    (got,) = sink.letters
    assert sink.recipients == [[ANNA, "bruno@comune.example"]]
    assert got["Subject"] == "PAES Monitor: 1 nuova anomalia, 42 € a settimana"
    assert got["Message-ID"] == f"<{made.id}@comune.example>"
    assert got["Date"].datetime == AT
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["To"].addresses[1].display_name == "Bruno Bò"
    plain, rich = got.get_body(("plain",)), got.get_body(("html",))
    assert plain
    assert rich
    assert plain.get_content().replace("\r\n", "\n") == made.text
    assert "mentre di solito ne passano 4,3." in re.sub(r"\s+", " ", plain.get_content())
    assert rich.get_content().replace("\r\n", "\n") == made.html


def test_names_cannot_add_headers_or_recipients():
    made = Digest("a" * 32, "42 €\r\nBcc: eve@evil.example\x00\u2028x", "text\n", "<p>html</p>")
    whole = letter(made, mail(25), AT).as_bytes()
    read = message_from_bytes(whole, policy=policy.default)
    assert read["Bcc"] is None
    assert read["Subject"] == "42 € Bcc: eve@evil.example x"


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_way_is_encrypted_and_the_password_right(sink: MailSink, tmp_path: Path, security: str):
    context, ca = certificates(tmp_path)
    over = {"starttls": context} if security == "starttls" else {"tls": context}
    names = NAMES if security == "starttls" else {}
    with mail_server(sink, **over):
        asked = mail(sink.port, security=security, ca=ca, **names)
        send_mail(letter(one_leak(), asked, AT), asked, LOGIN)
    assert sink.was_encrypted == [True]
    assert sink.logins == ([(b"paes", b"gattino 7")] if names else [])


def test_a_wrong_password_is_told_without_it(sink: MailSink, tmp_path: Path):
    context, ca = certificates(tmp_path)
    with mail_server(sink, starttls=context):
        asked = mail(sink.port, security="starttls", ca=ca, **NAMES)
        with pytest.raises(NoticeRefused, match="user or password were refused") as raised:
            send_mail(letter(one_leak(), asked, AT), asked, LOGIN | {"PAES_SMTP_PASSWORD": "5cr3t"})
    assert f"mail server {HOST}:{sink.port}: " in str(raised.value)
    shown = f"{raised.value!r} {raised.value.__cause__!r}"
    assert "5cr3t" not in shown
    assert sink.letters == []


def test_a_server_that_repeats_the_password_does_not_make_us_tell_it(
    sink: MailSink, tmp_path: Path
):
    context, ca = certificates(tmp_path)
    sink.answer = "554 you said gattino 7"
    with mail_server(sink, starttls=context):
        asked = mail(sink.port, security="starttls", ca=ca, **NAMES)
        with pytest.raises(NoticeRefused, match="554 you said …") as raised:
            send_mail(letter(one_leak(), asked, AT), asked, LOGIN)
    assert "gattino" not in repr(raised.value)


def test_a_variable_that_is_not_set_is_told(sink: MailSink):
    asked = mail(25, security="tls", **NAMES)
    with pytest.raises(NoticeRefused, match="variable PAES_SMTP_PASSWORD is not set"):
        send_mail(letter(one_leak(), asked, AT), asked, {"PAES_SMTP_USER": "u"})


def test_a_server_that_nobody_vouches_for_gets_nothing(sink: MailSink, tmp_path: Path):
    context, _ = certificates(tmp_path)
    (tmp_path / "other").mkdir()
    _, other = certificates(tmp_path / "other")
    with mail_server(sink, starttls=context):
        asked = mail(sink.port, security="starttls", ca=other, **NAMES)
        with pytest.raises(NoticeRefused, match="certificate is not trusted"):
            send_mail(letter(one_leak(), asked, AT), asked, LOGIN)
    assert sink.logins == []


def test_a_server_without_encryption_gets_no_password(sink: MailSink):
    with mail_server(sink):
        asked = mail(sink.port, security="starttls", **NAMES)
        with pytest.raises(NoticeRefused, match="STARTTLS"):
            send_mail(letter(one_leak(), asked, AT), asked, LOGIN)
    assert sink.logins == []


def test_one_refused_recipient_does_not_keep_it_from_the_others(
    sink: MailSink, caplog: pytest.LogCaptureFixture
):
    sink.refuse = {ANNA: "550 5.1.1 no such user"}
    with mail_server(sink):
        asked = mail(sink.port)
        assert send_mail(letter(one_leak(), asked, AT), asked) == [ANNA]
    assert sink.recipients == [["bruno@comune.example"]]
    assert f"will not have {ANNA}: 550 5.1.1 no such user" in caplog.text


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (("550 5.1.1 no such user", "550 5.1.1 no such user"), NoticeRefused),
        (("450 4.2.1 try later", "550 5.1.1 no such user"), NoticeError),
    ],
)
def test_if_every_recipient_is_refused_nobody_was_told(
    sink: MailSink, answers: tuple[str, str], kind: type[NoticeError]
):
    sink.refuse = dict(zip((ANNA, "bruno@comune.example"), answers, strict=True))
    with mail_server(sink):
        asked = mail(sink.port)
        with pytest.raises(NoticeError, match="every recipient was refused") as raised:
            send_mail(letter(one_leak(), asked, AT), asked)
    assert type(raised.value) is kind
    assert not raised.value.is_doubtful


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("554 5.7.1 no spam", NoticeRefused), ("452 4.3.1 disk full", NoticeError)],
)
def test_a_refused_letter_is_final_or_not_by_its_code(
    sink: MailSink, answer: str, kind: type[NoticeError]
):
    sink.answer = answer
    with mail_server(sink):
        asked = mail(sink.port)
        with pytest.raises(NoticeError, match=re.escape(f"refused ({answer})")) as raised:
            send_mail(letter(one_leak(), asked, AT), asked)
    assert type(raised.value) is kind


def test_a_server_that_hangs_up_after_the_letter_may_have_it(sink: MailSink):
    sink.silent = True
    with mail_server(sink):
        asked = mail(sink.port)
        with pytest.raises(NoticeError, match="no answer after the letter") as raised:
            send_mail(letter(one_leak(), asked, AT), asked)
    assert raised.value.is_doubtful
    assert len(sink.letters) == 1


def test_a_server_that_is_away_is_tried_later():
    with nobody_listens() as port, pytest.raises(NoticeError, match="Connection refused") as told:
        send_mail(letter(one_leak(), mail(port), AT), mail(port))
    assert str(told.value).startswith(f"mail server {HOST}:{port}: ")
    assert type(told.value) is NoticeError
    assert not told.value.is_doubtful
