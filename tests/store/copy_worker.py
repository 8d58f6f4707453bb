"""A copy in a process of its own that is killed when it has written so many parts.

Run as a program with SOURCE TARGET PARTS MOMENT: at part number PARTS the process ends as by a
power cut, ``before`` the part is written, ``within`` (the first half of it is), or ``after``.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from paes.store import open_store
from paes.store.copying.copier import StoreCopy


def main() -> None:
    source, target, parts, moment = sys.argv[1:]
    store = open_store(target)
    write_series, done = store.write_series, 0

    def write_and_die(point: str, *columns: Any) -> None:
        nonlocal done
        done += 1
        if done == int(parts):
            share = {"before": 0.0, "within": 0.5, "after": 1.0}[moment]
            write_series(point, *(c[: int(share * len(c))] for c in columns))
            os.kill(os.getpid(), signal.SIGKILL)
        write_series(point, *columns)

    store.write_series = write_and_die
    StoreCopy(open_store(source), store).run()


if __name__ == "__main__":
    main()
