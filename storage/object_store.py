"""Objects on an S3 server: sent in parts as they arrive, read in ranges as they are asked for.

Layout, below the prefix: ``objects/<key>``; ``deleted/<key>`` for objects that are still being
read; ``check``, which readiness writes and reads.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from storage.base import (
    InvalidKeyError,
    ObjectInfo,
    ObjectNotFoundError,
    Presentation,
    Staged,
    Storage,
    StorageError,
    StorageRefusedError,
    StoredObject,
    checked_key,
)
from storage.s3_connection import Connection
from storage.s3_failures import s3_errors
from storage.s3_object import S3Object
from storage.s3_upload import StagedUpload

if TYPE_CHECKING:  # there only for type checkers
    from obstore import ObjectMeta

logger = logging.getLogger("media.storage")

_LEAVE_SECONDS: Final = 0.2

PART_BYTES: Final = 8 * 1024 * 1024
"""Up to this size an object goes in one request, and beyond in parts of it; S3 wants 5 MiB."""

SEALED_BYTES: Final = 4 * PART_BYTES
"""The most that objects which wait for their commit hold in memory, all together."""

_OBJECTS: Final = "objects"
_DELETED: Final = "deleted"
_CHECK: Final = "check"
_CHECK_SECONDS: Final = 5
_PROBE: Final = bytes(4096)
_MAX_PARTS: Final = 10_000


class ObjectStorage(Storage):
    """Objects under a prefix of a bucket, which is there already.

    ``max_bytes`` is the largest object there will be: parts are made so large that 10,000 hold it,
    and of ``part_bytes`` otherwise.
    Not the last word about a key that two processes commit at once: keys are random and used once.

    Raises:
        StorageError: There are no credentials, or the configuration cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        max_bytes: int = 0,
        part_bytes: int = PART_BYTES,
        public_endpoint: str = "",
    ) -> None:
        self._connection = Connection(url, public_endpoint)
        self._store = self._connection.store
        self._part_bytes = max(part_bytes, -(-max_bytes // _MAX_PARTS))
        self._staged: set[StagedUpload] = set()
        self._ahead: set[str] = set()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._readers: Counter[str] = Counter()
        self._deleted: set[str] = set()

    async def stage(self, key: str) -> Staged:
        """Begin to receive an object; see ``Storage.stage``."""
        staged = StagedUpload(
            self._store,
            _name(key),
            self._part_bytes,
            turn=self._turns.setdefault(key, asyncio.Lock()),
            size_of=self._size_of,
            remove=self._remove,
            may_hold=self._may_hold,
            ahead=self._ahead,
            on_end=self._staged.discard,
        )
        self._staged.add(staged)
        return staged

    async def open(self, key: str) -> StoredObject:
        """Open the object under ``key``, with its first chunk; see ``Storage.open``."""
        name = _name(key)
        if key in self._deleted or name in self._ahead:
            raise ObjectNotFoundError(key)
        self._readers[key] += 1  # from now on a deletion waits
        try:
            return await S3Object.opened(self._store, name, partial(self._let_go, key))
        except BaseException:
            await self._let_go(key)
            raise

    async def delete(self, key: str) -> None:
        """Remove the object under ``key``, once nobody here reads it; see ``Storage.delete``."""
        name = _name(key)
        self._deleted.add(key)
        try:
            if self._readers[key]:
                with s3_errors():  # for the sweep, should this process not live to do it
                    await self._store.put_async(f"{_DELETED}/{key}", b"")
                return
            await self._remove(name)
        except BaseException:
            self._deleted.discard(key)
            raise
        self._deleted.discard(key)

    async def signed_url(self, key: str, presentation: Presentation) -> str:
        """Return an address at the S3 server; see ``Storage.signed_url``."""
        sign = partial(self._connection.signed_url, _name(key), presentation.lifetime)
        return await asyncio.to_thread(
            sign,
            ResponseContentType=presentation.content_type,
            ResponseContentDisposition=presentation.content_disposition,
        )

    async def list(self) -> AsyncIterator[ObjectInfo]:
        """Yield every committed object and nothing foreign; see ``Storage.list``."""
        deleted = {key async for key, _ in self._entries(_DELETED)}
        async for key, meta in self._entries(_OBJECTS):
            if key not in deleted and _name(key) not in self._ahead:
                yield ObjectInfo(key, meta["size"], meta["last_modified"])

    async def sweep_staging(self, older_than: timedelta) -> int:
        """Abort uploads touched (of other processes: begun) longer than ``older_than`` ago."""
        horizon = datetime.now(UTC) - older_than
        stale = [staged for staged in self._staged if staged.touched_at < horizon]
        for staged in stale:
            await staged.discard()
        async for key, meta in self._entries(_DELETED):
            if meta["last_modified"] < horizon and not self._readers[key]:
                await self._remove_deleted(key)
        abort = partial(self._connection.abort_uploads, f"{_OBJECTS}/", horizon)
        return len(stale) + await asyncio.to_thread(abort)

    async def check(self) -> None:
        """Write and read a small object; see ``Storage.check``."""
        with s3_errors():  # a time-out too: who asks whether it is ready wants to know now
            async with asyncio.timeout(_CHECK_SECONDS):
                await self._probe()

    async def _probe(self) -> None:
        try:
            with s3_errors():
                await self._store.put_async(_CHECK, _PROBE)
        except ObjectNotFoundError as error:  # nothing can be missing where it is written
            raise StorageRefusedError(f"no S3 server is at this address: {error}") from error
        with s3_errors():
            result = await self._store.get_async(_CHECK)
            if bytes(await result.bytes_async()) != _PROBE:
                raise StorageError("what was written did not come back")

    async def close(self) -> None:
        """Let go of connections; see ``Storage.close``.

        A thread of obstore that has given its last result still has to let go of Python. One that
        has not when the interpreter ends aborts the process.
        """
        self._connection.close()
        await asyncio.sleep(_LEAVE_SECONDS)

    def _may_hold(self, size: int) -> bool:
        """Whether one more sealed object may keep ``size`` bytes in memory until its commit."""
        held = sum(staged.held_bytes for staged in self._staged if staged.is_sealed)
        return held + size <= SEALED_BYTES

    async def _size_of(self, name: str) -> int | None:
        try:
            with s3_errors():
                return (await self._store.head_async(name))["size"]
        except ObjectNotFoundError:
            return None

    async def _entries(self, folder: str) -> AsyncIterator[tuple[str, "ObjectMeta"]]:
        with s3_errors():
            async for batch in self._store.list(folder):
                for meta in batch:
                    with suppress(InvalidKeyError):
                        yield checked_key(meta["path"].removeprefix(f"{folder}/")), meta

    async def _let_go(self, key: str) -> None:
        self._readers[key] -= 1
        if self._readers[key] <= 0:
            del self._readers[key]
            if key in self._deleted:
                await self._remove_deleted(key)

    async def _remove_deleted(self, key: str) -> None:
        try:
            await self._remove(_name(key))
            await self._remove(f"{_DELETED}/{key}")
        except StorageError as error:
            logger.warning("the deleted object %s is left to the sweeper: %s", key, error)
        else:
            self._deleted.discard(key)

    async def _remove(self, name: str) -> None:
        with suppress(ObjectNotFoundError), s3_errors():
            await self._store.delete_async(name)


def _name(key: str) -> str:
    return f"{_OBJECTS}/{checked_key(key)}"
