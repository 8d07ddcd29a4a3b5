"""The pieces that schemas are put together from."""

from enum import StrEnum
from typing import Any

from core.ids import IdPrefix
from rest.openapi.parts import Json


def some_of(required: list[str], /, **properties: Json) -> Json:
    """Return the schema of an object that has the ``required`` properties at least."""
    return {"type": "object", "required": required, "properties": properties}


def all_of(**properties: Json) -> Json:
    """Return the schema of an object that has all these properties."""
    return some_of(list(properties), **properties)


def whole(required: list[str], /, **properties: Json) -> Json:
    """Return the schema of an object that has no other properties."""
    return {
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": properties,
    }


def text(description: str, **more: Any) -> Json:
    """Return the schema of a string."""
    return {"type": "string", "description": description, **more}


def count(description: str, **more: Any) -> Json:
    """Return the schema of a whole number that is not negative."""
    return {"type": "integer", "minimum": 0, "description": description, **more}


def one_of(choices: type[StrEnum], description: str, **more: Any) -> Json:
    """Return the schema of one of the choices."""
    found = {"type": "string", "enum": [one.value for one in choices], "description": description}
    return {**found, **more}


def typeid(prefix: IdPrefix) -> str:
    """Return the pattern of the ids with that prefix."""
    return f"^{prefix.value}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"
