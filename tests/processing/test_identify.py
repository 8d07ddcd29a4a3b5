"""Content types of real files, made here."""

import io
import random
import struct
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pypdfium2
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from processing.identify import HEAD_BYTES, UNKNOWN, agrees, identify

PROSE = b"A line of text.\nAnd another one, a little longer than that.\n" * 5
PYTHON = b"import os\n\n\ndef main() -> None:\n    print(os.name)\n"
OFFICE = "application/vnd.openxmlformats-officedocument"


def image(kind: str, mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (32, 24)).save(buffer, kind)
    return buffer.getvalue()


def pdf() -> bytes:
    buffer = io.BytesIO()
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100)
    document.save(buffer)
    document.close()
    return buffer.getvalue()


def video(kind: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        stream: Any = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(5):
            frame = VideoFrame(64, 48, "yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def audio(kind: str, codec: str, layout: str = "mono", form: str = "s16") -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind) as container:
        stream: Any = container.add_stream(codec, rate=8000, layout=layout)
        frame = AudioFrame(form, layout, 1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name in names:
            target.writestr(name, "<x/>")
    return buffer.getvalue()


def noise() -> bytes:
    return b"\x9b\x01" + random.Random(7).randbytes(4000)  # noqa: S311 - not a secret


def covered(sound: bytes, cover: int) -> bytes:
    """Return ``sound`` behind an ID3v2.3 tag with a picture of ``cover`` bytes."""
    frame = b"APIC" + struct.pack(">IH", cover, 0) + b"\0image/jpeg\0\x03\0".ljust(cover, b"\x11")
    size = bytes(len(frame) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + size + frame + sound


def mp3() -> bytes:
    return audio("mp3", "libmp3lame", form="s16p")


def transport_stream(*, timed: bool = False) -> bytes:
    stream = video("mpegts", "mpeg4")
    if not timed:
        return stream
    return b"".join(b"\0\1\2\3" + stream[at : at + 188] for at in range(0, len(stream), 188))


def old_movie() -> bytes:
    """Return a film whose pictures come before their description, as QuickTime once wrote it."""
    boxes = video("mov", "mpeg4")
    return b"\0\0\0\x08wide" + boxes[boxes.index(b"mdat") - 4 :]


WORD = archive("[Content_Types].xml", "_rels/.rels", "word/document.xml")
SHEET = archive("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
XML_SVG = b'<?xml version="1.0"?>\n' + SVG
HTML = b"<!DOCTYPE html>\n<html><head><title>x</title></head><body>y</body></html>\n"

MADE: list[tuple[str, Callable[[], bytes], str]] = [
    ("a.jpg", lambda: image("JPEG"), "image/jpeg"),
    ("a.png", lambda: image("PNG"), "image/png"),
    ("a.webp", lambda: image("WEBP"), "image/webp"),
    ("a.gif", lambda: image("GIF", "P"), "image/gif"),
    ("a.bmp", lambda: image("BMP"), "image/bmp"),
    ("a.tiff", lambda: image("TIFF"), "image/tiff"),
    ("a.pdf", pdf, "application/pdf"),
    ("a.mp4", lambda: video("mp4", "mpeg4"), "video/mp4"),
    ("a.webm", lambda: video("webm", "libvpx"), "video/webm"),
    ("a.wav", lambda: audio("wav", "pcm_s16le"), "audio/wav"),
    ("a.flac", lambda: audio("flac", "flac"), "audio/flac"),
    ("a.mp3", mp3, "audio/mpeg"),
    ("small cover.mp3", lambda: covered(mp3(), 1000), "audio/mpeg"),
    ("large cover.mp3", lambda: covered(mp3(), 100_000), "audio/mpeg"),
    ("large cover.flac", lambda: covered(audio("flac", "flac"), 100_000), "audio/flac"),
    ("a.aac", lambda: audio("adts", "aac", form="fltp"), "audio/aac"),
    ("a.caf", lambda: audio("caf", "pcm_s16be"), "audio/x-caf"),
    ("a.mov", lambda: video("mov", "mpeg4"), "video/quicktime"),
    ("old.mov", old_movie, "video/quicktime"),
    ("a.f4v", lambda: video("f4v", "libx264"), "video/mp4"),
    ("a.ts", transport_stream, "video/mp2t"),
    ("a.m2ts", lambda: transport_stream(timed=True), "video/mp2t"),
    ("a.zip", lambda: archive("a.txt"), "application/zip"),
    ("a.docx", lambda: WORD, f"{OFFICE}.wordprocessingml.document"),
    ("a.xlsx", lambda: SHEET, f"{OFFICE}.spreadsheetml.sheet"),
    ("a.svg", lambda: SVG, "image/svg+xml"),
    ("b.svg", lambda: XML_SVG, "image/svg+xml"),
    ("a.html", lambda: HTML, "text/html"),
    ("a.txt", lambda: PROSE, "text/plain"),
    ("a.md", lambda: b"# Title\n\n* one\n* two\n", "text/markdown"),
    ("a.py", lambda: PYTHON, "text/x-python"),
    ("b.py", lambda: b"#!/usr/bin/env python3\n" + PYTHON, "text/x-python"),
    ("a.csv", lambda: b"name,size\na,1\nb,2\n" * 20, "text/csv"),
    ("a.json", lambda: b'{"a": [1, 2, 3]}', "application/json"),
    ("a.sh", lambda: b"#!/bin/sh\necho hello\n", "text/x-shellscript"),
    ("a.js", lambda: b"export const a = 1;\nconsole.log(a);\n", "text/javascript"),
    ("a.yaml", lambda: b"name: x\nlist:\n  - one\n  - two\n", "application/yaml"),
    ("noise.bin", noise, UNKNOWN),
]

DISGUISED = [
    ("page.txt", HTML, "text/html"),
    ("drawing.png", SVG, "image/svg+xml"),
    ("photo.txt", image("JPEG"), "image/jpeg"),
    ("text.jpg", PROSE, "text/plain"),
    ("text.html", PROSE, "text/plain"),
    ("text.docx", PROSE, "text/plain"),
    ("script.zip", PYTHON, None),  # some kind of text
    ("archive.py", archive("a.txt"), "application/zip"),
    ("noise.jpg", noise(), UNKNOWN),
    ("noise.md", noise(), UNKNOWN),
]


@pytest.mark.parametrize(("name", "make", "expected"), MADE, ids=[name for name, *_ in MADE])
def test_a_file_is_what_its_content_says(
    name: str, make: Callable[[], bytes], expected: str
) -> None:
    content = make()
    assert identify(content[:HEAD_BYTES], name) == expected
    assert identify(content[:HEAD_BYTES], name.upper()) == expected


@pytest.mark.parametrize(("name", "content", "expected"), DISGUISED)
def test_a_name_never_turns_one_kind_into_another(
    name: str, content: bytes, expected: str | None
) -> None:
    found = identify(content, name)
    assert found == (expected or found)
    if expected is None:
        assert found.startswith("text/")


@pytest.mark.parametrize("name", ["unnamed", "photo", "a.", ".", "", ".png", "a.b/c"])
def test_without_an_extension_the_content_is_enough(name: str) -> None:
    assert identify(image("PNG"), name) == "image/png"
    assert identify(PROSE, name) == "text/plain"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("empty", UNKNOWN),
        ("empty.bin", UNKNOWN),
        ("empty.png", UNKNOWN),
        ("empty.html", UNKNOWN),
        ("empty.txt", "text/plain"),
        ("empty.md", "text/markdown"),
        ("empty.csv", "text/csv"),
    ],
)
def test_an_empty_file_is_text_at_most(name: str, expected: str) -> None:
    assert identify(b"", name) == expected


def test_a_character_cut_in_two_at_the_end_of_the_head_leaves_text_text() -> None:
    for shift in range(3):
        content = b"a" * shift + "é€😀\n".encode() * 12_000
        assert identify(content[:HEAD_BYTES], "a.txt") == "text/plain"


def test_only_the_head_is_looked_at() -> None:
    assert identify(PROSE * 300 + noise() * 100, "a.md") == identify(PROSE * 300, "a.md")


@given(st.binary(max_size=600), st.text(max_size=20))
def test_any_bytes_have_a_type_that_fits_into_a_header(head: bytes, name: str) -> None:
    kind, slash, rest = identify(head, name).partition("/")
    assert kind
    assert slash
    assert rest
    assert (kind + rest).isascii()
    assert not any(char.isspace() or char in ";," for char in kind + rest)


def test_the_test_data_is_what_it_claims(tmp_path: Path) -> None:
    for name, make, expected in MADE:
        if expected.startswith("image/") and "svg" not in expected:
            path = tmp_path / name
            path.write_bytes(make())
            with Image.open(path) as opened:
                assert Image.MIME[opened.format or ""] == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("notes.md", "text/markdown"), ("a.txt", "text/plain"), ("a", "text/x-python")],
)
def test_a_name_corrects_what_a_few_words_look_like(name: str, expected: str) -> None:
    assert identify(b"#!/usr/bin/python3\n" + PYTHON, name) == expected


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        ("image/jpeg", "image/jpeg", True),
        ("image/jpg", "image/jpeg", True),
        ("audio/x-wav", "audio/wav", True),
        ("text/plain", "text/markdown", True),
        ("application/json", "text/plain", True),
        ("video/mp4", "audio/mp4", True),
        ("image/png", "image/jpeg", False),
        ("image/jpeg", "text/html", False),
        ("text/plain", "application/pdf", False),
        ("text/plain", "text/html", False),
    ],
)
def test_a_declared_type_agrees_with_other_names_of_what_was_found(
    declared: str,
    found: str,
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert agrees(declared, found) is expected
