"""A reader without a browser: documents, charts, the links of a page; one connection kept open."""

from __future__ import annotations

import gzip
import html
import http.client
import json
import re
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

CALLBACK = "/_dash-update-component"
_LINK = re.compile(r'href="(/[^"#]*)"')
_WAITS = 'class="bones"'
"""What a page has in it while its figures are made for the first time."""


@dataclass(frozen=True)
class Answer:
    """What came back, and how long the whole of it took."""

    status: int
    text: str
    wire_bytes: int
    took_s: float

    @property
    def is_whole(self) -> bool:
        """Whether it is the page, not the promise of one."""
        return self.status == 200 and _WAITS not in self.text

    def links(self) -> list[str]:
        """Where it leads to on its own server, without repetitions."""
        return list(dict.fromkeys(html.unescape(link) for link in _LINK.findall(self.text)))


class Reader:
    """Asks one server; not to be shared between threads."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._place = urlsplit(address).netloc
        self._connection = http.client.HTTPConnection(self._place, timeout=120)

    def get(self, path: str) -> Answer:
        """A document."""
        return self._ask("GET", path, None)

    def charts(self, path: str) -> Answer:
        """The figures of the page at ``path``, as a browser asks for them."""
        return self._ask("POST", CALLBACK, json.dumps({
            "output": "charts.data",
            "outputs": {"id": "charts", "property": "data"},
            "inputs": [{"id": "address", "property": "href", "value": self.address + path},
                       {"id": "again", "property": "data", "value": None}],
            "changedPropIds": ["address.href"],
        }))  # fmt: skip

    def wait_for(self, path: str, patience_s: float) -> float:
        """Ask until the page is whole; after how many seconds it was."""
        begun = time.perf_counter()
        while not (answer := self.get(path)).is_whole:
            if time.perf_counter() - begun > patience_s or answer.status != 200:
                raise RuntimeError(f"{path}: no page after {patience_s} s ({answer.status})")
            time.sleep(0.5)
        return time.perf_counter() - begun

    def close(self) -> None:
        """Let the connection go."""
        self._connection.close()

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Accept-Encoding": "gzip"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        begun = time.perf_counter()
        try:
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()  # a kept connection that the server had closed meanwhile
            self._connection.request(method, path, body, headers)
            response = self._connection.getresponse()
        content = response.read()
        took_s = time.perf_counter() - begun
        wire = len(content)
        if response.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return Answer(response.status, content.decode("utf-8", "replace"), wire, took_s)
