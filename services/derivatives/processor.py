"""Worker tasks on stored files: opens the bytes for the worker, wherever they live.

Bytes that lie in no file are copied to a temporary one, when there is a worker for them.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Final

from core.errors import UnavailableError
from models.file import StoredFile
from processing.task import TaskName
from processing.workers import Input, Outcome, Workers
from services.derivatives.temporary_files import closed_on_failure, temporary_errors
from services.storage_errors import storage_errors
from storage.base import ObjectNotFoundError, Storage, StoredObject

_MAX_EXTENSION: Final = 16
_background: Final[ContextVar[bool]] = ContextVar("background", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """Let the tasks that are begun within the block be ``patient``, whoever begins them."""
    token = _background.set(True)
    try:
        yield
    finally:
        _background.reset(token)


@dataclass(frozen=True, slots=True)
class Subject:
    """A blob as a worker sees it; the name holds the file's extension and nothing else of it."""

    blob_id: str
    content_type: str
    name: str

    @classmethod
    def of(cls, file: StoredFile) -> "Subject":
        """Return the subject that ``file`` shows."""
        _, dot, extension = file.filename.rpartition(".")
        usable = dot and extension.isalnum() and len(extension) <= _MAX_EXTENSION
        return cls(file.blob_id, file.mime_type, f"file.{extension.lower()}" if usable else "file")


def is_lost(error: BaseException) -> bool:
    """Tell whether an error says that the storage has lost the bytes, which no later try mends."""
    return isinstance(error.__cause__, ObjectNotFoundError)


class Processor:
    """Runs tasks in the workers."""

    def __init__(self, storage: Storage, workers: Workers) -> None:
        self.workers = workers
        self._storage = storage

    async def run(
        self, task: TaskName, subject: Subject, spec: Mapping[str, Any], *, patient: bool = False
    ) -> Outcome:
        """Return what the task makes of the blob; close its output.

        Raises:
            ProcessingError: The failure lies in the file.
            BusyError: The line is full, and the caller is not ``patient``.
            UnavailableError: The storage does not answer, or has lost the bytes.
            StorageFullError: There is no room for a temporary copy.
        """
        opened, patient = partial(self._opened, subject), patient or _background.get()
        return await self.workers.run(task, opened, spec, patient=patient)

    @asynccontextmanager
    async def _opened(self, subject: Subject) -> AsyncIterator[Input]:
        async with await self._open(subject.blob_id) as stored, _descriptor(stored) as number:
            yield Input(number, subject.content_type, subject.name, stored.size)

    async def _open(self, blob_id: str) -> StoredObject:
        with storage_errors():
            try:
                return await self._storage.open(blob_id)
            except ObjectNotFoundError as error:
                raise UnavailableError("The bytes of the file are not there now.") from error


@asynccontextmanager
async def _descriptor(stored: StoredObject) -> AsyncIterator[int]:
    held = stored.descriptor()
    if held is not None:
        with held as number:
            yield number
        return
    with await _copied(stored) as copy:
        yield copy.fileno()


async def _copied(stored: StoredObject) -> BinaryIO:
    with temporary_errors():
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller's, if all goes well
        with closed_on_failure(copy):
            await _fill(copy, stored)
        return copy


async def _fill(copy: BinaryIO, stored: StoredObject) -> None:
    with storage_errors():
        async for chunk in stored.read():
            await asyncio.to_thread(copy.write, chunk)
    await asyncio.to_thread(copy.flush)
