"""Formats that begin with bytes of their own, and texts that begin with the same letters."""

import struct

import pytest

from processing.identification import signatures
from processing.identify import UNKNOWN, identify

WORDS = b" is how this line of text begins.\n"
FIRST = {mark: kind for at, mark, kind in reversed(signatures.IN_BINARY) if at == 0}


def bitmap(header: int = 40) -> bytes:
    return b"BM" + struct.pack("<IHHII", 100, 0, 0, 14 + header, header) + bytes(60)


def font(mark: bytes, tables: int = 2) -> bytes:
    return mark + struct.pack(">HHHH", tables, 32, 1, 0) + b"DSIG" + struct.pack(">III", 0, 300, 8)


def old_tar(name: bytes = b"a.txt") -> bytes:
    """Return a block as TAR wrote it before it had a signature."""
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" * 3 + b"00000000005\0" * 2)
    block += b" " * 8 + bytes(512 - 156)
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


STRUCTURED = [
    (bitmap(), "image/bmp"),
    (font(b"OTTO"), "font/otf"),
    (font(b"\0\1\0\0"), "font/ttf"),
    (old_tar(), "application/x-tar"),
    (b"\0\0\1\0\1\0" + struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, 64, 22) + bytes(64),
     "image/vnd.microsoft.icon"),
    (b"\xca\xfe\xba\xbe\0\0\0\x02" + bytes(40), "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40), "application/java-vm"),
    (bytes(80) + struct.pack("<I", 3) + bytes(150), "model/stl"),
    (b"\xff\xff\xff\xff" + struct.pack("<II", 64, 16) + bytes(64),
     "application/vnd.apache.arrow.stream"),
]  # fmt: skip


@pytest.mark.parametrize(("at", "mark", "expected"), signatures.SURE)
def test_a_sure_signature_decides_whatever_the_name(at: int, mark: bytes, expected: str) -> None:
    content = bytes(at) + mark + b"\0\1\2\xff" * 50
    first = next(kind for place, sign, kind in signatures.SURE if content.startswith(sign, place))
    assert identify(content, "a.txt") == first
    assert first == expected or mark.startswith(b"!<arch>")


@pytest.mark.parametrize("mark", FIRST)
def test_words_are_signatures_in_binary_files_alone(mark: bytes) -> None:
    assert identify(mark + b"\0\1\2\x80" * 50, "a.txt") == FIRST[mark]
    if mark.isascii() and b"\0" not in mark and not mark.startswith(b"ply"):
        assert identify(mark + WORDS, "a.txt") == "text/plain"
        assert identify(mark + WORDS, "a") == "text/plain"


@pytest.mark.parametrize(("content", "expected"), STRUCTURED)
def test_short_signatures_count_with_fields_that_make_sense(content: bytes, expected: str) -> None:
    assert identify(content, "a") == expected


@pytest.mark.parametrize("mark", [b"BM", b"\0\0\1\0", b"\0\1\0\0\0"])
def test_short_signatures_before_noise_say_nothing(mark: bytes) -> None:
    assert identify(mark + b"\xfe\0\x03" * 40, "a") == UNKNOWN


@pytest.mark.parametrize("mark", [b"BM", b"OTTO", b"II*", b"MM", b"MZ", b"PK", b"ID3", b"RIFF"])
def test_a_text_may_begin_with_any_letters(mark: bytes) -> None:
    for name, expected in (("a", "text/plain"), ("a.txt", "text/plain"), ("a.md", "text/markdown")):
        assert identify(mark + WORDS, name) == expected


def test_an_animated_png_is_told_from_a_still_one() -> None:
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(17)
    pixels, animation = b"\0\0\0\1IDATx" + bytes(4), b"\0\0\0\x08acTL" + bytes(12)
    assert identify(head + pixels, "a.png") == "image/png"
    assert identify(head + animation + pixels, "a.png") == "image/apng"
    assert identify(head + pixels + animation, "a.png") == "image/png"


@pytest.mark.parametrize("length", [417, 626])
def test_mpeg_audio_is_told_by_frames_that_follow_each_other(length: int) -> None:
    header = {417: b"\xff\xfb\x90\x00", 626: b"\xff\xfb\xb0\x00"}[length]
    frame = header.ljust(length, b"\x55")
    assert identify(frame * 4, "a") == "audio/mpeg"
