"""A library of many files, written straight into the database: rows only, no bytes."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import psycopg

_FIRST_SECOND: Final = 1_750_000_000
_TABLES: Final = ("blob", "file", "file_tag")

# Numbers are spread by a multiplier without a common divisor with the modulus, so that size and
# name are in no order that an index could profit from.
_ROWS_OF_SQLITE: Final = """
CREATE TEMP TABLE row AS
WITH RECURSIVE counted(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < {files})
SELECT n,
       printf('file_%026d', n) AS id,
       printf('%032x', n) AS key,
       printf('%064x', n) AS sha256,
       printf('holiday-%07d.jpg', n * 7919 % 10000019) AS filename,
       1000 + n * 104729 % 5000000 AS size,
       CASE WHEN n % 5000 = 7 THEN '["photo","seldom"]'
            WHEN n % 100 = 0 THEN '["photo","rare"]' ELSE '["photo","summer"]' END AS tags,
       strftime('%Y-%m-%d %H:%M:%S', {first} + n, 'unixepoch') || printf('.%06d+00:00', n % 1000000)
         AS moment
FROM counted
"""
_ROWS_OF_POSTGRES: Final = """
CREATE TEMP TABLE row AS
SELECT n,
       'file_' || lpad(n::text, 26, '0') AS id,
       lpad(to_hex(n), 32, '0') AS key,
       lpad(to_hex(n), 64, '0') AS sha256,
       'holiday-' || lpad((n * 7919 % 10000019)::text, 7, '0') || '.jpg' AS filename,
       1000 + n * 104729 % 5000000 AS size,
       CASE WHEN n % 5000 = 7 THEN '["photo","seldom"]'
            WHEN n % 100 = 0 THEN '["photo","rare"]' ELSE '["photo","summer"]' END AS tags,
       to_timestamp({first} + n + n % 1000000 / 1e6) AS moment
FROM generate_series(0::bigint, {files} - 1) AS n
"""
_BLOBS: Final = """
INSERT INTO blob (key, owner_id, sha256, size, refs, probed, width, height, created_at)
SELECT key, '{owner}', sha256, size, 1, TRUE, 4000, 3000, moment FROM row
"""
_FILES: Final = """
INSERT INTO file (id, owner_id, blob_id, filename, filename_folded, description, tags, visibility,
                  mime_type, size, sha256, width, height, created_at, updated_at)
SELECT id, '{owner}', key, filename, filename, 'Picture ' || n || ' of a long summer', tags,
       'private', 'image/jpeg', size, sha256, 4000, 3000, moment, moment
FROM row
"""
_TAGS: Final = """
INSERT INTO file_tag (file_id, owner_id, name)
SELECT id, '{owner}', 'photo' FROM row
UNION ALL SELECT id, '{owner}', CASE WHEN n % 5000 = 7 THEN 'seldom'
                                                WHEN n % 100 = 0 THEN 'rare'
                                                ELSE 'summer' END
FROM row
"""
_TOTALS: Final = """
UPDATE user_account SET files_count = {files}, bytes_used = (SELECT sum(size) FROM row)
WHERE id = '{owner}'
"""


def seed(data: Path, owner: str, files: int) -> None:
    """Give ``owner`` that many files in the migrated, unserved database of ``data``."""
    with closing(sqlite3.connect(data / "media.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")  # nobody else is there, and nothing to lose
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA cache_size = -500000")
        database.execute("BEGIN")
        indexes = database.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
            f" AND tbl_name IN {_TABLES}"
        ).fetchall()
        _fill(database, indexes, _ROWS_OF_SQLITE, owner, files)
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode = WAL")


def seed_postgres(url: str, owner: str, files: int) -> None:
    """Do the same in the PostgreSQL database at ``url``, and gather its statistics."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("SET maintenance_work_mem = '1GB'")
        database.execute(
            "SET session_replication_role = replica"
        )  # foreign keys hold by themselves
        indexes = database.execute(
            "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid::regclass::text = ANY(%s) AND NOT indisprimary"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
            [list(_TABLES)],
        ).fetchall()
        _fill(database, indexes, _ROWS_OF_POSTGRES, owner, files)
        database.execute("VACUUM ANALYZE")


def _fill(database: Any, indexes: list[tuple[str, str]], rows: str, owner: str, files: int) -> None:
    for name, _ in indexes:
        database.execute(f"DROP INDEX {name}")
    for statement in (rows, _BLOBS, _FILES, _TAGS, _TOTALS):
        database.execute(statement.format(owner=owner, files=files, first=_FIRST_SECOND))
    for _, create in indexes:  # many times as fast as keeping them up row by row
        database.execute(create)


def name_of(number: int) -> str:
    """Return the name of a seeded file, without its extension."""
    return f"holiday-{number * 7919 % 10000019:07d}"


def id_of(number: int) -> str:
    """Return the id of a seeded file."""
    return f"file_{number:026d}"
