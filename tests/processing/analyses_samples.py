"""Files to analyse, made here, and how to analyse them."""

import gzip
import io
import json
import random
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from PIL import Image, ImageCms, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from processing import analyses
from processing.analyses import probe
from processing.task import Source
from tests.processing.analyses_documents import (
    MAIL,
    book,
    compound,
    encrypted_pdf,
    opendocument,
    pdf,
    sheets,
    slides,
    tarred,
    word,
    zipped,
)

OOXML = "application/vnd.openxmlformats-officedocument"
WORD = f"{OOXML}.wordprocessingml.document"
SLIDES = f"{OOXML}.presentationml.presentation"
SHEET = f"{OOXML}.spreadsheetml.sheet"
ODT = "application/vnd.oasis.opendocument.text"
XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">
<rdf:Description xmp:Rating="4" xmp:CreatorTool="Darkroom" xmp:Label="Red"
 xmp:CreateDate="2024-05-01T12:30:00+02:00" xmp:ModifyDate="2024-05-02T08:00:00Z"
 photoshop:Headline="News" photoshop:City="Lyon" photoshop:Country="France">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Un été</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li>By the river</rdf:li></rdf:Alt></dc:description>
<dc:rights><rdf:Alt><rdf:li>All</rdf:li></rdf:Alt></dc:rights>
<dc:creator><rdf:Seq><rdf:li>Ann</rdf:li><rdf:li>Bob</rdf:li></rdf:Seq></dc:creator>
<dc:subject><rdf:Bag><rdf:li>sun</rdf:li><rdf:li>water</rdf:li></rdf:Bag></dc:subject>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def source(folder: Path, content: bytes, content_type: str, name: str = "file") -> Source:
    path = folder / "content"
    path.write_bytes(content)
    return Source(str(path), content_type, name, len(content))


def analyze(folder: Path, content: bytes, content_type: str, name: str = "file") -> dict[str, Any]:
    """Return the whole answer, read as strictly as any client may."""
    output = io.BytesIO()
    assert analyses.run(source(folder, content, content_type, name), {}, output) == {}
    assert len(output.getvalue()) < 256 * 1024
    answer = json.loads(output.getvalue().decode(), parse_constant=_no_constant)
    assert answer.keys() == {"file_type", "content_type", "metadata"}
    assert isinstance(answer, dict)
    return answer


def metadata(folder: Path, content: bytes, content_type: str, name: str = "file") -> dict[str, Any]:
    found: dict[str, Any] = analyze(folder, content, content_type, name)["metadata"]
    return found


def probed(folder: Path, content: bytes, content_type: str) -> tuple[Any, Any, Any]:
    output = io.BytesIO()
    found = probe.run(source(folder, content, content_type), {"blurhash": True}, output)
    assert not output.getvalue()
    assert found.keys() == {"width", "height", "duration", "blurhash"}
    return found["width"], found["height"], found["duration"]


def _no_constant(word: str) -> None:
    raise AssertionError(word)


def scene(size: tuple[int, int] = (320, 240), seed: int = 0) -> Image.Image:
    """Return a picture with large shapes, different for each seed."""
    noise = random.Random(seed).randbytes(3 * 7 * 5)  # noqa: S311 - not a secret
    return Image.frombytes("RGB", (7, 5), noise).resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def exif_of_a_camera(orientation: int = 6) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x010F], exif[0x0110] = "A view", "Nikon", "Z 6"
    exif[0x0112], exif[0x0131], exif[0x0132] = orientation, "Firmware 1", "2024:05:02 10:00:00"
    exif[0x013B], exif[0x8298] = "Ann", "Ann 2024"
    exif.get_ifd(0x8769).update(
        {
            0x829A: IFDRational(1, 250),
            0x829D: IFDRational(28, 10),
            0x8827: 400,
            0x9003: "2024:05:01 12:30:00",
            0x9011: "+02:00",
            0x9004: "2024:05:01 12:30:00",
            0x9209: 1,
            0x920A: IFDRational(50, 1),
            0xA405: 75,
            0xA433: "Nikkor",
            0xA434: "Nikkor 50mm",
        }
    )
    exif.get_ifd(0x8825).update(
        {
            1: "S",
            2: (IFDRational(33), IFDRational(51), IFDRational(3540, 100)),
            3: "E",
            4: (IFDRational(151), IFDRational(12), IFDRational(36)),
            5: b"\1",
            6: IFDRational(125, 10),
        }
    )
    return exif


def iptc_block(**fields: bytes) -> bytes:
    """Return IPTC data sets as a JPEG's APP13 segment holds them."""
    numbers = {"title": 5, "keyword": 25, "byline": 80, "city": 90, "country": 101}
    numbers |= {"headline": 105, "credit": 110, "source": 115, "copyright": 116, "caption": 120}
    sets = b"".join(
        bytes([0x1C, 2, numbers[name]]) + struct.pack(">H", len(word)) + word
        for name, value in fields.items()
        for word in value.split(b";")
    )
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(sets)) + sets + b"\0" * (len(sets) % 2)
    segment = b"Photoshop 3.0\0" + resource
    return b"\xff\xed" + struct.pack(">H", len(segment) + 2) + segment


