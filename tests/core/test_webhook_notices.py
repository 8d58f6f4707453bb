"""Webhooks that reach a real HTTP server on loopback, and every way in which they do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mail_sink import HOST, WebSink, certificates, nobody_listens, web_server
from told_cases import leak, town

from paes.errors import NoticeError, NoticeRefused
from paes.faults.telling.news import News, What
from paes.faults.telling.notices import WebhookNotices
from paes.faults.telling.webhook import send_webhook, signature
from paes.report.notice_documents import notice_document

AT = datetime(2025, 10, 8, 5, 30, tzinfo=UTC)
AT_S = 1_759_901_400  # date -u -d '2025-10-08 05:30' +%s
DOCUMENT = {"type": "faults.digest", "note": "più"}


def hook(port: int, path: str = "/in", scheme: str = "http", **changes: Any) -> WebhookNotices:
    url = f"{scheme}://{HOST}:{port}{path}"
    return WebhookNotices.model_validate({"url": url, "timeout_s": 30, **changes})


def test_the_signature_is_that_of_the_specification():
    # From the test of the specification's own library for Go (standard-webhooks, TestWebhookSign).
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("secret", "key"), [("parola segreta", b"parola segreta"), ("whsec_AAECAw==", bytes(range(4)))]
)
def test_a_document_arrives_signed(secret: str, key: bytes):
    with web_server(WebSink()) as sink:
        asked = hook(sink.port, secret_variable="PAES_SECRET")
        send_webhook("abc", DOCUMENT, asked, AT, {"PAES_SECRET": secret})
    ((headers, body),) = sink.got
    assert json.loads(body) == DOCUMENT
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("abc", str(AT_S))
    mac = hmac.new(key, b"abc." + str(AT_S).encode() + b"." + body, hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert secret not in str(headers)


def test_without_a_secret_there_is_no_signature():
    with web_server(WebSink()) as sink:
        send_webhook("abc", DOCUMENT, hook(sink.port), AT, {})
    assert "webhook-signature" not in sink.got[0][0]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, NoticeRefused), (404, NoticeRefused), (410, NoticeRefused), (302, NoticeRefused),
        (307, NoticeRefused), (408, NoticeError), (429, NoticeError), (500, NoticeError),
        (503, NoticeError),
    ],
)  # fmt: skip
def test_a_refusal_is_final_or_not_by_its_status(status: int, kind: type[NoticeError]):
    with web_server(WebSink([status])) as sink, web_server(WebSink()) as other:
        sink.location = f"http://{HOST}:{other.port}/stolen"
        with pytest.raises(NoticeError, match=f"HTTP {status}") as raised:
            send_webhook("abc", DOCUMENT, hook(sink.port, "/s3cret"), AT, {})
    assert type(raised.value) is kind
    assert "s3cret" not in repr(raised.value)
    assert other.got == []
    assert len(sink.got) == 1


def test_an_answer_that_does_not_come_leaves_it_in_doubt():
    with web_server(WebSink()) as sink:
        sink.hang_up = True
        with pytest.raises(NoticeError, match="no answer") as raised:
            send_webhook("abc", DOCUMENT, hook(sink.port), AT, {})
    assert raised.value.is_doubtful


def test_a_receiver_that_is_away_is_tried_later():
    with nobody_listens() as port, pytest.raises(NoticeError, match="cannot be conn") as raised:
        send_webhook("abc", DOCUMENT, hook(port, "/s3cret"), AT, {})
    assert not raised.value.is_doubtful
    assert type(raised.value) is NoticeError
    assert "s3cret" not in repr(raised.value)


def test_the_certificate_is_checked(tmp_path: Path):
    context, ca = certificates(tmp_path)
    with web_server(WebSink(), tls=context) as sink:
        send_webhook("abc", DOCUMENT, hook(sink.port, scheme="https", ca=ca), AT, {})
        with pytest.raises(NoticeRefused, match="certificate is not trusted"):
            send_webhook("abc", DOCUMENT, hook(sink.port, scheme="https"), AT, {})
    assert len(sink.got) == 1


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("", "PAES_HOOK is not set"),
        ("http://hooks.example/s3cret", "PAES_HOOK: its url is http"),
        ("https://u:s3cret@hooks.example/", "PAES_HOOK: its url holds a user"),
        ("ftp://hooks.example/s3cret", "PAES_HOOK: its url is not understood"),
        ("https://hooks.example:99999/s3cret", "PAES_HOOK: its url is not understood"),
    ],
)
def test_an_address_of_the_environment_is_held_to_the_same(address: str, says: str):
    asked = WebhookNotices(url_variable="PAES_HOOK")
    with pytest.raises(NoticeRefused, match=says) as raised:
        send_webhook("abc", DOCUMENT, asked, AT, {"PAES_HOOK": address})
    assert "s3cret" not in str(raised.value)


def test_a_case_is_told_in_figures():
    numbers = {"night_flow_l_h": 120.0, "nights": math.nan}
    case = leak(episode=replace(leak().episode, numbers=numbers))
    made = notice_document("abc", [News(What.NEW, case)], town(), AT, simulated=True)
    json.dumps(made, allow_nan=False)
    assert made["data"]["simulated"] is True
    (told,) = made["data"]["news"]
    assert told["what"] == "new"
    assert told["site_name"] == "Hall"
    case_told = told["case"]
    assert "decisions" not in case_told
    assert "passano almeno 120 litri d’acqua" in case_told["says"]["it"]
    assert case_told["id"] == "hall.water/water_leak/2025-10-02"
    assert case_told["since"] == "2025-10-01T22:00:00+00:00"
    assert case_told["numbers"] == {"night_flow_l_h": 120.0, "nights": None}
    eur = case_told["price"]["per_week"]["eur"]
    assert (eur["low"], eur["likely"], eur["high"]) == pytest.approx((33.6, 42.0, 50.4))
    assert case_told["price"]["per_week"]["co2_t"] is None
