"""The yearly report: inventory, local generation and progress of a city, as files.

``documents`` and ``generation`` turn results into plain data (the same that ``--json`` prints),
``files`` writes them. Figures are not rounded here; CSV is for spreadsheets, JSON keeps everything.
"""
