"""What a ZIP archive is, by the names of its parts and by what its content types say."""

import re
from collections.abc import Collection, Mapping
from typing import Final

_OOXML: Final = "application/vnd.openxmlformats-officedocument"
MAIN_TYPES: Final = {
    f"{_OOXML}.wordprocessingml.document.main+xml": f"{_OOXML}.wordprocessingml.document",
    f"{_OOXML}.wordprocessingml.template.main+xml": f"{_OOXML}.wordprocessingml.template",
    "application/vnd.ms-word.document.macroenabled.main+xml": (
        "application/vnd.ms-word.document.macroEnabled.12"
    ),
    "application/vnd.ms-word.template.macroenabledtemplate.main+xml": (
        "application/vnd.ms-word.template.macroEnabled.12"
    ),
    f"{_OOXML}.spreadsheetml.sheet.main+xml": f"{_OOXML}.spreadsheetml.sheet",
    f"{_OOXML}.spreadsheetml.template.main+xml": f"{_OOXML}.spreadsheetml.template",
    "application/vnd.ms-excel.sheet.macroenabled.main+xml": (
        "application/vnd.ms-excel.sheet.macroEnabled.12"
    ),
    "application/vnd.ms-excel.template.macroenabled.main+xml": (
        "application/vnd.ms-excel.template.macroEnabled.12"
    ),
    "application/vnd.ms-excel.addin.macroenabled.main+xml": (
        "application/vnd.ms-excel.addin.macroEnabled.12"
    ),
    "application/vnd.ms-excel.sheet.binary.macroenabled.main": (
        "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
    ),
    f"{_OOXML}.presentationml.presentation.main+xml": f"{_OOXML}.presentationml.presentation",
    f"{_OOXML}.presentationml.slideshow.main+xml": f"{_OOXML}.presentationml.slideshow",
    f"{_OOXML}.presentationml.template.main+xml": f"{_OOXML}.presentationml.template",
    "application/vnd.ms-powerpoint.presentation.macroenabled.main+xml": (
        "application/vnd.ms-powerpoint.presentation.macroEnabled.12"
    ),
    "application/vnd.ms-powerpoint.slideshow.macroenabled.main+xml": (
        "application/vnd.ms-powerpoint.slideshow.macroEnabled.12"
    ),
    "application/vnd.ms-powerpoint.template.macroenabled.main+xml": (
        "application/vnd.ms-powerpoint.template.macroEnabled.12"
    ),
    "application/vnd.ms-powerpoint.addin.macroenabled.main+xml": (
        "application/vnd.ms-powerpoint.addin.macroEnabled.12"
    ),
    "application/vnd.ms-package.3dmanufacturing-3dmodel+xml": "model/3mf",
    "application/vnd.ms-package.xps-fixeddocumentsequence+xml": "application/vnd.ms-xpsdocument",
    "application/oxps-fixeddocumentsequence+xml": "application/vnd.ms-xpsdocument",
}
"""The content type of a package's main part to that of the package (ECMA-376-1, section 15.2)."""

_VISIO: Final = re.compile(
    r"application/vnd\.ms-visio\.(drawing|template|stencil)(\.macroenabled)?\.main\+xml"
)
_DECLARED: Final = re.compile(rb"""ContentType\s*=\s*["']([^"'<>]{1,200})["']""")

_BY_EXTENSION: Final = {
    "docm": "application/vnd.ms-word.document.macroEnabled.12",
    "dotx": f"{_OOXML}.wordprocessingml.template",
    "dotm": "application/vnd.ms-word.template.macroEnabled.12",
    "xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    "xltx": f"{_OOXML}.spreadsheetml.template",
    "xltm": "application/vnd.ms-excel.template.macroEnabled.12",
    "xlam": "application/vnd.ms-excel.addin.macroEnabled.12",
    "pptm": "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
    "ppsx": f"{_OOXML}.presentationml.slideshow",
    "ppsm": "application/vnd.ms-powerpoint.slideshow.macroEnabled.12",
    "potx": f"{_OOXML}.presentationml.template",
    "potm": "application/vnd.ms-powerpoint.template.macroEnabled.12",
    "ppam": "application/vnd.ms-powerpoint.addin.macroEnabled.12",
}
_FOLDERS: Final = (
    ("word/", f"{_OOXML}.wordprocessingml.document", ("docm", "dotx", "dotm")),
    ("xl/", f"{_OOXML}.spreadsheetml.sheet", ("xlsm", "xltx", "xltm", "xlam")),
    ("ppt/", f"{_OOXML}.presentationml.presentation", tuple(
        name for name in _BY_EXTENSION if name.startswith("p")
    )),
    ("visio/", "application/vnd.visio", ()),
    ("3D/", "model/3mf", ()),
)  # fmt: skip
"""The folder of an office file's main part, its usual type, and names that make it another."""

