"""What the pages ask: the only place of the dashboard that reads the store, through the core.

One module a page, and recipes for what takes long (``recipe``). Answers are plain data: no words,
no colours, no Dash.
"""
