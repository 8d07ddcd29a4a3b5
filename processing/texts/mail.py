"""The text of e-mail messages: the main headers, the text, the names of attachments."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from itertools import islice
from typing import Final

from processing.charset import decoded
from processing.task import MIB, Source
from processing.texts.document import Options, Page
from processing.texts.layout import reflowed
from processing.texts.markup import text_of
from processing.texts.packages import translated
from processing.texts.plain import read

_ENGINE: Final = "email"
_HEADERS: Final = ("From", "To", "Cc", "Date", "Subject")
_MAX_BYTES: Final = 50 * MIB
_MAX_PARTS: Final = 1000
_MAX_HEADER: Final = 4000
"""The parser of header values takes time by the square of their length."""

_BOUNDARY: Final = b"\n--"
_MAX_ATTACHMENTS: Final = 100


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the message as one page; of several forms of its text, the plain one.

    Raises:
        ProcessingError: It is nested too deeply, or takes too much memory.
    """
    data = _bounded(read(source, _MAX_BYTES))
    with translated():
        message = message_from_bytes(data, _class=EmailMessage, policy=_Policy())
        parts = list(_leaves(message))
        sections = [_headers(message), _body(parts, options), _attachments(parts)]
    yield Page("\n\n".join(filter(None, sections)), _ENGINE, cut=source.size > len(data))


class _Policy(EmailPolicy):
    """The modern policy, with the values of headers cut before anything parses them."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_MAX_HEADER]


def _bounded(data: bytes) -> bytes:
    """Return the message up to its thousandth boundary: each part costs the parser time."""
    place = -1
    for _ in range(_MAX_PARTS):
        place = data.find(_BOUNDARY, place + 1)
        if place < 0:
            return data
    return data[:place]


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that hold no others; not by recursion, which a hostile file exhausts."""
    waiting = [message]
    while waiting:
        found = waiting.pop()
        content = found.get_payload()
        if isinstance(content, list):
            waiting += [inner for inner in reversed(content) if isinstance(inner, Message)]
        else:
            yield found


def _headers(message: Message) -> str:
    lines = (f"{name}: {_header(message, name)}" for name in _HEADERS if name in message)
    return "\n".join(lines)


def _header(message: Message, name: str) -> str:
    try:
        value = str(message[name])
    except Exception:  # noqa: BLE001 - the parser of headers fails in many ways on hostile ones
        value = next((raw for key, raw in message.raw_items() if key.lower() == name.lower()), "")
    return " ".join(value.split())


def _body(parts: list[Message], options: Options) -> str:
    for kind in ("text/plain", "text/html"):
        found = [_text(part, options) for part in parts if _shown(part, kind)]
        if any(found):
            return "\n\n".join(filter(None, found))
    return ""


def _shown(part: Message, kind: str) -> bool:
    return part.get_content_type() == kind and not _filename(part)


def _text(part: Message, options: Options) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset()
    if part.get_content_type() == "text/html":
        return text_of(data, options, charset)
    text = decoded(data, charset)
    return text.strip() if options.preserve else reflowed(text)


def _attachments(parts: list[Message]) -> str:
    names = (name for part in parts if (name := _filename(part)))
    return "\n".join(f"Attachment: {name}" for name in islice(names, _MAX_ATTACHMENTS))


def _filename(part: Message) -> str:
    try:
        return " ".join((part.get_filename() or "").split())
    except Exception:  # noqa: BLE001 - as above
        return ""
