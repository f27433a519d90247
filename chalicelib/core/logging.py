"""Structured logs: one JSON object a line, with the request id. Values that are secret never get here."""

from __future__ import annotations

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

logger = logging.getLogger("shop")  # Chalice has taken the name of the app for its own

# The second line of defence, for text of exceptions that quote a URL or a header. The first is not to log it.
_SECRETS = re.compile(
    r"(?P<url>://[^\s:/@]*:)\S+(?=@)"
    r"|(?P<token>\b(?:Token|Bearer)\s+)[A-Za-z0-9._~+/=-]+"
    r"|(?P<own>\bshk_)[A-Za-z0-9_-]+"
    r"|(?P<stripe>\b(?:(?:sk|rk)_(?:test|live)_|t?pi_[A-Za-z0-9]+_secret_))[A-Za-z0-9_*-]+"
    r"|(?P<webhook>\bwhsec_)[A-Za-z0-9+/=]+"
    r"|(?P<field>[\"']?(?:password|secret|token)[\"']?\s*[:=]\s*)"
    r"(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s\"',}&]+)",
    re.IGNORECASE,
)


def redact(text: str) -> str:
    """Return `text` with passwords in URLs, tokens and password fields replaced by ***."""
    return _SECRETS.sub(lambda match: f"{next(part for part in match.groups() if part)}***", text)


class JsonFormatter(logging.Formatter):
    """One line of JSON a record: time, level, message, request id, and the fields given as `extra={"fields": …}`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": redact(record.getMessage()),
        }
        if (current := request_id.get()) is not None:
            entry["request_id"] = current
        fields: dict[str, object] = getattr(record, "fields", {})
        entry.update({name: redact(value) if isinstance(value, str) else value for name, value in fields.items()})
        if record.exc_info:
            entry["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry, default=str, ensure_ascii=False)


def configure(level: str) -> None:
    """Send the service's logs to standard error as JSON lines; safe to call again."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False


def info(message: str, **fields: object) -> None:
    """Log an event with its fields."""
    logger.info(message, extra={"fields": fields})


def warning(message: str, **fields: object) -> None:
    """Log something that somebody should look at."""
    logger.warning(message, extra={"fields": fields})


def failure(message: str, **fields: object) -> None:
    """Log the exception that is being handled, with its traceback."""
    logger.exception(message, extra={"fields": fields})
