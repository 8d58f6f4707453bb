"""A process that asks through its link and then forks: each branch asks for its own.

Run as a program with a URL: every branch reads one row, again and again, and the exit code
says in how many branches an answer was not the own one.
"""

from __future__ import annotations

import os
import sys

from paes.errors import StoreError
from paes.store.influx.address import parse_influx_address
from paes.store.influx.link import InfluxLink

BRANCHES, QUESTIONS = 4, 100


def is_answered(link: InfluxLink, number: int) -> bool:
    """Does this branch get its own answers?"""
    asked = f"SELECT v FROM energy WHERE v = {number}"
    try:
        return all(link.query(asked)[0].rows == [[number, number]] for _ in range(QUESTIONS))
    except (StoreError, LookupError):
        return False


def main() -> None:
    link = InfluxLink(parse_influx_address(sys.argv[1]))
    link.write([f"energy v={number}i {number}" for number in range(BRANCHES)])
    children = []
    for number in range(1, BRANCHES):
        child = os.fork()
        if child == 0:
            os._exit(0 if is_answered(link, number) else 1)
        children.append(child)
    wrong = 0 if is_answered(link, 0) else 1
    sys.exit(wrong + sum(os.waitpid(child, 0)[1] != 0 for child in children))


if __name__ == "__main__":
    main()
