"""Archives: what they list, without unpacking anything to anywhere."""

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from processing.analyses import zipped
from processing.analyses.bounded import Bounded, LimitReachedError
from processing.analyses.result import Parts
from processing.task import Failure, ProcessingError, Source

_MAX_LISTED: Final = 100
_MAX_NAME: Final = 500
_MAX_WALKED: Final = 20_000
_TAR: Final = "application/x-tar"
_STREAMS: Final[dict[str, Callable[[BinaryIO], Any]]] = {
    "application/gzip": gzip.open,
    "application/x-bzip2": bz2.open,
    "application/x-xz": lzma.open,
}
_ERRORS: Final = (
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    OverflowError,
    IndexError,
    KeyError,
    TypeError,
)
_TAR_MAGIC: Final = slice(257, 262)
_GZIP_TRAILER: Final = 4

Entry = tuple[str, int]


def parts(source: Source) -> Parts:
    """Yield the number of entries, what they claim to take, and the first 100 of them.

    Raises:
        ProcessingError: The archive is broken or cut off.
    """
    if source.content_type == _TAR:
        return _tar(source, lambda file: file)
    if source.content_type in _STREAMS:
        return _compressed(source, _STREAMS[source.content_type])
    return _zip(source)


def _zip(source: Source) -> Parts:
    with zipped.opened(source) as archive:
        entries = archive.filelist
        yield _summary([(zipped.name_of(entry), entry.file_size) for entry in entries], source)
        yield {"encrypted": any(entry.flag_bits & 1 for entry in entries)}
        yield {"comment": archive.comment}


def _summary(entries: list[Entry], source: Source) -> dict[str, Any]:
    """Say what the entries claim: sizes in an archive's directory need not be true."""
    total = sum(max(0, size) for _name, size in entries)
    return {
        "entries": len(entries),
        "total_size": total,
        "compression_ratio": round(total / source.size, 2) if source.size else None,
        "first_entries": [
            {"name": name[:_MAX_NAME], "size": size} for name, size in entries[:_MAX_LISTED]
        ],
    }


def _compressed(source: Source, decompressor: Callable[[BinaryIO], Any]) -> Parts:
    with _readable(source, decompressor) as file:
        is_tar = file.read(512)[_TAR_MAGIC] == b"ustar"
    yield {"compression": source.content_type.rpartition("/")[2].removeprefix("x-")}
    if is_tar:
        yield from _tar(source, decompressor)
    elif source.content_type == "application/gzip":
        yield _single(source)


def _tar(source: Source, decompressor: Callable[[BinaryIO], Any]) -> Parts:
    entries: list[Entry] = []
    try:
        with _readable(source, decompressor) as file:
            truncated = not _walk(file, entries)
    except LimitReachedError:
        truncated = True
    except ProcessingError:
        yield _summary(entries, source)
        raise
    yield _summary(entries, source) | ({"truncated": True} if truncated else {})


def _walk(file: Bounded, entries: list[Entry]) -> bool:
    """Append what the archive lists; return whether that is all."""
    with tarfile.open(fileobj=cast("BinaryIO", file), mode="r:") as archive:
        entries.extend((entry.name, entry.size) for entry in islice(archive, _MAX_WALKED))
        return archive.next() is None


def _single(source: Source) -> dict[str, Any]:
    """Read the trailer of a gzip file: its size modulo 4 GiB (RFC 1952, section 2.3.1)."""
    with Path(source.path).open("rb") as file:
        file.seek(max(0, source.size - _GZIP_TRAILER))
        total = int.from_bytes(file.read(_GZIP_TRAILER), "little")
    return {
        "entries": 1,
        "total_size": total,
        "compression_ratio": round(total / source.size, 2) if source.size else None,
    }


@contextmanager
def _readable(source: Source, decompressor: Callable[[BinaryIO], Any]) -> Iterator[Bounded]:
    """Open the decompressed bytes for the block, no more of them than are ever looked at."""
    try:
        with Path(source.path).open("rb") as raw, decompressor(raw) as file:
            yield Bounded(file, may_seek=file is raw)
    except LimitReachedError:
        raise
    except _ERRORS as error:
        raise ProcessingError(Failure.FAILED, "The archive is broken or cut off.") from error
