"""A library of many files, written straight into the database: rows only, no bytes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

_FIRST_SECOND: Final = 1_750_000_000

# Numbers are spread by a multiplier without a common divisor with the modulus, so that size and
# name are in no order that an index could profit from.
_ROWS: Final = """
CREATE TEMP TABLE row AS
WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < :files)
SELECT n,
       printf('file_%026d', n) AS id,
       printf('%032x', n) AS key,
       printf('%064x', n) AS sha256,
       printf('holiday-%07d.jpg', n * 7919 % 10000019) AS filename,
       1000 + n * 104729 % 5000000 AS size,
       CASE WHEN n % 100 = 0 THEN '["photo","rare"]' ELSE '["photo","summer"]' END AS tags,
       strftime('%Y-%m-%d %H:%M:%S', :first + n, 'unixepoch') || printf('.%06d+00:00', n % 1000000)
         AS moment
FROM counted;
"""
_BLOBS: Final = """
INSERT INTO blob (key, owner_id, sha256, size, refs, probed, width, height, created_at)
SELECT key, :owner, sha256, size, 1, TRUE, 4000, 3000, moment FROM row;
"""
_FILES: Final = """
INSERT INTO file (id, owner_id, blob_id, filename, filename_folded, description, tags, visibility,
                  mime_type, size, sha256, width, height, created_at, updated_at)
SELECT id, :owner, key, filename, filename, 'Picture ' || n || ' of a long summer', tags,
       'private', 'image/jpeg', size, sha256, 4000, 3000, moment, moment
FROM row;
"""
_TAGS: Final = """
INSERT INTO file_tag (file_id, owner_id, name)
SELECT row.id, :owner, tag.value FROM row, json_each(row.tags) AS tag;
"""
_TOTALS: Final = """
UPDATE user_account SET files_count = :files, bytes_used = (SELECT sum(size) FROM row)
WHERE id = :owner;
"""


def seed(data: Path, owner: str, files: int) -> None:
    """Give ``owner`` that many files in the migrated, unserved database of ``data``."""
    values = {"owner": owner, "files": files, "first": _FIRST_SECOND}
    with closing(sqlite3.connect(data / "media.db", isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -500000")
        database.execute("BEGIN")
        indexes = _drop_indexes(database)
        for statement in (_ROWS, _BLOBS, _FILES, _TAGS, _TOTALS):
            database.execute(statement, values if ":" in statement else {})
        for create in indexes:  # many times as fast as keeping them up row by row
            database.execute(create)
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def name_of(number: int) -> str:
    """Return the name of a seeded file, without its extension."""
    return f"holiday-{number * 7919 % 10000019:07d}"


def _drop_indexes(database: sqlite3.Connection) -> list[str]:
    rows = database.execute(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
        " AND tbl_name IN ('file', 'blob', 'file_tag')"
    ).fetchall()
    for name, _ in rows:
        database.execute(f'DROP INDEX "{name}"')
    return [sql for _, sql in rows]
