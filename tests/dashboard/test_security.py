"""Who may see what, by every route and role; what a request may not do, however it is written.

Pages are asked with their real routes and rights, but say nothing: what they show, and how long it
takes, is tested elsewhere.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from guarded_town import BY, PASSWORD, access_in, logged_in, name_of, token_of, try_login
from shown_town import MovingClock

import dashboard.visits
from dashboard.access import passwords, sessions
from dashboard.access.access import Access
from dashboard.access.access_file import AccessFile
from dashboard.access.audit_log import AuditQuestion
from dashboard.access.cookies import TOKEN_COOKIE, TOKEN_HEADER
from dashboard.access.login import own_path
from dashboard.access.rights import Right, Role, rights_of
from dashboard.access.settings import AccessSettings, LoginLimits
from dashboard.app import Dashboard, create_app
from dashboard.asked import Asked
from dashboard.pages.page import Content, Page
from dashboard.pages.table import PAGES, page_at
from dashboard.tables.table import Column, Linked, Marked, Table, csv_text
from dashboard.texts import Language
from paes.errors import StoreError
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

BASE = "/energia/"
OPEN_RULES = (
    "/assets/<path:filename>",
    "/_dash-component-suites/<string:package_name>/<path:fingerprinted_path>",
    "/_dash-layout",
    "/_dash-dependencies",
    "/_favicon.ico",
    "/salute",
    "/accesso",
)
PUBLIC_PAGES = ("/pubblica", "/affidabilita", "/accessibilita")
Guarded = tuple[Dashboard, Access, dict[Role, FlaskClient]]


def bare(path: str) -> tuple[Page, str] | None:
    """The page at ``path`` with its rights and without its content."""
    found = page_at(path)
    if found is None:
        return None
    page, part = found

    def post(asked: Asked, _form: Any) -> str:
        asked.audit("test.posted", page.name, "")
        return asked.link()

    made = Content("x", [], tables={"t": lambda: Table("t", "", (Column("a"),), (("=1+1",),))})
    return replace(page, make=lambda _asked: made, live=None, post=page.post and post), part


@pytest.fixture(scope="module")
def quick() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_METHOD", "scrypt:1024:8:1")
        patch.setattr(dashboard.visits, "page_at", bare)
        yield patch


@pytest.fixture(scope="module")
def guarded(
    assets: None,
    quick: pytest.MonkeyPatch,
    installation: Installation,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    access = access_in(folder)
    with closing(SqliteStore(folder / "store.sqlite")) as store:
        app = create_app(installation, store, access=access, folder=folder)
        yield app, access, {role: logged_in(app, role) for role in Role}
        app.close()


@pytest.fixture
def nobody(guarded: Guarded) -> FlaskClient:
    return guarded[0].server.test_client()


def address_of(page: Page) -> str:
    return page.path.replace("<part>", "x-1")


def callback(href: str, **more: Any) -> dict[str, Any]:
    """What Dash asks for the charts of the page at ``href``."""
    body = {
        "output": "charts.data",
        "outputs": {"id": "charts", "property": "data"},
        "inputs": [
            {"id": "address", "property": "href", "value": href},
            {"id": "again", "property": "data", "value": None},
        ],
        "changedPropIds": ["address.href"],
    }
    return {"json": body, **more}


CALLBACK = "/_dash-update-component"


def test_every_page_is_for_those_whose_role_allows_it(guarded: Guarded) -> None:
    app, _, clients = guarded
    assert len(PAGES) > 15
    assert {p.path for p in PAGES if p.right is Right.PUBLIC} == set(PUBLIC_PAGES)
    nobody = app.server.test_client()
    for page in PAGES:
        path = address_of(page)
        answer = nobody.get(path)
        if page.right is Right.PUBLIC:
            assert answer.status_code == 200, path
        else:
            assert answer.status_code == 303, path
            to = answer.headers["Location"]
            assert to == "/pubblica" if path == "/" else to.startswith("/accesso?next="), path
        assert "Set-Cookie" not in answer.headers, path
        for role, client in clients.items():
            wanted = 200 if page.right in rights_of(role) else 403
            assert client.get(path).status_code == wanted, (path, role)
            csv = client.get(f"{path.rstrip('/')}/csv/t")
            assert csv.status_code == wanted, (path, role)
        csv = nobody.get(f"{path.rstrip('/')}/csv/t")
        assert csv.status_code == (200 if page.right is Right.PUBLIC else 401), path


def test_every_other_route_of_the_server_is_closed_to_nobody(guarded: Guarded) -> None:
    """Whatever a version of Dash or a page of ours adds is closed until it is opened here."""
    server = guarded[0].server
    rules = [rule for rule in server.url_map.iter_rules() if rule.rule not in OPEN_RULES]
    assert len(rules) > 3
    pages = {page.path: page for page in PAGES}
    for rule in rules:
        path = re.sub(r"<[^>]*>", "x", rule.rule)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = server.test_client().open(path, method=method)
            page = pages.get(rule.rule)
            if page and page.right is Right.PUBLIC:
                continue
            expected = (303, 401, 404, 405)  # led to the login, told to log in, nothing there
            assert answer.status_code in expected, (rule.rule, method, answer.status_code)


def test_callbacks_answer_for_pages_that_the_reader_may_see(
    guarded: Guarded, nobody: FlaskClient
) -> None:
    for path in PUBLIC_PAGES:
        assert (
            nobody.post(CALLBACK, **callback(f"http://localhost{path}?lang=en")).status_code == 200
        )
    for page in PAGES:
        if page.right is not Right.PUBLIC:
            href = f"http://localhost{address_of(page)}"
            assert nobody.post(CALLBACK, **callback(href)).status_code == 401, href
    for odd in ("", "http://[", "//evil.example/pubblica/../", "/pubblica/x", 7, None):
        assert nobody.post(CALLBACK, **callback(odd)).status_code == 401, odd  # type: ignore[arg-type]
    for body in ([], {"inputs": [3], "state": {"a": 1}}, {"inputs": None}):
        assert nobody.post(CALLBACK, json=body).status_code == 401, body
    viewer = guarded[2][Role.VIEWER]
    viewer.get("/edifici")
    cookie = viewer.get_cookie(TOKEN_COOKIE)
    assert cookie
    headers = {TOKEN_HEADER: cookie.value}
    allowed = viewer.post(CALLBACK, headers=headers, **callback("http://localhost/edifici"))
    assert allowed.get_json()["response"]["charts"]["data"]["figures"] == {}
    # A page beyond the reader's rights has no figures.
    refused = viewer.post(CALLBACK, headers=headers, **callback("http://localhost/registro"))
    assert "charts" not in refused.get_json()["response"]


def test_what_changes_something_needs_the_token_of_the_session(guarded: Guarded) -> None:
    app, access, clients = guarded
    forms = [page for page in PAGES if page.post and page.right is not Right.PUBLIC]
    assert forms
    for page in forms:
        path = address_of(page)
        for role, client in clients.items():
            before = access.log.count(AuditQuestion(what="test.posted"))
            assert client.post(path).status_code == 400, (path, role)
            other = token_of(app.server.test_client().get("/accesso"))
            assert client.post(path, data={"csrf_token": other}).status_code == 400, (path, role)
            assert access.log.count(AuditQuestion(what="test.posted")) == before
            own = token_of(client.get("/esci"))
            answer = client.post(path, data={"csrf_token": own})
            allowed = page.right in rights_of(role)
            assert answer.status_code == (303 if allowed else 403), (path, role)
            after = access.log.count(AuditQuestion(what="test.posted", person=name_of(role)))
            assert bool(after) == allowed, (path, role)
        assert app.server.test_client().post(path).headers["Location"].startswith("/accesso")
    for path in (CALLBACK, "/esci"):
        assert clients[Role.ADMINISTRATOR].post(path, json={}).status_code == 400


def test_nobody_can_tell_by_the_answer_which_accounts_there_are(guarded: Guarded) -> None:
    app, access, _ = guarded
    access.accounts.add("sospeso", Role.VIEWER, PASSWORD, by=BY)
    access.accounts.set_enabled("sospeso", False, by=BY)
    shown = []
    for name, password in (("un-viewer", "sbagliata"), ("nessuno", "x"), ("sospeso", PASSWORD)):
        answer = try_login(app.server.test_client(), name, password)
        assert answer.status_code == 401
        text = re.sub(r'value="[^"]*"', "", answer.text)
        shown.append((text, sorted(answer.headers.keys())))
    assert shown[0] == shown[1] == shown[2]
    newest = access.log.entries(AuditQuestion(what="login_failed"), 3)
    assert [e.person for e in newest] == ["sospeso", "", "un-viewer"]


def test_too_many_attempts_have_to_wait_whoever_asks(
    quick: pytest.MonkeyPatch,
    installation: Installation,
    tmp_path: Path,
    empty_store: SqliteStore,
    clock: MovingClock,
) -> None:
    settings = AccessSettings(login=LoginLimits(per_account=3, per_address=5))
    access = access_in(tmp_path / "own", settings=settings, clock=clock)
    app = create_app(installation, empty_store, access=access, clock=clock, proxies=1)

    def attempt(name: str, password: str, address: str) -> Any:
        headers = {"X-Forwarded-For": f"6.6.6.6, {address}"}
        client = app.server.test_client()
        return try_login(client, name, password, headers=headers)

    for _ in range(3):
        assert attempt("un-viewer", "sbagliata", "192.0.2.1").status_code == 401
    waiting = attempt("un-viewer", PASSWORD, "192.0.2.2")  # the right one, from elsewhere
    assert (waiting.status_code, waiting.headers["Retry-After"]) == (429, "900")
    assert "tra 15 minuti" in waiting.text
    for i in range(2):
        assert attempt(f"altro-{i}", "sbagliata", "192.0.2.1").status_code == 401
    assert attempt("un-technician", PASSWORD, "192.0.2.1").status_code == 429
    assert attempt("un-technician", PASSWORD, "192.0.2.3").status_code == 303
    clock.go_on(minutes=15)
    assert attempt("un-viewer", PASSWORD, "192.0.2.1").status_code == 303
    told = [e.what for e in access.log.entries(AuditQuestion(), 50)]
    assert told.count("login_limited") == 2
    assert "192.0.2.1" in {e.source for e in access.log.entries(AuditQuestion(), 50)}
    app.close()


def test_a_login_makes_a_new_session_and_a_logout_ends_it_everywhere(guarded: Guarded) -> None:
    app = guarded[0]
    client = app.server.test_client()
    client.get("/accesso")
    before = client.get_cookie("paes_session")
    assert before
    assert try_login(client, "un-viewer").status_code == 303
    after = client.get_cookie("paes_session")
    assert after
    assert after.value != before.value
    # Who had planted the cookie of before has gained nothing.
    planted = app.server.test_client()
    planted.set_cookie("paes_session", before.value)
    assert planted.get("/edifici").status_code == 303
    stolen = app.server.test_client()
    stolen.set_cookie("paes_session", after.value)
    assert stolen.get("/edifici").status_code == 200
    answer = client.post("/esci", data={"csrf_token": token_of(client.get("/esci"))})
    assert answer.headers["Location"] == "/pubblica"
    assert client.get_cookie("paes_session") is None
    assert client.get_cookie(TOKEN_COOKIE) is None
    assert stolen.get("/edifici").status_code == 303
    forged = app.server.test_client()
    forged.set_cookie("paes_session", after.value[:-3] + "AAA")
    assert forged.get("/edifici").status_code == 303


def test_cookies_are_for_this_application_and_for_https_where_there_is_https(
    quick: pytest.MonkeyPatch, installation: Installation, tmp_path: Path, empty_store: SqliteStore
) -> None:
    access = access_in(tmp_path / "own")
    app = create_app(installation, empty_store, access=access, base=BASE, proxies=1)
    client = app.server.test_client()
    secure = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "paes.example"}
    for headers, is_secure in (({}, False), (secure, True)):
        answer = app.server.test_client().get(f"{BASE}accesso", headers=headers)
        cookies = answer.headers.getlist("Set-Cookie")
        assert cookies
        for cookie in cookies:
            assert "HttpOnly" in cookie
            assert "SameSite=Lax" in cookie
            assert f"Path={BASE}" in cookie
            assert ("Secure" in cookie) == is_secure
    assert try_login(client, "un-viewer", base=BASE).headers["Location"] == BASE
    answer = client.get(f"{BASE}edifici")
    (token,) = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith(TOKEN_COOKIE)]
    assert "HttpOnly" not in token
    assert "SameSite=Strict" in token
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert client.get(f"{BASE}accesso?next={BASE}dati").headers["Location"] == f"{BASE}dati"
    assert "/energia/esci" in answer.text
    app.close()


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example", "https://evil.example/", "/\\evil.example", "\\/evil.example", "",
        "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example", "/accesso",
        "/esci?x=1", "/" + "a" * 2001, "///evil.example", "/\x00", "http:/evil.example",
    ],
)  # fmt: skip
def test_the_way_on_never_leads_elsewhere(wanted: str, guarded: Guarded) -> None:
    assert own_path("/", wanted) == "/"
    client = guarded[0].server.test_client()
    answer = try_login(client, "un-viewer", form={"next": wanted})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_the_way_on_is_kept_within_the_application() -> None:
    assert own_path("/", "/edifici/x?anno=2025&lang=en") == "/edifici/x?anno=2025&lang=en"
    assert own_path(BASE, "/energia/dati") == "/energia/dati"
    assert own_path(BASE, "/altro/dati") == BASE
    assert own_path(BASE, "/energia") == BASE
    for beside in ("/energia/../altro", "/energia/%2E%2e/altro", "/energia/./dati"):
        assert own_path(BASE, beside) == BASE
    assert own_path(BASE, None) == BASE


def test_every_answer_has_its_headers(guarded: Guarded, nobody: FlaskClient) -> None:
    viewer = guarded[2][Role.VIEWER]
    asked = [nobody.get("/pubblica"), nobody.get("/accesso"), nobody.get("/edifici"),
             nobody.get("/salute"), nobody.get("/nulla"), nobody.get("/csv/t"), viewer.get("/dati"),
             viewer.get("/dati/csv/t"), viewer.post("/dati"), nobody.get("/assets/page.css"),
             nobody.get("/_dash-layout")]  # fmt: skip
    for answer in asked:
        headers = answer.headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
        )
        assert policy["default-src"] == policy["connect-src"] == policy["form-action"] == "'self'"
        assert policy["frame-ancestors"] == policy["object-src"] == "'none'"
        assert "unsafe" not in policy["script-src"]
        assert "http" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in headers
        answer.close()


def test_documents_run_no_script_of_their_own(guarded: Guarded, nobody: FlaskClient) -> None:
    """What the policy would not let run must not be there; Dash's own has its hash in it."""
    for answer in (nobody.get("/accesso"), guarded[2][Role.VIEWER].get("/esci")):
        assert "<script" not in answer.text
        assert not re.search(r"\son\w+=", answer.text)


