"""What bytes are, by their content: libmagic on the first 64 KB, refined by the extension.

The extension only chooses among kinds that the content cannot tell apart (Markdown and source
code are plain text, office files are ZIP archives); it never turns one kind into another.
"""

import re
import threading
from functools import cache
from typing import Final

import magic

from processing.kinds import Kind, kind_of

HEAD_BYTES: Final = 64 * 1024
UNKNOWN: Final = "application/octet-stream"

_EMPTY: Final = frozenset({"inode/x-empty", "application/x-empty"})
_TEXTS: Final = {
    "c": "text/x-c",
    "css": "text/css",
    "csv": "text/csv",
    "go": "text/x-go",
    "java": "text/x-java",
    "js": "text/javascript",
    "json": "application/json",
    "md": "text/markdown",
    "markdown": "text/markdown",
    "py": "text/x-python",
    "rs": "text/x-rust",
    "sh": "text/x-shellscript",
    "toml": "application/toml",
    "ts": "text/x-typescript",
    "tsv": "text/tab-separated-values",
    "txt": "text/plain",
    "yaml": "application/yaml",
    "yml": "application/yaml",
}
_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
_ARCHIVES: Final = {
    "docx": f"{_OFFICE}.wordprocessingml.document",
    "epub": "application/epub+zip",
    "odt": "application/vnd.oasis.opendocument.text",
    "pptx": f"{_OFFICE}.presentationml.presentation",
    "xlsx": f"{_OFFICE}.spreadsheetml.sheet",
}
_AMBIGUOUS: Final = {"text/plain": _TEXTS, "application/zip": _ARCHIVES}
_GUESSED: Final = "text/x-"
"""What libmagic guesses of source code by a few words; a name that says otherwise is right."""

_PREFERRED: Final = {
    "application/javascript": "text/javascript",  # RFC 9239, section 6
    "audio/x-hx-aac-adts": "audio/aac",
    "audio/x-wav": "audio/wav",
    "text/x-script.python": "text/x-python",
    "video/x-m4v": "video/mp4",
}
_ID3: Final = re.compile(rb"ID3[\x02-\x04][^\xff][\x00-\xff][\x00-\x7f]{4}")
_TAGGED: Final = {"aac": "audio/aac", "flac": "audio/flac"}
_UNTOLD: Final = (
    # packets of 188 bytes, or of 192 with a time
    (re.compile(rb"(?:G.{187}){3}G", re.DOTALL), "video/mp2t"),
    (re.compile(rb"(?:.{4}G.{187}){3}.{4}G", re.DOTALL), "video/mp2t"),
    (re.compile(rb"caff\x00\x01\x00\x00"), "audio/x-caf"),
    (re.compile(rb".{4}ftyp[Ff]4[VvPp] ", re.DOTALL), "video/mp4"),
    (re.compile(rb"\x00{3}\x08wide.{4}mdat|.{4}(?:mdat|moov)", re.DOTALL), "video/quicktime"),
)
"""What libmagic does not tell of recordings, by how they begin."""

_SAME: Final = {
    "jpg": "jpeg",
    "pjpeg": "jpeg",
    "heif": "heic",
    "ms-bmp": "bmp",
    "mp3": "mpeg",
    "m4a": "mp4",
    "m4v": "mp4",
    "wave": "wav",
    "pn-wav": "wav",
    "gzip-compressed": "gzip",
    "zip-compressed": "zip",
    "xhtml+xml": "html",
}
"""Subtypes that clients call otherwise, without ``x-`` and ``vnd.``."""

_lock = threading.Lock()  # a libmagic cookie serves one thread at a time


def identify(head: bytes, filename: str) -> str:
    """Return the content type of a file that begins with ``head`` (its first 64 KB) and has a name.

    Never raises for any bytes; what nothing recognises is ``application/octet-stream``.
    """
    extension = filename.rpartition(".")[2].lower()
    found = _by_content(head)
    if found == UNKNOWN:
        return _recording(head, extension)
    if found in _EMPTY:
        return _TEXTS.get(extension, UNKNOWN)
    if found.startswith(_GUESSED):
        return _TEXTS.get(extension, _PREFERRED.get(found, found))
    return _AMBIGUOUS.get(found, {}).get(extension, _PREFERRED.get(found, found))


def _recording(head: bytes, extension: str) -> str:
    """Return the type of a recording that libmagic takes for nothing; ``UNKNOWN`` of all else."""
    if _ID3.match(head):  # with a cover so large that no sound is in the head
        return _TAGGED.get(extension, "audio/mpeg")
    return next((kind for begins, kind in _UNTOLD if begins.match(head)), UNKNOWN)


def agrees(declared: str, found: str) -> bool:
    """Tell whether ``declared`` may well mean ``found``: the same type, or another name of it.

    Texts agree with each other, as nothing in them tells one kind from another; so do a film and
    a sound in the same container.
    """
    both_texts = kind_of(declared) is kind_of(found) is Kind.TEXT
    return both_texts or _subtype(declared) == _subtype(found)


def _subtype(content_type: str) -> str:
    subtype = content_type.partition("/")[2].removeprefix("x-").removeprefix("vnd.")
    return _SAME.get(subtype, subtype)


def _by_content(head: bytes) -> str:
    try:
        with _lock:
            found = str(_cookie().from_buffer(head[:HEAD_BYTES]))
    except magic.MagicException:
        return UNKNOWN
    return found if "/" in found else UNKNOWN


@cache
def _cookie() -> magic.Magic:
    return magic.Magic(mime=True)
