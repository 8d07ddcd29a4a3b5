"""The text of office files, by format: Word, PowerPoint, Excel, and OpenDocument."""

from collections.abc import Iterator
from importlib import import_module
from typing import Final

from processing.task import Source
from processing.texts.document import Extractor, Options, Page
from processing.texts.packages import opened, refuse_declarations, translated

_OOXML: Final = "application/vnd.openxmlformats-officedocument"
_FORMATS: Final = {
    f"{_OOXML}.wordprocessingml.document": "word",
    f"{_OOXML}.presentationml.presentation": "slides",
    f"{_OOXML}.spreadsheetml.sheet": "sheets",
}


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the text: slides and sheets as pages, a text document as one.

    Raises:
        ProcessingError: Broken, encrypted, too large, or it declares entities.
    """
    with opened(source) as archive:
        refuse_declarations(archive)
    name = _FORMATS.get(source.content_type, "opendocument")
    extract: Extractor = import_module(f"processing.texts.{name}").pages
    with translated():
        yield from extract(source, options)
