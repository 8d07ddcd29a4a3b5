"""The Accept header, as far as types are chosen by it."""

import re
from typing import Final

_REFUSED: Final = re.compile(r"(?:.*;)?\s*q\s*=\s*0(?:\.0*)?\s*(?:;.*)?")


def accepted_ranges(accept: str) -> list[str]:
    """Return the media ranges that a header names, in its order and lower case, but for ``q=0``.

    Source: RFC 9110, section 12.5.1.
    """
    named = (item.partition(";") for item in accept.lower().split(","))
    return [name.strip() for name, _, parameters in named if not _REFUSED.fullmatch(parameters)]
