"""The check behind ``media fsck``: every byte re-hashed, every reference and total counted anew."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum

from models.database import Database
from models.derivative import DerivativeState
from storage.base import ObjectNotFoundError, Storage, StorageError


class FindingKind(StrEnum):
    """What can be wrong."""

    MISSING = "missing"
    MISMATCH = "mismatch"
    UNREADABLE = "unreadable"
    ORPHAN = "orphan"
    REFERENCES = "references"
    TOTALS = "totals"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: ``subject`` is a storage key or an account id."""

    kind: FindingKind
    subject: str
    detail: str


@dataclass(slots=True)
class Report:
    """How much was checked, and what was found."""

    blobs: int = 0
    bytes: int = 0
    findings: list[Finding] = field(default_factory=list)


class Checker:
    """Compares the database with the storage; changes nothing."""

    def __init__(self, database: Database, storage: Storage) -> None:
        self._database = database
        self._storage = storage

    async def check(self) -> Report:
        """Check everything.

        Uploads and deletions that are under way meanwhile are no findings.
        """
        report = Report()
        async for key, sha256, size in self._blobs():
            report.blobs += 1
            report.bytes += size
            finding = await self._check_blob(key, sha256, size)
            if finding is not None:
                report.findings.append(finding)
        report.findings += [finding async for finding in self._orphans()]
        report.findings += await self._wrong_references()
        report.findings += await self._wrong_totals()
        return report

    async def _blobs(self) -> AsyncIterator[tuple[str, str, int]]:
        after = ""
        while rows := await self._database.read(
            "SELECT key, sha256, size FROM blob WHERE refs > 0 AND key > ?"
            " UNION ALL SELECT key, sha256, size FROM derivative WHERE state = ? AND key > ?"
            " ORDER BY key LIMIT 500",
            after,
            DerivativeState.READY.value,
            after,
        ):
            for key, sha256, size in rows:
                yield key, sha256, size
            after = rows[-1][0]

    async def _check_blob(self, key: str, sha256: str, size: int) -> Finding | None:
        try:
            found = await self._digest(key)
        except ObjectNotFoundError:
            if not await self._is_live(key):
                return None  # deleted while this check ran
            return Finding(FindingKind.MISSING, key, f"{size} bytes are gone")
        except StorageError as error:
            return Finding(FindingKind.UNREADABLE, key, str(error))
        if found != (sha256, size):
            return Finding(FindingKind.MISMATCH, key, f"recorded {sha256}, found {found[0]}")
        return None

    async def _digest(self, key: str) -> tuple[str, int]:
        hasher, size = hashlib.sha256(), 0
        async with await self._storage.open(key) as stored:
            async for chunk in stored.read():
                hasher.update(chunk)
                size += len(chunk)
        return hasher.hexdigest(), size

    async def _is_live(self, key: str) -> bool:
        live = (
            "SELECT 1 FROM blob WHERE key = ? AND refs > 0"
            " UNION ALL SELECT 1 FROM derivative WHERE key = ?"
        )
        return bool(await self._database.read(live, key, key))

    async def _exists(self, key: str) -> bool:
        try:
            async with await self._storage.open(key):
                return True
        except ObjectNotFoundError:
            return False

    async def _orphans(self) -> AsyncIterator[Finding]:
        async for info in self._storage.list():
            known = await self._database.read(
                "SELECT 1 FROM blob WHERE key = ? UNION ALL SELECT 1 FROM upload WHERE key = ?"
                " UNION ALL SELECT 1 FROM derivative WHERE key = ?",
                info.key,
                info.key,
                info.key,
            )
            if not known and await self._exists(info.key):
                yield Finding(FindingKind.ORPHAN, info.key, f"{info.size} bytes nothing names")

    async def _wrong_references(self) -> list[Finding]:
        rows = await self._database.read(
            "SELECT blob.key, blob.refs, COUNT(file.id) FROM blob"
            " LEFT JOIN file ON file.blob_id = blob.key GROUP BY blob.key, blob.refs"
            " HAVING blob.refs <> COUNT(file.id)"
        )
        return [
            Finding(FindingKind.REFERENCES, key, f"recorded {refs}, found {files}")
            for key, refs, files in rows
        ]

    async def _wrong_totals(self) -> list[Finding]:
        rows = await self._database.read(
            "SELECT u.id, u.files_count, u.bytes_used, COUNT(f.id), COALESCE(SUM(f.size), 0)"
            " FROM user_account u LEFT JOIN file f ON f.owner_id = u.id"
            " GROUP BY u.id, u.files_count, u.bytes_used"
            " HAVING u.files_count <> COUNT(f.id) OR u.bytes_used <> COALESCE(SUM(f.size), 0)"
        )
        return [
            Finding(
                FindingKind.TOTALS,
                account,
                f"recorded {count} files of {used} bytes, found {files} of {size}",
            )
            for account, count, used, files, size in rows
        ]
