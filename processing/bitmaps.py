"""BMP images whose channels are bit fields of any width (BITMAPV5HEADER, bV5RedMask)."""

import struct
from pathlib import Path
from typing import Final, NamedTuple

from processing.task import Failure, ProcessingError, Source

_FILE_HEADER: Final = 14
_INFO_HEADER: Final = 40
_WITH_MASKS: Final = 52
_WITH_ALPHA: Final = 56
_BIT_FIELDS: Final = frozenset({3, 6})
_READ_BY_PILLOW: Final = frozenset({0, 1, 2})
_DEPTHS: Final = {16: 2, 32: 4}
_MAX_SIDE: Final = 2**31 - 1


class Bitmap(NamedTuple):
    """A bitmap: ``offset`` is where its pixels begin, ``bytes`` is how many each takes.

    ``masks`` say which bits of a pixel are red, green, blue and, if there is one, alpha.
    """

    width: int
    height: int
    is_upside_down: bool
    offset: int
    bytes: int
    masks: tuple[int, ...]

    @property
    def stride(self) -> int:
        """The pixels of a row with those that pad it to four bytes."""
        return -(-self.width * self.bytes // 4) * 4 // self.bytes


def described(source: Source) -> Bitmap | None:
    """Return a bitmap of bit fields; None for any other, which Pillow reads.

    Raises:
        ProcessingError: It is compressed in a way that nothing here reads.
    """
    with Path(source.path).open("rb") as file:
        head = file.read(_FILE_HEADER + _WITH_ALPHA)
    if not head.startswith(b"BM") or len(head) < _FILE_HEADER + _WITH_MASKS:
        return None
    offset, size, width, height = struct.unpack_from("<IIii", head, 10)
    depth, compression = struct.unpack_from("<HI", head, 28)
    if size < _INFO_HEADER or compression in _READ_BY_PILLOW:
        return None
    if compression not in _BIT_FIELDS or depth not in _DEPTHS:
        raise ProcessingError(Failure.UNSUPPORTED, "The bitmap's compression is not supported.")
    has_alpha = size >= _WITH_ALPHA or compression == max(_BIT_FIELDS)
    masks = struct.unpack_from("<4I" if has_alpha else "<3I", head, _FILE_HEADER + _INFO_HEADER)
    if not all(masks[:3]):
        return None
    if not masks[-1]:
        masks = masks[:3]
    return Bitmap(width, abs(height), height > 0, offset, _DEPTHS[depth], masks)
