"""Webhooks: a digest as one JSON document to an address of another program.

Signed as the Standard Webhooks specification 1.0 says, so that receivers need no code of ours::

    webhook-id         the digest's id: the same when it is sent again, so drop what you know
    webhook-timestamp  Unix seconds of this attempt: refuse what is minutes old
    webhook-signature  v1, and base64 of HMAC-SHA256 over "<id>.<timestamp>.<body>"

Only https (plain http to this machine), certificates are checked, no redirection is followed, and
no message holds more of the address than its host.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import urllib3

from paes import __version__
from paes.errors import NoticeError, NoticeRefused
from paes.faults.telling.notices import Environment, WebhookNotices, secret, url_problem
from paes.periods import to_seconds

KEY_PREFIX = "whsec_"
"""What the specification puts before a secret in base64."""
LATER = (408, 425, 429)
"""Answers below 500 after which the same may be accepted later."""


def signature(key: bytes, id_: str, timestamp_s: int, body: bytes) -> str:
    """The value of ``webhook-signature``."""
    signed = f"{id_}.{timestamp_s}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def send_webhook(
    id_: str,
    document: Mapping[str, Any],
    webhook: WebhookNotices,
    at: datetime,
    environment: Environment = os.environ,
) -> None:
    """Deliver ``document`` under the id ``id_``; NoticeError if the receiver did not accept it."""
    url = _address(webhook, environment)
    where = f"webhook at {urlsplit(url).hostname}"
    body = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"paes-monitor/{__version__}",
        "webhook-id": id_,
        "webhook-timestamp": str(to_seconds(at)),
    }
    if webhook.secret_variable:
        key = _key(webhook.secret_variable, environment)
        headers["webhook-signature"] = signature(key, id_, to_seconds(at), body)
    _check(_posted(url, body, headers, webhook, where), where)


def _posted(
    url: str, body: bytes, headers: dict[str, str], webhook: WebhookNotices, where: str
) -> int:
    """The status of the answer."""
    with urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=webhook.timeout_s, read=webhook.timeout_s),
        retries=False,
        ssl_context=_trust(webhook),
    ) as pool:
        try:
            answer = pool.request(
                "POST", url, body=body, headers=headers, redirect=False, preload_content=False
            )
            answer.release_conn()
        except urllib3.exceptions.HTTPError as err:
            # The library's own text, and with it the cause, may hold the address.
            raise _unanswered(err, where) from None
    return answer.status


def _check(status: int, where: str) -> None:
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise NoticeRefused(
            f"{where}: answers HTTP {status}, that its address is another one; that is not"
            " followed: put the new one into notices.yaml or its variable"
        )
    kind = NoticeError if status >= 500 or status in LATER else NoticeRefused
    raise kind(f"{where}: refused by HTTP {status}")


def _unanswered(err: urllib3.exceptions.HTTPError, where: str) -> NoticeError:
    if isinstance(err, urllib3.exceptions.SSLError):
        text = "its certificate is not trusted, or it speaks no TLS; see webhook.ca"
        return NoticeRefused(f"{where}: {text}")
    if isinstance(err, urllib3.exceptions.NameResolutionError):
        return NoticeError(f"{where}: the name of the host is not known")
    if isinstance(err, urllib3.exceptions.NewConnectionError):
        return NoticeError(f"{where}: cannot be connected to")
    if isinstance(err, urllib3.exceptions.ConnectTimeoutError):
        return NoticeError(f"{where}: cannot be connected to in time")
    return NoticeError(f"{where}: no answer ({type(err).__name__})", is_doubtful=True)


def _address(webhook: WebhookNotices, environment: Environment) -> str:
    if webhook.url is not None:
        return webhook.url
    name = webhook.url_variable or ""
    url = secret(name, environment)
    if wrong := url_problem(url):
        raise NoticeRefused(f"the environment variable {name}: its {wrong}")
    return url


def _key(name: str, environment: Environment) -> bytes:
    text = secret(name, environment)
    if not text.startswith(KEY_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(KEY_PREFIX), validate=True)
    except binascii.Error:
        raise NoticeRefused(
            f"the environment variable {name}: what follows {KEY_PREFIX} is no base64"
        ) from None


def _trust(webhook: WebhookNotices) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=webhook.ca.expanduser() if webhook.ca else None)
    except OSError as err:
        raise NoticeRefused(
            f"{webhook.ca}: cannot be read as a certificate authority (PEM expected)"
        ) from err
