"""Office Open XML packages for tests, from their parts as XML."""

import io
import re
import zipfile
from typing import Final

_DOCUMENT: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT: Final = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_NAMESPACES: Final = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "p": "http://schemas.openxmlformats.org/presentationml/2006/main",
    "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
    "dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
    "xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "v": "urn:schemas-microsoft-com:vml",
    "r": _DOCUMENT,
}


def package(
    main: str, parts: dict[str, str], related: dict[str, dict[str, str]], *, strict: bool = False
) -> bytes:
    """Return a package of ``parts`` by name, whose main part is ``main``.

    ``related`` says for each part how it relates to others: a part's name to kinds and targets.
    The identity of a relationship is its kind; digits at its end only tell two of a kind apart.
    """
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        _write(archive, "_rels/.rels", _relationships({"officeDocument": main}), strict=strict)
        for name, xml in parts.items():
            _write(archive, name, _rooted(xml), strict=strict)
        for name, kinds in related.items():
            folder, _, base = name.rpartition("/")
            _write(archive, f"{folder}/_rels/{base}.rels", _relationships(kinds), strict=strict)
    return output.getvalue()


def _rooted(xml: str) -> str:
    declared = "".join(f' xmlns:{short}="{full}"' for short, full in _NAMESPACES.items())
    return re.sub(r"^<[\w:]+", lambda found: found[0] + declared, xml)


def _relationships(kinds: dict[str, str]) -> str:
    items = "".join(
        f'<Relationship Id="{kind}" Type="{_DOCUMENT}/{kind.rstrip("0123456789")}"'
        f' Target="{target}"/>'
        for kind, target in kinds.items()
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{items}</Relationships>'


def _write(archive: zipfile.ZipFile, name: str, xml: str, *, strict: bool) -> None:
    if strict:
        xml = xml.replace(_DOCUMENT, _STRICT)
        for language in ("wordprocessingml", "spreadsheetml", "presentationml", "drawingml"):
            xml = xml.replace(
                f"http://schemas.openxmlformats.org/{language}/2006",
                f"http://purl.oclc.org/ooxml/{language}",
            )
    archive.writestr(name, xml)
