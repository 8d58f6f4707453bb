"""A real mosquitto on a free loopback port, and a stranger that publishes to it."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from types import TracebackType

import aiomqtt
from field_servers import free_port
from programs import require_program

PATIENCE_S = 30.0
"""What takes a moment on an idle machine may take long on a loaded one."""


class Broker:
    """One mosquitto; its sessions outlive ``kill``, for it writes them to its own folder."""

    def __init__(
        self, folder: Path, port: int, *, config: str = "", anonymous: bool = True
    ) -> None:
        self.port = port
        self._program = require_program("mosquitto", "mosquitto")
        self._config = folder / "mosquitto.conf"
        self._log = folder / "mosquitto.log"
        self._config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous {str(anonymous).lower()}\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\n"
            f"autosave_on_changes true\nlog_dest stderr\nlog_type all\nuser root\n{config}\n",
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Broker:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start it, and wait until it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program, "-c", str(self._config)], stdout=log, stderr=log
            )
        async with asyncio.timeout(PATIENCE_S):
            while not await self._listens():
                assert self._process.poll() is None, self._log.read_text()
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """End it properly; it writes its sessions."""
        if self._process is not None:
            self._process.terminate()
            await asyncio.to_thread(self._process.wait)
            self._process = None

    async def kill(self) -> None:
        """End it at once, as a power cut does."""
        assert self._process is not None
        self._process.kill()
        await asyncio.to_thread(self._process.wait)
        self._process = None

    async def saved(self, *words: bytes) -> None:
        """Wait until every one of ``words`` stands in the file that survives a power cut."""
        path = self._config.with_name("mosquitto.db")
        async with asyncio.timeout(PATIENCE_S):
            while not (path.exists() and all(w in path.read_bytes() for w in words)):
                await asyncio.sleep(0.02)

    async def acknowledged(self, number: int) -> None:
        """Wait until it was told that its message ``number`` to the collector was stored."""
        line = f"Received PUBACK from paes-broker (Mid: {number}, RC:0)"
        async with asyncio.timeout(PATIENCE_S):
            while line not in self._log.read_text(errors="replace"):
                await asyncio.sleep(0.02)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


async def make_broker(folder: Path, *, config: str = "", anonymous: bool = True) -> Broker:
    """A broker on a free port, not yet started."""
    folder.mkdir(parents=True, exist_ok=True)
    return Broker(folder, await free_port(), config=config, anonymous=anonymous)


async def publish(
    port: int, *messages: tuple[str, str | bytes], retain: bool = False, qos: int = 1
) -> None:
    """Publish ``messages`` (topic, payload) in order; back when the broker has them all."""
    async with aiomqtt.Client("127.0.0.1", port, timeout=PATIENCE_S) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=qos, retain=retain)


def publish_as_stranger(port: int, topic: str, payload: str, *options: str) -> None:
    """Publish by ``mosquitto_pub``, a program that is not ours."""
    program = require_program("mosquitto_pub", "mosquitto-clients")
    command = [program, "-h", "127.0.0.1", "-p", str(port), "-q", "1", "-t", topic, "-m", payload]
    subprocess.run([*command, *options], check=True, timeout=60)
