"""Malfunctions: what the meters show that something is broken, left on, or lost; and its price.

::

    validated load curves ─ rule ─ Episode ─┐          (.view, .signs, .rules)
                                            ├─ Case ─ its life, its price, its digest
    what people decided ────────────────────┘          (.cases, .money, .telling)

A *rule* is one small module with its data beside it in ``config/fault_rules/``: parameters with
their units, and the two sentences in which it explains itself. What it finds is an *episode*: from
when on, until when, the numbers that were compared, the amounts beyond what is usual, and the
picture that shows it. Finding is pure: the same readings make the same episodes. A *case* is an
episode with a life: people take it, dismiss it, repair it; only consumption closes it.

Only validated data feeds a rule: hours that were measured whole. What is estimated, missing, or
caught up late is unknown to it (NaN), and never 0.
"""
