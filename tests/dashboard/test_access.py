"""Accounts, sessions, limits of the login and the audit log, and ``paes user``."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from shown_town import MovingClock

from dashboard.access import passwords
from dashboard.access.access import Access
from dashboard.access.access_file import AccessFile
from dashboard.access.accounts import Accounts
from dashboard.access.audit_log import AuditLog, AuditQuestion
from dashboard.access.login_limits import Attempts
from dashboard.access.rights import Role, User
from dashboard.access.sessions import Sessions
from dashboard.access.settings import LoginLimits, SessionEnds
from paes.cli import Session
from paes.cli import paes as command
from paes.cli.entrance import entrance
from paes.errors import DataError, PaesError, StoreError
from paes.listening import is_loopback

GOOD = "una frase lunga e buona"
BY = ("test", "terminal")


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same scrypt with less work: what is tested here is not how long it takes."""
    monkeypatch.setattr(passwords, "_METHOD", "scrypt:1024:8:1")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[AccessFile]:
    with closing(AccessFile(tmp_path / "own")) as one:
        yield one


@pytest.fixture
def log(file: AccessFile, clock: MovingClock) -> AuditLog:
    return AuditLog(file, clock)


@pytest.fixture
def accounts(file: AccessFile, log: AuditLog, clock: MovingClock) -> Accounts:
    return Accounts(file, log, clock)


def deeds(log: AuditLog) -> list[tuple[str, str, str, str]]:
    return [(e.person, e.what, e.subject, e.told) for e in log.entries(AuditQuestion(), 50)][::-1]


def test_the_file_is_its_owners_alone(file: AccessFile) -> None:
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700
    file.path.chmod(0o644)
    with closing(AccessFile(file.path.parent)):
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


def test_the_key_of_the_sessions_is_made_once_and_shared(file: AccessFile) -> None:
    with closing(AccessFile(file.path.parent)) as another:
        key = file.kept_secret()
        assert len(key) >= 48
        assert another.kept_secret() == key


def test_an_account_is_made_changed_and_removed_and_all_of_it_is_told(
    accounts: Accounts, log: AuditLog
) -> None:
    accounts.add("anna", Role.VIEWER, GOOD, "Anna Rossi", by=BY)
    with pytest.raises(DataError, match="there is an account anna already"):
        accounts.add("anna", Role.VIEWER, GOOD, by=BY)
    accounts.set_role("anna", Role.TECHNICIAN, by=BY)
    accounts.set_enabled("anna", False, by=BY)
    accounts.set_enabled("anna", True, by=BY)
    accounts.set_password("anna", "un'altra frase lunga", by=BY)
    assert accounts.with_password("anna", GOOD) is None
    known = accounts.with_password("anna", "un'altra frase lunga")
    assert known
    assert (known.full_name, known.role) == ("Anna Rossi", Role.TECHNICIAN)
    accounts.remove("anna", by=BY)
    with pytest.raises(DataError, match="there is no account 'anna'; there is none yet"):
        accounts.set_role("anna", Role.VIEWER, by=BY)
    assert deeds(log) == [
        ("test", "account_added", "anna", "viewer"),
        ("test", "account_role", "anna", "viewer > technician"),
        ("test", "account_disabled", "anna", ""),
        ("test", "account_enabled", "anna", ""),
        ("test", "account_password", "anna", ""),
        ("test", "account_removed", "anna", ""),
    ]


