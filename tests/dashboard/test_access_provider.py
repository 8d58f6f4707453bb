"""Signing in by OpenID Connect, against a throwaway provider on loopback."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from sign_in_provider import CLIENT, SECRET, ThrowawayProvider, throwaway_provider
from werkzeug.test import TestResponse

from dashboard.access.access import Access
from dashboard.access.audit_log import AuditQuestion
from dashboard.access.provider import NotSignedIn, user_of
from dashboard.access.rights import Role
from dashboard.access.settings import AccessSettings, Provider, read_settings
from dashboard.app import Dashboard, create_app
from paes.cli.check import check_access
from paes.errors import ConfigError, PaesError
from paes.installation import Installation
from paes.store.sqlite import SqliteStore

ANNA = {"sub": "17", "preferred_username": "anna.rossi", "name": "Anna Rossi", "roles": ["energia"]}
_PROVIDER = """provider:
  label: A
  issuer: {issuer}
  client_id: a
  secret_variable: A
  roles: {{a: {role}}}
"""
ROLES = {"energia": Role.ENERGY_MANAGER, "tutti": Role.VIEWER, "edp": Role.ADMINISTRATOR}


@pytest.fixture(scope="module")
def provider() -> Iterator[ThrowawayProvider]:
    with throwaway_provider() as one:
        yield one


@pytest.fixture(scope="module")
def entered(
    assets: None,
    provider: ThrowawayProvider,
    installation: Installation,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Dashboard, Access]]:
    folder = tmp_path_factory.mktemp("entered")
    settings = AccessSettings(local_accounts=False, provider=settings_of(provider.issuer))
    access = Access(folder, settings, environment={"PAES_OIDC": SECRET})
    with closing(SqliteStore(folder / "store.sqlite")) as store:
        app = create_app(installation, store, access=access, base="/energia/")
        yield app, access
        app.close()


@pytest.fixture(autouse=True)
def honest(provider: ThrowawayProvider) -> None:
    """Every test begins with a provider that does what it should."""
    fresh = ThrowawayProvider(claims=dict(ANNA), issuer=provider.issuer, key=provider.key)
    for name in ("claims", "told_later", "token_issuer", "audience", "nonce", "lifetime_s",
                 "signing_key", "asked", "codes"):  # fmt: skip
        setattr(provider, name, getattr(fresh, name))


def settings_of(issuer: str) -> Provider:
    return Provider(
        label="Comune", issuer=issuer, client_id=CLIENT, secret_variable="PAES_OIDC", roles=ROLES
    )


def through(client: FlaskClient, query: str = "") -> TestResponse:
    """To the provider and back, as a browser goes."""
    there = client.get(f"/energia/accesso/ente{query}").headers["Location"]
    parts = urlsplit(there)
    link = http.client.HTTPConnection(parts.netloc, timeout=20)
    link.request("GET", f"{parts.path}?{parts.query}")
    back = urlsplit(link.getresponse().headers["Location"])
    link.close()
    return client.get(f"{back.path}?{back.query}")


def test_who_the_provider_knows_comes_in_with_the_role_it_tells(
    entered: tuple[Dashboard, Access], provider: ThrowawayProvider
) -> None:
    app, access = entered
    client = app.server.test_client()
    form = client.get("/energia/accesso?next=/energia/dati?a=1").text
    assert "Accedi con Comune" in form
    assert 'type="password"' not in form
    button = re.search(r'href="(/energia/accesso/ente[^"]*)"', form)
    assert button
    answer = through(client, "?" + urlsplit(button[1]).query)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/energia/dati?a=1")
    (asked,) = provider.asked
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == "http://localhost/energia/accesso/ritorno"
    with app.server.test_request_context(headers={"Cookie": cookies(client)}):
        user = access.who()
    assert (user.name, user.role, user.full_name) == (
        "anna.rossi@provider",
        Role.ENERGY_MANAGER,
        "Anna Rossi",
    )
    assert access.log.entries(AuditQuestion(), 1)[0].person == "anna.rossi@provider"


def cookies(client: FlaskClient) -> str:
    cookie = client.get_cookie("paes_session", path="/energia/")
    assert cookie
    return f"{cookie.key}={cookie.value}"


WRONG: dict[str, Callable[[ThrowawayProvider], Any]] = {
    "another signature": lambda p: setattr(
        p, "signing_key", RSAKey.generate_key(2048, {"kid": "one"})
    ),
    "another issuer": lambda p: setattr(p, "token_issuer", "https://elsewhere.example"),
    "another audience": lambda p: setattr(p, "audience", "another-client"),
    "another nonce": lambda p: setattr(p, "nonce", "of-another-login"),
    "too old": lambda p: setattr(p, "lifetime_s", -3600),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_token_that_cannot_be_trusted_lets_nobody_in(
    wrong: str, entered: tuple[Dashboard, Access], provider: ThrowawayProvider
) -> None:
    WRONG[wrong](provider)
    client = entered[0].server.test_client()
    assert through(client).status_code == 401
    assert client.get("/energia/dati").headers["Location"].startswith("/energia/accesso")


def test_a_return_that_nobody_was_sent_for_lets_nobody_in(
    entered: tuple[Dashboard, Access],
) -> None:
    client = entered[0].server.test_client()
    assert client.get("/energia/accesso/ritorno?code=x&state=y").status_code == 401
    assert client.get("/energia/accesso/ritorno?error=access_denied").status_code == 401


def test_who_has_no_role_of_ours_stays_outside(
    entered: tuple[Dashboard, Access], provider: ThrowawayProvider
) -> None:
    provider.claims["roles"] = ["ragioneria"]
    answer = through(entered[0].server.test_client())
    assert answer.status_code == 403
    assert "non ha assegnato un ruolo" in answer.text
    newest = entered[1].log.entries(AuditQuestion(), 1)[0]
    assert (newest.person, newest.what, newest.told) == (
        "anna.rossi@provider",
        "login_failed",
        "no_role",
    )


def test_roles_that_only_the_userinfo_endpoint_tells_count_if_of_the_same_person(
    entered: tuple[Dashboard, Access], provider: ThrowawayProvider
) -> None:
    del provider.claims["roles"]
    provider.told_later = {"roles": ["edp", "tutti"]}
    assert through(entered[0].server.test_client()).status_code == 303
    provider.told_later["sub"] = "18"
    assert through(entered[0].server.test_client()).status_code == 401


def test_roles_are_found_inside_other_claims_and_the_greatest_counts() -> None:
    settings = settings_of("https://login.example").model_copy(
        update={"roles_claim": "realm_access.roles"}
    )
    told = {"sub": "9", "email": "b@comune.example", "realm_access": {"roles": ["tutti", "edp"]}}
    user = user_of(told, settings)
    assert (user.name, user.role) == ("b@comune.example", Role.ADMINISTRATOR)
    with pytest.raises(NotSignedIn, match="has no role among"):
        user_of({"sub": "9", "roles": "edp"}, settings)


def test_a_provider_that_is_away_is_told_and_nothing_else_breaks(
    assets: None, installation: Installation, tmp_path: Path, empty_store: SqliteStore
) -> None:
    settings = AccessSettings(provider=settings_of("http://127.0.0.1:9"))
    access = Access(tmp_path, settings, environment={"PAES_OIDC": SECRET})
    app = create_app(installation, empty_store, access=access)
    answer = app.server.test_client().get("/accesso/ente")
    app.close()
    assert answer.status_code == 503
    assert "non risponde" in answer.text


def test_a_secret_that_is_not_set_stops_the_start(tmp_path: Path) -> None:
    settings = AccessSettings(provider=settings_of("https://login.example"))
    with pytest.raises(PaesError, match="PAES_OIDC is not set"):
        Access(tmp_path, settings, environment={})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sessions: {idle_h: 0}", "access.yaml:1: sessions.idle_h: expected"),
        ("local_accounts: false", "nobody could log in"),
        ("passwords: x", "access.yaml:1: passwords: unknown key"),
        (
            _PROVIDER.format(issuer="http://login.example", role="viewer"),
            "access.yaml:3: provider.issuer: expected https",
        ),
        (
            _PROVIDER.format(issuer="https://login.example", role="king"),
            "provider.roles.a",
        ),
    ],
)
def test_settings_that_are_wrong_are_told_with_file_line_and_key(
    text: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / "access.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path)
    assert told in str(caught.value)
    assert check_access(tmp_path) == caught.value.problems
