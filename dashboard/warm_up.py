"""What a fresh application does before its first reader comes."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from flask import Flask

from dashboard.observatory import Observatory
from dashboard.pages.shell import PUBLIC
from dashboard.queries.recipe import AnyRecipe
from paes.errors import PaesError

_ASSET = re.compile(r'(?:src|href)="([^"]+\.(?:js|css)[^"]*)"')
log = logging.getLogger(__name__)


def compress_assets(server: Flask, base: str) -> int:
    """Have the scripts and styles of the public page compressed; how many there are."""
    client = server.test_client()
    document = client.get(base.rstrip("/") + PUBLIC).get_data(as_text=True)
    assets = [name.replace("&amp;", "&") for name in _ASSET.findall(document)]
    for asset in assets:
        client.get(asset, headers={"Accept-Encoding": "gzip"}).close()
    return len(assets)


def make_ahead(observatory: Observatory, recipes: Iterable[AnyRecipe]) -> None:
    """Make the long answers one after the other; a failure is told to whoever asks for it."""
    for recipe in recipes:
        for words in recipe.ahead(observatory.installation):
            try:
                observatory.make_first(recipe, *words)
            except PaesError as err:
                log.warning("cannot make %s: %s", " ".join((recipe.name, *words)), err)
            except Exception:
                log.exception("cannot make %s", " ".join((recipe.name, *words)))
