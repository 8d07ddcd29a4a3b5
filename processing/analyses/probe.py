"""Size, duration and BlurHash, right after each upload.

The first two come from headers alone; the BlurHash takes decoding, some ten milliseconds.
"""

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

from processing.kinds import PICTURED, Kind, kind_of
from processing.task import ProcessingError, Source

VERSION: Final = 2
"""Add 1 when sizes, durations or BlurHashes come out otherwise: servers then probe files anew."""

_NOTHING: Final[dict[str, Any]] = {
    "width": None,
    "height": None,
    "duration": None,
    "blurhash": None,
}
_POSTER_SIZE: Final = 128


def run(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> dict[str, Any]:
    """Return ``width`` and ``height`` in pixels as shown, ``duration`` in seconds, ``blurhash``.

    Each is None where a file has none or is too broken to tell; nothing is written to ``output``.
    With ``blurhash`` False in ``spec`` nothing is decoded.
    """
    del output
    found = _NOTHING | _attempted(_probed, source)
    if spec["blurhash"] and found["width"] and kind_of(source.content_type) in PICTURED:
        found |= _attempted(_pictured, source)
    return found


def _attempted(probe: Callable[[Source], dict[str, Any]], source: Source) -> dict[str, Any]:
    try:
        return probe(source)
    except (ProcessingError, MemoryError):
        return {}


def _probed(source: Source) -> dict[str, Any]:
    kind = kind_of(source.content_type)
    if kind in (Kind.VIDEO, Kind.AUDIO):
        from processing.analyses import audiovisual  # noqa: PLC0415 - FFmpeg only for recordings

        return audiovisual.probe(source)
    if kind is Kind.IMAGE:
        from processing.analyses import header  # noqa: PLC0415 - Pillow only for pictures

        return _sized(header.size(source))
    if kind is Kind.SVG:
        from processing.analyses import svg  # noqa: PLC0415 - expat only for drawings

        return _sized(svg.size(source))
    return {}


def _pictured(source: Source) -> dict[str, Any]:
    from processing.analyses import placeholder  # noqa: PLC0415 - Pillow only for pictures

    if kind_of(source.content_type) is Kind.IMAGE:
        return {"blurhash": placeholder.blurhash_of(source)}
    from processing.previews import video  # noqa: PLC0415 - FFmpeg only for recordings

    return {"blurhash": placeholder.blurhash(video.render(source, _POSTER_SIZE))}


def _sized(size: tuple[int, int] | None) -> dict[str, Any]:
    return {"width": size[0], "height": size[1]} if size else {}
