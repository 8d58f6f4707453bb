"""``notices.yaml``: what it holds, how it is wrong, and when people are left in peace."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest
from small_installation import SmallInstallation

from paes.config import load_installation
from paes.config_file import read_yaml
from paes.errors import ConfigError
from paes.faults.telling.notices import Notices, Quiet

ROME = "Europe/Rome"
GOOD = """\
night_run: 04:45
language: en
least_eur_per_week: 5
quiet: {from_time: "20:00", to_time: "07:00", rest_days: true}
mail:
  host: smtp.comune.example
  user_variable: PAES_SMTP_USER
  password_variable: PAES_SMTP_PASSWORD
  sender: PAES Monitor <paes@comune.example>
  recipients:
    - energia@comune.example
webhook:
  url_variable: PAES_WEBHOOK_URL
  secret_variable: PAES_WEBHOOK_SECRET
"""


def test_without_the_file_faults_are_looked_for_and_nobody_is_told(small: SmallInstallation):
    notices = load_installation(small.root).notices
    assert notices.night_run == time(5, 30)
    assert (notices.mail, notices.webhook) == (None, None)


def test_a_wrong_file_stops_the_start(small: SmallInstallation):
    small.write({"notices.yaml": "nightrun: 05:30\n"})
    with pytest.raises(ConfigError, match=r"notices.yaml:1: nightrun: unknown key"):
        load_installation(small.root)


def test_the_file_is_read(small: SmallInstallation):
    small.write({"notices.yaml": GOOD})
    notices = load_installation(small.root).notices
    assert notices.night_run == time(4, 45)
    assert notices.mail
    assert notices.mail.port == 587
    assert notices.mail.security == "starttls"
    assert notices.webhook
    assert notices.unset_variables({"PAES_SMTP_USER": "u", "PAES_WEBHOOK_URL": " "}) == [
        "notices.yaml: mail: the environment variable PAES_SMTP_PASSWORD is not set here",
        "notices.yaml: webhook: the environment variable PAES_WEBHOOK_URL is not set here",
        "notices.yaml: webhook: the environment variable PAES_WEBHOOK_SECRET is not set here",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("04:45", "5.30", 1, "night_run: expected a time of day such as 05:30, seen 5.3"),
        ("04:45", "24:00", 1, "night_run: expected a time of day such as 05:30, seen '24:00'"),
        ('"07:00"', '"20:00"', 4, "quiet.to_time: to_time is 20:00, as from_time: nobody is"),
        ("host: smtp.", "host: smtp:/", 6, "mail.host: expected the name of a mail server"),
        ("  host", "  security: none\n  host", 6, "mail.security: security is none: a password"),
        ("  password_variable: PAES_SMTP_PASSWORD\n", "", 7, "mail.user_variable: user_variable"),
        ("<paes@comune.example>", "<paes>", 9, "mail.sender: expected an address such as"),
        ("- energia@comune.example", "- energia@comune", 11, "mail.recipients[0]: expected an"),
        ("- energia@comune.example", '- "a@b.example\\nBcc: c@d.example"', 11, "expected an addr"),
        ("PAES_WEBHOOK_URL", "https://hooks.example", 13, "webhook.url_variable: expected text"),
        ("url_variable: PAES_WEBHOOK_URL", "url: http://hooks.example/s3cret", 13, "webhook.url:"),
        ("url_variable: PAES_WEBHOOK_URL\n", "timeout_s: 3\n", 12, "webhook: expected either url"),
        ("PAES_SMTP_PASSWORD", "hunter 2", 8, "mail.password_variable: expected text that"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    small: SmallInstallation, old: str, new: str, line: int, says: str
):
    small.write({"notices.yaml": GOOD})
    small.replace("notices.yaml", old, new)
    with pytest.raises(ConfigError) as raised:
        read_yaml(small.root / "notices.yaml", Notices)
    (problem,) = raised.value.problems
    assert problem.startswith(f"{small.root / 'notices.yaml'}:{line}: ")
    assert says in problem
    assert "s3cret" not in problem


def test_an_address_that_may_be_a_secret_is_not_shown():
    notices = Notices.model_validate({"webhook": {"url": "https://hooks.example/s3cret"}})
    assert "s3cret" not in repr(notices)
    assert "s3cret" not in str(notices)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        # Wednesday 19 November 2025, UTC+1: quiet from 20:00 to 07:00.
        ("2025-11-19T12:00", "2025-11-19T12:00"),
        ("2025-11-19T18:59", "2025-11-19T18:59"),
        ("2025-11-19T19:00", "2025-11-20T06:00"),
        ("2025-11-20T04:30", "2025-11-20T06:00"),
        ("2025-11-20T06:00", "2025-11-20T06:00"),
        # Friday evening: Monday morning.
        ("2025-11-21T19:30", "2025-11-24T06:00"),
        # Before Easter 2026 (5 April, Monday is a holiday too), across the change to UTC+2.
        ("2026-04-03T19:00", "2026-04-07T05:00"),
        # The clocks go forward in the night to Sunday 29 March 2026: 07:00 on Monday is 05:00Z.
        ("2026-03-28T12:00", "2026-03-30T05:00"),
    ],
)
def test_quiet_hours_end_on_the_local_clock(at: str, until: str):
    quiet = Quiet(from_time=time(20), to_time=time(7), rest_days=True)
    start = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert quiet.until(start, ROME) == datetime.fromisoformat(until).replace(tzinfo=UTC)


def test_a_quiet_noon_is_within_the_day():
    quiet = Quiet(from_time=time(12, 30), to_time=time(14))
    assert quiet.covers(datetime(2025, 7, 1, 11, tzinfo=UTC), ROME)  # 13:00
    assert not quiet.covers(datetime(2025, 7, 1, 12, tzinfo=UTC), ROME)  # 14:00
    assert not quiet.covers(datetime(2025, 7, 5, 8, tzinfo=UTC), ROME)  # a Saturday at 10:00
