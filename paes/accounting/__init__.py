"""From readings of a meter to energy by period, with every gap accounted for.

::

    readings ─ rules, counter ─ judged intervals, gaps, findings ─ consumption ─ amounts by period
                    │ needs: which readings can change it            │
                 judging ─ energy_rows ─ kept_energy (sealed rows in the store) ─ energy_books
                                                     │
                                  ledger: the questions that everybody asks

What is told of a meter is a register (``counter``), or amounts that need none: load curves and
bills (``intervals``). A person corrects either by ``edits``, never the readings.

Read ``counter`` for what is decided of a reading, ``consumption`` for what a gap is worth, and
``ledger`` for what can be asked. Nothing here knows a device, a page or a plan.
"""
