"""Analyses of archives: listed, never unpacked, however hostile."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processing.analyses_documents import tarred, zipped
from tests.processing.analyses_samples import metadata

TWO = [{"name": "one", "size": 600}, {"name": "two", "size": 5}]


def test_a_zip_is_listed(tmp_path: Path) -> None:
    content = zipped({"one.txt": "1" * 1000, "a/two.txt": "2"})
    found = metadata(tmp_path, content, "application/zip", "a.zip")
    assert (found["entries"], found["total_size"], found["encrypted"]) == (2, 1001, False)
    assert found["first_entries"][1] == {"name": "a/two.txt", "size": 1}
    assert found["compression_ratio"] == round(1001 / len(content), 2)
    assert found["comment"] == "Made here"


def _unflagged(name: bytes, extra: bytes = b"") -> bytes:
    """Return a ZIP with one empty entry, named by bytes that it says nothing of."""
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        entry = zipfile.ZipInfo("#" * len(name))
        entry.extra = extra
        archive.writestr(entry, b"")
    return output.getvalue().replace(b"#" * len(name), name)


@pytest.mark.parametrize("name", ["Привет мир.txt", "Übersicht.txt", "日本.txt"])
def test_names_in_utf_8_without_the_flag_are_read(tmp_path: Path, name: str) -> None:
    found = metadata(tmp_path, _unflagged(name.encode()), "application/zip", "a.zip")
    assert found["first_entries"][0]["name"] == name


def test_a_name_in_an_old_code_page_stays_what_it_was(tmp_path: Path) -> None:
    found = metadata(tmp_path, _unflagged("é.txt".encode("cp437")), "application/zip", "a.zip")
    assert found["first_entries"][0]["name"] == "é.txt"


def test_a_unicode_path_beside_an_old_name_is_taken(tmp_path: Path) -> None:
    old, name = b"?.txt", "ж.txt".encode()
    field = b"\x01" + zlib.crc32(old).to_bytes(4, "little") + name
    extra = struct.pack("<HH", 0x7075, len(field)) + field
    found = metadata(tmp_path, _unflagged(old, extra), "application/zip", "a.zip")
    assert found["first_entries"][0]["name"] == "ж.txt"


@pytest.mark.parametrize(
    ("mode", "content_type", "compression"),
    [
        ("w", "application/x-tar", None),
        ("w:gz", "application/gzip", "gzip"),
        ("w:bz2", "application/x-bzip2", "bzip2"),
        ("w:xz", "application/x-xz", "xz"),
    ],
)
def test_a_tar_is_listed(
    tmp_path: Path, mode: str, content_type: str, compression: str | None
) -> None:
    found = metadata(tmp_path, tarred({"one": 600, "two": 5}, mode), content_type)
    assert (found["entries"], found["total_size"]) == (2, 605)
    assert found["first_entries"] == TWO
    assert found.get("compression") == compression
    assert "truncated" not in found


def test_one_compressed_file_tells_its_size(tmp_path: Path) -> None:
    found = metadata(tmp_path, gzip.compress(b"x" * 5000), "application/gzip")
    assert (found["entries"], found["total_size"]) == (1, 5000)


@pytest.mark.parametrize(
    ("compress", "content_type"),
    [(bz2.compress, "application/x-bzip2"), (lzma.compress, "application/x-xz")],
)
def test_other_compressed_files_do_not(
    tmp_path: Path, compress: Callable[[bytes], bytes], content_type: str
) -> None:
    found = metadata(tmp_path, compress(b"x" * 5000), content_type)
    assert "total_size" not in found
    assert "damaged" not in found


def test_an_encrypted_zip_is_listed_all_the_same(tmp_path: Path) -> None:
    content = bytearray(zipped({"secret": "x"}))
    content[content.index(b"PK\1\2") + 8] |= 1
    found = metadata(tmp_path, bytes(content), "application/zip")
    assert found["encrypted"] is True
    assert found["first_entries"] == [{"name": "secret", "size": 1}]


def test_a_zip_of_sixty_five_thousand_entries_is_counted(tmp_path: Path) -> None:
    content = zipped({str(number): "" for number in range(65_536)})
    found = metadata(tmp_path, content, "application/zip")
    assert found["entries"] == 65_536
    assert len(found["first_entries"]) == 100


def test_a_zip_with_a_huge_directory_is_too_large(tmp_path: Path) -> None:
    name = "n" * 60_000
    content = zipped({f"{name}{number}": "" for number in range(200)})
    assert metadata(tmp_path, content, "application/zip")["too_large"] is True


def test_a_nest_of_archives_is_not_opened(tmp_path: Path) -> None:
    nest = zipped({"0": "0" * 10_000_000})
    for _ in range(5):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(16):
                archive.writestr(f"{number}.zip", nest)
        nest = buffer.getvalue()
    found = metadata(tmp_path, nest, "application/zip")
    assert found["entries"] == 16


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_a_zip_cut_off_is_damaged(tmp_path: Path, percent: int) -> None:
    whole = zipped({str(number): "x" * number for number in range(200)})
    found = metadata(tmp_path, whole[: len(whole) * percent // 100], "application/zip")
    assert found["damaged"] is True


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_tar_cut_off_says_what_it_listed_so_far(tmp_path: Path, mode: str) -> None:
    whole = tarred({str(number): 50_000 for number in range(20)}, mode)
    kinds = {"w": "application/x-tar", "w:gz": "application/gzip", "w:xz": "application/x-xz"}
    found = metadata(tmp_path, whole[: len(whole) // 2], kinds[mode])
    assert found["damaged"] is True
    if mode == "w":
        assert 0 < found["entries"] < 20


def test_a_tar_bomb_is_read_no_further_than_it_is_worth(tmp_path: Path) -> None:
    content = tarred({"zeros": 150_000_000, "two": 5}, "w:gz")
    found = metadata(tmp_path, content, "application/gzip")
    assert found["truncated"] is True
    assert found["first_entries"] == [{"name": "zeros", "size": 150_000_000}]


def test_a_tar_of_many_entries_is_counted_so_far(tmp_path: Path) -> None:
    entry = tarred({"a": 0})[:512]
    found = metadata(tmp_path, entry * 30_000 + bytes(1024), "application/x-tar")
    assert (found["entries"], found["truncated"]) == (20_000, True)


def _header(size: bytes, kind: bytes = b"0", name: bytes = b"file") -> bytes:
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" * 3 + size.ljust(12, b"\0"))
    block += b"00000000000\0" + b" " * 8 + kind + bytes(100) + b"ustar\x0000"
    block = block.ljust(512, b"\0")
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def test_a_tar_may_claim_any_size(tmp_path: Path) -> None:
    huge = b"\x80" + (8 * 1024**4).to_bytes(11, "big")
    found = metadata(tmp_path, _header(huge) + bytes(1024), "application/x-tar")
    assert found["damaged"] is True


@pytest.mark.parametrize(
    "content",
    [
        _header(b"\xff" * 12) + bytes(1024),  # a negative size
        _header(b"\xff" * 11 + b"\x00") + bytes(1024),
        _header(b"77777777777", b"x") + b"1" * 4096,  # an extended header of 8 GB
        _header(b"00000004000", b"x") + b"9" * 2048,
        _header(b"00000004000", b"x") + b"20 size=-99999999999\n".ljust(2048, b"\0"),
        _header(b"00000000100", b"S") + b"\xff" * 512,
        _header(b"00000000100", name=b"\xff\xfe\xed\xa0\x80") + bytes(2048),
    ],
    ids=["minus one", "negative", "extended", "digits", "pax size", "sparse", "name"],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_a_hostile_tar_is_a_result(tmp_path: Path, content: bytes, *, compressed: bool) -> None:
    kind = "application/gzip" if compressed else "application/x-tar"
    content = gzip.compress(content) if compressed else content
    found = metadata(tmp_path, content, kind)
    assert found["size"] == len(content)
    assert "entries" in found or found["damaged"]


def test_a_sparse_file_is_listed_by_its_full_size(tmp_path: Path) -> None:
    header = bytearray(_header(b"00000000000", b"S"))
    header[257:265] = b"ustar  \0"
    header[386:410] = b"%011o\0%011o\0" % (0, 0)
    header[483:495] = b"%011o\0" % 7_000_000_000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    found = metadata(tmp_path, bytes(header) + bytes(1024), "application/x-tar")
    assert found["total_size"] == 7_000_000_000


def test_names_become_clean_text(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("\udcff" + "\x1b[31m" + "n" * 5000))
    found = metadata(tmp_path, buffer.getvalue(), "application/x-tar")
    [entry] = found["first_entries"]
    assert len(entry["name"]) <= 500
    assert entry["name"].startswith("?[31m")


def test_a_gzip_that_never_ends_is_no_tar(tmp_path: Path) -> None:
    content = b"\x1f\x8b\x08\0" + struct.pack("<I", 0) + b"\0\xff" + b"\0" * 100
    assert metadata(tmp_path, content, "application/gzip")["damaged"] is True
