"""Reading what others have put into pictures: optional, and as often broken as not."""

import warnings
from collections.abc import Callable
from typing import Any, Final

from processing.analyses.result import Parts

MAX_BLOCK_BYTES: Final = 1024 * 1024
"""The most of one block (EXIF, IPTC, XMP) that is read; more is not metadata."""


def attempt(read: Callable[[], Any]) -> Any:
    """Return what ``read`` returns, None if it fails in any way but for want of memory."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return read()
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - decoders promise nothing about what broken metadata raises
        return None


def block(name: str, read: Callable[[], dict[str, Any]]) -> Parts:
    """Yield what ``read`` finds under ``name``; that the block is damaged, if it cannot be read."""
    found = attempt(read)
    if found is None:
        yield {"damaged": True, "problem": f"The {name.upper()} data in the file cannot be read."}
    else:
        yield {name: found}
