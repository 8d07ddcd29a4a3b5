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
