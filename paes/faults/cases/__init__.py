"""Cases: episodes with a life.

Read ``case`` for the words, ``life`` for the states, ``run`` for what a night does, and
``register`` to ask for cases.
"""
