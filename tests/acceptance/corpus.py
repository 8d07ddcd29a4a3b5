"""Hostile files, made here: what an upload may hold without anybody meaning well."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tests.acceptance.samples import document, film, image
from tests.processing.analyses_documents import encrypted_pdf, word

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))


def corpus() -> dict[str, bytes]:
    """Return every file by its name."""
    return {
        **dict(_truncated()),
        **dict(_bombs()),
        **_markup(),
        **_strangers(),
        "empty.png": b"",
        "empty.pdf": b"",
        "picture.mp4": image("PNG"),
        "film.jpg": film(1),
        "text.docx": b"no archive at all",
        "encrypted.pdf": encrypted_pdf(),
    }


def _truncated() -> Iterator[tuple[str, bytes]]:
    whole = {
        **{f"a.{kind.lower()}": image(kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF")},
        "a.avif": image("AVIF"),
        "a.mp4": film(1),
        "a.pdf": document(),
        "a.docx": word(),
        "a.svg": _svg('<rect width="50" height="50" fill="red"/>'),
    }
    for name, content in whole.items():
        for percent in (10, 50, 90):
            yield f"{percent}-percent-of-{name}", content[: len(content) * percent // 100]


def _bombs() -> Iterator[tuple[str, bytes]]:
    yield "claims.png", _png(50_000, 50_000, b"")
    yield "zeros.png", _png(20_000, 20_000, bytes(2501 * 20_000))
    yield "34-bytes.webp", _webp(16_383, 16_383)
    yield "claims.gif", b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0, 0, 0) + b";"
    yield "frames.gif", _gif(10_000)
    yield "claims.tiff", _tiff(60_000, 60_000)
    yield "huge-page.pdf", _pdf(1, 10**9)
    yield "pages.pdf", _pdf(20_000, 100)
    yield "expands.docx", _expanding()


def _markup() -> dict[str, bytes]:
    laughs = f"<!DOCTYPE svg [{LAUGHS}]>"
    return {
        "laughs.svg": laughs.encode() + _svg("<text>&l9;</text>"),
        "reads.svg": _svg('<image xlink:href="file:///etc/passwd" width="9" height="9"/>'),
        "asks.svg": _svg('<image xlink:href="http://127.0.0.1:9/" width="9" height="9"/>'),
        "uses.svg": _svg(_uses()),
        "deep.html": b"<div>" * 100_000,
        "deep.json": b"[" * 100_000,
        "line.txt": b"x" * 10_000_000,
        "laughs.xml": f"<!DOCTYPE a [{LAUGHS}]><a>&l9;</a>".encode(),
    }


def _strangers() -> dict[str, bytes]:
    return {
        "a.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n",
        "a.ps": b"%!PS\n{} loop\n",
        "a.fits": b"SIMPLE  =                    T".ljust(2880),
        "a.psd": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 30_000, 30_000, 8, 3),
        "polyglot.gif": b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)//;",
        "polyglot.pdf": document() + _zip({"a.txt": b"also an archive"}),
        "playlist.m3u8": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "concat.mp4": b"ffconcat version 1.0\nfile /etc/passwd\n",
    }


def _svg(inside: str) -> bytes:
    spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg {spaces} width="99" height="99">{inside}</svg>'.encode()


def _uses() -> str:
    groups = ['<g id="g0"><rect width="1" height="1"/></g>']
    groups += [
        f'<g id="g{n}">' + f'<use xlink:href="#g{n - 1}"/>' * 10 + "</g>" for n in range(1, 9)
    ]
    return "".join(groups) + '<use xlink:href="#g8"/>'


def _chunk(kind: bytes, content: bytes) -> bytes:
    checked = kind + content
    return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))


def _png(width: int, height: int, rows: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(rows, 9)
    chunks = _chunk(b"IHDR", head) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


def _webp(width: int, height: int) -> bytes:
    """Return a lossless WebP that says all its pixels are one, in 34 bytes.

    Source: WebP Lossless Bitstream Specification, section 3.
    """
    dimensions = struct.pack("<I", (width - 1) | (height - 1) << 14)
    body = b"\x2f" + dimensions + bytes.fromhex("0088880800000000")
    chunk = b"VP8L" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 5) + b"WEBP" + chunk + b"\0"


def _gif(frames: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6)
    frame = b"\x21\xf9\4\0\1\0\0\0\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x4c\1\0"
    return head + frame * frames + b";"


def _tiff(width: int, height: int) -> bytes:
    entries = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, width * height % 2**32),
    ]
    table = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4)


def _pdf(pages: int, size: int) -> bytes:
    kids = " ".join(f"{n + 3} 0 R" for n in range(pages))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} /MediaBox [0 0 {size} {size}] >>",
        *["<< /Type /Page /Parent 2 0 R >>"] * pages,
    ]
    target, offsets = io.BytesIO(b"%PDF-1.7\n"), []
    target.seek(0, io.SEEK_END)
    for number, body in enumerate(objects, 1):
        offsets.append(target.tell())
        target.write(f"{number} 0 obj\n{body}\nendobj\n".encode())
    start = target.tell()
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    target.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode())
    tail = f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    target.write(tail.encode())
    return target.getvalue()


def _expanding() -> bytes:
    """Return a Word file whose text takes a thousand times its room."""
    with zipfile.ZipFile(io.BytesIO(word())) as whole:
        parts = {name: whole.read(name) for name in whole.namelist()}
    parts["word/document.xml"] = parts["word/document.xml"].replace(
        b"</w:t>", b"a" * 150_000_000 + b"</w:t>", 1
    )
    return _zip(parts)


def _zip(parts: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()
