"""Objects in this process's memory, for tests and demonstrations: nothing survives the process."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from storage.base import (
    READ_CHUNK_BYTES,
    ObjectExistsError,
    ObjectInfo,
    ObjectNotFoundError,
    Staged,
    Storage,
    StorageError,
    StoredObject,
    checked_key,
)


class MemoryStorage(Storage):
    """Objects in a dictionary, under the same contract as every other back end."""

    def __init__(self) -> None:
        self.objects: dict[str, MemoryObject] = {}
        self.staged: set[MemoryStaged] = set()

    async def stage(self, key: str) -> Staged:
        """Begin to receive an object; see ``Storage.stage``."""
        staged = MemoryStaged(self, checked_key(key))
        self.staged.add(staged)
        return staged

    async def open(self, key: str) -> StoredObject:
        """Open the object under ``key``; see ``Storage.open``."""
        try:
            return self.objects[checked_key(key)]
        except KeyError:
            raise ObjectNotFoundError(key) from None

    async def delete(self, key: str) -> None:
        """Remove the object under ``key``; see ``Storage.delete``."""
        self.objects.pop(checked_key(key), None)

    async def list(self) -> AsyncIterator[ObjectInfo]:
        """Yield every object that was there when the listing began; see ``Storage.list``."""
        for key, stored in tuple(self.objects.items()):
            yield ObjectInfo(key, stored.size, stored.modified_at)

    async def sweep_staging(self, older_than: timedelta) -> int:
        """Remove what was last written longer than ``older_than`` ago; return how many."""
        horizon = datetime.now(UTC) - older_than
        swept = {staged for staged in self.staged if staged.modified_at < horizon}
        self.staged -= swept
        return len(swept)

    async def check(self) -> None:
        """Return: memory is always there."""


class MemoryStaged(Staged):
    """Bytes on their way into a ``MemoryStorage``, which forgets them when they are swept."""

    def __init__(self, storage: MemoryStorage, key: str) -> None:
        self.key = key
        self._storage = storage
        self._content = bytearray()
        self.modified_at = datetime.now(UTC)

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        """Append a copy of ``chunk``; see ``Staged.write``."""
        self._require_staged()
        self._content += chunk
        self.modified_at = datetime.now(UTC)

    async def commit(self) -> None:
        """Publish the bytes; see ``Staged.commit``."""
        if self.key in self._storage.objects:
            raise ObjectExistsError(self.key)
        self._require_staged()
        self._storage.objects[self.key] = MemoryObject(bytes(self._content), self.modified_at)
        await self.discard()

    async def discard(self) -> None:
        """Drop the bytes; see ``Staged.discard``."""
        self._storage.staged.discard(self)
        self._content = bytearray()

    def _require_staged(self) -> None:
        if self not in self._storage.staged:
            raise StorageError("the staged bytes were committed, discarded or swept")


class MemoryObject(StoredObject):
    """The bytes of one object; they live as long as somebody holds it."""

    def __init__(self, content: bytes, modified_at: datetime) -> None:
        self.size = len(content)
        self.modified_at = modified_at
        self._content = content

    async def read(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """Yield the bytes of the range; see ``StoredObject.read``."""
        end = self.size if stop is None else stop
        for offset in range(start, end, READ_CHUNK_BYTES):
            yield self._content[offset : min(offset + READ_CHUNK_BYTES, end)]

    async def close(self) -> None:
        """Return: there is nothing to let go of."""
