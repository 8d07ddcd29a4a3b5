"""Identifying stored files anew, with what was computed from them under their former type."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from models.database import Database, Transaction
from models.derivative import DerivativeKind, DerivativeState
from models.file import StoredFile
from processing.identification.sample import (
    HEAD_BYTES,
    TAIL_BYTES,
    MoreNeededError,
    Sample,
    extension_of,
)
from processing.identify import explore, identify_sample
from processing.kinds import PROBED, kind_of
from services.derivatives.processor import Subject
from services.derivatives.rows import Specification
from services.storage_errors import storage_errors
from services.uploads.reservations import Reservations
from storage.base import Storage, StoredObject

_MAX_WINDOWS: Final = 64


class Retyping:
    """Finds the types of stored files again, from their bytes and their present names."""

    def __init__(self, database: Database, storage: Storage, reservations: Reservations) -> None:
        self._database = database
        self._storage = storage
        self._reservations = reservations

    async def retype(self, files: Sequence[StoredFile]) -> bool:
        """Identify all files of one blob anew; return whether any has another type now.

        Its former results are shown under the new type until they are made anew, and its size is
        found again. ``updated_at`` stays.

        Raises:
            UnavailableError: The storage or the database does not answer, or the bytes are lost.
        """
        found = await self._identified(files)
        changed = {
            file.id: replace(file, mime_type=found[file.id])
            for file in files
            if found[file.id] != file.mime_type
        }
        if changed:
            await self._record(files, changed)
        return bool(changed)

    async def _identified(self, files: Sequence[StoredFile]) -> dict[str, str]:
        with storage_errors():
            async with await self._storage.open(files[0].blob_id) as stored:
                sample = await _sample(stored)

        def identified() -> dict[str, str]:
            return {
                file.id: identify_sample(
                    replace(
                        sample,
                        extension=extension_of(file.filename),
                        declared=file.declared_type or "",
                    )
                )
                for file in files
            }

        return await asyncio.to_thread(identified)

    async def _record(self, files: Sequence[StoredFile], changed: Mapping[str, StoredFile]) -> None:
        blob_id, owner_id = files[0].blob_id, files[0].owner_id
        moved = _moved(files, changed)
        async with self._database.transaction() as transaction:
            await _write_types(transaction, changed)
            if _are_of_other_kinds(files, changed):
                await _forget_sizes(transaction, blob_id, changed)
            dropped = await _move_results(transaction, blob_id, moved)
            released = await self._reservations.release(transaction, owner_id, dropped)
        await self._reservations.clear_up(*released)


async def _sample(stored: StoredObject) -> Sample:
    """Return what identification looks at: the beginning, the end, and what these point to."""
    size = stored.size
    head = await _part(stored, 0, min(HEAD_BYTES, size))
    tail = await _part(stored, max(0, size - TAIL_BYTES), size)
    sample = Sample(head, tail, size, arriving=True)
    for _ in range(_MAX_WINDOWS):
        try:
            await asyncio.to_thread(explore, sample)
        except MoreNeededError as needed:
            start, stop = min(needed.offset, size), min(needed.offset + needed.length, size)
            sample.windows[needed.offset] = await _part(stored, start, stop)
            if stop - start < needed.length:
                break  # it points behind the end of the file
        else:
            break
    return replace(sample, arriving=False)


async def _part(stored: StoredObject, start: int, stop: int) -> bytes:
    return b"".join([chunk async for chunk in stored.read(start, stop)])


async def _write_types(transaction: Transaction, changed: Mapping[str, StoredFile]) -> None:
    for file_id in sorted(changed):  # in order, as everybody locks them
        await transaction.execute(
            "UPDATE file SET mime_type = ? WHERE id = ?", changed[file_id].mime_type, file_id
        )


def _are_of_other_kinds(files: Sequence[StoredFile], changed: Mapping[str, StoredFile]) -> bool:
    return any(
        kind_of(file.mime_type) is not kind_of(changed[file.id].mime_type)
        for file in files
        if file.id in changed
    )


async def _forget_sizes(
    transaction: Transaction, blob_id: str, changed: Mapping[str, StoredFile]
) -> None:
    """Have the blob probed as what it is; what was found of it as another kind goes."""
    nothing = "width = NULL, height = NULL, duration = NULL, blurhash = NULL"
    await transaction.execute(f"UPDATE file SET {nothing} WHERE blob_id = ?", blob_id)
    await transaction.execute(
        f"UPDATE blob SET probed = ?, {nothing} WHERE key = ?",
        not any(kind_of(file.mime_type) in PROBED for file in changed.values()),
        blob_id,
    )


def _moved(
    files: Sequence[StoredFile], changed: Mapping[str, StoredFile]
) -> dict[tuple[str, str], StoredFile]:
    """Return the file of its new type by each type and extension that no file has any more."""
    now = {_source(changed.get(file.id, file)) for file in files}
    before = {_source(file): changed[file.id] for file in files if file.id in changed}
    return {source: file for source, file in before.items() if source not in now}


def _source(file: StoredFile) -> tuple[str, str]:
    subject = Subject.of(file)
    return subject.content_type, subject.name


async def _move_results(
    transaction: Transaction, blob_id: str, moved: Mapping[tuple[str, str], StoredFile]
) -> list[str]:
    """Let results of former types be outdated ones of the new types.

    Where there is one of the new type already, the former goes: the keys of their objects are
    returned.
    """
    rows = await transaction.rows(
        "SELECT id, spec, kind, parameters, key FROM derivative WHERE blob_id = ? AND state <> ?",
        blob_id,
        DerivativeState.PENDING.value,
    )
    taken, dropped = {row["spec"] for row in rows}, list[str]()
    for row in rows:
        wanted = _moved_specification(row, moved)
        if wanted is None:
            continue
        if wanted.digest in taken:
            await transaction.execute("DELETE FROM derivative WHERE id = ?", row["id"])
            dropped += [row["key"]] if row["key"] else []
            continue
        taken.add(wanted.digest)
        await transaction.execute(
            "UPDATE derivative SET spec = ?, parameters = ?, version = 0 WHERE id = ?",
            wanted.digest,
            orjson.dumps(dict(wanted.parameters)).decode(),
            row["id"],
        )
    return dropped


def _moved_specification(
    row: Mapping[str, Any], moved: Mapping[tuple[str, str], StoredFile]
) -> Specification | None:
    kind, parameters = DerivativeKind(row["kind"]), orjson.loads(row["parameters"])
    source = parameters.get("source")
    for (content_type, name), file in moved.items():
        if source == [content_type, name]:
            return Specification(kind, {**parameters, "source": [file.mime_type, name]})
        if source == content_type:
            return Specification(kind, {**parameters, "source": file.mime_type})
    return None
