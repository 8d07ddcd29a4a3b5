"""XMP of a picture: the properties people fill in (ISO 16684-1)."""

from collections.abc import Iterator
from typing import Any, Final

from defusedxml.ElementTree import fromstring
from PIL import Image

from processing.analyses.embedded import MAX_BLOCK_BYTES
from processing.analyses.result import number
from processing.analyses.timestamps import from_iso

_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC: Final = "{http://purl.org/dc/elements/1.1/}"
_XMP: Final = "{http://ns.adobe.com/xap/1.0/}"
_PHOTOSHOP: Final = "{http://ns.adobe.com/photoshop/1.0/}"
_TEXTS: Final = {
    "title": f"{_DC}title",
    "description": f"{_DC}description",
    "rights": f"{_DC}rights",
    "label": f"{_XMP}Label",
    "creator_tool": f"{_XMP}CreatorTool",
    "headline": f"{_PHOTOSHOP}Headline",
    "city": f"{_PHOTOSHOP}City",
    "country": f"{_PHOTOSHOP}Country",
}
_LISTS: Final = {"creator": f"{_DC}creator", "keywords": f"{_DC}subject"}
_DATES: Final = {"created_at": f"{_XMP}CreateDate", "modified_at": f"{_XMP}ModifyDate"}


def xmp(image: Image.Image) -> dict[str, Any]:
    """Return the selected properties; empty without a packet.

    Raises:
        ValueError: The packet is too large, or has entities.
        ParseError: It is not XML.
    """
    packet = packet_of(image)
    if not packet:
        return {}
    if len(packet) > MAX_BLOCK_BYTES:
        raise ValueError("more than metadata takes")
    found = dict(properties(fromstring(packet, forbid_dtd=True)))
    return {
        **{name: _first(found.get(tag)) for name, tag in _TEXTS.items()},
        **{name: found.get(tag) for name, tag in _LISTS.items()},
        **{name: from_iso(_first(found.get(tag))) for name, tag in _DATES.items()},
        "rating": number(_first(found.get(f"{_XMP}Rating"))),
    }


def packet_of(image: Image.Image) -> bytes:
    """Return the XMP packet of an open picture; empty if there is none."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    packet = packet.encode() if isinstance(packet, str) else bytes(packet)
    return packet.strip(b"\0 \r\n\t")


def properties(root: Any) -> Iterator[tuple[str, list[str]]]:
    """Yield each property: written as an attribute of its description, or as an element."""
    for description in root.iter(f"{_RDF}Description"):
        for name, value in description.attrib.items():
            yield name, [value]
        for element in description:
            items = [item.text or "" for item in element.iter(f"{_RDF}li")]
            yield element.tag, items or [element.text or ""]


def _first(values: list[str] | None) -> str | None:
    return values[0] if values else None
