"""How right the product is: what its rules find, how often they cry wolf, what its bands cover.

Each module beside this one measures one family and answers ``measure() -> list[Row]``. ``card``
joins them, holds them against what this version states of itself (``config/accuracy.json``), and
writes it::

    python -m benchmarks.accuracy            measures all, prints it, exit 1 if anything fell
    python -m benchmarks.accuracy --write    states anew what was measured, with docs/accuracy.md

Every draw is seeded, so that two runs of one version say the same.
"""

import os

# Families are measured side by side already: threads of numpy would only be in their way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
