"""What formats are called, and which extensions belong to them."""

from typing import Any, Final

from processing.content_types import CONTENT_TYPES, known
from processing.kinds import Kind, kind_of
from processing.task import Source

_UNKNOWN: Final = "application/octet-stream"
_EXTENSIONS: Final = {
    extension: row.name for row in CONTENT_TYPES.values() for extension in row.extensions
}


def name_of(source: Source) -> str:
    """Return the human name of the format: ours if known, libmagic's words otherwise."""
    row = known(source.content_type)
    return row.title if row and row.name != _UNKNOWN else _described(source)


def extension_facts(source: Source) -> dict[str, Any]:
    """Return ``extension``, and whether it belongs to the content: None where nobody can say."""
    matches = _matches(source)
    facts: dict[str, Any] = {"extension": source.extension, "extension_matches": matches}
    row = known(source.content_type)
    if row and matches is False:
        facts["expected_extensions"] = list(row.extensions)
    return facts


def _matches(source: Source) -> bool | None:
    row = known(source.content_type)
    if row is None or row.name == _UNKNOWN or not row.extensions or not source.extension:
        return None
    if source.extension in row.extensions:
        return True
    # Plain text may have any extension that is not that of another family.
    other = _EXTENSIONS.get(source.extension)
    plain = kind_of(source.content_type) is Kind.TEXT
    return None if plain and (other is None or kind_of(other) is Kind.TEXT) else False


def _described(source: Source) -> str:
    from processing.analyses.magic_words import described  # noqa: PLC0415 - only for unknown files

    return described(source)
