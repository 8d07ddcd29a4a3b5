"""Raw photos: their size, their orientation and the JPEG in them, by tags and by LibRaw."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from PIL import Image, UnidentifiedImageError

from processing import images, tiffs
from processing.content_types import canonical, known
from processing.directories import TagFile, Tags
from processing.task import Failure, ProcessingError, Source

_SUBFILE, _WIDTH, _HEIGHT, _SUB_IMAGES, _EXIF = 254, 256, 257, 330, 34665
_EXIF_WIDTH, _EXIF_HEIGHT = 40962, 40963
_BORDERS: Final = (5, 4, 7, 6)
"""Left, top, right and bottom of the photo on a Panasonic sensor."""

_FULL_SIZE: Final = 0
_MAX_SUB_IMAGES: Final = 16
_NO_TIFF: Final = frozenset(
    {
        "image/x-canon-cr3",
        "image/x-canon-crw",
        "image/x-fujifilm-raf",
        "image/x-minolta-mrw",
        "image/x-sigma-x3f",
    }
)
_ORIENTATIONS: Final = {0: 1, 1: 2, 3: 3, 2: 4, 4: 5, 6: 6, 7: 7, 5: 8}
"""How LibRaw says that the sensor was held, as EXIF says it."""

_ALIKE: Final = 0.8


def format_of(source: Source) -> str:
    """Return the short name of the format, such as DNG, CR2 or NEF."""
    row = known(source.content_type)
    return row.extensions[0].upper() if row else "RAW"


@contextmanager
def opened(source: Source) -> Iterator[Any]:
    """Open a raw photo with LibRaw for the block; its pixels are not unpacked yet.

    Raises:
        ProcessingError: LibRaw does not know its camera or its compression.
    """
    import rawpy  # noqa: PLC0415 - takes 0.3 s

    with rawpy.RawPy() as photo:
        try:
            photo.open_file(source.path)
        except rawpy.LibRawError:
            raise ProcessingError(
                Failure.UNSUPPORTED, "The raw photo's camera or compression is not supported."
            ) from None
        yield photo


def developed(photo: Any) -> Image.Image:
    """Return an open photo as RGB in sRGB at half its size, not turned.

    Raises:
        ProcessingError: Its compression is not supported, or it is broken.
    """
    import rawpy  # noqa: PLC0415 - takes 0.3 s

    images.check_size(*sensor_size(photo))
    try:
        return Image.fromarray(photo.postprocess(use_camera_wb=True, half_size=True, user_flip=0))
    except rawpy.LibRawFileUnsupportedError:
        raise ProcessingError(
            Failure.UNSUPPORTED, "The raw photo's compression is not supported."
        ) from None
    except rawpy.LibRawError as error:
        raise ProcessingError(Failure.FAILED, "The raw photo is broken or cut off.") from error


def size(source: Source) -> tuple[int, int] | None:
    """Return width and height of the photo in pixels, as it is to be shown; None if not known."""
    found = _size_by_tags(source)
    if found is None:
        with opened(source) as photo:
            found, turn = _photo_size(photo), orientation(photo)
    else:
        turn = tiffs.first(source).orientation
    return found[::-1] if turn in {5, 6, 7, 8} else found


def sensor_size(photo: Any) -> tuple[int, int]:
    """Return width and height of what LibRaw develops, not turned."""
    return photo.sizes.width, photo.sizes.height


def orientation(photo: Any) -> int:
    """Return the orientation, 1 to 8 as EXIF counts."""
    return _ORIENTATIONS.get(photo.sizes.flip, 1)


def largest_jpeg(photo: Any) -> Image.Image | None:
    """Return the largest JPEG in an open photo, not decoded yet; None if there is none."""
    import rawpy  # noqa: PLC0415 - takes 0.3 s

    try:
        found = photo.extract_thumb()
        if found.format != rawpy.ThumbFormat.JPEG:
            return None
        return Image.open(io.BytesIO(found.data), formats=("JPEG",))
    except (rawpy.LibRawError, UnidentifiedImageError, OSError, ValueError):
        return None


@contextmanager
def tags(source: Source) -> Iterator[TagFile]:
    """Open the directories of a raw photo for the block: its own, else those of the JPEG in it."""
    if canonical(source.content_type) not in _NO_TIFF:
        with tiffs.opened(source) as file:
            yield file
        return
    with opened(source) as photo:
        jpeg = largest_jpeg(photo)
        yield TagFile.of((jpeg and jpeg.info.get("exif")) or b"")


def _photo_size(photo: Any) -> tuple[int, int]:
    """Return the size of the camera's own JPEG if it is that of the photo, else the sensor's."""
    sensor = sensor_size(photo)
    jpeg = largest_jpeg(photo)
    if jpeg is None or jpeg.width * jpeg.height < _ALIKE * sensor[0] * sensor[1]:
        return sensor
    wide, narrow = sorted(jpeg.size, reverse=True)
    return (wide, narrow) if sensor[0] >= sensor[1] else (narrow, wide)


def _size_by_tags(source: Source) -> tuple[int, int] | None:
    if canonical(source.content_type) in _NO_TIFF:
        return None
    with tiffs.opened(source) as file:
        found = [*_images(file)]
        first = found[0] if found else {}
        if canonical(source.content_type) == "image/x-canon-cr2":
            found = [_exif(file, first)] if _EXIF in first else found
            sizes = [_pair(tags, _EXIF_WIDTH, _EXIF_HEIGHT) for tags in found]
        elif all(tag in first for tag in _BORDERS):
            left, top, right, bottom = (first[tag].integer or 0 for tag in _BORDERS)
            sizes = [(right - left, bottom - top)]
        else:
            whole = [tags for tags in found if _is_whole(tags)]
            sizes = [_pair(tags, _WIDTH, _HEIGHT) for tags in whole or found]
    largest = max(sizes, key=lambda pair: pair[0] * pair[1], default=(0, 0))
    return largest if min(largest) > 0 else None


def _images(file: TagFile) -> Iterator[Tags]:
    """Yield the main directories, and those of further images under each."""
    for tags in file.directories():
        yield tags
        offsets = tags[_SUB_IMAGES].numbers if _SUB_IMAGES in tags else ()
        for offset in offsets[:_MAX_SUB_IMAGES]:
            yield file.directory(int(offset))[0]


def _exif(file: TagFile, tags: Tags) -> Tags:
    return file.directory(tags[_EXIF].integer or 0)[0]


def _is_whole(tags: Tags) -> bool:
    return _SUBFILE in tags and tags[_SUBFILE].integer == _FULL_SIZE


def _pair(tags: Tags, width: int, height: int) -> tuple[int, int]:
    if width not in tags or height not in tags:
        return 0, 0
    return tags[width].integer or 0, tags[height].integer or 0
