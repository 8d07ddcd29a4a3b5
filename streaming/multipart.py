"""Multipart bodies, part by part as they arrive; nothing is spooled, nothing read ahead.

Source: RFC 7578 (multipart/form-data) and RFC 2046, section 5.1.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from core.errors import BadMultipartError, UnsupportedMediaTypeError
from services.uploads.types import ANY_LENGTH, Expected
from streaming.part_names import decoded, file_name

MIB: Final = 1024 * 1024
MAX_PARTS: Final = 1000
MAX_TEXT_BYTES: Final = MIB
"""The most that all text fields of a form may hold together."""

_FRAMING_BYTES: Final = MIB
"""The most that boundaries, headers, preamble and epilogue may take together."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its field name, the client's file name (None without one), and its bytes.

    ``content_type`` is the header as the client sent it, None without one. ``expected`` bounds its
    length if no file follows; a part that has arrived whole has it exactly, whatever follows.

    The bytes must be read, or skipped by asking for the next part, before anything else is.
    """

    name: str
    filename: str | None
    content_type: str | None
    chunks: AsyncIterator[bytes]
    expected: Expected = ANY_LENGTH


class MultipartForm:
    """Reads one multipart/form-data body from an iterator of chunks, of ``length`` if known.

    ``least_content`` is the least number of bytes that its files have together, from ``length``.

    Raises (from the constructor and while reading):
        UnsupportedMediaTypeError: The body is not multipart/form-data.
        BadMultipartError: It has no boundary, is malformed, cut off, or passes a limit of form.
    """

    def __init__(
        self, content_type: str, body: AsyncIterator[bytes], length: int | None = None
    ) -> None:
        self.least_content = max(0, (length or 0) - _FRAMING_BYTES - MAX_TEXT_BYTES)
        self._body = body
        self._left = length
        self._expected = ANY_LENGTH
        self._parser = _parser(content_type)
        self._framing = _FRAMING_BYTES
        self._text = MAX_TEXT_BYTES

    async def parts(self) -> AsyncIterator[Part]:
        """Yield the parts in order; ends only when the closing boundary has been seen."""
        events = self._events()
        async for event in events:
            if isinstance(event, MultipartSegment):
                yield _part(event, _until_end(events), self._expected)

    async def text(self, part: Part) -> str:
        """Return a text field's value.

        Raises:
            BadMultipartError: It is not UTF-8, or all text fields together pass 1 MiB.
        """
        value = await self.small(part)
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise BadMultipartError(f"Field {part.name[:80]!r} is not valid UTF-8.") from None

    async def small(self, part: Part) -> bytes:
        """Return a small part's bytes; ``BadMultipartError`` past 1 MiB in all such parts."""
        collected = bytearray()
        async for chunk in part.chunks:
            self._text -= len(chunk)
            if self._text < 0:
                raise BadMultipartError(f"The text fields hold more than {MAX_TEXT_BYTES} bytes.")
            collected += chunk
        return bytes(collected)

    async def _events(self) -> AsyncIterator[MultipartSegment | bytes | None]:
        try:
            async for chunk in self._body:
                if self._parser.closed:
                    continue
                self._framing -= len(chunk)
                if self._left is not None:
                    self._left -= len(chunk)
                events = list(self._parser.parse(chunk))
                for position, event in enumerate(events):
                    if isinstance(event, bytes | bytearray):
                        self._framing += len(event)
                    elif event is not None:
                        self._expected = self._bounds(events[position + 1 :])
                    yield event
                if self._framing < 0:
                    raise BadMultipartError("The multipart body is mostly headers or padding.")
            self._parser.close()
        except MultipartError as error:
            raise BadMultipartError(f"The multipart body is malformed: {_said(error)}.") from error

    def _bounds(self, following: Sequence[MultipartSegment | bytes | None]) -> Expected:
        size = 0
        for event in following:
            if not isinstance(event, bytes | bytearray):
                return Expected(size, size)
            size += len(event)
        if self._left is None:
            return Expected(size)
        # What the parser keeps of the chunk is shorter than the last boundary, which is to come.
        most = size + max(0, self._left)
        return Expected(max(size, most - _FRAMING_BYTES - MAX_TEXT_BYTES), most)


def _parser(content_type: str) -> PushMultipartParser:
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data":
        raise UnsupportedMediaTypeError("Send the file as multipart/form-data.")
    boundary = options.get("boundary", "")
    if not 1 <= len(boundary) <= 200 or not boundary.isascii():  # noqa: PLR2004 - RFC 2046 has 70
        raise BadMultipartError("The Content-Type header has no usable boundary parameter.")
    try:
        # Heads are read byte for byte, so that each name can be decoded as what it is.
        return PushMultipartParser(boundary, max_segment_count=MAX_PARTS, header_charset="latin-1")
    except MultipartError as error:
        raise BadMultipartError(f"The boundary is not usable: {error}.") from error


def _said(error: MultipartError) -> str:
    """Return what the parser says to people: some of its errors carry their cause as well."""
    return str(error.args[0]) if error.args else "it cannot be read"


def _part(segment: MultipartSegment, chunks: AsyncIterator[bytes], expected: Expected) -> Part:
    if not segment.name:
        raise BadMultipartError("Every part needs a name in its Content-Disposition header.")
    disposition = segment.header("Content-Disposition") or ""
    filename = file_name(disposition, segment.filename)
    content_type = segment.header("Content-Type")
    return Part(decoded(segment.name), filename, content_type, chunks, expected)


async def _until_end(
    events: AsyncIterator[MultipartSegment | bytes | None],
) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            return
        yield event  # a segment begins only after the None of the last