_APPS: Final = (
    (r"META-INF/mozilla\.rsa|install\.rdf", "application/x-xpinstall"),
    (r"AndroidManifest\.xml|classes\d*\.dex", "application/vnd.android.package-archive"),
    (r"Payload/[^/\n]+\.app/", "application/x-ios-app"),
    (r"META-INF/MANIFEST\.MF", "application/java-archive"),
    (r"designmap\.xml", "application/vnd.adobe.indesign-idml-package"),
    (r"FixedDocSeq\.fdseq|FixedDocumentSequence\.fdseq", "application/vnd.ms-xpsdocument"),
    (r"doc\.kml", "application/vnd.google-earth.kmz"),
)
"""Parts that make an archive what it is; the first that is there decides."""

_NAMED: Final = {
    "xpi": (r"manifest\.json", "application/x-xpinstall"),
    "kmz": (r"[^/\n]+\.kml", "application/vnd.google-earth.kmz"),
    "usdz": (r"[^\n]+\.usd[ac]?", "model/vnd.usdz+zip"),
    "cbz": (r"[^\n]+\.(jpe?g|png|gif|webp|avif)", "application/vnd.comicbook+zip"),
    "epub": (r"META-INF/container\.xml", "application/epub+zip"),
}
"""Parts that other archives may have as well: they decide together with the name."""

_PAGES, _NUMBERS, _KEYNOTE = (
    f"application/vnd.apple.{program}" for program in ("pages", "numbers", "keynote")
)
_IWORK: Final = {"pages": _PAGES, "numbers": _NUMBERS, "key": _KEYNOTE, "keynote": _KEYNOTE}
_IWORK_PARTS: Final = r"([^\n]*/)?(Index/[^\n]*\.iwa|Index\.zip)|index\.apxl(\.gz)?"
_SLIDES: Final = (
    r"([^\n]*/)?Index/(Master|Template)?Slide[-.\d][^\n]*iwa|index\.apxl(\.gz)?"
    r"|([^\n]*/)?Index/MasterSlide[^\n]*"
)
_OLD_ROOTS: Final = (
    (b"<sl:document", _PAGES),
    (b"<ls:document", _NUMBERS),
    (b"<key:presentation", _KEYNOTE),
)


def by_content_types(declared: bytes, parts: Mapping[str, object]) -> str | None:
    """Return the type of a package by its ``[Content_Types].xml``; None if that says nothing."""
    for raw in _DECLARED.findall(declared):
        told = raw.decode("latin-1").strip().lower()
        if told in MAIN_TYPES:
            return MAIN_TYPES[told]
        if _VISIO.fullmatch(told) and any(name.startswith("visio/") for name in parts):
            return "application/vnd.visio"
    return None


def by_parts(names: Collection[str], extension: str, index: bytes) -> str | None:
    """Return the type by the names of parts; ``extension`` chooses among what fits them.

    ``index`` is the beginning of the part ``index.xml``, which iWork wrote until 2009.
    """
    listing = "\n".join(names)
    return (
        _office(names, extension)
        or _iwork(listing, extension, index)
        or next((kind for parts, kind in _APPS if _has(parts, listing)), None)
        or _named(listing, extension)
    )


def _office(names: Collection[str], extension: str) -> str | None:
    if "[Content_Types].xml" not in names and "_rels/.rels" not in names:
        return None
    for folder, usual, others in _FOLDERS:
        if any(name.startswith(folder) for name in names):
            if "xl/workbook.bin" in names:
                return "application/vnd.ms-excel.sheet.binary.macroEnabled.12"
            return _BY_EXTENSION[extension] if extension in others else usual
    return None


def _iwork(listing: str, extension: str, index: bytes) -> str | None:
    root = next((kind for mark, kind in _OLD_ROOTS if mark in index), None)
    if root or not _has(_IWORK_PARTS, listing):
        return root
    if _has(_SLIDES, listing):
        return _KEYNOTE
    if extension in _IWORK:
        return _IWORK[extension]
    return _NUMBERS if "Index/Tables/" in listing else _PAGES


def _named(listing: str, extension: str) -> str | None:
    parts, kind = _NAMED.get(extension, ("", None))
    return kind if parts and _has(parts, listing) else None


def _has(parts: str, listing: str) -> bool:
    return bool(re.search(rf"^(?:{parts})", listing, re.MULTILINE))
