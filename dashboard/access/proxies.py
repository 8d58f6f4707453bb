"""What a reverse proxy before the dashboard tells of the reader: address, https, host."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix


def trust_proxies(server: Flask, proxies: int) -> None:
    """Believe the last ``proxies`` entries of the ``X-Forwarded-`` headers; of 0 nothing.

    More than there are would let readers write their own address.
    """
    if proxies:
        fix = ProxyFix(server.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)
        server.wsgi_app = fix  # type: ignore[method-assign]
