"""The contract of every storage back end, and the one gate that every key passes.

Bytes are immutable: an object is written once under a new key, read any number of times and
deleted; replacing means a new key. Failure semantics stand in the docstrings and are held by
``tests/storage/conformance.py``, which every back end runs.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

READ_CHUNK_BYTES = 256 * 1024
"""The most bytes that one chunk of a read holds."""

_KEY = re.compile(r"[0-9a-f]{32}")


class StorageError(Exception):
    """The back end failed; the object's state is as if the call had not been made."""


class ObjectNotFoundError(StorageError):
    """Raised when a key names no object."""


class ObjectExistsError(StorageError):
    """Raised when a commit names a key that is taken; the object there is untouched."""


class ObjectTruncatedError(StorageError):
    """Raised in mid-read when an object holds fewer bytes than its size promised."""


class OutOfSpaceError(StorageError):
    """Raised when the back end has no room (ENOSPC, EDQUOT, HTTP 507)."""


class StorageRefusedError(StorageError):
    """Raised when the back end answers that it will not serve as it is configured.

    No later try makes that right: the credentials, the bucket, the region or the address is wrong.
    """


class InvalidKeyError(ValueError):
    """Raised when a key is not 32 lower-case hexadecimal digits: a bug, never user input."""


def checked_key(key: str) -> str:
    """Return ``key`` if it has a key's exact shape, else raise ``InvalidKeyError``.

    The only way from a key to a path or object name is through this function.
    """
    if not _KEY.fullmatch(key):
        raise InvalidKeyError(f"not a storage key: {key[:80]!r}")
    return key


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing tells of an object: its key, size in bytes and time of writing (UTC)."""

    key: str
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Presentation:
    """How a back end's own HTTP server is to present an object, and for how many seconds."""

    content_type: str
    content_disposition: str
    lifetime: int


class Staged(ABC):
    """Bytes on their way in, invisible to every reader until ``commit`` returns."""

    @abstractmethod
    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append ``chunk``; the caller may reuse its buffer when this returns.

        Raises:
            OutOfSpaceError: There is no room.
            StorageError: The write failed; only ``discard`` may follow.
        """

    async def seal(self) -> None:
        """Take note that no more bytes come; only ``commit`` or ``discard`` may follow.

        Optional for the caller. A back end that keeps bytes in memory may put them elsewhere now.

        Raises:
            OutOfSpaceError: There is no room.
            StorageError: It failed; only ``discard`` may follow.
        """
        return

    @abstractmethod
    async def commit(self) -> None:
        """Publish the bytes under their key, durably: they survive a power cut once this returns.

        Raises:
            ObjectExistsError: The key is taken.
            OutOfSpaceError: There is no room.
            StorageError: It failed, and nothing is visible under the key; across a network nobody
                may know that, so delete the key too. Never retried on the same staged bytes,
                because a failed fsync may have dropped dirty pages.
        """

    @abstractmethod
    async def discard(self) -> None:
        """Drop the bytes. Discarding twice, or after ``commit``, is not an error."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.discard()


class StoredObject(ABC):
    """An open object: its bytes stay readable until ``close``, even if it is deleted meanwhile."""

    size: int
    """Length in bytes."""

    @abstractmethod
    def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Yield bytes ``start`` to ``stop`` (exclusive; the end when None) in order.

        Chunks are non-empty and at most ``READ_CHUNK_BYTES`` long. Several reads of one object
        may run at once. ``0 <= start <= stop <= size`` is the caller's duty.

        Raises:
            ObjectTruncatedError: Fewer bytes are there than ``size`` said.
            StorageError: The back end failed.
        """

    def descriptor(self) -> AbstractContextManager[int] | None:
        """Return a block in which a file descriptor of the bytes is open, None if there is none.

        It is for other processes to open anew: its position means nothing.
        """
        return None

    @abstractmethod
    async def close(self) -> None:
        """Let go of the object. Closing twice is not an error."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


class Storage(ABC):
    """A place for immutable objects under random keys. One instance serves the whole process."""

    @abstractmethod
    async def stage(self, key: str) -> Staged:
        """Begin to receive the object that is to have ``key``.

        Raises:
            OutOfSpaceError: There is no room.
            StorageError: The back end failed.
        """

    @abstractmethod
    async def open(self, key: str) -> StoredObject:
        """Open the object under ``key``.

        Raises:
            ObjectNotFoundError: No object has that key.
            StorageError: The back end failed.
        """

    @abstractmethod
    async def delete(self, key: str) -> None:
        """Remove the object under ``key``. Removing a key that is not there is not an error.

        Raises:
            StorageError: The back end failed; the object may still be there.
        """

    async def signed_url(self, key: str, presentation: Presentation) -> str | None:  # noqa: ARG002 - for those that can
        """Return an address that gives the object to whoever has it, None if there is no such.

        The object need not be there: asking the back end would cost what the address saves.

        Raises:
            StorageError: The back end has no credentials to sign with now.
        """
        return None

    def local_name(self, key: str) -> str | None:  # noqa: ARG002 - for those that can
        """Return the object's path below the back end's folder of objects, None if there is none.

        A web server that has the same folder can send it.
        """
        return None

    @abstractmethod
    def list(self) -> AsyncIterator[ObjectInfo]:
        """Yield every committed object, in no order. Staged bytes are not listed."""

    @abstractmethod
    async def sweep_staging(self, older_than: timedelta) -> int:
        """Remove staged bytes untouched for longer than ``older_than``; return how many."""

    @abstractmethod
    async def check(self) -> None:
        """Return if the back end can take and give bytes now, else raise ``StorageError``."""

    async def close(self) -> None:  # noqa: B027 - a back end with nothing to let go of is fine
        """Let go of connections and threads. Closing twice is not an error."""
