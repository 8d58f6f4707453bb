"""A real InfluxDB on free loopback ports: Debian's influxd 1.6.7, and nginx before it.

1.6 knows neither ``/api/v2/write`` nor tokens; nginx rewrites the one to ``/write`` and asks for
the other, so that the client meets what InfluxDB 1.8 and later show it. Reading by InfluxQL,
partial writes, limits and restarts are the server's own.

A test takes ``influx_server`` (one a session, shared: make a bucket of your own by
``new_bucket``), or ``private_influx`` for a server that it may kill or set limits on.
"""

from __future__ import annotations

import itertools
import json
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from programs import require_program

TOKEN_VARIABLE = "PAES_INFLUXDB_TOKEN"
STRANGE_TOKEN = "geheim-0123456789"
"""One that no server knows, to be looked for where no token may appear."""
PATIENCE_S = 60.0
"""What takes a second on an idle machine may take long on a loaded one."""

INFLUXD = """\
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = "{folder}/meta"
  logging-enabled = false
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  index-version = "tsi1"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
{limits}
"""

NGINX = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $arg_bucket $v1_db {{ default $arg_bucket; "~^(?<d>.+?)(?:%2F|%2f|/)(?<r0>.+)$" $d; }}
  map $arg_bucket $v1_rp {{ default ""; "~^(?<d0>.+?)(?:%2F|%2f|/)(?<r>.+)$" $r; }}
  map $arg_precision $v1_precision {{ default bad; "" ns; ns ns; us u; ms ms; s s; }}
  map $http_authorization $is_stranger {{ default 1; "Token {token}" 0; }}
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Authorization "";
  proxy_read_timeout 600s;
  proxy_request_buffering off;
  proxy_buffering off;
  default_type application/json;
  server {{
    listen 127.0.0.1:{port};
    client_max_body_size 64m;
    location = /ping {{ proxy_pass http://127.0.0.1:{influxd_port}; }}
    location = /api/v2/write {{
      if ($is_stranger) {{ return 401 '{{"code":"unauthorized","message":"no right"}}'; }}
      if ($v1_precision = bad) {{ return 400 '{{"code":"invalid","message":"precision"}}'; }}
      proxy_pass http://127.0.0.1:{influxd_port}/write?db=$v1_db&rp=$v1_rp&precision=$v1_precision;
    }}
    location / {{
      if ($is_stranger) {{ return 401 '{{"code":"unauthorized","message":"no right"}}'; }}
      proxy_pass http://127.0.0.1:{influxd_port};
    }}
  }}
}}
"""


class InfluxServer:
    """One influxd with its nginx; its data outlive ``stop`` and ``kill``.

    ``limits`` are whole numbers of influxd's section ``[http]`` (``max_row_limit=10``).
    """

    def __init__(self, folder: Path, **limits: int) -> None:
        self._influxd_program = require_program("influxd", "influxdb")
        self._nginx_program = require_program("nginx", "nginx-light")
        self.token = secrets.token_hex(16)
        self._folder = folder
        self._ports = [_reserved_port(), _reserved_port()]
        self.port, self.influxd_port = (s.getsockname()[1] for s in self._ports)
        self._numbers = itertools.count(1)
        self._influxd: subprocess.Popen[bytes] | None = None
        self._nginx: subprocess.Popen[bytes] | None = None
        self._configure(limits)

    def url(self, bucket: str, **query: str) -> str:
        """The address of a store in ``bucket``."""
        arguments = f"?{urllib.parse.urlencode(query)}" if query else ""
        return f"influxdb+http://127.0.0.1:{self.port}/{bucket}{arguments}"

    def start(self) -> None:
        """Start what does not run, and wait until it answers."""
        if self._influxd is None:
            config = str(self._folder / "influxd.conf")
            self._influxd = self._run(self._influxd_program, "run", "-config", config)
        if self._nginx is None:
            config, log = str(self._folder / "nginx.conf"), str(self._folder / "nginx.log")
            self._nginx = self._run(self._nginx_program, "-c", config, "-e", log)
        self._until_it_answers()

    def stop(self) -> None:
        """End both properly; the port refuses connections until ``start``."""
        for process in (self._nginx, self._influxd):
            if process is not None:
                process.terminate()
        for process in (self._nginx, self._influxd):
            if process is not None:
                _reap(process)
        self._nginx = self._influxd = None

    def kill(self) -> None:
        """End influxd at once, as a power cut does; nginx stays and answers 502."""
        assert self._influxd is not None
        self._influxd.kill()
        self._influxd.wait()
        self._influxd = None

    def restart(self) -> None:
        """Kill what runs of influxd and start it again on the same data."""
        if self._influxd is not None:
            self.kill()
        self.start()

    def close(self) -> None:
        """``stop``, and give the ports back."""
        self.stop()
        for port in self._ports:
            port.close()

    def create_bucket(self, name: str) -> None:
        """A database with the endless retention policy ``autogen``."""
        self.query(f'CREATE DATABASE "{name}"')

    def new_bucket(self) -> str:
        """The name of a fresh, empty bucket."""
        name = f"test{next(self._numbers)}"
        self.create_bucket(name)
        return name

    def query(self, influxql: str, bucket: str = "") -> list[dict[str, object]]:
        """The series that the server answers, asked without the client under test."""
        arguments = urllib.parse.urlencode({"q": influxql, "db": bucket, "epoch": "s"}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.influxd_port}/query", arguments)
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            (result,) = json.load(answer)["results"]
        assert "error" not in result, result["error"]
        series: list[dict[str, object]] = result.get("series", [])
        return series

    def log(self) -> str:
        """What both programs said."""
        files = (self._folder / "programs.log", self._folder / "nginx.log")
        return "".join(f.read_text(errors="replace") for f in files if f.exists())

    def _configure(self, limits: dict[str, int]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = "\n".join(f"  {k.replace('_', '-')} = {v}" for k, v in limits.items())
        (self._folder / "influxd.conf").write_text(
            INFLUXD.format(folder=self._folder, port=self.influxd_port, limits=lines)
        )
        (self._folder / "nginx.conf").write_text(
            NGINX.format(
                folder=self._folder,
                port=self.port,
                influxd_port=self.influxd_port,
                token=self.token,
            )
        )

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        with (self._folder / "programs.log").open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def _until_it_answers(self) -> None:
        limit = time.monotonic() + PATIENCE_S
        while not self._answers():
            for process in (self._influxd, self._nginx):
                assert process is None or process.poll() is None, self.log()
            assert time.monotonic() < limit, f"no answer in {PATIENCE_S:.0f} s: {self.log()}"
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/ping", timeout=5) as answer:
                return bool(answer.status == 204)
        except OSError:
            return False


def _reserved_port() -> socket.socket:
    """A free port that nobody is given while this socket is open, and a server may listen on.

    Bound and not listening: connections are refused until a server binds it too, which both
    programs may, for they set SO_REUSEADDR as is done here.
    """
    reserved = socket.socket()
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    reserved.bind(("127.0.0.1", 0))
    return reserved


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
