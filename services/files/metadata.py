"""What callers say of a file, cleaned and checked: names, tags, descriptions, visibility."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from core.errors import ValidationFailedError
from models.file import FILENAME_BYTES, TAG_CHARACTERS, Visibility

MAX_TAGS: Final = 50
MAX_DESCRIPTION: Final = 10_000
UNNAMED: Final = "unnamed"

_MEDIA_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}")
_SAYS_NOTHING: Final = "application/octet-stream"
_SEPARATORS: Final = re.compile(r"[/\\]")
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS: Final = frozenset("\u200c\u200d")  # emoji sequences and Persian need them


@dataclass(frozen=True, slots=True)
class Draft:
    """Checked metadata for a new file; ``filename`` None means: take the name it came with."""

    filename: str | None = None
    description: str | None = None
    tags: Sequence[str] = ()
    visibility: Visibility = Visibility.PRIVATE


def draft(given: Mapping[str, Any]) -> Draft:
    """Return the metadata that ``given`` asks for a new file; missing and null mean the default.

    Raises:
        ValidationFailedError: A value is wrong; the message names the field.
    """
    return Draft(**changes({name: value for name, value in given.items() if value is not None}))


def changes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked values of the fields that ``given`` names, and of no others.

    Raises:
        ValidationFailedError: A field is unknown, or its value wrong; the message names it.
    """
    unknown = sorted(given.keys() - _CHECKS.keys())
    if unknown:
        known = ", ".join(_CHECKS)
        raise ValidationFailedError(f"{unknown[0][:80]!r} cannot be set; these can: {known}.")
    return {name: _CHECKS[name](value) for name, value in given.items()}


def clean_media_type(declared: str | None) -> str | None:
    """Return what a client declares, as ``type/subtype``; None for nothing, or what says nothing.

    Source: RFC 6838, section 4.2.
    """
    essence = (declared or "").partition(";")[0].strip().lower()
    usable = _MEDIA_TYPE.fullmatch(essence) and essence != _SAYS_NOTHING
    return essence if usable else None


def clean_filename(name: str) -> str:
    """Return ``name`` fit to show and to save under; never a path, at most 255 bytes of UTF-8.

    Path parts are dropped, control characters and direction overrides removed, Unicode is
    normalised (NFC, Unicode Standard Annex 15); a long name keeps its extension.

    Raises:
        ValidationFailedError: The name holds a NUL character.
    """
    if "\0" in name:
        raise ValidationFailedError("filename must not contain a NUL character.")
    last = _SEPARATORS.split(name)[-1]
    visible = "".join(char for char in last if _is_visible(char))
    cleaned = unicodedata.normalize("NFC", visible).strip()
    return _shorten(cleaned) if cleaned.strip(".") else UNNAMED


def _is_visible(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in _INVISIBLE


def _shorten(name: str) -> str:
    if len(name.encode()) <= FILENAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = f"{dot}{extension}".encode()
    if not stem or len(tail) > FILENAME_BYTES // 4:
        stem, tail = name, b""
    kept = stem.encode()[: FILENAME_BYTES - len(tail)].decode(errors="ignore")
    return kept.rstrip() + tail.decode()


def _filename(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValidationFailedError("filename must be a non-empty string.")
    if len(value.encode(errors="replace")) > FILENAME_BYTES:
        raise ValidationFailedError(f"filename must be at most {FILENAME_BYTES} bytes long.")
    return clean_filename(value)


def _description(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_DESCRIPTION:
        raise ValidationFailedError(
            f"description must be a string of at most {MAX_DESCRIPTION} characters."
        )
    return _text("description", value)


def is_storable(text: str) -> bool:
    """Tell whether a database can hold ``text``: valid Unicode without NUL characters."""
    return "\0" not in text and not any(unicodedata.category(char) == "Cs" for char in text)


def _text(name: str, value: str) -> str:
    if not is_storable(value):
        raise ValidationFailedError(f"{name} must be valid Unicode without NUL characters.")
    return value


def clean_tags(value: Any, field: str = "tags") -> list[str]:
    """Return a list of tags (NFC, trimmed) in its order, each tag once.

    Raises:
        ValidationFailedError: It is no list of at most 50 valid tags; the message names ``field``.
    """
    if not isinstance(value, list | tuple):
        raise ValidationFailedError(f"{field} must be a list of strings.")
    tags = list(dict.fromkeys(_tag(tag, field) for tag in value))
    if len(tags) > MAX_TAGS:
        raise ValidationFailedError(f"{field} may hold at most {MAX_TAGS} different tags.")
    return tags


def _tag(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise ValidationFailedError(f"{field} must be a list of strings.")
    tag = unicodedata.normalize("NFC", _text(field, value)).strip()
    if not tag or len(tag) > TAG_CHARACTERS:
        raise ValidationFailedError(
            f"Each of {field} must be 1 to {TAG_CHARACTERS} characters long."
        )
    return tag


def _visibility(value: Any) -> Visibility:
    try:
        return Visibility(value)
    except ValueError:
        choices = ", ".join(Visibility)
        raise ValidationFailedError(f"visibility must be one of {choices}.") from None


def tags_of_form(values: Iterable[str]) -> list[Any]:
    """Return the tags of a form: repeated fields, or one field that holds a JSON array.

    Raises:
        ValidationFailedError: A field begins like a JSON array but is not one.
    """
    tags: list[Any] = []
    for value in values:
        tags.extend(_json_array(value) if value.lstrip().startswith("[") else [value])
    return [tag for tag in tags if tag != ""]  # an empty form field means no tag


def _json_array(value: str) -> list[Any]:
    try:
        parsed = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise ValidationFailedError("tags must be a JSON array, or repeated fields.") from None
    if not isinstance(parsed, list):
        raise ValidationFailedError("tags must be a list of strings.")
    return parsed


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "filename": _filename,
    "description": _description,
    "tags": clean_tags,
    "visibility": _visibility,
}
