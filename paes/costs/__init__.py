"""From energy to money: what a quarter hour cost at the price that was in force in it.

::

    ledger ─ amounts between edges ─┐
    bands, tariffs, contracts ─ runs of one price ─ split ─ costs ─ documents
                                                └── band_energy

A *run* is a stretch of one period, one contract, one price; a *kind* is what runs have in common
(the price of F2 under a contract). ``split`` shares amounts among kinds so that they add up to
what the ledger says of the period, with bounds where the course is not known. Nothing here is
kept: past prices stay in the tariffs' files, so that the past always costs what it did.

Read ``runs`` for time, ``split`` for amounts, ``costing`` for what can be asked.
"""
