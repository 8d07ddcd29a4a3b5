"""Size and duration, right after each upload: by headers alone, in a few milliseconds."""

from collections.abc import Mapping
from typing import Any, BinaryIO, Final

from processing.kinds import Kind, kind_of
from processing.task import ProcessingError, Source

_NOTHING: Final = {"width": None, "height": None, "duration": None}


def run(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> dict[str, Any]:
    """Return ``width`` and ``height`` in pixels as shown, and ``duration`` in seconds.

    Each is None where a file has none or is too broken to tell; nothing is written to ``output``.
    """
    del spec, output
    try:
        return _NOTHING | _probed(source)
    except (ProcessingError, MemoryError):
        return dict(_NOTHING)


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


def _sized(size: tuple[int, int] | None) -> dict[str, Any]:
    return {"width": size[0], "height": size[1]} if size else {}
