"""The text of Outlook messages ([MS-OXMSG]): main headers, text, names of attachments."""

import re
import struct
from collections.abc import Iterator
from typing import Final

import olefile

from processing.charset import decoded
from processing.task import Failure, ProcessingError, Source
from processing.texts.compound import opened, stream
from processing.texts.document import Options, Page
from processing.texts.layout import reflowed
from processing.texts.markup import text_of

_ENGINE: Final = "ole"
_PROPERTIES: Final = "__properties_version1.0"
_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_SENDER_NAME, _SENDER_ADDRESS, _SENDER_SMTP = "0C1A", "0C1F", "5D01"
_TO, _CC = "0E04", "0E03"
_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME = "3707", "3704", "3001"
_ATTACHMENT: Final = re.compile(r"__attach_version1\.0_#[0-9A-F]{8}", re.IGNORECASE)
_EMBEDDED: Final = "__substg1.0_3701000D"
_CODE_PAGE: Final = b"\x03\x00\xde\x3f"
_MAX_DEPTH: Final = 5
_MAX_ATTACHMENTS: Final = 100


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the message as one page, with the messages attached to it.

    Raises:
        ProcessingError: It is no message, but a folder of them.
    """
    with opened(source) as container:
        if not container.exists(_PROPERTIES):
            raise ProcessingError(Failure.UNSUPPORTED, "The file is not a single message.")
        text = "\n\n".join(filter(None, _message(container, [], options)))
    yield Page(text, _ENGINE)


def _message(container: olefile.OleFileIO, folder: list[str], options: Options) -> Iterator[str]:
    storage = _Storage(container, folder)
    name, address = storage.text(_SENDER_NAME), storage.text(_SENDER_SMTP)
    address = address or storage.text(_SENDER_ADDRESS)
    shown = f"{name} <{address}>" if name and "@" in address and name != address else name
    headers = {
        "From": shown or address,
        "To": storage.text(_TO),
        "Cc": storage.text(_CC),
        "Subject": storage.text(_SUBJECT),
    }
    yield "\n".join(f"{key}: {' '.join(value.split())}" for key, value in headers.items() if value)
    yield storage.body(options)
    names = []
    for attached in storage.attachments():
        inner = [*attached, _EMBEDDED]
        if container.exists(inner) and len(folder) < 2 * _MAX_DEPTH:
            yield from _message(container, inner, options)
        else:
            names.append(_Storage(container, attached).filename())
    yield "\n".join(f"Attachment: {each}" for each in names if each)


class _Storage:
    """The properties of a message or attachment ([MS-OXMSG] 2.1)."""

    def __init__(self, container: olefile.OleFileIO, folder: list[str]) -> None:
        self._container = container
        self._folder = folder

    def text(self, identity: str) -> str:
        """Return a string, in Unicode or in the code page of the message; empty without one."""
        wide = self._stream(identity, "001F")
        if wide:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        return decoded(self._stream(identity, "001E"), self._code_page()).rstrip("\0")

    def body(self, options: Options) -> str:
        """Return the plain text, else the text of the HTML."""
        plain = self.text(_BODY)
        if plain.strip():
            return plain.strip() if options.preserve else reflowed(plain)
        html = self._stream(_HTML, "0102") or self.text(_HTML).encode()
        return text_of(html, options) if html else ""

    def attachments(self) -> list[list[str]]:
        """Return the storages of the attachments."""
        depth = len(self._folder)
        found = {
            path[depth]: None
            for path in self._container.listdir(streams=False, storages=True)
            if path[:depth] == self._folder and len(path) > depth and _ATTACHMENT.match(path[depth])
        }
        return [[*self._folder, name] for name in sorted(found)][:_MAX_ATTACHMENTS]

    def filename(self) -> str:
        """Return the name of an attachment."""
        names = (self.text(each) for each in (_LONG_NAME, _SHORT_NAME, _DISPLAY_NAME))
        return " ".join(next(filter(None, names), "").split())

    def _stream(self, identity: str, kind: str) -> bytes:
        return stream(self._container, [*self._folder, f"__substg1.0_{identity}{kind}"])

    def _code_page(self) -> str | None:
        """Return the encoding of strings that are not Unicode ([MS-OXPROPS] 2.751)."""
        properties = stream(self._container, [*self._folder, _PROPERTIES])
        place = properties.find(_CODE_PAGE)
        if place < 0 or place + 12 > len(properties):
            return None
        return f"cp{struct.unpack_from('<I', properties, place + 8)[0]}"
