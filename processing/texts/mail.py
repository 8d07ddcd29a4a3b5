"""The text of e-mail messages: the main headers, the text, the names of attachments."""

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import EmailPolicy
from itertools import islice
from typing import Final, TypeGuard

from processing.charset import decoded, with_utf_8_head
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
_ALTERNATIVE: Final = "multipart/alternative"
_FORWARDED: Final = "message/rfc822"
_SHOWN: Final = frozenset({"text/plain", "text/html", "text/enriched", "text/markdown"})


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the message as one page, with the messages that it forwards.

    Of several forms of one text, the plain one is taken, unless it is empty.

    Raises:
        ProcessingError: It is nested too deeply, or takes too much memory.
    """
    data = _bounded(read(source, _MAX_BYTES))
    with translated():
        message = message_from_bytes(with_utf_8_head(data), _class=EmailMessage, policy=_Policy())
        sections = [*_sections(message, options), _attachments(message)]
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


def _sections(message: Message, options: Options) -> Iterator[str]:
    """Yield headers and text of a message and of those in it, in their order.

    Not by recursion, which a hostile file exhausts.
    """
    yield _headers(message)
    waiting = [message]
    while waiting:
        found = waiting.pop()
        inner = _inner(found)
        if found.get_content_type() == _FORWARDED and inner:
            yield _headers(inner[0])
        if found.get_content_type() == _ALTERNATIVE and inner:
            inner = [_best(inner, options)]
        waiting += reversed(inner)
        if not inner and _is_shown(found):
            yield _text(found, options)


def _inner(part: Message) -> list[Message]:
    content = part.get_payload()
    return [each for each in content if isinstance(each, Message)] if _is_list(content) else []


def _is_list(content: object) -> TypeGuard[list[object]]:
    return isinstance(content, list)


def _best(forms: list[Message], options: Options) -> Message:
    """Return the form that holds text, the plain one first (RFC 2046, section 5.1.4)."""
    plain = (form for form in forms if form.get_content_type() == "text/plain")
    written = (form for form in plain if _text(form, options))
    return next(written, forms[-1])


def _parts(message: Message) -> Iterator[Message]:
    waiting = [message]
    while waiting:
        found = waiting.pop()
        waiting += reversed(_inner(found))
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


def _is_shown(part: Message) -> bool:
    """Tell whether a part is text that programs show: not one that is attached as a file."""
    if part.get_content_type() not in _SHOWN:
        return False
    return part.get_content_disposition() == "inline" or not _filename(part)


def _text(part: Message, options: Options) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    charset = part.get_content_charset()
    if part.get_content_type() == "text/html":
        return text_of(data, options, charset)
    text = decoded(data, charset)
    return text.strip() if options.preserve else reflowed(text)


def _attachments(message: Message) -> str:
    names = (name for part in _parts(message) if (name := _filename(part)))
    return "\n".join(f"Attachment: {name}" for name in islice(names, _MAX_ATTACHMENTS))


def _filename(part: Message) -> str:
    try:
        return " ".join((part.get_filename() or "").split())
    except Exception:  # noqa: BLE001 - as above
        return ""
