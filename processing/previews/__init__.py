"""Previews: small upright pictures of files."""

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, BinaryIO, Final

from processing.kinds import Kind, kind_of
from processing.task import Failure, ProcessingError, Source

_MODULES: Final = {
    Kind.IMAGE: "raster",
    Kind.SVG: "vector",
    Kind.PDF: "document",
    Kind.VIDEO: "video",
    Kind.AUDIO: "audio",
    Kind.TEXT: "page",
    Kind.HTML: "page",  # as the source that it is: nothing of it is run or fetched
    Kind.MAIL: "page",
}
"""The module that draws a kind; its decoders are imported only when such a file comes."""

_VERSIONS: Final = {
    Kind.IMAGE: 1,
    Kind.SVG: 2,
    Kind.PDF: 1,
    Kind.VIDEO: 2,
    Kind.AUDIO: 2,
    Kind.TEXT: 1,
    Kind.HTML: 1,
    Kind.MAIL: 1,
}
"""The version of each kind's previews.

Add 1 to a kind when its files get other previews than before, or when failures that were recorded
may succeed now: servers then make its previews anew. What all kinds share counts for each.
"""

VERSION: Final = sum(_VERSIONS.values())
"""The version of all previews together: it grows with each of them."""


def version_of(content_type: str) -> int:
    """Return the version of the previews of ``content_type``; 0 for a type that has none."""
    return _VERSIONS.get(kind_of(content_type), 0)


def run(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> dict[str, Any]:
    """Write a preview of ``source`` to ``output``; return its ``width``, ``height``, ``mime_type``.

    ``spec`` holds ``format`` (``thumbnail`` or ``animated``), ``longest`` (the bound of both sides
    in pixels) and ``mime_type`` (``image/webp``, ``image/jpeg``, ``image/png`` or ``image/avif``).
    An animated preview is always WebP; of a file that does not move it is the thumbnail. Pictures
    are never enlarged, and nothing of a file but its pixels reaches a preview.

    Raises:
        ProcessingError: No preview can be made of such a file, or not of this one.
    """
    renderer = _renderer(source.content_type)
    longest, mime_type = spec["longest"], spec["mime_type"]
    if spec["format"] == "animated":
        mime_type = "image/webp"
        if kind_of(source.content_type) is Kind.IMAGE:
            size = _module("animated").write(source, longest, output)
            if size:
                return _described(size, mime_type)
    picture = renderer.render(source, longest)
    _module("encoding").write(picture, mime_type, output)
    return _described(picture.size, mime_type)


def _renderer(content_type: str) -> ModuleType:
    name = _MODULES.get(kind_of(content_type))
    if name is None:
        raise ProcessingError(
            Failure.UNSUPPORTED, f"No preview can be made of a file of type {content_type}."
        )
    return _module(name)


def _module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")


def _described(size: tuple[int, int], mime_type: str) -> dict[str, Any]:
    return {"width": size[0], "height": size[1], "mime_type": mime_type}
