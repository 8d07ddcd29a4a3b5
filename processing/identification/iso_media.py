"""ISO base media files (ISO/IEC 14496-12): MP4, QuickTime, 3GPP, HEIF, AVIF and raw photos.

Brands say which images a file may hold (ISO/IEC 23008-12, annex B; AVIF 1.1, section 6), whichever
of them comes first; the tracks say whether a recording has pictures or sound alone.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from processing.identification.sample import Sample

_MAX_BOXES: Final = 64
_MAX_BRANDS: Final = 64
_HEADER: Final = 8
_LARGE: Final = 16

_IMAGES: Final = (
    (frozenset({b"avif", b"avis"}), "image/avif"),
    (frozenset({b"heic", b"heix", b"heim", b"heis"}), "image/heic"),
    (frozenset({b"hevc", b"hevx", b"hevm", b"hevs"}), "image/heic-sequence"),
    (frozenset({b"avci"}), "image/avci"),
    (frozenset({b"avcs"}), "image/avcs"),
    (frozenset({b"mif1", b"mif2", b"mif3", b"miaf", b"jpeg"}), "image/heif"),
    (frozenset({b"msf1", b"jpgs"}), "image/heif-sequence"),
)
_SEQUENCE: Final = b"msf1"
_FIXED: Final = {
    b"crx ": "image/x-canon-cr3",
    b"mjp2": "video/mj2",
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"M4P ": "audio/mp4",
    b"F4A ": "audio/mp4",
    b"F4B ": "audio/mp4",
}
"""First brands that leave nothing to be found out."""

_QUICKTIME: Final = b"qt  "
_OLD_QUICKTIME: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_FRAGMENTS: Final = frozenset({b"moof", b"sidx", b"emsg", b"prft"})
_WORDS: Final = re.compile(rb"[ -~]{8}")
_MOBILE: Final = ((b"3g2", "3gpp2"), (b"KDDI", "3gpp2"), (b"3g", "3gpp"))
_SOUND: Final = frozenset({"m4a", "m4b", "m4r", "m4p", "3ga", "f4a", "f4b", "aac"})
_BRANDED: Final = frozenset({b"ftyp", b"styp"})


class Box(NamedTuple):
    """A box: its type, where its body begins, and where it ends."""

    kind: bytes
    body: int
    end: int


def find(sample: Sample) -> str | None:
    """Return the type of an ISO base media file, of whatever brand; None for anything else."""
    first = _box(sample, 0)
    if first is None or _WORDS.match(sample.head):  # "Our free …"
        return None
    if first.kind in _BRANDED:
        return _by_brands(sample, first)
    if first.kind in _FRAGMENTS:
        return "video/mp4"
    return "video/quicktime" if first.kind in _OLD_QUICKTIME else None


def _by_brands(sample: Sample, first: Box) -> str:
    end = min(first.end, first.body + 4 * _MAX_BRANDS)
    content = sample.head[first.body : end]
    major = content[:4].replace(b"\0", b" ")
    others = {content[at : at + 4] for at in range(8, len(content) - 3, 4)}
    if major in _FIXED:
        return _FIXED[major]
    if image := _image(major, others, sample, first.end):
        return image
    subtype = next((name for prefix, name in _MOBILE if major.startswith(prefix)), "mp4")
    if major == _QUICKTIME:
        return "video/quicktime"
    family = "audio" if _is_sound_alone(sample, first.end) else "video"
    return f"{family}/{subtype}"


def _image(major: bytes, others: set[bytes], sample: Sample, start: int) -> str | None:
    """Return the type of an image by its brands, the more exact before the general one."""
    found = [(names, kind) for names, kind in _IMAGES if names & {major, *others}]
    if not found:
        return None
    general = major in _IMAGES[-1][0] | _IMAGES[-2][0]
    exact = next((kind for names, kind in found if major in names), None)
    if exact is None and not _begins_with_image(sample, start):
        return None  # a recording that names an image's brand among others
    kind = exact if exact and not general else found[0][1]
    is_sequence = major == _SEQUENCE and kind == "image/heic"
    return "image/heic-sequence" if is_sequence else kind


def _begins_with_image(sample: Sample, start: int) -> bool:
    """Tell whether a description of images comes before one of tracks."""
    kinds = (box.kind for box in _boxes(sample, start, None))
    return next((kind for kind in kinds if kind in {b"meta", b"moov", b"moof"}), b"") == b"meta"


def _is_sound_alone(sample: Sample, start: int) -> bool:
    handlers = set()
    for box in _boxes(sample, start, None):
        if box.kind == b"moov":
            for handler in _handlers(sample, box):
                if handler == b"vide":
                    return False
                handlers.add(handler)
            break
    if handlers:
        return b"soun" in handlers
    # The description is out of reach, or there is none: nothing but the name tells.
    return sample.extension in _SOUND or sample.declared.startswith("audio/")


def _handlers(sample: Sample, movie: Box) -> Iterator[bytes]:
    """Yield what each track is for: ``vide``, ``soun`` and others (section 8.4.3)."""
    for track in _boxes(sample, movie.body, movie.end):
        if track.kind != b"trak":
            continue
        for media in _boxes(sample, track.body, track.end):
            if media.kind == b"mdia":
                for box in _boxes(sample, media.body, media.end):
                    if box.kind == b"hdlr":
                        yield sample.at(box.body + 8, 4)
                        break
                break


def _boxes(sample: Sample, start: int, end: int | None) -> Iterator[Box]:
    for _ in range(_MAX_BOXES):
        if end is not None and start + _HEADER > end:
            return
        box = _box(sample, start)
        if box is None:
            return
        yield box
        start = box.end


def _box(sample: Sample, start: int) -> Box | None:
    """Read the header of a box (section 4.2); None where there is none."""
    header = sample.at(start, _HEADER)
    size, kind, body = int.from_bytes(header[:4]), header[4:8], start + _HEADER
    if size == 1:
        size, body = int.from_bytes(sample.at(start + _HEADER, 8)), start + _LARGE
    if size == 0:  # to the end of the file
        size = 2**62
    if len(kind) < 4 or size < body - start:  # noqa: PLR2004 - a type has four characters
        return None
    return Box(kind, body, start + size)
