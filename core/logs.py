"""Log lines: text for people, or one JSON object each; never a token or a signature in either."""

import asyncio
import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from core.observation import OBSERVATION

JSON: Final = "json"
TEXT: Final = "text"

_LOGGING_VALUES: Final = ("aiosqlite", "tortoise.db_client")
"""Loggers that tell the values of every statement at debug: names, descriptions, tags."""

_TALKATIVE: Final = ("botocore", "procrastinate")
"""Loggers that tell at info what is of no use to whoever runs a server, every few seconds."""

_HIDDEN: Final = r"\1***"
_SECRETS: Final = re.compile(
    r"\b((?:signature|code|[a-z_-]*token|[a-z_-]*secret|password|api_?key)=|(?:bearer|basic) )"
    r"[^\s&\"'<>,;]+",
    re.IGNORECASE,
)
_PASSWORDS: Final = re.compile(r"(://[^\s:/@]*:)[^\s/@]+(?=@)")


def redacted(text: str) -> str:
    """Return ``text`` without the values of signatures and tokens, and passwords of addresses."""
    return _PASSWORDS.sub(_HIDDEN, _SECRETS.sub(_HIDDEN, text))


def without_cut_off(record: logging.LogRecord) -> bool:
    """Put a line in place of uvicorn's traceback of a request that was cut off; never drop one."""
    error = record.exc_info[1] if record.exc_info else None
    if record.name == "uvicorn.error" and isinstance(error, asyncio.CancelledError):
        record.msg, record.args = "a request was cut off at the end of the drain", ()
        record.exc_info, record.levelno, record.levelname = None, logging.WARNING, "WARNING"
    return True


class TextFormatter(logging.Formatter):
    """Lines for people, with the request that they belong to."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it if there is one."""
        return redacted(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line alone, which no message can break in two."""
        if not record.message.isprintable():
            record.message = record.message.encode("unicode_escape").decode()
        seen = OBSERVATION.get()
        request = f" (request {seen.request_id})" if seen is not None else ""
        return super().formatMessage(record) + request


class JsonFormatter(logging.Formatter):
    """One JSON object a line; what a record brings as ``fields`` stands beside the rest."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object."""
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat()[:-6] + "Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redacted(record.getMessage()),
        }
        seen = OBSERVATION.get()
        if seen is not None:
            told |= {"request_id": seen.request_id}
            told |= {"trace_id": seen.trace_id, "span_id": seen.span_id} if seen.trace_id else {}
        told |= getattr(record, "fields", {})
        if record.exc_info:
            told["exception"] = redacted(self.formatException(record.exc_info))
        try:
            return orjson.dumps(told, default=str).decode()
        except TypeError:  # half a character, which only escapes can write
            return json.dumps(told, default=str)


def configure_logging(form: str, level: str) -> None:
    """Have every logger of the process write lines of that form, from that level on, to stderr."""
    handler = logging.StreamHandler()
    text = TextFormatter("%(levelname)s %(name)s: %(message)s")
    handler.addFilter(without_cut_off)
    handler.setFormatter(JsonFormatter() if form == JSON else text)
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for talkative in _LOGGING_VALUES + _TALKATIVE:
        logging.getLogger(talkative).setLevel(logging.WARNING)
