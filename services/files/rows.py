"""The rows of files: read by id, held, changed and removed within a transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import orjson

from auth.viewer import Viewer
from core.ids import IdPrefix, is_id
from models.database import Database, Transaction
from models.file import COLUMNS, GRANTED_TO, File, StoredFile, folded, stored_file


async def found_files(
    database: Database, viewer: Viewer, ids: Sequence[str]
) -> dict[str, StoredFile]:
    """Return files by id as the policy is to judge them for ``viewer``, in one statement."""
    wanted = _possible(ids)
    if not wanted:
        return {}
    return _by_id(await database.read(_select(wanted), viewer.id or "", *wanted))


async def file_of_blob(database: Database, blob_id: str) -> StoredFile | None:
    """Return any file that shows a blob, None if none does."""
    rows = await database.read(f"SELECT {COLUMNS} FROM file WHERE blob_id = ? LIMIT 1", blob_id)
    return stored_file(rows[0]) if rows else None


async def locked_files(
    transaction: Transaction, viewer: Viewer, ids: Sequence[str]
) -> dict[str, StoredFile]:
    """Return files by id, as ``found_files``, held until the transaction ends."""
    wanted = _possible(ids)
    if not wanted:
        return {}
    sql = _select(wanted) + transaction.for_update
    rows = await transaction.rows(sql, viewer.id or "", *wanted)
    return _by_id(tuple(row.values()) for row in rows)


async def save_file(transaction: Transaction, file: StoredFile, *, tags_changed: bool) -> None:
    """Write what an update may change."""
    await transaction.execute(
        "UPDATE file SET filename = ?, filename_folded = ?, description = ?, tags = ?,"
        " visibility = ?, links_version = ?, updated_at = ? WHERE id = ?",
        file.filename,
        folded(file.filename),
        file.description,
        orjson.dumps(file.tags).decode(),
        file.visibility.value,
        file.links_version,
        file.updated_at,
        file.id,
    )
    if tags_changed:
        await transaction.execute("DELETE FROM file_tag WHERE file_id = ?", file.id)
        await insert_tags(transaction, [(file, tag) for tag in file.tags])


async def save_tags(
    transaction: Transaction, changed: Sequence[tuple[StoredFile, list[str]]]
) -> None:
    """Give each locked file other tags than it has, and a new ``updated_at``."""
    if not changed:
        return
    rows = [(file.id, orjson.dumps(tags).decode()) for file, tags in changed]
    given, value = transaction.table({"id": "text", "tags": "text"}, rows)
    await transaction.execute(
        f"UPDATE file SET tags = given.tags, updated_at = ? FROM {given} WHERE file.id = given.id",
        datetime.now(UTC),
        value,
    )
    removed = {tag for file, tags in changed for tag in file.tags if tag not in tags}
    if removed:
        of_files, ids = transaction.one_of("file_id", [file.id for file, _ in changed])
        named, names = transaction.one_of("name", sorted(removed))
        await transaction.execute(f"DELETE FROM file_tag WHERE {of_files} AND {named}", ids, names)
    new = [(file, tag) for file, tags in changed for tag in tags if tag not in file.tags]
    await insert_tags(transaction, new)


async def count_up_links(transaction: Transaction, file: StoredFile) -> int:
    """End every signed address of a locked file, and return its new ``links_version``."""
    version = file.links_version + 1
    await transaction.execute("UPDATE file SET links_version = ? WHERE id = ?", version, file.id)
    return version


async def remove_files(transaction: Transaction, files: Sequence[StoredFile]) -> None:
    """Remove files, and take them off the counts of accounts and blobs, in three statements."""
    if not files:
        return
    condition, ids = transaction.one_of("id", [file.id for file in files])
    await transaction.execute(f"DELETE FROM file WHERE {condition}", ids)
    # Files, accounts, blobs, each in order: no two transactions wait for each other in a circle.
    await _uncount(
        transaction,
        "user_account",
        "id",
        {
            owner_id: {"files_count": len(owned), "bytes_used": sum(file.size for file in owned)}
            for owner_id, owned in _by_owner(files).items()
        },
    )
    references = Counter(file.blob_id for file in files)
    await _uncount(
        transaction, "blob", "key", {key: {"refs": count} for key, count in references.items()}
    )


async def _uncount(
    transaction: Transaction, table: str, key: str, less: Mapping[str, Mapping[str, int]]
) -> None:
    """Subtract from columns of the rows that ``less`` names, which are locked in order first."""
    names = list(next(iter(less.values())))
    rows = [(one, *(counts[name] for name in names)) for one, counts in less.items()]
    given, value = transaction.table({"id": "text", **dict.fromkeys(names, "bigint")}, rows)
    changed = ", ".join(f"{name} = {table}.{name} - given.{name}" for name in names)
    among, keys = transaction.one_of(key, list(less))
    await transaction.execute(
        f"WITH held AS (SELECT {key} FROM {table} WHERE {among} ORDER BY {key}"
        f"{transaction.for_no_key_update}) UPDATE {table} SET {changed} FROM held, {given}"
        f" WHERE {table}.{key} = held.{key} AND held.{key} = given.id",
        keys,
        value,
    )


def _possible(ids: Sequence[str]) -> list[str]:
    return [file_id for file_id in ids if is_id(file_id, IdPrefix.FILE)]


def _select(ids: Sequence[str]) -> str:
    places = ", ".join("?" * len(ids))
    return f"SELECT {COLUMNS}, {GRANTED_TO} FROM file WHERE id IN ({places}) ORDER BY id"


def _by_id(rows: Iterable[Sequence[object]]) -> dict[str, StoredFile]:
    return {file.id: file for file in map(stored_file, rows)}


def _by_owner(files: Sequence[StoredFile]) -> dict[str, list[StoredFile]]:
    owned: dict[str, list[StoredFile]] = {}
    for file in files:
        owned.setdefault(file.owner_id, []).append(file)
    return owned


async def insert_file(transaction: Transaction, file: StoredFile) -> None:
    """Record a file with its tags."""
    await File.create(
        using_db=transaction.client,
        id=file.id,
        owner_id=file.owner_id,
        blob_id=file.blob_id,
        filename=file.filename,
        filename_folded=folded(file.filename),
        description=file.description,
        tags=orjson.dumps(file.tags).decode(),
        visibility=file.visibility,
        mime_type=file.mime_type,
        declared_type=file.declared_type,
        size=file.size,
        sha256=file.checksum,
        width=file.width,
        height=file.height,
        duration=file.duration,
        blurhash=file.blurhash,
        created_at=file.created_at,
        updated_at=file.updated_at,
    )
    await insert_tags(transaction, [(file, tag) for tag in file.tags])


async def insert_tags(transaction: Transaction, tags: Iterable[tuple[StoredFile, str]]) -> None:
    """Add tags to the index that lists are filtered by; each must be new to its file."""
    rows = [(file.id, file.owner_id, tag) for file, tag in tags]
    if not rows:
        return
    columns = {"file_id": "text", "owner_id": "text", "name": "text"}
    given, value = transaction.table(columns, rows)
    names = ", ".join(columns)
    await transaction.execute(f"INSERT INTO file_tag ({names}) SELECT {names} FROM {given}", value)
