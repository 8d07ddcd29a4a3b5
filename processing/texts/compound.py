"""The text of files in OLE containers ([MS-CFB]): Word, Excel and PowerPoint to 2003, Outlook."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

import olefile

from processing.task import MIB, Failure, ProcessingError, Source
from processing.texts.document import Extractor, Options, Page
from processing.texts.packages import too_large, translated

MAX_STREAM_BYTES: Final = 64 * MIB
_FORMATS: Final = {
    "application/msword": "old_word",
    "application/vnd.ms-excel": "old_sheets",
    "application/vnd.ms-powerpoint": "old_slides",
    "application/vnd.ms-outlook": "outlook",
}


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text: slides and sheets as pages, a document or message as one.

    Raises:
        ProcessingError: Broken, encrypted, too large, or of a version before 1997.
    """
    extract: Extractor = import_module(f"processing.texts.{_FORMATS[source.content_type]}").pages
    with translated():
        yield from extract(source, options)


@contextmanager
def opened(source: Source) -> Iterator[olefile.OleFileIO]:
    """Open the container for the block.

    Raises:
        ProcessingError: It holds an office file under a password ([MS-OFFCRYPTO] 2.3.4).
    """
    with olefile.OleFileIO(source.path) as container:
        if container.exists("EncryptedPackage"):
            raise encrypted()
        yield container


def stream(container: olefile.OleFileIO, name: str | list[str]) -> bytes:
    """Return the bytes of a stream, empty if there is none of that name.

    Raises:
        ProcessingError: It is too large.
    """
    if not container.exists(name):
        return b""
    if container.get_size(name) > MAX_STREAM_BYTES:
        raise too_large()
    data: bytes = container.openstream(name).read()
    return data


def encrypted() -> ProcessingError:
    """Return the error of a document under a password."""
    return ProcessingError(Failure.ENCRYPTED, "The document asks for a password.")


def too_old(version: str) -> ProcessingError:
    """Return the error of a document in a format that was given up before 1997."""
    return ProcessingError(
        Failure.UNSUPPORTED, f"No text can be extracted from a document of {version} or earlier."
    )
