"""A meter compared with its display: visit, judgement with causes, record, sheet to sign."""
