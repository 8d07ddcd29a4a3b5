"""Which natural language a text is in."""

from functools import cache
from typing import Final

from lingua import IsoCode639_1, Language, LanguageDetector, LanguageDetectorBuilder

_MIN_LETTERS: Final = 20
_MAX_CHARACTERS: Final = 4000
_MIN_CANDIDATES: Final = 2


def detected(text: str, among: tuple[str, ...] | None = None) -> str | None:
    """Return the ISO 639-1 code of the language of ``text``; None if there is too little of it.

    The first 4,000 characters decide. With ``among`` (ISO 639-1 codes) only those are considered.
    """
    sample = text[:_MAX_CHARACTERS]
    if sum(character.isalpha() for character in sample) < _MIN_LETTERS:
        return None
    found = _detector(among).detect_language_of(sample)
    return found.iso_code_639_1.name.lower() if found else None


@cache
def _detector(among: tuple[str, ...] | None) -> LanguageDetector:
    languages = _languages(among) if among is not None else []
    builder = LanguageDetectorBuilder.from_all_languages()
    if len(languages) >= _MIN_CANDIDATES:
        builder = LanguageDetectorBuilder.from_languages(*languages)
    return builder.with_low_accuracy_mode().build()


def _languages(codes: tuple[str, ...]) -> list[Language]:
    known = [getattr(IsoCode639_1, code.upper(), None) for code in codes]
    return [Language.from_iso_code_639_1(code) for code in known if code is not None]
