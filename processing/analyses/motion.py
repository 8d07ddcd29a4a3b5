"""The video of a motion photo or live photo: where it is in the file, or what it is paired by.

Motion Photo format 1.0 (Android), its predecessor MicroVideo, Samsung's trailer, and the content
identifier that Apple's photo and video share.
"""

import io
import mmap
import re
from pathlib import Path
from typing import Any, Final

from PIL import Image
from PIL.ExifTags import Base

from processing.analyses.exif import main_tags
from processing.analyses.xmp import packet_of
from processing.directories import TagFile
from processing.task import Source

_MICRO_VIDEO: Final = re.compile(rb"MicroVideoOffset(?:=[\"']|>)\s*(\d+)")
_MOTION_PHOTO: Final = re.compile(rb"MotionPhoto(?:=[\"']|>)\s*1")
_ITEM: Final = re.compile(rb"<[\w.-]+:Item\s[^>]*>|<rdf:li[^>]*>.*?</rdf:li>", re.DOTALL)
_SEMANTIC: Final = re.compile(rb"Semantic(?:=[\"']|>)\s*MotionPhoto")
_LENGTH: Final = re.compile(rb"Length(?:=[\"']|>)\s*(\d+)")
_SAMSUNG: Final = b"MotionPhoto_Data"
_VIDEO_BOX: Final = b"mpvd"
_BOX_HEAD: Final = 8
_MAX_BOXES: Final = 64
_APPLE: Final = b"Apple iOS\0"
_APPLE_DIRECTORY: Final = 14
_CONTENT_IDENTIFIER: Final = 0x11


def motion(source: Source, image: Image.Image, file: TagFile) -> dict[str, Any]:
    """Return ``embedded_video`` and ``live_photo_id`` of a photo, where it has them."""
    start = _video_start(source, packet_of(image))
    video = start and {"offset": start, "size": source.size - start, "content_type": "video/mp4"}
    return {"embedded_video": video or None, "live_photo_id": _identifier(file)}


def _video_start(source: Source, packet: bytes) -> int | None:
    with Path(source.path).open("rb") as file:
        for start in (_announced(packet, source.size), *_marked(source, file)):
            if start and 0 < start < source.size:
                file.seek(start)
                if file.read(_BOX_HEAD)[4:] == b"ftyp":
                    return start
    return None


def _announced(packet: bytes, size: int) -> int | None:
    """Return where the video begins by what XMP says of its length."""
    if found := _MICRO_VIDEO.search(packet):
        return size - int(found[1])
    if not _MOTION_PHOTO.search(packet):
        return None
    items = (match[0] for match in _ITEM.finditer(packet))
    lengths = (_LENGTH.search(item) for item in items if _SEMANTIC.search(item))
    return next((size - int(length[1]) for length in lengths if length), None)


def _marked(source: Source, file: io.BufferedReader) -> list[int]:
    """Return where the video may begin by a mark of its own."""
    if source.content_type == "image/jpeg":
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            at = content.rfind(_SAMSUNG)
        return [at + len(_SAMSUNG)] if at > 0 else []
    if not source.content_type.startswith("image/hei"):
        return []
    at = 0
    for _ in range(_MAX_BOXES):
        file.seek(at)
        head = file.read(_BOX_HEAD)
        if head[4:] == _VIDEO_BOX:
            return [at + _BOX_HEAD]
        length = int.from_bytes(head[:4])
        if length < _BOX_HEAD:
            break
        at += length
    return []


def _identifier(file: TagFile) -> str | None:
    note = main_tags(file).get(Base.MakerNote)
    if note is None or not note.data.startswith(_APPLE):
        return None
    # Its offsets count from its own beginning, where the order of bytes is not said.
    block = TagFile.of(b"MM\0*" + note.data[4:])
    found = block.directory(_APPLE_DIRECTORY)[0].get(_CONTENT_IDENTIFIER)
    return found.text if found else None
