"""The text of RTF files."""

from collections.abc import Callable, Iterator
from typing import Final

from striprtf.striprtf import rtf_to_text

from processing.task import Source
from processing.texts.document import MAX_TEXT_BYTES, Options, Page
from processing.texts.layout import reflowed
from processing.texts.plain import read

_ENGINE: Final = "striprtf"


def pages(source: Source, options: Options) -> Iterator[Page | None]:
    """Yield the whole text as one page."""
    data = read(source, MAX_TEXT_BYTES)
    convert: Callable[..., str] = rtf_to_text
    text = convert(data.decode("latin-1"), encoding="cp1252", errors="replace")
    if not options.preserve:
        text = reflowed(text.replace("\n", "\n\n"))  # each line is a paragraph of the RTF
    yield Page(text, _ENGINE, cut=source.size > len(data))
