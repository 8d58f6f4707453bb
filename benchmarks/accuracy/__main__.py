"""``python -m benchmarks.accuracy``: the accuracy card of this version."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.accuracy.card import (
    FAMILIES,
    GUIDE,
    STATED,
    document,
    fallen,
    markdown,
    measure,
    stated,
    told,
)


def main() -> int:
    """0 if nothing fell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=FAMILIES, help="one family, or several")
    parser.add_argument("--write", action="store_true", help="state anew what was measured")
    asked = parser.parse_args()
    rows = measure(asked.only or FAMILIES, lambda text: print(text, file=sys.stderr, flush=True))
    print(told(rows))
    before = stated()
    if asked.only:
        rules = {row.rule for row in rows}
        before = before | {"rows": [row for row in before["rows"] if row["rule"] in rules]}
    worse = fallen(rows, before)
    for line in worse:
        print(f"FELL: {line}")
    if asked.write and not asked.only:
        STATED.write_text(json.dumps(document(rows), indent=1, ensure_ascii=False) + "\n")
        GUIDE.write_text(markdown(rows))
        print(f"stated in {STATED.name} and {GUIDE.name}")
        return 0
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
