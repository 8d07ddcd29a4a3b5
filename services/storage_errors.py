"""What a storage failure means to a caller."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import StorageFullError, UnavailableError
from core.metrics import STORAGE_ERRORS
from storage.base import OutOfSpaceError, StorageError


@contextmanager
def storage_errors() -> Iterator[None]:
    """Raise the domain's error for a storage's, with the cause kept for the log."""
    try:
        yield
    except OutOfSpaceError as error:
        STORAGE_ERRORS.labels("full").inc()
        raise StorageFullError("The storage has no room left for this file.") from error
    except StorageError as error:
        STORAGE_ERRORS.labels("unavailable").inc()
        raise UnavailableError("The storage does not answer; try again soon.") from error
