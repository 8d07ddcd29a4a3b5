"""The fields of a JSON body, read strictly: what is not understood is an error, not ignored."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from core.errors import ValidationFailedError

Choice = TypeVar("Choice", bound=StrEnum)


def check_names(given: Mapping[str, Any], known: Collection[str]) -> None:
    """Raise ``ValidationFailedError`` if ``given`` has a field that is not ``known``."""
    for name in given:
        if name not in known:
            raise ValidationFailedError(
                f"{name[:80]!r} is not a field here; these are: {', '.join(known)}."
            )


def choice(given: Mapping[str, Any], name: str, default: Choice) -> Choice:
    """Return one of the choices that ``default`` is of; ``ValidationFailedError`` for another."""
    choices = type(default)
    try:
        return choices(given.get(name, default))
    except ValueError:
        raise ValidationFailedError(f"{name} must be one of {', '.join(choices)}.") from None


def whole_number(given: Mapping[str, Any], name: str, default: int) -> int:
    """Return a number without a fraction; ``ValidationFailedError`` for anything else."""
    value = given.get(name, default)
    if type(value) is not int:  # true is an int as well
        raise ValidationFailedError(f"{name} must be a whole number.")
    return value
