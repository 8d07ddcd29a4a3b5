"""The bounds of what a caller may ask for at once."""

from typing import Final

from core.errors import ValidationFailedError

MAX_PAGE: Final = 100
"""The most entries that one page of a list holds."""


def require_range(name: str, number: int | None, low: int, high: int) -> None:
    """Raise ``ValidationFailedError`` unless ``number`` is None or within ``low`` to ``high``."""
    if number is not None and not low <= number <= high:
        raise ValidationFailedError(f"{name} must be {low} to {high}.")
