"""The natural language of a text."""

from functools import cache
from typing import Final

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

_LANGUAGES: Final = (
    *(Language.ENGLISH, Language.SPANISH, Language.FRENCH, Language.GERMAN, Language.ITALIAN),
    *(Language.PORTUGUESE, Language.DUTCH, Language.CATALAN, Language.ROMANIAN),
    *(Language.DANISH, Language.SWEDISH, Language.BOKMAL, Language.FINNISH),
    *(Language.POLISH, Language.CZECH, Language.HUNGARIAN, Language.TURKISH),
    *(Language.RUSSIAN, Language.UKRAINIAN, Language.GREEK, Language.ARABIC, Language.HEBREW),
    *(Language.HINDI, Language.CHINESE, Language.JAPANESE, Language.KOREAN),
    *(Language.VIETNAMESE, Language.INDONESIAN),
)
_FEWEST_LETTERS: Final = 20
_SUREST: Final = 0.6


def language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language of ``text``; None if that is not clear."""
    if sum(letter.isalpha() for letter in text) < _FEWEST_LETTERS:
        return None
    best = _detector().compute_language_confidence_values(text)[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= _SUREST else None


@cache
def _detector() -> LanguageDetector:
    # Low accuracy takes 110 MB of address space and 0.3 s once; texts here are long enough for it.
    builder = LanguageDetectorBuilder.from_languages(*_LANGUAGES)
    return builder.with_low_accuracy_mode().build()
