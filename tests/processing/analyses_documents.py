"""Documents and archives to analyse, made here."""

import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import docx
import openpyxl
import pptx
import pypdfium2
import pypdfium2.raw as pdfium_c
from odfdo import Document


def pdf(*, title: str = "A title", text: bool = True, pages: int = 2) -> bytes:
    """Return a PDF written by hand, so that every entry of it is known."""
    stream = b"BT /F1 12 Tf 20 100 Td (Hello world) Tj ET" if text else b""
    kids = " ".join(f"{5 + number} 0 R" for number in range(pages))
    fonts = "/Resources<</Font<</F1 4 0 R>>>>"
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 3 0 R{fonts}>>"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Count {pages}/Kids[{kids}]>>",
        f"<</Length {len(stream)}>>stream\n{stream.decode()}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        *[page] * pages,
        (
            f"<</Title({title})/Author(Ann)/Subject(Things)/Keywords(one, two)/Creator(Editor)"
            "/Producer(Printer)/CreationDate(D:20240501123000+02'00')/ModDate(D:20240502)>>"
        ),
    ]
    return assembled(objects)


def assembled(objects: list[str]) -> bytes:
    """Return a PDF of objects: the first is its catalog, the last its information."""
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start, size = len(out), len(objects) + 1
    out += f"xref\n0 {size}\n0000000000 65535 f \n{table}".encode()
    out += f"trailer<</Size {size}/Root 1 0 R/Info {size - 1} 0 R>>\n".encode()
    return bytes(out + f"startxref\n{start}\n%%EOF\n".encode())


def pdf_with_xmp(*, compressed: bool) -> bytes:
    """Return an empty PDF whose properties are in an XMP packet alone, beside one of a picture."""
    packet = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
    <x:xmpmeta xmlns:x="adobe:ns:meta/">
    <r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
     xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
    <r:Description xmp:CreateDate="2024-05-01T10:00:00+02:00"><dc:title><r:Alt>
    <r:li>In XMP only</r:li></r:Alt></dc:title><dc:creator><r:Seq><r:li>Ann</r:li><r:li>Bob</r:li>
    </r:Seq></dc:creator></r:Description></r:RDF></x:xmpmeta><?xpacket end="w"?>"""
    data = zlib.compress(packet) if compressed else packet
    head = "/Type /Metadata /Subtype /XML" + (" /Filter /FlateDecode" if compressed else "")
    other = packet.replace(b"In XMP only", b"Of a picture")
    return assembled(
        [
            "<< /Type /Catalog /Pages 2 0 R /Metadata 3 0 R >>",
            "<< /Type /Pages /Kids [5 0 R] /Count 1 >>",
            _stream(head, data),
            _stream("/Subtype /XML", other),
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
            "<< >>",
        ]
    )


def _stream(entries: str, data: bytes) -> str:
    content = data.decode("latin-1")
    return f"<< {entries} /Length {len(data)} >>\nstream\n{content}\nendstream"


def encrypted_pdf() -> bytes:
    """Return a PDF under a password that nobody knows (ISO 32000-1, section 7.6)."""
    lock = "<" + "5a" * 32 + ">"
    plain = pdf().decode("latin-1")
    entry = f"/Encrypt<</Filter/Standard/V 1/R 2/O{lock}/U{lock}/P -4>>/ID[<00><00>]"
    return plain.replace("trailer<<", "trailer<<" + entry).encode("latin-1")


def empty_pdf() -> bytes:
    buffer = io.BytesIO()
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 200)
    document.save(buffer, flags=pdfium_c.FPDF_NO_INCREMENTAL)
    document.close()
    return buffer.getvalue()


def _saved(save: Callable[[Any], object]) -> bytes:
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


def word() -> bytes:
    document = docx.Document()
    document.add_paragraph("Hello world")
    properties = document.core_properties
    properties.title, properties.author, properties.last_modified_by = "Letter", "Ann", "Bob"
    properties.keywords, properties.subject, properties.category = "one, two", "Post", "Mail"
    properties.comments, properties.language = "A note", "en"
    return _saved(document.save)


def slides() -> bytes:
    show = pptx.Presentation()
    for _ in range(3):
        show.slides.add_slide(show.slide_layouts[6])
    show.core_properties.title = "Show"
    return _saved(show.save)


def sheets() -> bytes:
    book = openpyxl.Workbook()
    book.create_sheet("Second")
    book.properties.title, book.properties.creator = "Numbers", "Ann"
    return _saved(book.save)


def opendocument() -> bytes:
    document = Document("text")
    document.meta.title = "An ODT"
    document.meta.set_creator("Bob")
    return _saved(document.save)


def book(*, opf: str = "", rights: bool = False) -> bytes:
    opf = opf or (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A book</dc:title>'
        "<dc:creator>Ann</dc:creator><dc:creator>Bob</dc:creator><dc:language>fr</dc:language>"
        "<dc:publisher>House</dc:publisher><dc:identifier>urn:isbn:1</dc:identifier>"
        "</metadata></package>"
    )
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfile full-path="book.opf"/></container>',
        "book.opf": opf,
    }
    return zipped(parts | ({"META-INF/rights.xml": "<x/>"} if rights else {}))


def zipped(parts: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        archive.comment = b"Made here"
    return buffer.getvalue()


def tarred(sizes: dict[str, int], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, size in sizes.items():
            entry = tarfile.TarInfo(name)
            entry.size = size
            archive.addfile(entry, io.BytesIO(bytes(size)))
    return buffer.getvalue()


def compound(*names: str) -> bytes:
    """Return an OLE container with empty streams of these names ([MS-CFB])."""
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6xIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0)
    header += struct.pack("<IIIII", 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0)
    header = header.ljust(512, b"\xff")
    fat = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE).ljust(512, b"\xff")
    entries = [("Root Entry", 5), *((name, 2) for name in names)]
    directory = b"".join(_ole_entry(name, kind) for name, kind in entries)
    return header + fat + directory.ljust(512, b"\0")


def _ole_entry(name: str, kind: int) -> bytes:
    written = (name + "\0").encode("utf-16-le")
    return (written.ljust(64, b"\0") + struct.pack("<HB", len(written), kind)).ljust(128, b"\0")


MAIL = (
    b"From: =?utf-8?q?Ren=C3=A9?= <rene@example.com>\r\nTo: ann@example.com\r\n"
    b"Subject: =?iso-8859-1?q?Caf=E9?= soon\r\nDate: Wed, 1 May 2024 12:30:00 +0200\r\n\r\nHi.\r\n"
)