TAMPERED = (
    "/edifici/../registro", "/edifici/%2e%2e/registro", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/x",
    "/edifici/x%00", "/edifici/%ff%fe", "/edifici/" + "a" * 5000, "/pubblica/../edifici",
    "/pubblica%2f..%2fedifici", "//evil.example/edifici", "/edifici;x=1", "/assets/../app.py",
    "/assets/%2e%2e/app.py", "/assets/..%2fapp.py", "/csv/../registro", "/pubblica/csv/../../dati",
    "/edifici/csv/t/csv/t", "/registro/csv/%2e%2e", "/ACCESSO",
    "/edifici?" + "&".join(["x=1"] * 3000),
)  # fmt: skip
QUERIES = (
    "?city=../../etc", "?city=%00", "?lang=<script>alert(1)</script>", "?target='%20OR%201=1--",
    "?factor=" + "9" * 4000, "?year=NaN", "?skip=-1", "?skip=9999999999999999999999",
    "?from=0000-00-00",
    "?person=%27;DROP TABLE audit;--", "?id=" + "%F0%9F%92%A9" * 50, "?a=1&a=2&a[]=3", "?%00=%00",
)  # fmt: skip


def test_tampered_paths_show_nothing_and_break_nothing(
    guarded: Guarded, nobody: FlaskClient
) -> None:
    for path in TAMPERED:
        answer = nobody.get(path)
        assert answer.status_code in (303, 308, 401, 404), (path, answer.status_code)
        to = answer.headers.get("Location", "/")
        assert (to.startswith("/") and not to.startswith("//")) or "://localhost/" in to, (path, to)
        assert "def create_app" not in answer.text
        seen = guarded[2][Role.VIEWER].get(path)
        assert seen.status_code in (200, 303, 308, 403, 404), (path, seen.status_code)
        assert "def create_app" not in seen.text


