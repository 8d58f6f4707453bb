"""How log lines look: text for a terminal, one JSON document a line for a log store."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """One JSON object a line: at (UTC), level, logger, message and, of a defect, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """See ``logging.Formatter.format``."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def log_as(form: str, level: int) -> None:
    """Log from ``level`` on, as ``text`` or ``json``, to where the log goes already."""
    root = logging.getLogger()
    root.setLevel(min(root.level, level))
    logging.getLogger("apscheduler").setLevel(logging.WARNING)  # it tells of every mark
    if form == "json":
        for handler in root.handlers:
            handler.setFormatter(JsonLines())
