"""Analyses of PDFs, office files, books, texts and e-mail."""

from pathlib import Path
from typing import Any

import pytest

from processing.analyses.timestamps import from_exif, from_iso, from_pdf
from processing.charset import decoded
from processing.identify import identify
from tests.processing.analyses_documents import (
    MAIL,
    book,
    compound,
    empty_pdf,
    encrypted_pdf,
    opendocument,
    pdf,
    pdf_with_xmp,
    sheets,
    slides,
    word,
    zipped,
)
from tests.processing.analyses_samples import ODT, SHEET, SLIDES, WORD, analyze, metadata, probed

PROSE = {
    "en": "The weather was fine, and we walked along the river until it was dark.",
    "de": "Das Wetter war schön, und wir gingen am Fluss entlang, bis es dunkel wurde.",
    "fr": "Il faisait beau et nous avons marché le long de la rivière jusqu'à la nuit.",
    "es": "Hacía buen tiempo y caminamos junto al río hasta que se hizo de noche.",
    "ja": "天気が良かったので、暗くなるまで川に沿って歩きました。楽しかったです。",
}


def test_a_pdf_says_what_its_author_wrote(tmp_path: Path) -> None:
    found = metadata(tmp_path, pdf(), "application/pdf", "a.pdf")
    assert (found["pages"], found["version"], found["encrypted"]) == (2, "1.7", False)
    assert (found["title"], found["author"], found["keywords"]) == ("A title", "Ann", "one, two")
    assert found["created"] == "2024-05-01T12:30:00+02:00"
    assert found["modified"] == "2024-05-02T00:00:00Z"
    assert found["page_size"] == {"width": 595, "height": 842}
    assert found["has_text_layer"] is True
    assert probed(tmp_path, pdf(), "application/pdf") == (None, None, None)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_pdf_with_properties_in_xmp_alone_tells_them(tmp_path: Path, *, compressed: bool) -> None:
    found = metadata(tmp_path, pdf_with_xmp(compressed=compressed), "application/pdf")
    assert (found["title"], found["author"]) == ("In XMP only", "Ann, Bob")
    assert found["created"] == "2024-05-01T10:00:00+02:00"


def test_a_pdf_without_text_has_no_text_layer(tmp_path: Path) -> None:
    assert metadata(tmp_path, pdf(text=False), "application/pdf")["has_text_layer"] is False
    found = metadata(tmp_path, empty_pdf(), "application/pdf")
    assert found["page_size"] == {"width": 100, "height": 200}


def test_a_pdf_of_many_pages_is_counted(tmp_path: Path) -> None:
    assert metadata(tmp_path, pdf(pages=20_000), "application/pdf")["pages"] == 20_000


def test_a_pdf_under_a_password_says_only_that(tmp_path: Path) -> None:
    found = metadata(tmp_path, encrypted_pdf(), "application/pdf")
    assert found.keys() == {"size", "extension", "extension_matches", "encrypted"}
    assert found["encrypted"] is True


