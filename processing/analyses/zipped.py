"""Opening ZIP archives that may be hostile: by their directory, unpacking nothing unasked."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from processing.task import Failure, ProcessingError, Source

_MAX_DIRECTORY: Final = 8 * 1024 * 1024
_UTF_8_FLAG: Final = 0x800
_UNICODE_PATH: Final = 0x7075
_FIELD_HEAD: Final = struct.Struct("<HH")
_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    IndexError,
    KeyError,
    RuntimeError,  # a password is wanted, or a compression that zipfile does not know
)


class _Directory(io.FileIO):
    """A file of which no large piece is read at once, as a huge directory would be."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MAX_DIRECTORY:
            raise ProcessingError(Failure.TOO_LARGE, "The archive's directory is too large.")
        return super().read(size)


@contextmanager
def opened(source: Source) -> Iterator[zipfile.ZipFile]:
    """Open a ZIP archive for the block.

    Raises (from the block too):
        ProcessingError: Broken or cut off, or its directory takes more than 8 MiB.
    """
    try:
        with _Directory(source.path) as file, zipfile.ZipFile(file) as archive:
            yield archive
    except _ERRORS as error:
        raise ProcessingError(Failure.FAILED, "The archive is broken or cut off.") from error


def part(archive: zipfile.ZipFile, name: str, longest: int) -> bytes | None:
    """Return one part unpacked, of at most ``longest`` bytes; None if it is missing or longer.

    The archive's word for the size counts for nothing: unpacking stops at ``longest``.
    """
    try:
        with archive.open(name) as file:
            data = file.read(longest + 1)
    except KeyError:
        return None
    return data if len(data) <= longest else None


def name_of(entry: zipfile.ZipInfo) -> str:
    """Return the name of an entry, in UTF-8 even where the archive does not say so.

    Follows APPNOTE 6.3.10, sections 4.4.4 (bit 11) and 4.6.9 (Unicode path). Without either, macOS
    and many libraries write UTF-8; a name that is not valid UTF-8 stays in code page 437.
    """
    if entry.flag_bits & _UTF_8_FLAG:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
        return _unicode_path(entry.extra, raw) or raw.decode("utf-8")
    except UnicodeError:
        return entry.filename


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    while len(extra) >= _FIELD_HEAD.size:
        kind, length = _FIELD_HEAD.unpack_from(extra)
        field = extra[_FIELD_HEAD.size : _FIELD_HEAD.size + length]
        if kind == _UNICODE_PATH and field[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
            return field[5:].decode("utf-8")
        extra = extra[_FIELD_HEAD.size + length :]
    return None
