"""Audio and video: container, streams, tags, duration and how the picture is shown."""

from collections.abc import Iterable
from typing import Any, Final

from av.container import InputContainer

from processing import audiovisual
from processing.analyses import durations
from processing.analyses.result import Parts, number
from processing.analyses.rotation import rotations
from processing.task import Source

_TAGS: Final = ("title", "artist", "album", "album_artist", "genre", "date", "track", "comment")
_UNDETERMINED: Final = "und"  # ISO 639-2
_MAX_STREAMS: Final = 50
_SIDEWAYS: Final = frozenset({90, 270})
_MAX_SIZE: Final = 2**31


def parts(source: Source) -> Parts:
    """Yield size and duration, then the container, its streams and tags.

    Raises:
        ProcessingError: The recording is broken or cut off.
    """
    turned = rotations(source)
    with audiovisual.opened(source) as container:
        yield _size(container, turned)
        yield durations.measured(source, container)
        yield {
            "container": container.format.name,
            "container_name": container.format.long_name,
            "bit_rate": container.bit_rate or None,
            "chapters": len(container.chapters()),
            "has_cover": any(audiovisual.is_cover(stream) for stream in container.streams),
            "tags": _tags(container),
        }
        streams = list(container.streams)[:_MAX_STREAMS]
        yield {"streams": [_stream(stream, turned) for stream in streams]}


def probe(source: Source) -> dict[str, Any]:
    """Return ``width``, ``height`` and ``duration`` (seconds), None where there is none.

    Raises:
        ProcessingError: The recording is broken or cut off.
    """
    with audiovisual.opened(source) as container:
        duration = durations.measured(source, container)["duration"]
        return _size(container, rotations(source)) | {"duration": duration}


def _size(container: InputContainer, turned: dict[int, int]) -> dict[str, Any]:
    video = audiovisual.main_video(container)
    width, height = _display_size(video, turned) if video else (None, None)
    return {"width": width, "height": height}


def _display_size(stream: Any, turned: dict[int, int]) -> tuple[int | None, int | None]:
    codec = stream.codec_context
    width, height = getattr(codec, "width", 0), getattr(codec, "height", 0)
    shape = stream.sample_aspect_ratio or getattr(codec, "sample_aspect_ratio", None) or 1
    width = round(width * shape) if shape > 0 else width
    if _turn(stream, turned) in _SIDEWAYS:
        width, height = height, width
    return (width, height) if 0 < width < _MAX_SIZE and 0 < height < _MAX_SIZE else (None, None)


def _turn(stream: Any, turned: dict[int, int]) -> int:
    return turned.get(stream.id or stream.index, 0)


def _tags(container: InputContainer) -> dict[str, str]:
    """Return the tags of the container, and of its sound (where Ogg has them)."""
    found: dict[str, str] = {}
    places: Iterable[dict[str, str]] = [stream.metadata for stream in container.streams.audio[:1]]
    for place in [*places, container.metadata]:
        found |= {key.lower(): value for key, value in place.items()}
    return {name: found[name] for name in _TAGS if found.get(name)}


def _stream(stream: Any, turned: dict[int, int]) -> dict[str, Any]:
    codec = stream.codec_context
    described = {
        "type": stream.type,
        "codec": codec.codec.canonical_name if codec else None,
        "codec_name": codec.codec.long_name if codec else None,
        "profile": stream.profile if codec else None,
        "bit_rate": getattr(codec, "bit_rate", None) or None,
        "language": stream.language if stream.language != _UNDETERMINED else None,
        "duration": durations.seconds((stream.duration or 0) * (stream.time_base or 0)),
    }
    if stream.type == "video" and codec:
        return described | _video(stream, codec, turned)
    return described | (_audio(codec) if stream.type == "audio" and codec else {})


def _video(stream: Any, codec: Any, turned: dict[int, int]) -> dict[str, Any]:
    return {
        "width": codec.width,
        "height": codec.height,
        "frame_rate": _rate(stream.average_rate or stream.base_rate),
        "pixel_format": codec.pix_fmt,
        "rotation": _turn(stream, turned),
        "is_cover": audiovisual.is_cover(stream),
    }


def _rate(rate: Any) -> float | None:
    found = number(rate)
    return round(found, 3) if found else None


def _audio(codec: Any) -> dict[str, Any]:
    return {
        "sample_rate": codec.sample_rate or None,
        "channels": codec.channels or None,
        "channel_layout": codec.layout.name if codec.channels else None,
    }