@pytest.mark.parametrize("content", [b"%PDF-1.7\n", b"\0" * 500])
def test_a_broken_pdf_is_damaged(tmp_path: Path, content: bytes) -> None:
    assert metadata(tmp_path, content, "application/pdf")["damaged"] is True


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_a_pdf_cut_off_is_a_result(tmp_path: Path, percent: int) -> None:
    whole = pdf(pages=50)
    found = metadata(tmp_path, whole[: len(whole) * percent // 100], "application/pdf")
    assert found.get("damaged") or found["pages"] <= 50  # it may be mended


def test_a_title_may_hold_half_a_character(tmp_path: Path) -> None:
    found = metadata(tmp_path, pdf(title="\xfe\xff\xd8\x01a"), "application/pdf")
    assert found["author"] == "Ann"


def test_a_word_document_says_its_properties(tmp_path: Path) -> None:
    found = metadata(tmp_path, word(), WORD, "a.docx")
    assert (found["title"], found["author"], found["last_modified_by"]) == ("Letter", "Ann", "Bob")
    assert (found["keywords"], found["encrypted"]) == ("one, two", False)
    assert found["created"].endswith("Z")
    assert found["extension_matches"] is True


def test_slides_and_sheets_are_counted(tmp_path: Path) -> None:
    assert metadata(tmp_path, slides(), SLIDES)["slides"] == 3
    assert metadata(tmp_path, sheets(), SHEET)["sheets"] == 2


def test_an_opendocument_text_says_its_properties(tmp_path: Path) -> None:
    found = metadata(tmp_path, opendocument(), ODT)
    assert (found["title"], found["last_modified_by"]) == ("An ODT", "Bob")


def test_a_book_says_its_properties(tmp_path: Path) -> None:
    found = metadata(tmp_path, book(), "application/epub+zip")
    assert (found["title"], found["author"]) == ("A book", "Ann, Bob")
    assert (found["language"], found["encrypted"]) == ("fr", False)
    assert metadata(tmp_path, book(rights=True), "application/epub+zip")["encrypted"] is True


def test_an_office_file_under_a_password_is_known_by_its_container(tmp_path: Path) -> None:
    content = compound("EncryptionInfo", "EncryptedPackage")
    found_type = identify(content, "a.docx")
    assert metadata(tmp_path, content, found_type)["encrypted"] is True
    other = compound("WordDocument")
    assert metadata(tmp_path, other, identify(other, "a.doc"))["encrypted"] is False


@pytest.mark.parametrize("percent", [10, 50, 90])
def test_an_office_file_cut_off_is_damaged(tmp_path: Path, percent: int) -> None:
    whole = word()
    found = metadata(tmp_path, whole[: len(whole) * percent // 100], WORD)
    assert found["damaged"] is True


ENTITIES = '<!DOCTYPE a [<!ENTITY e "ha">]><a><title>&e;</title></a>'


@pytest.mark.parametrize(
    "part", [ENTITIES, "<a>", "\0", '<?xml version="1.0" encoding="nonsense"?><a/>']
)
def test_properties_that_are_no_plain_xml_are_damaged(tmp_path: Path, part: str) -> None:
    found = metadata(tmp_path, zipped({"docProps/core.xml": part}), WORD)
    assert found["damaged"] is True
    assert found["entries"] == 1


def test_properties_that_unpack_too_far_are_left_out(tmp_path: Path) -> None:
    huge = "<a><title>" + "x" * 50_000_000 + "</title></a>"
    found = metadata(tmp_path, zipped({"docProps/core.xml": huge}), WORD)
    assert "title" not in found
    assert "damaged" not in found


def test_an_office_file_of_too_many_parts_is_too_large(tmp_path: Path) -> None:
    content = zipped({f"{number}": "" for number in range(10_001)})
    assert metadata(tmp_path, content, WORD)["too_large"] is True


@pytest.mark.parametrize("language", PROSE)
def test_the_language_of_a_text_is_found(tmp_path: Path, language: str) -> None:
    found = metadata(tmp_path, PROSE[language].encode(), "text/plain")
    assert found["language"] == language


def test_too_little_text_has_no_language(tmp_path: Path) -> None:
    assert "language" not in metadata(tmp_path, b"1234 5678 abc", "text/plain")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"one two\nthree\n", {"lines": 2, "words": 3, "characters": 14, "line_ending": "lf"}),
        (b"one\r\ntwo", {"lines": 2, "words": 2, "characters": 8, "line_ending": "crlf"}),
        (b"a\rb\r", {"lines": 2, "words": 2, "characters": 4, "line_ending": "cr"}),
        (b"a\nb\r\nc", {"lines": 3, "words": 3, "characters": 6, "line_ending": "mixed"}),
        (b"", {"lines": 0, "words": 0, "characters": 0, "size": 0}),
        ("é".encode(), {"encoding": "utf-8", "characters": 1, "bom": False}),
        ("\ufeffé".encode(), {"encoding": "utf-8", "characters": 1, "bom": True}),
        ("\ufeffab".encode("utf-16-le"), {"encoding": "utf-16-le", "characters": 2, "bom": True}),
        ("\ufeffab".encode("utf-32-be"), {"encoding": "utf-32-be", "characters": 2, "bom": True}),
        (b"plain", {"encoding": "us-ascii"}),
    ],
)
def test_a_text_is_counted(tmp_path: Path, content: bytes, expected: dict[str, Any]) -> None:
    found = metadata(tmp_path, content, "text/plain")
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("L'été dernier, nous sommes allés à la plage près de Marseille.", "windows-1252"),
        ("Grüße", "windows-1252"),
        ("Летом мы поехали к морю и долго купались.", "windows-1251"),
        ("ab" * 20, "utf-16-le"),
    ],
)
def test_a_text_is_said_to_be_in_the_encoding_that_it_is_read_in(
    tmp_path: Path, text: str, encoding: str
) -> None:
    content = text.encode(encoding)
    found = metadata(tmp_path, content, "text/plain")
    assert (found["encoding"], found["characters"]) == (encoding, len(text))
    assert decoded(content) == text


def test_an_old_encoding_is_guessed(tmp_path: Path) -> None:
    text = "Der Kühlschrank ist schon wieder leer, sagte Jürgen und ging größere Brötchen holen. "
    found = metadata(tmp_path, (text * 5).encode("windows-1252"), "text/plain")
    assert found["language"] == "de"
    assert "utf" not in found["encoding"]


def test_a_long_text_is_sampled_at_its_beginning(tmp_path: Path) -> None:
    found = metadata(tmp_path, ("é" * 5_500_000).encode(), "text/x-python")
    assert found["sampled"] is True
    assert found["encoding"] == "utf-8"
    assert found["characters"] == 5_242_880


