"""E-mail: a digest as a letter, and the letter to a mail server. The only module that speaks SMTP.

What is accepted for one recipient is delivered: the others are told about in the log. A refusal
that another attempt cannot mend is ``NoticeRefused``; where a letter was handed over whole and no
answer came, it may have arrived (``NoticeError.is_doubtful``), and its Message-ID is the same when
it is sent again. No message holds a password, whatever the server says.
"""

from __future__ import annotations

import logging
import os
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from paes.errors import NoticeError, NoticeRefused
from paes.faults.telling.digest import Digest
from paes.faults.telling.notices import Environment, MailNotices, secret

log = logging.getLogger(__name__)

MOST_SAID = 160
"""Characters of what a server says that are worth repeating."""


def letter(digest: Digest, mail: MailNotices, at: datetime) -> EmailMessage:
    """``digest`` as plain text and HTML; headers cannot be broken out of."""
    domain = parseaddr(mail.sender)[1].rpartition("@")[2]
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line(digest.subject, 200)
    message["From"] = mail.sender
    message["To"] = ", ".join(mail.recipients)
    message["Date"] = at
    message["Message-ID"] = f"<{digest.id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"  # no one's absence answers it (RFC 3834)
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(digest.text, cte="quoted-printable")
    message.add_alternative(digest.html, subtype="html", cte="quoted-printable")
    return message


def send_mail(
    message: EmailMessage, mail: MailNotices, environment: Environment = os.environ
) -> list[str]:
    """Hand ``message`` to the server; which recipients it will not have, if it has others.

    Raises NoticeError if nobody got it.
    """
    names = (mail.user_variable, mail.password_variable)
    login = [secret(name, environment) for name in names if name]
    where = f"mail server {mail.host}:{mail.port}"
    with _in_words(where, login), _connected(mail) as server:
        server.ehlo_or_helo_if_needed()
        if mail.security == "starttls":
            server.starttls(context=_trust(mail))
            server.ehlo()
        if login:
            server.login(login[0], login[1])
        return _deliver(server, message, mail, where)


def _deliver(
    server: smtplib.SMTP, message: EmailMessage, mail: MailNotices, where: str
) -> list[str]:
    code, said = server.mail(parseaddr(mail.sender)[1])
    if code != 250:
        raise smtplib.SMTPSenderRefused(code, said, mail.sender)
    answers = {to: server.rcpt(parseaddr(to)[1]) for to in mail.recipients}
    refused = {to: answer for to, answer in answers.items() if answer[0] not in (250, 251)}
    if len(refused) == len(answers):
        raise smtplib.SMTPRecipientsRefused(refused)
    try:
        code, said = server.data(message.as_bytes())
    except smtplib.SMTPDataError:
        raise
    except (smtplib.SMTPServerDisconnected, OSError) as err:
        told = f"{where}: no answer after the letter was handed over ({_reason(err)})"
        raise NoticeError(told, is_doubtful=True) from err
    if code != 250:
        raise smtplib.SMTPDataError(code, said)
    for to, (code, said) in refused.items():
        log.warning("%s will not have %s: %s", where, to, _said(code, said))
    return list(refused)


@contextmanager
def _connected(mail: MailNotices) -> Iterator[smtplib.SMTP]:
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            mail.host, mail.port, timeout=mail.timeout_s, context=_trust(mail)
        )
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout_s)
    with closing(server):
        yield server
        with suppress(smtplib.SMTPException, OSError):  # the letter is delivered already
            server.quit()


def _trust(mail: MailNotices) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=mail.ca.expanduser() if mail.ca else None)
    except OSError as err:
        raise NoticeRefused(
            f"{mail.ca}: cannot be read as the certificate authority of {mail.host} (PEM expected)"
        ) from err


@contextmanager
def _in_words(where: str, secrets: list[str]) -> Iterator[None]:
    """The library's errors as ours, without ``secrets``."""
    try:
        yield
    except NoticeError:
        raise
    except (smtplib.SMTPException, OSError) as err:
        kind = NoticeRefused if _is_final(err) else NoticeError
        text = _reason(err)
        for hidden in secrets:
            text = text.replace(hidden, "…")
        raise kind(f"{where}: {text}") from None  # the cause may hold what was sent


def _is_final(err: Exception) -> bool:
    """True if the same will be refused again."""
    if isinstance(err, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in err.recipients.values())
    if isinstance(err, smtplib.SMTPResponseException):
        return err.smtp_code >= 500
    return isinstance(err, smtplib.SMTPNotSupportedError | ssl.SSLCertVerificationError)


def _reason(err: Exception) -> str:
    if isinstance(err, smtplib.SMTPRecipientsRefused):
        told = [f"{to}: {_said(code, said)}" for to, (code, said) in err.recipients.items()]
        return f"every recipient was refused ({'; '.join(told)})"
    if isinstance(err, smtplib.SMTPAuthenticationError):
        return f"user or password were refused ({_said(err.smtp_code, err.smtp_error)})"
    if isinstance(err, smtplib.SMTPSenderRefused):
        return f"the sender {err.sender} was refused ({_said(err.smtp_code, err.smtp_error)})"
    if isinstance(err, smtplib.SMTPResponseException):
        return f"refused ({_said(err.smtp_code, err.smtp_error)})"
    if isinstance(err, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({err.verify_message}); see mail.ca"
    if isinstance(err, TimeoutError):
        return "no answer in time"
    return one_line(str(getattr(err, "strerror", None) or err), MOST_SAID) or type(err).__name__


def _said(code: int, said: bytes | str) -> str:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return f"{code} {one_line(text, MOST_SAID)}".strip()


def one_line(text: str, most: int) -> str:
    """``text`` without line breaks and control characters, at most ``most`` long."""
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text).strip()[:most]
