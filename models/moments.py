"""Moments as the engines give them."""

from datetime import UTC, datetime


def as_utc(value: str | datetime) -> datetime:
    """Return a moment as either engine gives it: SQLite stores text, PostgreSQL has datetimes."""
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
