"""What a file is, and what it says of itself. Every key is described in docs/analysis.md."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, BinaryIO, Final

from processing.analyses import formats
from processing.analyses.result import Parts, encoded, known
from processing.kinds import Kind, kind_of
from processing.task import Failure, ProcessingError, Source

_MODULES: Final = {
    Kind.IMAGE: "image",
    Kind.SVG: "svg",
    Kind.PDF: "document",
    Kind.VIDEO: "audiovisual",
    Kind.AUDIO: "audiovisual",
    Kind.OFFICE: "office",
    Kind.BOOK: "office",
    Kind.HTML: "text",
    Kind.MAIL: "text",
    Kind.TEXT: "text",
    Kind.ARCHIVE: "archive",
    Kind.COMPOUND: "compound",
    Kind.UNKNOWN: "compound",
}
"""The module that analyses a kind; its decoders are imported only when such a file comes."""

_VERSIONS: Final = {
    Kind.IMAGE: 1,
    Kind.SVG: 2,
    Kind.PDF: 1,
    Kind.VIDEO: 2,
    Kind.AUDIO: 2,
    Kind.OFFICE: 1,
    Kind.BOOK: 1,
    Kind.HTML: 1,
    Kind.RTF: 1,
    Kind.MAIL: 1,
    Kind.TEXT: 1,
    Kind.ARCHIVE: 1,
    Kind.COMPOUND: 1,
    Kind.UNKNOWN: 1,
}
"""The version of each kind's analyses.

Add 1 to a kind when its files get other analyses than before, or when failures that were recorded
may succeed now: servers then analyse its files anew. What all kinds share counts for each.
"""

VERSION: Final = sum(_VERSIONS.values())
"""The version of all analyses together: it grows with each of them."""


def version_of(content_type: str) -> int:
    """Return the version of the analyses of ``content_type``."""
    return _VERSIONS[kind_of(content_type)]


_PROBLEMS: Final = {Failure.TOO_LARGE: "too_large", Failure.FAILED: "damaged"}


def run(source: Source, spec: Mapping[str, Any], output: BinaryIO) -> dict[str, Any]:
    """Write what is known of ``source`` to ``output`` as JSON of at most 256 KiB.

    ``{"file_type": "JPEG image", "content_type": "image/jpeg", "metadata": {…}}``. Broken, huge
    and encrypted files are answered too, with what can be said and what is wrong with them.

    Raises:
        ProcessingError: Nothing at all can be read.
    """
    del spec  # there is nothing to choose
    answer = {
        "file_type": formats.name_of(source),
        "content_type": source.content_type,
        "metadata": _metadata(source),
    }
    output.write(encoded(answer))
    return {}


def _metadata(source: Source) -> dict[str, Any]:
    metadata: dict[str, Any] = {"size": source.size, **formats.extension_facts(source)}
    try:
        for part in _analyzer(source)(source):
            metadata |= known(part)
    except ProcessingError as error:
        metadata |= _problem(error)
    except MemoryError:
        metadata |= {"too_large": True, "problem": "The file is too large to be analysed fully."}
    return metadata


def _analyzer(source: Source) -> Callable[[Source], Parts]:
    name = _MODULES.get(kind_of(source.content_type))
    if name is None:
        return _nothing
    analyzer: Callable[[Source], Parts] = import_module(f"{__name__}.{name}").parts
    return analyzer


def _nothing(_source: Source) -> Parts:
    return iter(())


def _problem(error: ProcessingError) -> dict[str, Any]:
    if error.failure is Failure.ENCRYPTED:
        return {"encrypted": True}
    word = _PROBLEMS.get(error.failure)
    return {"problem": error.message} | ({word: True} if word else {})
