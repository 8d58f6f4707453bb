"""``access.yaml``: how long a session lasts, how often one may try, and who else knows people.

Without the file there are local accounts with the limits below. A provider is whoever signs people
in for the municipality by OpenID Connect (Entra ID, Google Workspace, Keycloak, ADFS). Its secret
is never in the file: it *names* the environment variable.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from dashboard.access.rights import Role
from paes.config_file import read_yaml
from paes.listening import is_loopback
from paes.schema import ConfigModel, Name

FILE = "access.yaml"
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=200)]


class SessionEnds(ConfigModel):
    """When a session ends by itself."""

    idle_h: Annotated[float, Field(gt=0, le=168)] = 2.0
    """Without a page being opened; a page that refreshes itself does not count."""
    longest_h: Annotated[float, Field(gt=0, le=720)] = 12.0


class LoginLimits(ConfigModel):
    """So many attempts that fail within the window, then the next have to wait."""

    per_account: Annotated[int, Field(ge=1, le=1000)] = 10
    per_address: Annotated[int, Field(ge=1, le=10_000)] = 40
    window_min: Annotated[float, Field(gt=0, le=1440)] = 15.0


class Provider(ConfigModel):
    """Whoever else knows people, by OpenID Connect with the code flow and PKCE."""

    label: Name
    """What the button says: ``Entra ID del Comune``."""
    issuer: str
    client_id: Name
    secret_variable: Variable
    scopes: tuple[Name, ...] = ("openid", "profile", "email")
    name_claim: Name = "preferred_username"
    full_name_claim: Name = "name"
    roles_claim: Name = "roles"
    roles: Annotated[dict[str, Role], Field(min_length=1)]
    """Which role the values of the claim give; of several the one with most rights."""
    timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        if parts.query or parts.fragment or "@" in parts.netloc or not parts.hostname:
            raise ValueError(f"expected an address such as https://login.example, seen {issuer!r}")
        is_near = parts.scheme == "http" and is_loopback(parts.hostname)
        if parts.scheme != "https" and not is_near:
            raise ValueError(f"expected https, seen {issuer!r}: passwords would travel in the open")
        return issuer

    @field_validator("scopes")
    @classmethod
    def _is_openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in scopes:
            raise ValueError("expected openid among the scopes")
        return scopes


class AccessSettings(ConfigModel):
    """``access.yaml`` as a whole."""

    sessions: SessionEnds = SessionEnds()
    login: LoginLimits = LoginLimits()
    local_accounts: bool = True
    provider: Provider | None = None

    @model_validator(mode="after")
    def _somebody_can_come_in(self) -> Self:
        if not self.local_accounts and self.provider is None:
            raise ValueError(
                "local_accounts is false and there is no provider: nobody could log in"
            )
        return self


def read_settings(root: Path) -> AccessSettings:
    """The installation's own, else the defaults; ConfigError with every problem of the file."""
    path = root / FILE
    return read_yaml(path, AccessSettings) if path.is_file() else AccessSettings()
