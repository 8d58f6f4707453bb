"""Tables as they come: sheets of every kind, cells, columns by title, and mapping files."""
