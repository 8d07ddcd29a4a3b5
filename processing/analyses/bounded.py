"""Reading a decompressed stream no further than it is worth."""

from typing import Any, Final

_MAX_READ: Final = 64 * 1024
_MAX_STREAMED: Final = 64 * 1024 * 1024


class LimitReachedError(Exception):
    """More would have to be decompressed, or held at once, than is done."""


class Bounded:
    """A file to be walked forwards, of which at most 64 MiB are decompressed.

    Reading more than 64 KiB at once raises ``LimitReachedError`` too: headers that ask for that
    are hostile. A file that is not compressed is skipped in by seeking, at no cost.
    """

    def __init__(self, file: Any, *, may_seek: bool) -> None:
        self._file = file
        self._may_seek = may_seek
        self._left = _MAX_STREAMED

    def read(self, size: int = -1) -> bytes:
        """Return up to ``size`` bytes, fewer only at the end."""
        if not 0 <= size <= _MAX_READ:
            raise LimitReachedError
        data: bytes = self._file.read(size)
        self._spend(len(data))
        return data

    def tell(self) -> int:
        """Return the position in the decompressed bytes."""
        return int(self._file.tell())

    def seek(self, position: int) -> int:
        """Go to a position: backwards, or forwards as far as the limit allows."""
        if self._may_seek or position <= self.tell():
            return int(self._file.seek(position))
        while (missing := position - self.tell()) > 0:
            if not self.read(min(missing, _MAX_READ)):
                break
        return self.tell()

    def _spend(self, length: int) -> None:
        if self._may_seek:
            return
        self._left -= length
        if self._left < 0:
            raise LimitReachedError
