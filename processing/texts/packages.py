"""Opening documents that are ZIP archives, measured before anything is unpacked."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from lxml import etree

from processing.task import MIB, Failure, ProcessingError, Source

MAX_ENTRIES: Final = 10_000
MAX_UNPACKED_BYTES: Final = 200 * MIB
MAX_PART_BYTES: Final = 32 * MIB
"""The most of one XML part that is parsed into a tree, which takes ten times its size."""

_MAX_RATIO: Final = 250
_RATIO_FROM_BYTES: Final = 20 * MIB
"""Below this much a high ratio is nothing to fear: an empty sheet compresses well."""

_XML: Final = (".xml", ".rels", ".opf")
_DECLARATIONS: Final = tuple(
    "<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
_CHUNK: Final = MIB
_ENCRYPTED_FLAG: Final = 0x1


@contextmanager
def opened(source: Source) -> Iterator[zipfile.ZipFile]:
    """Open the archive for the block once its directory shows that it may be unpacked.

    Raises (from the block too, in place of what parsers raise):
        ProcessingError: Broken, encrypted, or more than may be unpacked.
    """
    with translated(), zipfile.ZipFile(source.path) as archive:
        _measure(archive)
        yield archive


@contextmanager
def translated() -> Iterator[None]:
    """Raise what parsers of documents raise as ``ProcessingError``."""
    try:
        yield
    except ProcessingError:
        raise
    except MemoryError:
        raise too_large() from None
    except Exception as error:  # the parsers promise no errors of their own for broken files
        raise ProcessingError(Failure.FAILED, "The document is broken or cut off.") from error


def refuse_declarations(archive: zipfile.ZipFile) -> None:
    """Raise ``ProcessingError`` if an XML part declares a document type.

    Office formats have none (ECMA-376, part 2, section 6.2.5; OpenDocument 1.3, part 2,
    section 3.1); what follows one are entities that expand or name files.
    """
    for entry in archive.infolist():
        if entry.filename.lower().endswith(_XML) and _declares(archive, entry):
            raise ProcessingError(Failure.FAILED, "The document declares entities.")


def part(archive: zipfile.ZipFile, name: str, most: int = MAX_PART_BYTES) -> bytes:
    """Return the bytes of a part.

    Raises:
        KeyError: There is no such part.
        ProcessingError: It has more than ``most`` bytes.
    """
    entry = archive.getinfo(name)
    if entry.file_size > most:
        raise too_large()
    return archive.read(entry)


def tree(data: bytes) -> etree._Element:
    """Return the root of an XML document; entities stay as they are, nothing is fetched."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    return etree.fromstring(data, parser)


def too_large() -> ProcessingError:
    """Return the error of a document that is too much to unpack."""
    return ProcessingError(Failure.TOO_LARGE, "The document is too large to unpack.")


def _measure(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if any(entry.flag_bits & _ENCRYPTED_FLAG for entry in entries):
        raise ProcessingError(Failure.ENCRYPTED, "The document asks for a password.")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    bomb = unpacked > _RATIO_FROM_BYTES and unpacked > packed * _MAX_RATIO
    if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or bomb:
        raise too_large()


def _declares(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    tail = b""
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            seen = tail + chunk
            if any(mark in seen for mark in _DECLARATIONS):
                return True
            tail = seen[-len(_DECLARATIONS[-1]) :]
    return False
