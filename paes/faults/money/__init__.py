"""What malfunctions cost.

Read ``price`` for the words, ``pricing`` for how it is reckoned, ``losses`` for the monthly ledger.
"""