def photo() -> bytes:
    """Return a JPEG with all that cameras and agencies write."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    jpeg = encoded(
        scene(),
        "JPEG",
        exif=exif_of_a_camera(),
        dpi=(300, 300),
        icc_profile=profile,
        xmp=XMP.encode(),
    )
    block = iptc_block(
        title="Été".encode(),
        caption=b"Caf\xe9 at noon",
        keyword=b"coffee;noon",
        byline=b"Ann",
        copyright=b"Agency",
        headline=b"Noon",
        credit=b"Credit",
        source=b"Wire",
        city=b"Lyon",
        country=b"France",
    )
    return jpeg[:2] + block + jpeg[2:]


def animated(kind: str, frames: int = 3, milliseconds: int = 200) -> bytes:
    pictures = [scene((40, 30), seed) for seed in range(frames)]
    return encoded(
        pictures[0], kind, save_all=True, append_images=pictures[1:], duration=milliseconds
    )


def png_claiming(width: int, height: int) -> bytes:
    buffer = io.BytesIO(encoded(Image.new("L", (1, 1)), "PNG"))
    data = buffer.getvalue()
    out = io.BytesIO(data[:8])
    out.seek(8)
    PngImagePlugin.putchunk(out, b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return out.getvalue() + data[33:]


def webp_claiming(width: int, height: int) -> bytes:
    chunk = b"\x2f" + struct.pack("<I", (width - 1) | ((height - 1) << 14)) + bytes(9)
    body = b"WEBPVP8L" + struct.pack("<I", len(chunk) - 1) + chunk
    return b"RIFF" + struct.pack("<I", len(body)) + body


def film(
    kind: str = "mp4",
    codec: str = "mpeg4",
    *,
    rotation: int = 0,
    shape: str = "1:1",
    seconds: int = 2,
) -> bytes:
    """Return a film of 64 x 48 pixels with a sound track."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        container.metadata["title"] = "A film"
        stream: Any = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(shape.replace(":", "/"))
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(10 * seconds):
            frame = VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def sound(kind: str, codec: str, layout: str = "stereo", form: str = "s16", **tags: str) -> bytes:
    """Return two seconds of silence."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        container.metadata.update(tags)
        stream: Any = container.add_stream(codec, rate=8000, layout=layout)
        for number in range(16):
            frame = AudioFrame(form, layout, 1000)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            frame.sample_rate, frame.pts = 8000, 1000 * number
            frame.time_base = Fraction(1, 8000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="2in" height="50mm" viewBox="0 0 4 3"/>'

SAMPLES: dict[str, tuple[Callable[[], bytes], str]] = {
    "photo.jpg": (photo, "image/jpeg"),
    "a.png": (lambda: encoded(scene(), "PNG", dpi=(72, 72)), "image/png"),
    "a.gif": (lambda: animated("GIF"), "image/gif"),
    "a.webp": (lambda: animated("WEBP"), "image/webp"),
    "a.tiff": (lambda: animated("TIFF"), "image/tiff"),
    "a.bmp": (lambda: encoded(scene(), "BMP"), "image/bmp"),
    "a.avif": (lambda: encoded(scene(), "AVIF"), "image/avif"),
    "bomb.png": (lambda: png_claiming(50_000, 50_000), "image/png"),
    "a.svg": (lambda: SVG, "image/svg+xml"),
    "a.mp4": (lambda: film(rotation=90), "video/mp4"),
    "a.webm": (lambda: film("webm", "libvpx"), "video/webm"),
    "a.flac": (lambda: sound("flac", "flac", title="Hush", artist="Ann"), "audio/flac"),
    "a.mp3": (
        lambda: sound(
            "mp3",
            "libmp3lame",
            form="s16p",
            title="Hush",
            artist="Ann",
            album="Quiet",
            album_artist="All",
            genre="Silence",
            date="2024",
            track="3/9",
            comment="sh",
        ),
        "audio/mpeg",
    ),
    "a.pdf": (pdf, "application/pdf"),
    "locked.pdf": (encrypted_pdf, "application/pdf"),
    "cut.pdf": (lambda: b"%PDF-1.7\nno more", "application/pdf"),
    "a.docx": (word, WORD),
    "a.pptx": (slides, SLIDES),
    "a.xlsx": (sheets, SHEET),
    "a.odt": (opendocument, ODT),
    "a.epub": (book, "application/epub+zip"),
    "a.doc": (lambda: compound("EncryptedPackage"), "application/x-ole-storage"),
    "a.txt": (lambda: b"The cat sat on the mat and looked at the dog.\n", "text/plain"),
    "a.csv": (lambda: b"a;b;c\n1;2;3\n", "text/csv"),
    "a.json": (lambda: b'{"a": [1, 2.5, null]}', "application/json"),
    "long.txt": (lambda: b"word " * 2_200_000, "text/plain"),
    "a.eml": (lambda: MAIL, "message/rfc822"),
    "a.html": (lambda: b"<html><body>Hi</body></html>", "text/html"),
    "a.zip": (lambda: zipped({"one.txt": "1" * 1000, "two.txt": "2"}), "application/zip"),
    "a.tar": (lambda: tarred({"one": 600, "two": 5}), "application/x-tar"),
    "a.tgz": (lambda: tarred({"one": 600, "two": 5}, "w:gz"), "application/gzip"),
    "big.tgz": (lambda: tarred({"zeros": 80_000_000, "two": 5}, "w:gz"), "application/gzip"),
    "a.gz": (lambda: gzip.compress(b"x" * 1000), "application/gzip"),
    "wrong.png": (lambda: encoded(scene(), "JPEG"), "image/jpeg"),
    "unknown.bin": (lambda: b"\x9b\x01\x02" * 100, "application/octet-stream"),
}
