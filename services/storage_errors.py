"""What a storage failure means to a caller."""

from collections.abc import Iterator
from contextlib import contextmanager

from auth.policy import NO_SUCH_FILE
from core.errors import NotFoundError, StorageFullError, UnavailableError
from storage.base import ObjectNotFoundError, OutOfSpaceError, StorageError


@contextmanager
def storage_errors() -> Iterator[None]:
    """Raise the domain's error for a storage's, with the cause kept for the log."""
    try:
        yield
    except ObjectNotFoundError as error:
        raise NotFoundError(NO_SUCH_FILE) from error
    except OutOfSpaceError as error:
        raise StorageFullError("The storage has no room left for this file.") from error
    except StorageError as error:
        raise UnavailableError("The storage does not answer; try again soon.") from error
