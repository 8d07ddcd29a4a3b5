"""Recovery codes as text: made at random, read as people type them, checked for typing errors.

A code reads ``recovery-`` and 28 symbols of base32 in groups of four. They write one number of 140
bits: 130 random bits, then 10 check bits that make the number leave the remainder 1 when divided by
1021. Because 1021 is a prime larger than 32, one wrong symbol or two neighbours in the wrong order
never pass.

Source: Douglas Crockford, "Base 32": its symbols, and which letters are read as digits. The check
is of the kind that ISO/IEC 7064 calls a pure system, with the modulus 1021 and the radix 1024.
"""

import re
import secrets
from typing import Final

from core.errors import ValidationFailedError

PREFIX: Final = "recovery"
CODE_PATTERN: Final = rf"^{PREFIX}(-[0-9A-HJKMNP-TV-Z]{{4}}){{7}}$"
"""What every code that is made matches."""

_RANDOM_BITS: Final = 130
_CHECK_RADIX: Final = 1024
_MODULUS: Final = 1021
_SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 28
_GROUP: Final = 4
_LONGEST: Final = 200
"""More characters than a code has with a separator after each symbol."""

_SEPARATORS: Final = re.compile(r"[\s\-\u2010-\u2015\u2212]+")
_LOOKALIKES: Final = str.maketrans("OIL", "011")
_CODE: Final = re.compile(
    rf"(?:{PREFIX.upper().translate(_LOOKALIKES)})?([{_SYMBOLS}]{{{_LENGTH}}})"
)
_TO_INT: Final = str.maketrans(_SYMBOLS, "0123456789ABCDEFGHIJKLMNOPQRSTUV")


def new_code() -> str:
    """Return a new random code."""
    number = secrets.randbits(_RANDOM_BITS) * _CHECK_RADIX
    return _text(number + (1 - number) % _MODULUS)


def read_code(typed: str) -> str:
    """Return the code that ``typed`` means, written as ``new_code`` writes it.

    Case, blanks and hyphens do not matter, ``O`` is read as 0, ``I`` and ``L`` as 1, and the prefix
    may be missing.

    Raises:
        ValidationFailedError: It is not a code, or a symbol of it is wrong.
    """
    compact = _SEPARATORS.sub("", typed[:_LONGEST]).upper().translate(_LOOKALIKES)
    found = _CODE.fullmatch(compact)
    number = int(found[1].translate(_TO_INT), 32) if found else 0
    if number % _MODULUS != 1 or len(typed) > _LONGEST:
        raise ValidationFailedError(
            "This is not a recovery code, or a letter or digit of it is wrong: it has"
            f" {_LENGTH // _GROUP} groups of {_GROUP}. Compare it with what you wrote down."
        )
    return _text(number)


def _text(number: int) -> str:
    symbols = "".join(_SYMBOLS[number >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    groups = [symbols[start : start + _GROUP] for start in range(0, _LENGTH, _GROUP)]
    return "-".join([PREFIX, *groups])