def test_a_password_is_kept_as_scrypt_with_a_salt_of_its_own(
    accounts: Accounts, file: AccessFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    for name in ("anna", "berta"):
        accounts.add(name, Role.VIEWER, GOOD, by=BY)
    with file.reading() as db:
        kept = [row[0] for row in db.execute("SELECT password FROM accounts")]
    assert all(one.startswith("scrypt:32768:8:3$") for one in kept)
    assert kept[0] != kept[1]
    assert GOOD.encode() not in b"".join(p.read_bytes() for p in file.path.parent.iterdir())


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("corta", "it has 5 characters"),
        ("abababababab", "only 2 different"),
        ("per me anna lunga", "holds the account's name"),
        ("x1y2z3" * 40, "at most 200"),
        ("una frase\tlunga e", "control character"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason_and_the_rule(
    password: str, reason: str, accounts: Accounts
) -> None:
    with pytest.raises(DataError, match=reason) as caught:
        accounts.add("anna", Role.VIEWER, password, by=BY)
    assert "expected at least 12 characters" in str(caught.value)
    assert password not in str(caught.value)


@pytest.mark.parametrize("name", ["", "A", "anna rossi", "-anna", "anna@b", "a" * 41, "anna\n"])
def test_a_name_that_could_be_taken_for_another_is_refused(name: str, accounts: Accounts) -> None:
    with pytest.raises(DataError, match="cannot be the name of an account"):
        accounts.add(name, Role.VIEWER, GOOD, by=BY)


def test_a_disabled_account_an_unknown_one_and_a_wrong_password_are_told_alike(
    accounts: Accounts,
) -> None:
    accounts.add("anna", Role.VIEWER, GOOD, by=BY)
    accounts.set_enabled("anna", False, by=BY)
    assert accounts.with_password("anna", GOOD) is None
    assert accounts.with_password("berta", GOOD) is None
    # The password of the hash that stands in for accounts that are not there opens nothing.
    assert accounts.with_password("berta", "nobody has this password") is None


def test_a_session_ends_when_idle_and_after_its_longest_time(
    file: AccessFile, accounts: Accounts, clock: MovingClock
) -> None:
    accounts.add("anna", Role.VIEWER, GOOD, by=BY)
    sessions = Sessions(file, SessionEnds(idle_h=1, longest_h=3), clock)
    idle = sessions.begin(User("anna", Role.VIEWER), is_local=True)
    busy = sessions.begin(User("anna", Role.VIEWER), is_local=True)
    for _ in range(4):
        clock.now += timedelta(minutes=40)
        found = sessions.find(busy.token)
        assert found
        sessions.renew(found)
    assert sessions.find(idle.token) is None
    clock.now += timedelta(minutes=21)  # 3 h 1 min after it began
    assert sessions.find(busy.token) is None


def test_a_session_ends_with_its_account_and_its_password_and_follows_its_role(
    file: AccessFile, accounts: Accounts, clock: MovingClock
) -> None:
    sessions = Sessions(file, SessionEnds(), clock)
    accounts.add("anna", Role.VIEWER, GOOD, by=BY)

    def begun() -> str:
        return sessions.begin(User("anna", Role.VIEWER), is_local=True).token

    first = begun()
    accounts.set_role("anna", Role.TECHNICIAN, by=BY)
    found = sessions.find(first)
    assert found
    assert found.user.role is Role.TECHNICIAN
    accounts.set_password("anna", "un'altra frase lunga", by=BY)
    assert sessions.find(first) is None
    second = begun()
    accounts.set_enabled("anna", False, by=BY)
    accounts.set_enabled("anna", True, by=BY)
    assert sessions.find(second) is None
    third = begun()
    accounts.remove("anna", by=BY)
    accounts.add("anna", Role.ADMINISTRATOR, GOOD, by=BY)
    assert sessions.find(third) is None


def test_what_the_file_knows_of_a_session_opens_none(file: AccessFile, clock: MovingClock) -> None:
    sessions = Sessions(file, SessionEnds(), clock)
    token = sessions.begin(User("a@provider", Role.VIEWER), is_local=False).token
    with file.reading() as db:
        (kept,) = db.execute("SELECT token FROM sessions").fetchone()
    assert kept != token
    assert sessions.find(kept) is None


def limited(file: AccessFile, clock: MovingClock, **limits: int) -> Attempts:
    return Attempts(file, LoginLimits(window_min=15, **limits), clock)


def test_attempts_are_limited_by_account_and_by_address_and_wait_as_told(
    file: AccessFile, clock: MovingClock
) -> None:
    attempts = limited(file, clock, per_account=3, per_address=5)
    for i in range(3):
        attempt = attempts.begin("anna", f"192.0.2.{i}")
        assert (attempt.wait_s, attempt.is_last) == (0, i == 2)
        clock.now += timedelta(minutes=1)
    assert attempts.begin("Anna", "192.0.2.9").wait_s == 12 * 60  # 15 - 3 minutes
    for i in range(5):
        assert attempts.begin(f"other-{i}", "2001:db8::1").wait_s == 0
    assert attempts.begin("yet-another", "2001:db8::ffff").wait_s == 15 * 60  # the same /64
    assert attempts.begin("yet-another", "2001:db8:0:1::1").wait_s == 0
    clock.now += timedelta(minutes=12)
    assert attempts.begin("anna", "192.0.2.9").wait_s == 0


def test_limits_hold_in_other_processes_and_forget_what_succeeded(
    file: AccessFile, clock: MovingClock
) -> None:
    here = limited(file, clock, per_account=2)
    with closing(AccessFile(file.path.parent)) as again:
        there = limited(again, clock, per_account=2)
        here.succeeded(here.begin("anna", "192.0.2.1"))
        assert here.begin("anna", "192.0.2.1").wait_s == 0
        assert there.begin("anna", "192.0.2.1").wait_s == 0
        assert there.begin("anna", "192.0.2.1").wait_s > 0
        assert here.begin("anna", "192.0.2.1").wait_s > 0


def test_attempts_at_the_same_time_gain_nothing(file: AccessFile, clock: MovingClock) -> None:
    attempts, allowed = limited(file, clock, per_account=3), []

    def attempt() -> None:
        if not attempts.begin("anna", "192.0.2.1").wait_s:
            allowed.append(1)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(allowed) == 3


def test_what_was_typed_as_a_name_is_not_kept(file: AccessFile, clock: MovingClock) -> None:
    limited(file, clock).begin("hunter2 is my password", "192.0.2.1")
    with file.reading() as db:
        assert db.execute("SELECT count(*) FROM attempts").fetchone() == (1,)
    assert b"hunter2" not in b"".join(p.read_bytes() for p in file.path.parent.iterdir())


def test_the_audit_log_refuses_to_be_changed(file: AccessFile, log: AuditLog) -> None:
    log.add("anna", "login")
    for statement in ("UPDATE audit SET person = 'b'", "DELETE FROM audit"):
        with (
            pytest.raises(StoreError, match="the audit log is never changed"),
            file.writing() as db,
        ):
            db.execute(statement)
    assert deeds(log) == [("anna", "login", "", "")]


def test_the_audit_log_is_asked_by_person_deed_and_days(log: AuditLog, clock: MovingClock) -> None:
    begin = clock.now
    for person, what in (("anna", "login"), ("berta", "login"), ("anna", "case.note")):
        log.add(person, what, "x", "line\nbreak \x1b[31m")
        clock.now += timedelta(days=1)
    assert log.people() == ["anna", "berta"]
    assert log.deeds() == ["case.note", "login"]
    asked = AuditQuestion(person="anna", start=begin, end=begin + timedelta(days=2))
    (only,) = log.entries(asked, 10)
    assert (only.what, only.at, only.told) == ("login", begin, "line break  [31m")
    assert log.count(AuditQuestion(what="login")) == 2
    assert [e.what for e in log.entries(AuditQuestion(), 1, skip=1)] == ["login"]
    assert log.newest("login") == {"anna": begin, "berta": begin + timedelta(days=1)}


def paes_user(folder: Path, *words: str, password: str = GOOD) -> tuple[int, str]:
    """Exit code and what was said."""
    call = ["user", words[0], "--folder", str(folder), *words[1:]]
    result = CliRunner().invoke(command, call, input=f"{password}\n", standalone_mode=True)
    if isinstance(result.exception, PaesError):
        return 1, str(result.exception)
    return result.exit_code, result.output


def test_paes_user_makes_lists_changes_and_removes_accounts(tmp_path: Path) -> None:
    add = ("add", "anna", "--role", "energy_manager", "--full-name", "Anna Rossi")
    assert paes_user(tmp_path, *add)[0] == 2  # no terminal to ask at
    assert paes_user(tmp_path, *add, "--password-stdin") == (
        0,
        "anna may log in as energy manager\n",
    )
    assert paes_user(tmp_path, *add, "--password-stdin")[0] == 1
    assert paes_user(tmp_path, "role", "anna", "viewer")[0] == 0
    assert paes_user(tmp_path, "disable", "anna")[0] == 0
    code, text = paes_user(tmp_path, "list", "--json")
    (one,) = json.loads(text)
    assert code == 0
    assert (one["name"], one["role"], one["enabled"]) == ("anna", "viewer", False)
    assert "Anna Rossi" in paes_user(tmp_path, "list")[1]
    weak = paes_user(tmp_path, "password", "anna", "--password-stdin", password="corta")
    assert weak[0] == 1
    assert "expected at least 12 characters" in weak[1]
    assert paes_user(tmp_path, "password", "anna", "--password-stdin")[0] == 0
    assert paes_user(tmp_path, "enable", "anna")[0] == 0
    assert paes_user(tmp_path, "remove", "anna")[0] == 0
    assert paes_user(tmp_path, "remove", "anna")[0] == 1
    with closing(AccessFile(tmp_path)) as file:
        told = AuditLog(file, lambda: datetime.now(UTC)).entries(AuditQuestion(), 20)
    assert len(told) == 6
    assert {(e.person.split("@")[1], e.source) for e in told} == {("terminal", "terminal")}


def test_without_a_login_only_this_machine_is_served(tmp_path: Path) -> None:
    store = ["--store", str(tmp_path / "a.sqlite"), "dashboard", "--no-login"]
    for words, reason in (
        (["--host", "0.0.0.0"], "expected a loopback address"),
        (["--proxies", "1"], "behind a proxy"),
    ):
        result = CliRunner().invoke(command, [*store, *words])
        assert isinstance(result.exception, PaesError)
        assert reason in str(result.exception)
    wrong = CliRunner().invoke(command, [*store, "--base", "//elsewhere/"])
    assert (wrong.exit_code, "expected a path" in wrong.output) == (2, True)


def test_a_start_says_that_nobody_can_log_in_and_that_passwords_travel_openly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    session = Session(None, str(tmp_path / "a.sqlite"), None)
    entrance(session, tmp_path, True, "127.0.0.1", 0)
    assert "nobody can log in yet" in capsys.readouterr().err
    assert paes_user(tmp_path, "add", "anna", "--role", "viewer", "--password-stdin")[0] == 0
    entrance(session, tmp_path, True, "0.0.0.0", 1)
    assert capsys.readouterr().err == ""
    with closing(entrance(session, tmp_path, True, "0.0.0.0", 0)() or AccessFile(tmp_path)) as one:
        assert isinstance(one, Access)
    assert "unencrypted" in capsys.readouterr().err


def test_a_key_that_could_be_guessed_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(PaesError, match="PAES_SECRET_KEY has 6 characters"):
        Access(tmp_path, environment={"PAES_SECRET_KEY": "secret"})


def test_what_is_this_machine_and_what_is_not() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("0.0.0.0", "::", "10.0.0.1", "localhost.it", ""))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked on POSIX alone")
def test_a_forked_process_has_a_connection_of_its_own(file: AccessFile, log: AuditLog) -> None:
    subprocess.run([sys.executable, "-c", _FORKING, str(file.path.parent)], check=True, timeout=60)
    assert {e.person for e in log.entries(AuditQuestion(), 5)} == {"parent", "child"}


_FORKING = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from dashboard.access.access_file import AccessFile
from dashboard.access.audit_log import AuditLog
log = AuditLog(AccessFile(Path(sys.argv[1])), lambda: datetime.now(UTC))
log.add("parent", "login")
child = os.fork()
if not child:
    log.add("child", "login")
    os._exit(0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
