"""The program ``store_workers``, as a test holds it."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path


class Workers:
    """The program ``store_workers`` and its answers."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("store_workers.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def start(self, *request: object) -> None:
        assert self.process.stdin
        self.process.stdin.write(" ".join(str(r) for r in request) + "\n")

    def answer(self) -> tuple[int, str, int]:
        """The next answer: process id, what, number."""
        assert self.process.stdout
        pid, what, *number = self.process.stdout.readline().split()
        return int(pid), what, int(number[0]) if number else 0

    def has_answer(self, within_s: float) -> bool:
        """True as soon as there is something to read, False after ``within_s``."""
        return bool(select.select([self.process.stdout], [], [], within_s)[0])

    def ended(self, *request: object) -> int:
        """Start a worker and wait for its end; its exit status, or the signal that ended it."""
        self.start(*request)
        while True:
            _, what, number = self.answer()
            if what == "ended":
                return number

    def close(self) -> None:
        with self.process:
            assert self.process.stdin
            self.process.stdin.close()
