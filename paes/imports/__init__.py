"""Files of others to readings, bills and declared energy: parse, compare, write all or nothing.

::

    file ─ recognised as one of the formats ─ parsed to a Batch ─ compared with what is there
                                  └ report: new, changed, same, refused
                                  └ written, unless it is a dry run

An importer only parses: it gets a ``SourceFile`` and a ``Context`` and returns a ``Batch``, with
what it could not understand as ``Refusal`` (place and what to do). It writes nothing, so that
every format is idempotent, can be tried without effect, and is kept whole or not at all, by one
piece of code (``paes.imports.importing``).
"""
