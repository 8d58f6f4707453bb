"""From readings of a meter to energy by period, with every gap accounted for.

::

    readings ─ rules, counter ─ judged intervals, gaps, findings ─ consumption ─ amounts by period
                    │ needs: which readings can change it            │
                 judging ─ energy_rows ─ kept_energy (sealed rows in the store) ─ energy_books
                                                     │ estimating: what gaps took
                                  ledger: the questions that everybody asks of a meter
                                  site_energy: of sites and sectors, by the tree of meters

What is told of a meter is a register (``counter``), or amounts that need none: load curves and
bills (``intervals``). A person corrects either by ``edits``, never the readings. What nobody
measured is estimated by ``estimation``, and said to be.

Read ``counter`` for what is decided of a reading, ``consumption`` for what a gap is worth, and
``ledger`` for what can be asked. Nothing here knows a device, a page or a plan.
"""
