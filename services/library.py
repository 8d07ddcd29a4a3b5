"""Where the library of the settings is, and what is said where there is none.

``media serve`` and ``media migrate`` make a library; every other command works on one that exists.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from core.settings import Settings, SettingsError
from models.reading import Reads, is_embedded, reading, sqlite_path
from models.versions import require_current

if TYPE_CHECKING:
    from models.database import Database


def database_url(settings: Settings) -> str:
    """Return the URL of the database: the one that is set, or SQLite in the data folder."""
    folder = quote(str(settings.data_dir.absolute()))
    return settings.database_url or f"sqlite://{folder}/media.db"


def make_data_folder(settings: Settings) -> None:
    """Make the data folder if it is missing; ``SettingsError`` if it cannot be made."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"MEDIA_DATA_DIR={str(settings.data_dir)!r}: the folder cannot be made"
            f" ({error.strerror})"
        ) from None


def require_library(settings: Settings) -> None:
    """Return if there is a library, as far as that is a matter of files.

    Raises:
        SettingsError: There is none; one line that says where, and what to do.
    """
    url = database_url(settings)
    if not is_embedded(url) or sqlite_path(url).is_file():
        return
    if settings.database_url:
        raise SettingsError(
            f"there is no database at {sqlite_path(url)}: run `media migrate`,"
            " or correct MEDIA_DATABASE_URL"
        )
    raise SettingsError(
        f"there is no library at {settings.data_dir.absolute()}: start `media serve` there,"
        " or set MEDIA_DATA_DIR"
    )


def require_objects(folder: Path) -> None:
    """Return if ``folder`` is one that files are kept in, else raise ``SettingsError``."""
    if not (folder / "objects").is_dir():
        raise SettingsError(
            f"there are no files at {folder.absolute()}: start `media serve` with this"
            " MEDIA_STORAGE_URL, or correct it"
        )


@asynccontextmanager
async def reading_library(settings: Settings) -> AsyncIterator[Reads]:
    """Open the database of a library for reading, for the block.

    Raises:
        SettingsError: There is no library.
        SchemaVersionError: Its database has not the tables of this version.
        UnavailableError: It does not answer.
    """
    require_library(settings)
    async with reading(database_url(settings)) as database:
        await require_current(database)
        yield database


@asynccontextmanager
async def opened_database(settings: Settings) -> AsyncIterator["Database"]:
    """Open the database of a library for the block. Raises as ``reading_library``."""
    from models.database import Database  # noqa: PLC0415 - the ORM, which readers do without

    require_library(settings)
    database = Database(database_url(settings))
    try:
        await database.connect()
        await require_current(database)
        yield database
    finally:
        await database.close()
