"""What a file is: one decision, from everything that is known of it.

The steps are tried in order, and the first that finds a type decides: signatures, containers by
what is in them, then texts by their structure. The name and the type that the client declares
only choose among types that the content cannot tell apart; they never turn one kind into another.
"""

import threading
from collections.abc import Callable
from functools import cache
from typing import Final

import magic

from processing.content_types import canonical
from processing.identification import (
    compound,
    frames,
    iso_media,
    mail,
    matroska,
    recordings,
    signatures,
    structures,
    text_formats,
    tiff,
    zip_package,
)
from processing.identification.sample import HEAD_BYTES, Sample, extension_of
from processing.identification.text import decoded
from processing.kinds import Kind, kind_of

UNKNOWN: Final = "application/octet-stream"
__all__ = ["HEAD_BYTES", "UNKNOWN", "agrees", "explore", "identify", "identify_sample"]

_Step = Callable[[Sample], str | None]

_CONTAINERS: Final[tuple[_Step, ...]] = (
    iso_media.find,
    matroska.find,
    recordings.find,
    zip_package.find,
    compound.find,
    tiff.find,
    frames.tagged,
)


def _text(sample: Sample) -> str | None:
    text = decoded(sample.head)
    return None if text is None else text_formats.find(text, sample)


def _libmagic(sample: Sample) -> str | None:
    """Ask libmagic of what is neither text nor known: it knows hundreds of rare formats."""
    try:
        with _lock:
            found = str(_cookie().from_buffer(sample.head))
    except magic.MagicException:
        return None
    return found if "/" in found and not found.startswith(_NO_ANSWERS) else None


_STEPS: Final[tuple[_Step, ...]] = (
    signatures.sure,
    *_CONTAINERS,
    mail.find,
    structures.binary_netpbm,
    _text,
    signatures.in_binary,
    structures.find,
    frames.find,
    _libmagic,
)

_NO_ANSWERS: Final = ("text/", "inode/", "application/x-empty", "application/x-dosexec", UNKNOWN)
"""Answers that are none, or that libmagic gives by a single byte."""

_SAME: Final = {"heif": "heic", "heic-sequence": "heic", "heif-sequence": "heic", "apng": "png"}
_ASF: Final = frozenset({"video/x-ms-asf", "audio/x-ms-wma"})

_lock = threading.Lock()  # a libmagic cookie serves one thread at a time


def identify(head: bytes, filename: str, declared: str | None = None) -> str:
    """Return the content type of a file that begins with ``head`` and has a name.

    Never raises for any bytes; what nothing recognises is ``application/octet-stream``.
    """
    sample = Sample(head[:HEAD_BYTES], extension=extension_of(filename), declared=declared or "")
    return identify_sample(sample)


def identify_sample(sample: Sample) -> str:
    """Return the content type of a file by all that is known of it; as ``identify``."""
    if not sample.head:
        return text_formats.named(sample) or UNKNOWN
    return canonical(next((kind for step in _STEPS if (kind := step(sample))), UNKNOWN))


def explore(sample: Sample) -> None:
    """Look into the container that a file begins with, if it is one.

    Raises:
        MoreNeededError: What tells its type lies behind what is known.
    """
    next((kind for step in _CONTAINERS if (kind := step(sample))), None)


def agrees(declared: str, found: str) -> bool:
    """Tell whether ``declared`` may well mean ``found``: the same type, or another name of it.

    Texts agree with each other, as nothing in them tells one kind from another; so do a video and
    an audio recording in the same container.
    """
    if kind_of(declared) is kind_of(found) is Kind.TEXT:
        return True
    named = {canonical(declared), canonical(found)}
    return len(named) == 1 or named == _ASF or _subtype(declared) == _subtype(found)


def _subtype(content_type: str) -> str:
    subtype = canonical(content_type).partition("/")[2].removeprefix("x-").removeprefix("vnd.")
    return _SAME.get(subtype, subtype)


@cache
def _cookie() -> magic.Magic:
    return magic.Magic(mime=True)
