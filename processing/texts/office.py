"""The text of office files, by format: Word, PowerPoint, Excel, and OpenDocument."""

from collections.abc import Iterator
from importlib import import_module
from typing import Final

from processing.task import Source
from processing.texts.document import Extractor, Options, Page
from processing.texts.packages import opened, refuse_declarations, translated

_FORMATS: Final = (
    (("wordprocessingml", "ms-word"), "word"),
    (("presentationml", "ms-powerpoint"), "slides"),
    (("spreadsheetml", "ms-excel"), "sheets"),
    (("",), "opendocument"),
)
"""What the content types of documents, templates and macro-enabled files have in common."""


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text: slides and sheets as pages, a text document as one.

    Raises:
        ProcessingError: Broken, encrypted, too large, or it declares entities.
    """
    with opened(source) as archive:
        refuse_declarations(archive)
    name = next(
        name for parts, name in _FORMATS if any(part in source.content_type for part in parts)
    )
    extract: Extractor = import_module(f"processing.texts.{name}").pages
    with translated():
        yield from extract(source, options)
