"""The XMP packet of a PDF (ISO 32000-2, section 14.3.2), found by scanning the file.

PDFium gives no access to it. A packet in an encrypted or cut-off stream is skipped.
"""

import re
import zlib
from pathlib import Path
from typing import Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from processing.analyses.embedded import MAX_BLOCK_BYTES
from processing.analyses.xmp import properties
from processing.task import MIB, Source

_MAX_SCANNED: Final = 50 * MIB
_CATALOG: Final = re.compile(
    rb"/Type\s*/Catalog\b[^>]{0,2000}?/Metadata\s+(\d{1,10})\s|"
    rb"/Metadata\s+(\d{1,10})\s+\d+\s+R\b[^>]{0,2000}?/Type\s*/Catalog\b"
)
_STREAM: Final = re.compile(
    rb"(\d{1,10})\s+\d{1,5}\s+obj\s{0,20}<<([^>]{0,500}/XML\b[^>]{0,500})>>\s{0,20}stream\r?\n"
)
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_PDF: Final = "{http://ns.adobe.com/pdf/1.3/}"
_XMP: Final = "{http://ns.adobe.com/xap/1.0/}"
_NAMES: Final = {
    "title": f"{_DC}title",
    "author": f"{_DC}creator",
    "subject": f"{_DC}description",
    "keywords": f"{_PDF}Keywords",
    "creator": f"{_XMP}CreatorTool",
    "producer": f"{_PDF}Producer",
    "created": f"{_XMP}CreateDate",
    "modified": f"{_XMP}ModifyDate",
}


def pdf_xmp(source: Source) -> dict[str, str]:
    """Return the properties of the document's packet by their names in an analysis; dates in ISO.

    Several authors are joined by commas. Empty without a packet, or with one that is not XML.
    """
    with Path(source.path).open("rb") as file:
        packet = _packet(file.read(_MAX_SCANNED))
    try:
        found = dict(properties(fromstring(packet, forbid_dtd=True))) if packet else {}
    except (ParseError, DefusedXmlException, ValueError):
        return {}
    told = {name: _joined(name, found.get(tag, [])) for name, tag in _NAMES.items()}
    return {name: value for name, value in told.items() if value}


def _joined(name: str, values: list[str]) -> str:
    """Return all authors, and of other properties, which may be in several languages, the first."""
    return ", ".join(filter(None, values)) if name == "author" else "".join(values[:1])


def _packet(data: bytes) -> bytes:
    """Return the packet that the latest catalog names, else the last one, without its padding."""
    packets = {found[1]: found for found in _STREAM.finditer(data)}
    named = [found[1] or found[2] for found in _CATALOG.finditer(data)]
    found = packets.get(named[-1]) if named else next(reversed(packets.values()), None)
    return _inflated(data, found).strip(b"\0 \r\n\t") if found else b""


def _inflated(data: bytes, found: re.Match[bytes]) -> bytes:
    end = data.find(b"endstream", found.end(), found.end() + MAX_BLOCK_BYTES)
    raw = data[found.end() : end]
    if b"/FlateDecode" not in found[2]:
        return raw
    try:
        return zlib.decompressobj().decompress(raw, MAX_BLOCK_BYTES)
    except zlib.error:
        return b""
