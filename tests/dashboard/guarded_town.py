"""The dashboard behind its login, for tests: accounts of every role, and clients that log in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboard.access.access import Access
from dashboard.access.accounts import Accounts
from dashboard.access.rights import Role
from dashboard.app import Dashboard

PASSWORD = "una frase lunga e buona"
BY = ("test", "terminal")
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def add_everybody(accounts: Accounts) -> None:
    """An account a role, named after it, with ``PASSWORD``."""
    for role in Role:
        accounts.add(name_of(role), role, PASSWORD, f"Nome {role.value}", by=BY)


def name_of(role: Role) -> str:
    """The account of a role."""
    return f"un-{role.value.replace('_', '-')}"


def token_of(answer: TestResponse) -> str:
    """The token of the forms in a document."""
    found = TOKEN.search(answer.text)
    assert found, answer.text
    return found[1]


def try_login(
    client: FlaskClient, name: str, password: str = PASSWORD, base: str = "/", **more: Any
) -> TestResponse:
    """The answer to the form of the login."""
    token = token_of(client.get(f"{base}accesso"))
    form = {"name": name, "password": password, "csrf_token": token, **more.pop("form", {})}
    return client.post(f"{base}accesso", data=form, **more)


def logged_in(app: Dashboard, role: Role) -> FlaskClient:
    """A browser in which somebody of that role has logged in."""
    client = app.server.test_client()
    answer = try_login(client, name_of(role))
    assert answer.status_code == 303, answer.text
    return client


def access_in(folder: Path, **options: Any) -> Access:
    """With an account a role."""
    access = Access(folder, **options)
    add_everybody(access.accounts)
    return access
