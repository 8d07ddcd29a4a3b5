"""Both engines, for the tests of the models."""

from tests.database import database, database_url

__all__ = ["database", "database_url"]
