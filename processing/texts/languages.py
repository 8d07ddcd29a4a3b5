"""The languages that text is recognised in: what callers may say, and what Tesseract calls it."""

import os
from functools import cache
from pathlib import Path
from typing import Final

from core.errors import ValidationFailedError

AUTO: Final = "auto"

_TABLE: Final = """
afr:af amh:am ara:ar asm:as aze:az bel:be ben:bn bod:bo bos:bs bre:br bul:bg cat:ca ceb ces:cs
chi_sim:zh chi_tra chr cos:co cym:cy dan:da deu:de div:dv dzo:dz ell:el eng:en enm epo:eo est:et
eus:eu fao:fo fas:fa fil fin:fi fra:fr frk frm fry:fy gla:gd gle:ga glg:gl grc guj:gu hat:ht heb:he
hin:hi hrv:hr hun:hu hye:hy iku:iu ind:id isl:is ita:it jav:jv jpn:ja kan:kn kat:ka kaz:kk khm:km
kir:ky kmr:ku kor:ko lao:lo lat:la lav:lv lit:lt ltz:lb mal:ml mar:mr mkd:mk mlt:mt mon:mn mri:mi
msa:ms mya:my nep:ne nld:nl nor:no oci:oc ori:or pan:pa pol:pl por:pt pus:ps que:qu ron:ro rus:ru
san:sa sin:si slk:sk slv:sl snd:sd spa:es sqi:sq srp:sr sun:su swa:sw swe:sv syr tam:ta tat:tt
tel:te tgk:tg tha:th tir:ti ton:to tur:tr uig:ug ukr:uk urd:ur uzb:uz vie:vi yid:yi yor:yo
"""
"""Tesseract's codes (tessdata_fast, release 4.1) and the ISO 639-1 codes of those that have one."""

_ISO: Final = {entry.partition(":")[0]: entry.partition(":")[2] or None for entry in _TABLE.split()}

_ALIASES: Final = {
    # ISO 639-2, the bibliographic codes
    "alb": "sqi",
    "arm": "hye",
    "baq": "eus",
    "bur": "mya",
    "chi": "chi_sim",
    "cze": "ces",
    "dut": "nld",
    "fre": "fra",
    "geo": "kat",
    "ger": "deu",
    "gre": "ell",
    "ice": "isl",
    "mac": "mkd",
    "mao": "mri",
    "may": "msa",
    "per": "fas",
    "rum": "ron",
    "slo": "slk",
    "tib": "bod",
    "wel": "cym",
    # ISO 639-3 and 639-1 where Tesseract has one code for several
    "cmn": "chi_sim",
    "zho": "chi_sim",
    "kur": "kmr",
    "nb": "nor",
    "nn": "nor",
    "nob": "nor",
    "nno": "nor",
    "tgl": "fil",
    "tl": "fil",
    # Chinese by region or script
    "zh-tw": "chi_tra",
    "zh-hk": "chi_tra",
    "zh-mo": "chi_tra",
    "zh-hant": "chi_tra",
    **{iso: code for code, iso in _ISO.items() if iso},
}

_SCRIPTS: Final = {
    "Arabic": ("ara", "fas", "urd"),
    "Armenian": ("hye",),
    "Bengali": ("ben",),
    "Cyrillic": ("rus", "ukr", "bul", "bel", "srp", "mkd", "kaz"),
    "Devanagari": ("hin", "mar", "nep", "san"),
    "Georgian": ("kat",),
    "Greek": ("ell", "grc"),
    "Han": ("chi_sim", "chi_tra", "jpn"),
    "Hangul": ("kor",),
    "Hebrew": ("heb", "yid"),
    "Hiragana": ("jpn",),
    "Japanese": ("jpn",),
    "Katakana": ("jpn",),
    "Korean": ("kor",),
    "Latin": ("eng",),
    "Tamil": ("tam",),
    "Telugu": ("tel",),
    "Thai": ("tha",),
}
"""The scripts that Tesseract's script detection names, and languages written in them."""

_FOLDERS: Final = ("/usr/share/tesseract-ocr/*/tessdata", "/usr/share/tessdata")
_NOT_LANGUAGES: Final = frozenset({"osd", "equ", "snum"})


@cache
def data_folder() -> Path | None:
    """Return the folder with Tesseract's data, ``TESSDATA_PREFIX`` first; None if there is none."""
    prefix = os.environ.get("TESSDATA_PREFIX")
    named = [Path(prefix), Path(prefix, "tessdata")] if prefix else []
    usual = [found for folder in _FOLDERS for found in sorted(Path("/").glob(folder[1:]))[::-1]]
    folders = (folder for folder in [*named, *usual] if any(folder.glob("*.traineddata")))
    return next(folders, None)


@cache
def installed() -> tuple[str, ...]:
    """Return the Tesseract codes of the languages installed on this machine, sorted."""
    folder = data_folder()
    if folder is None:
        return ()
    return tuple(sorted({path.stem for path in folder.glob("*.traineddata")} - _NOT_LANGUAGES))


def tesseract_code(language: str) -> str:
    """Return what Tesseract calls ``language``: "auto", ISO 639-1, -2 or -3, in any case.

    A region or a script is ignored except where it matters ("pt-BR" is "por", "zh-TW" "chi_tra").

    Raises:
        ValidationFailedError: Not a language, or its data is not installed; lists those that are.
    """
    asked = language.strip().lower().replace("_", "-")
    if asked == AUTO:
        return AUTO
    whole, stem = asked.replace("-", "_"), asked.partition("-")[0]
    for name in (_ALIASES.get(asked, whole), _ALIASES.get(stem, stem)):
        if name in installed():
            return name
    raise ValidationFailedError(
        f"language: not available; use one of {', '.join([AUTO, *_available()])}."
    )


def iso_code(code: str) -> str | None:
    """Return the ISO 639-1 code of a Tesseract code, or its three letters where it has none."""
    if code in _ISO:
        return _ISO[code] or {"chi_tra": "zh"}.get(code, code)
    return code if len(code) == len("eng") else None


def _available() -> list[str]:
    return sorted(iso_code(code) or code for code in installed())


def for_script(script: str) -> str | None:
    """Return a Tesseract code to begin with for a script as Tesseract's detection names it.

    None if no language in that script is installed.
    """
    codes = _SCRIPTS.get(script, ())
    return next((code for code in codes if code in installed()), None)