def test_tampered_queries_are_escaped_and_break_nothing(guarded: Guarded) -> None:
    client = guarded[2][Role.ADMINISTRATOR]
    for query in QUERIES:
        for path in ("/edifici", "/registro", "/nulla", "/esci"):
            answer = client.get(path + query)
            assert answer.status_code in (200, 404), (path, query)
            assert "<script>alert" not in answer.text, (path, query)


def test_the_log_is_read_filtered_and_saved_by_administrators(
    guarded: Guarded, quick: pytest.MonkeyPatch
) -> None:
    _, access, clients = guarded
    access.log.add("=cmd|' /C calc'!A0", "case.note", "caso-7", "<b>nota</b>", "192.0.2.7")
    client = clients[Role.ADMINISTRATOR]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dashboard.visits, "page_at", page_at)
        page = client.get("/registro?what=case.note").text
        assert "nota su un allarme" in page
        assert "&lt;b&gt;nota&lt;/b&gt;" in page
        assert "caso-7" in page
        assert "utenza creata" not in page.split("<table", 1)[1]
        csv = client.get("/registro/csv/audit?what=case.note&lang=en").text.splitlines()
        assert len(csv) == 2
        assert ",'=cmd|' /C calc'!A0,note on a malfunction,caso-7," in csv[1]
        for query in (*QUERIES, "?from=2026-02-30", "?from=9999-12-31&to=0001-01-01", "?skip=5000"):
            assert client.get(f"/registro{query}").status_code == 200, query
        assert clients[Role.ENERGY_MANAGER].get("/registro").status_code == 403


