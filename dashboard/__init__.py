"""From store to screen: pages, queries, figures and texts; never the collectors.

Read ``dashboard.app`` first, then ``dashboard.queries`` (what a page asks).
"""
