"""Plain text, source code and structured text: its encoding found, its words left alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from processing.charset import decoded
from processing.task import Source
from processing.texts.document import MAX_TEXT_BYTES, Options, Page
from processing.texts.layout import reflowed

_ENGINE: Final = "text"
_PROSE: Final = "text/plain"


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the whole text as one page.

    Only plain prose is joined into paragraphs; in source code, data and Markdown the line breaks
    have a meaning.
    """
    data = read(source, MAX_TEXT_BYTES)
    text = decoded(data)
    if source.content_type == _PROSE and not options.preserve:
        text = reflowed(text)
    yield Page(text, _ENGINE, cut=source.size > len(data))


def read(source: Source, most: int) -> bytes:
    """Return the file's first bytes, at most ``most``."""
    with Path(source.path).open("rb") as file:
        return file.read(most)
