"""The tables: one set of values for page and CSV, a module a page; ``table`` says what one is."""
