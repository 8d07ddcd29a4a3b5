"""libmagic's words for files that have no name of ours."""

from pathlib import Path
from typing import Final

from processing.analyses.result import text
from processing.task import Source

_HEAD_BYTES: Final = 64 * 1024
_UNKNOWN: Final = "Unknown data"
_LONGEST: Final = 200


def described(source: Source) -> str:
    """Return what libmagic says of the first 64 KB, in at most 200 characters.

    "Unknown data" where libmagic knows nothing or is not there.
    """
    if source.size == 0:
        return "Empty file"
    try:
        import magic  # noqa: PLC0415 - the import itself fails without the shared library
    except ImportError:
        return _UNKNOWN
    try:
        with Path(source.path).open("rb") as file:
            words = magic.Magic(mime=False).from_buffer(file.read(_HEAD_BYTES))
    except (OSError, ValueError, magic.MagicException):
        return _UNKNOWN
    return _UNKNOWN if words == "data" else text(words, _LONGEST) or _UNKNOWN
