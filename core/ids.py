"""Identifiers: TypeIDs (``file_01h…``), a type prefix and a UUIDv7 in base32, so ids sort by time.

Source: the TypeID specification 0.3 and RFC 9562, section 5.7 (UUIDv7).
"""

import re
import secrets
from enum import StrEnum

from typeid import TypeID

ID_LENGTH = 40
"""Room for the longest id: prefix, underscore and 26 characters."""

_SHAPE = re.compile(r"[a-z]{1,12}_[0-7][0-9a-hjkmnp-tv-z]{25}")


class IdPrefix(StrEnum):
    """What an id names."""

    FILE = "file"
    USER = "user"
    UPLOAD = "upload"
    DERIVATIVE = "derivative"
    SESSION = "session"
    API_KEY = "key"


def new_id(prefix: IdPrefix) -> str:
    """Return a new id for ``prefix``; later ones sort after earlier ones (millisecond steps)."""
    return str(TypeID(prefix=prefix.value))


def is_id(value: str, prefix: IdPrefix) -> bool:
    """Tell whether ``value`` has the exact shape of an id of that kind."""
    return value.startswith(f"{prefix.value}_") and _SHAPE.fullmatch(value) is not None


def new_key() -> str:
    """Return a random storage key of 32 hexadecimal digits; keys are never reused."""
    return secrets.token_hex(16)
