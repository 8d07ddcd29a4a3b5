"""Which migrations a database has, against those that this version of the code knows."""

from pkgutil import iter_modules
from typing import Final

from core.errors import UnavailableError
from models import migrations
from models.reading import Reads

_TABLE: Final = "tortoise_migrations"  # Tortoise's, where it records what it has applied


class SchemaVersionError(UnavailableError):
    """Raised when the tables of a database are older or newer than the code can work with."""


def known_migrations() -> list[str]:
    """Return the names of the migrations of this version, in their order."""
    return sorted(module.name for module in iter_modules(migrations.__path__))


async def applied_migrations(database: Reads) -> list[str]:
    """Return the names of the migrations that ``database`` has, in their order."""
    has_table = (
        f"SELECT COUNT(*) FROM sqlite_master WHERE name = '{_TABLE}'"
        if database.is_embedded
        else f"SELECT COUNT(to_regclass('{_TABLE}'))"
    )
    ((tables,),) = await database.read(has_table)
    if not tables:
        return []
    rows = await database.read(f"SELECT name FROM {_TABLE} WHERE app = 'models' ORDER BY name")
    return [row[0] for row in rows]


async def require_known(database: Reads) -> None:
    """Return unless a newer version has migrated ``database``.

    Raises:
        SchemaVersionError: It has; this version would not keep to what the newer one expects.
    """
    known = known_migrations()
    newer = [name for name in await applied_migrations(database) if name not in known]
    if newer:
        raise SchemaVersionError(
            f"The database has migration {newer[-1]}, which this version does not know:"
            " run the version that applied it, or a later one."
        )


async def require_current(database: Reads) -> None:
    """Return if ``database`` has the migrations of this version, and no other.

    Raises:
        SchemaVersionError: Some are missing, or a newer version has migrated it.
    """
    await require_known(database)
    applied = await applied_migrations(database)
    lacking = [name for name in known_migrations() if name not in applied]
    if lacking:
        more = f" and {len(lacking) - 1} more" if lacking[1:] else ""
        raise SchemaVersionError(
            f"The database lacks migration {lacking[0]}{more}: run `media migrate`."
        )