@pytest.mark.parametrize("lead", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_of_a_file_is_a_formula(lead: str, languages: dict[str, Language]) -> None:
    text = f'{lead}HYPERLINK("http://evil.example")'
    columns = (Column(text), Column("b"), Column("c"), Column("n", "number"))
    table = Table("t", text, columns, ((text, Linked(text, "/x"), Marked(text, "live"), -5.0),))
    for language in languages.values():
        for line in csv_text(table, language).splitlines()[0:2]:
            for cell in line.lstrip("\ufeff").split(";" if language.code == "it" else ","):
                assert not cell.lstrip('"').startswith(lead) or cell.startswith("-5"), cell


def test_without_a_login_other_sites_and_other_names_are_refused(
    quick: pytest.MonkeyPatch, installation: Installation, empty_store: SqliteStore
) -> None:
    app = create_app(installation, empty_store)
    client = app.server.test_client()
    assert client.get("/edifici").status_code == 200
    assert client.get("/edifici", base_url="http://127.0.0.1:8050").status_code == 200
    assert client.get("/edifici", base_url="http://evil.example").status_code == 403
    for headers, status in (
        ({}, 200),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ):
        asked = callback("http://localhost/edifici", headers=headers)
        assert client.post(CALLBACK, **asked).status_code == status, headers
    app.close()


def test_a_large_request_is_refused_before_it_is_read(guarded: Guarded) -> None:
    client = guarded[2][Role.VIEWER]
    answer = client.post("/esci", data={"csrf_token": "x" * (2 << 20)})
    assert answer.status_code == 413


FORGED: tuple[Any, ...] = (
    {"output": "nothing.data", "outputs": {"id": "nothing", "property": "data"}},
    {}, {"output": [1]}, {"output": "charts.data"}, {"inputs": [None]},
    {"changedPropIds": [7, {"a": 1}]}, {"outputs": [{"id": "passport", "property": "data"}]},
)  # fmt: skip


def test_forged_callbacks_are_refused_without_a_line_in_the_log(
    guarded: Guarded, nobody: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    viewer = guarded[2][Role.VIEWER]
    viewer.get("/edifici")
    cookie = viewer.get_cookie(TOKEN_COOKIE)
    assert cookie
    asked = ((nobody, {}), (viewer, {TOKEN_HEADER: cookie.value}))
    public = callback("http://localhost/pubblica")["json"]
    for client, headers in asked:
        for change in FORGED:
            inputs = [*public["inputs"], *change.get("inputs", ())]
            body = {**(public if change else {}), **change, "inputs": inputs}
            if change == {"output": "charts.data"}:
                body["inputs"] = inputs[:1]
            answer = client.post(CALLBACK, json=body, headers=headers)
            assert (answer.status_code, answer.mimetype) == (400, "text/plain"), change
            assert answer.headers["Content-Security-Policy"]
        deep = client.post(CALLBACK, data="[" * 900_000, content_type="application/json",
                           headers=headers)  # fmt: skip
        assert deep.status_code in (400, 401)
    for odd in ("http://[", 7, ["x"], {"a": 1}):
        answer = viewer.post(CALLBACK, headers=asked[1][1], **callback(odd))  # type: ignore[arg-type]
        assert "charts" not in answer.get_json()["response"], odd
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []


def test_accounts_that_cannot_be_read_are_told_in_words(
    guarded: Guarded, nobody: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer, form = guarded[2][Role.VIEWER], token_of(nobody.get("/accesso"))

    def lost(_file: AccessFile) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(AccessFile, "_connection", lost)
        log_in = {"csrf_token": form, "name": "un-viewer", "password": PASSWORD}
        asked = (viewer.get("/edifici"), viewer.get("/nulla?lang=en"), viewer.get("/pubblica"),
                 viewer.post("/esci"), nobody.get("/accesso"), nobody.post("/accesso", data=log_in),
                 )  # fmt: skip
        for answer in asked:
            assert answer.status_code == 503
            assert "accessi" in answer.text or "accounts" in answer.text
            assert "access.sqlite" not in answer.text
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Content-Security-Policy"]
        assert nobody.get("/pubblica").status_code == 200
        assert viewer.post(CALLBACK, **callback("http://localhost/edifici")).status_code == 503
    assert viewer.get("/edifici").status_code == 200  # the session was not lost


def test_a_full_disk_lets_readers_read_and_loses_no_deed(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What was done stands in the program's log if the audit log takes nothing."""
    manager = guarded[2][Role.ENERGY_MANAGER]
    token = token_of(manager.get("/esci"))

    @contextmanager
    def full(_file: AccessFile) -> Iterator[Any]:
        raise StoreError("full")
        yield

    monkeypatch.setattr(AccessFile, "writing", full)
    monkeypatch.setattr(sessions, "_RENEWED_AFTER_S", -1.0)
    assert manager.get("/edifici").status_code == 200
    answer = manager.post("/allarmi/x-1", data={"csrf_token": token})
    assert answer.status_code == 303
    (line,) = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert "un-energy-manager" in line
    assert "test.posted" in line
    # Who comes in without a line of it does not come in.
    fresh = guarded[0].server.test_client()
    assert try_login(fresh, "un-viewer").status_code == 503
    assert fresh.get("/edifici").status_code == 303
