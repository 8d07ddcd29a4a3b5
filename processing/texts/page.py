"""The text of one page that has no text layer: a page of a PDF or of a TIFF."""

from collections.abc import Mapping
from typing import Any, BinaryIO

from processing.kinds import Kind, kind_of
from processing.task import Failure, ProcessingError, Source
from processing.texts.document import MAX_TEXT_BYTES, Options, Page, tidied


def run(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> dict[str, Any]:
    """Write the page of index ``spec["page"]`` as ``processing.texts.run`` writes a page.

    The rest of ``spec`` is that of ``processing.texts.run``. Returns an empty dict.

    Raises:
        ProcessingError: There is no such page, or it is broken or too large.
    """
    page = _page(source, int(spec["page"]), Options.of(spec))
    output.write(tidied(page, MAX_TEXT_BYTES).as_json())
    return {}


def _page(source: Source, index: int, options: Options) -> Page:
    kind = kind_of(source.content_type)
    if kind is Kind.PDF:
        from processing.texts.pdf import scanned  # noqa: PLC0415 - only what the file needs

        return scanned(source, index, options)
    if kind is Kind.IMAGE:
        from processing.texts.picture import frame  # noqa: PLC0415

        return frame(source, index, options)
    raise ProcessingError(
        Failure.UNSUPPORTED, f"A file of type {source.content_type} has no pages to recognise."
    )
