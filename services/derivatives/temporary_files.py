"""Temporary files of this process: what it means to a caller that they cannot be written."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, Final

from core.errors import StorageFullError, UnavailableError

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def temporary_errors() -> Iterator[None]:
    """Raise the domain's error for the system's, with the cause kept for the log."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFullError("There is no room to work on the file now.") from error
        raise UnavailableError("Files cannot be worked on now; try again soon.") from error


@contextmanager
def closed_on_failure(output: BinaryIO) -> Iterator[None]:
    """Close ``output`` if the block, which hands it on, raises."""
    try:
        yield
    except BaseException:
        with suppress(OSError):  # what is yet to be written has no room either
            output.close()
        raise
