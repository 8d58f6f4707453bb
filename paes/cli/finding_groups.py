"""Findings as a person reads them: of one name together, counted, not forty lines alike."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from paes.metering import Finding

WIDTH = 100
FEW = 2
"""So many of a name are told one by one."""


def grouped_lines(findings: Iterable[Finding], *, every: bool = False) -> list[str]:
    """Lines of at most ``WIDTH``; with ``every`` each finding has its own.

    Of many with one name the first is told as it stands, and of the others what they are about.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.name, []).append(finding)
    lines: list[str] = []
    for name, of in groups.items():
        if every or len(of) <= FEW:
            texts = [f"{name}: {one.subject}: {one.message}" for one in of]
        else:
            first, *others = of
            subjects = ", ".join(dict.fromkeys(one.subject for one in others))
            texts = [f"{name} ({len(of)}): {first.subject}: {first.message}. Likewise: {subjects}"]
        for text in texts:
            lines += textwrap.wrap(text, WIDTH, subsequent_indent="    ", break_on_hyphens=False)
    return lines
