"""What Tortoise is told: the models, and the engine that a database's URL names."""

from typing import Any, Final

from models.postgres_url import postgres_credentials
from models.reading import is_embedded, sqlite_path

CONNECTION: Final = "default"
APPS: Final[dict[str, dict[str, Any]]] = {
    "models": {
        "models": [
            "models.user",
            "models.blob",
            "models.upload",
            "models.file",
            "models.share",
            "models.derivative",
            "models.login_session",
            "models.api_key",
            "models.recovery_code",
            "models.idempotency",
            "models.audit",
            "models.reprocessing",
        ],
        "default_connection": CONNECTION,
        "migrations": "models.migrations",
    }
}


def tortoise_config(url: str) -> dict[str, Any]:
    """Return Tortoise's configuration for ``sqlite:///path`` or ``postgres://…``."""
    return {"connections": {CONNECTION: _connection(url)}, "apps": APPS}


def _connection(url: str) -> dict[str, Any]:
    if is_embedded(url):
        return {
            "engine": "models.sqlite_engine",
            "credentials": {"file_path": str(sqlite_path(url))},
        }
    return {"engine": "models.asyncpg_engine", "credentials": postgres_credentials(url)}
