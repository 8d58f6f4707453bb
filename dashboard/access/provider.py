"""Signing in by the municipality's own provider: OpenID Connect, code flow with PKCE.

Authlib keeps state, nonce and verifier in the session's cookie and checks the provider's token
(signature, issuer, audience, nonce, end). What the provider calls roles becomes one of ours, or
nobody comes in: an unknown role is never "viewer".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Flask
from joserfc.errors import JoseError

from dashboard.access.rights import Role, User, rights_of
from dashboard.access.settings import FILE, Provider
from paes.errors import PaesError

_NAME = "provider"
_LONGEST = 80
_SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a key that the provider alone has."""
_FAILURES = (AuthlibBaseError, JoseError, requests.RequestException, RuntimeError, ValueError,
             KeyError)  # fmt: skip
"""What Authlib raises where an answer is missing, malformed or not to be trusted."""


Why = Literal["away", "refused", "no_role"]


class NotSignedIn(PaesError):
    """The provider, or what it says of a person, lets nobody in; ``word`` says why."""

    def __init__(self, word: Why, why: str, name: str = "") -> None:
        super().__init__(f"nobody was signed in by the provider: {why}")
        self.word = word
        self.name = name
        self.status = {"away": 503, "refused": 401, "no_role": 403}[word]


class SignIn:
    """The provider of an installation, as one application asks it."""

    def __init__(self, settings: Provider, environment: Mapping[str, str]) -> None:
        """Raises PaesError if the secret's variable is not set."""
        self._settings = settings
        self._secret = environment.get(settings.secret_variable, "").strip()
        if not self._secret:
            raise PaesError(
                f"{FILE}: provider: the environment variable {settings.secret_variable} is not set;"
                " it holds the client's secret"
            )
        self._client: Any = None

    def join(self, server: Flask) -> None:
        """Make the client of ``server``; asks nothing of the provider yet."""
        told = self._settings
        self._client = OAuth(server).register(
            _NAME,
            client_id=told.client_id,
            client_secret=self._secret,
            server_metadata_url=f"{told.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": " ".join(told.scopes),
                "code_challenge_method": "S256",
                "default_timeout": told.timeout_s,
            },
        )

    def start(self, back: str) -> Any:
        """The answer that sends a reader to the provider; NotSignedIn if it is away."""
        try:
            self._check_metadata()
            return self._client.authorize_redirect(back)
        except _FAILURES as err:
            raise NotSignedIn("away", _line(err)) from err

    def finish(self) -> User:
        """Who came back from the provider; NotSignedIn if that is nobody of ours."""
        try:
            self._check_metadata()
            token = self._client.authorize_access_token()
            claims = dict(token["userinfo"])
            if _claim(claims, self._settings.roles_claim) is None:
                claims = self._more(token, claims)
        except requests.RequestException as err:
            raise NotSignedIn("away", _line(err)) from err
        except _FAILURES as err:
            raise NotSignedIn("refused", _line(err)) from err
        return user_of(claims, self._settings)

    def _check_metadata(self) -> None:
        """Of a provider that calls itself otherwise nothing is believed."""
        metadata = self._client.load_server_metadata()
        named = str(metadata.get("issuer", ""))
        if named.rstrip("/") != self._settings.issuer.rstrip("/"):
            raise ValueError(f"the provider names itself {named!r}, not {self._settings.issuer!r}")
        offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [
            each for each in offered if each in _SIGNED_BY
        ]

    def _more(self, token: Any, claims: dict[str, Any]) -> dict[str, Any]:
        """What the provider tells only when it is asked for it, of the same person."""
        if "userinfo_endpoint" not in self._client.server_metadata:
            return claims
        told = dict(self._client.userinfo(token=token))
        if told.get("sub") != claims["sub"]:
            raise ValueError("the provider tells of another person than it signed in")
        return {**told, **claims}


def user_of(claims: Mapping[str, Any], settings: Provider) -> User:
    """The person that ``claims`` tell of; NotSignedIn without a role of ours.

    A name without ``@`` gets one, which no local account has: the log tells them apart.
    """
    name = str(claims.get(settings.name_claim) or claims.get("email") or claims["sub"])
    name = "".join(c for c in name if c.isprintable())[:_LONGEST].strip()
    name = name if "@" in name else f"{name}@{_NAME}"
    told = _claim(claims, settings.roles_claim)
    values = [told] if isinstance(told, str) else list(told or ())
    roles = [settings.roles[each] for each in values if each in settings.roles]
    if not roles:
        raise NotSignedIn("no_role", f"{name} has no role among {', '.join(settings.roles)}", name)
    role: Role = max(roles, key=lambda one: len(rights_of(one)))
    full_name = str(claims.get(settings.full_name_claim) or "")
    return User(name, role, "".join(c for c in full_name if c.isprintable())[:_LONGEST])


def _claim(claims: Mapping[str, Any], name: str) -> Any:
    """A claim by its name, or by a dotted way into others (``realm_access.roles``)."""
    if name in claims:
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _line(err: Exception) -> str:
    return " ".join(str(err).split())[:300] or type(err).__name__
