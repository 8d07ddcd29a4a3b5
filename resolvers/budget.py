"""How much text and metadata one answer may hold, however a document repeats it."""

from typing import Final

from core.errors import QueryTooComplexError

MIB: Final = 1024 * 1024
MAX_BYTES: Final = 32 * MIB


class AnswerBudget:
    """What is left of an answer's bytes; an alias that repeats a text costs it once more."""

    def __init__(self) -> None:
        self._left = MAX_BYTES

    def spend(self, size: int) -> None:
        """Take ``size`` bytes; ``QueryTooComplexError`` when there are not as many left."""
        self._left -= size
        if self._left < 0:
            raise QueryTooComplexError(
                f"The texts and metadata of one answer may hold {MAX_BYTES // MIB} MiB;"
                " ask for fewer at once."
            )
