"""The yearly report: inventory and progress of a city as files for people and programs.

``documents`` turns results into plain data (the same that ``--json`` prints), ``files`` writes
them. Figures are not rounded here; CSV is for spreadsheets, JSON keeps everything.
"""
