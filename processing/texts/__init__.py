"""The text of a file, page by page: one extractor a kind, imported only when it is asked for."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, BinaryIO, Final

from processing.kinds import Kind, kind_of
from processing.task import Failure, ProcessingError, Source
from processing.texts.document import Extractor, Options, write

_MODULES: Final = {
    Kind.IMAGE: "picture",
    Kind.SVG: "markup",
    Kind.PDF: "pdf",
    Kind.OFFICE: "office",
    Kind.COMPOUND: "compound",
    Kind.BOOK: "book",
    Kind.HTML: "markup",
    Kind.RTF: "rtf",
    Kind.MAIL: "mail",
    Kind.TEXT: "plain",
}

_VERSIONS: Final = {
    Kind.IMAGE: 1,
    Kind.SVG: 1,
    Kind.PDF: 1,
    Kind.OFFICE: 1,
    Kind.COMPOUND: 1,
    Kind.BOOK: 1,
    Kind.HTML: 1,
    Kind.RTF: 1,
    Kind.MAIL: 1,
    Kind.TEXT: 1,
}
"""The version of each kind's texts, recognised pages included.

Add 1 to a kind when its files get other texts than before, or when failures that were recorded may
succeed now: servers then extract its texts anew. What all kinds share counts for each.
"""

VERSION: Final = sum(_VERSIONS.values())
"""The version of all texts together: it grows with each of them."""


def version_of(content_type: str) -> int:
    """Return the version of the texts of ``content_type``; 0 for a type that has none."""
    return _VERSIONS.get(kind_of(content_type), 0)


def run(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> dict[str, Any]:
    """Write the text of ``source`` as JSON: ``{"pages": [page or null, …]}``, UTF-8.

    A page is ``{"text", "language", "confidence", "engine"}``: the language is an ISO 639 code or
    null, the confidence 0 to 1 or null where nothing was guessed. A null page has no text layer
    and waits for ``processing.texts.page``, by its index. ``spec`` is ``{"language": "auto" or a
    Tesseract code, "preserve_formatting": bool}``.

    Returns:
        ``{"pages": how many, "truncated": whether text was left out}``.

    Raises:
        ProcessingError: The type has no text, or the file is broken, encrypted or too large.
    """
    pages = _extractor(source)(source, Options.of(spec))
    count, truncated = write(pages, output)
    return {"pages": count, "truncated": truncated}


def _extractor(source: Source) -> Extractor:
    name = _MODULES.get(kind_of(source.content_type))
    if name is None:
        raise ProcessingError(
            Failure.UNSUPPORTED,
            f"No text can be extracted from a file of type {source.content_type}.",
        )
    extractor: Extractor = import_module(f"processing.texts.{name}").pages
    return extractor