@pytest.mark.parametrize(
    ("content", "columns", "delimiter"),
    [
        (b"a,b,c\n1,2,3\n", 3, ","),
        (b'a;b\n"1;2";3\n', 2, ";"),
        (b"a\tb\tc\td\n", 4, "\t"),
        (b"just words\nand more\n", 1, None),
    ],
)
def test_the_columns_of_a_table_are_counted(
    tmp_path: Path, content: bytes, columns: int, delimiter: str | None
) -> None:
    found = metadata(tmp_path, content, "text/csv")
    assert found.get("delimiter") == delimiter
    assert found["columns"] == columns


@pytest.mark.parametrize(
    ("content", "valid"),
    [
        (b'{"a": [1, 2.5e10, null, true, "x"]}', True),
        (b"[" + b"9" * 10_000 + b"]", True),
        (b"{'a': 1}", False),
        (b"[NaN]", False),
        (b"", False),
        (b"[" * 200_000, None),
    ],
    ids=["object", "long number", "quotes", "nan", "empty", "deep"],
)
def test_json_is_valid_or_not(tmp_path: Path, content: bytes, *, valid: bool | None) -> None:
    assert metadata(tmp_path, content, "application/json").get("valid") is valid


def test_json_lines_are_valid_line_by_line(tmp_path: Path) -> None:
    lines = b'{"a": 1}\n{"a": 2}\n\n'
    assert metadata(tmp_path, lines, "application/x-ndjson")["valid"] is True
    assert metadata(tmp_path, lines + b"{\n", "application/x-ndjson")["valid"] is False


def test_an_e_mail_says_its_headers(tmp_path: Path) -> None:
    found = metadata(tmp_path, MAIL, "message/rfc822")
    assert (found["subject"], found["from"]) == ("Café soon", "René <rene@example.com>")
    assert found["sent_at"] == "2024-05-01T12:30:00+02:00"


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: =?utf-8?b?!!!?=",
        b"Subject: =?nonsense?q?a?=",
        b"Date: 99 Foo",
        b"Subject: \xff\xfe",
    ],
)
def test_hostile_headers_are_a_result(tmp_path: Path, head: bytes) -> None:
    assert metadata(tmp_path, head + b"\r\n\r\n", "message/rfc822")["lines"] == 2


def test_a_mismatching_extension_is_said(tmp_path: Path) -> None:
    found = metadata(tmp_path, pdf(), "application/pdf", "photo.JPG")
    assert (found["extension"], found["extension_matches"]) == ("jpg", False)
    assert found["expected_extensions"][0] == "pdf"


@pytest.mark.parametrize(
    ("name", "content_type", "matches"),
    [
        ("a.txt", "text/plain", True),
        ("a.ini", "text/plain", None),
        ("a.py", "text/plain", None),
        ("a.jpg", "text/plain", False),
        ("a.odd", "image/jpeg", False),
        ("a", "image/jpeg", None),
        ("a.odd", "application/x-odd", None),
    ],
)
def test_an_extension_belongs_to_a_content_or_not(
    tmp_path: Path, name: str, content_type: str, *, matches: bool | None
) -> None:
    assert metadata(tmp_path, b"x", content_type, name)["extension_matches"] is matches


def test_an_unknown_file_is_called_what_libmagic_calls_it(tmp_path: Path) -> None:
    assert (
        "GIMP XCF" in analyze(tmp_path, b"gimp xcf v011\0" + bytes(50), "image/x-xcf")["file_type"]
    )
    assert analyze(tmp_path, b"", "application/octet-stream")["file_type"] == "Empty file"
    noise = analyze(tmp_path, b"\xe1\x07\x00" * 30, "application/octet-stream")["file_type"]
    assert noise == "Unknown data"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("D:20240501123000Z", "2024-05-01T12:30:00Z"),
        ("D:20240501123000-05'30", "2024-05-01T12:30:00-05:30"),
        ("D:2024", "2024-01-01T00:00:00Z"),
        ("D:20241301", None),
        ("D:20240501123000+99'00'", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_pdf_dates_become_timestamps(value: str, expected: str | None) -> None:
    assert from_pdf(value) == expected


def test_other_dates_become_timestamps() -> None:
    assert from_exif("2024:05:01 12:30:00\0", "nonsense") == "2024-05-01T12:30:00"
    assert from_exif(None) is None
    assert from_iso("2024-05-01T12:30:00+00:00") == "2024-05-01T12:30:00Z"
    assert from_iso("soon") is None


def test_a_zip_with_a_password_on_a_part_is_encrypted(tmp_path: Path) -> None:
    content = bytearray(zipped({"docProps/core.xml": "<a/>"}))
    content[6] |= 1
    content[content.index(b"PK\1\2") + 8] |= 1
    assert metadata(tmp_path, bytes(content), WORD)["encrypted"] is True
