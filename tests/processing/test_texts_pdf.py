"""The text layer of PDFs, and the pages without one."""

import json
from pathlib import Path

import pytest

from processing.task import Failure, ProcessingError, Source
from tests.processing.pages import (
    ENGLISH,
    blank_pdf,
    drawn,
    extracted,
    page,
    pdf,
    picture,
    source,
    text,
)

TYPE = "application/pdf"
PROSE = [
    (72, 80, "This is the first paragraph of a text that runs over"),
    (72, 95, "several lines, with a word cut in two in or-"),
    (72, 110, "der to see it joined again."),
    (72, 137, "The second paragraph has naïve letters, 𝒳 and ß."),
]
TABLE = [
    (x, 80 + 15 * row, cell)
    for row, cells in enumerate([("Apple", "3", "1.20"), ("Pear", "12", "10.00")])
    for x, cell in zip((72, 250, 400), cells, strict=True)
]


def _pdf(folder: Path, data: bytes) -> Source:
    return source(folder, data, TYPE)


def test_the_text_layer_is_read_page_by_page_with_paragraphs_joined(tmp_path: Path) -> None:
    pages, said = extracted(_pdf(tmp_path, pdf(PROSE, [(72, 80, "The last page of this text.")])))
    assert pages[0]["text"] == (
        "This is the first paragraph of a text that runs over several lines, with a word cut in "
        "two in order to see it joined again.\n\n"
        "The second paragraph has naïve letters, 𝒳 and ß."
    )
    assert pages[1] == {
        "text": "The last page of this text.",
        "engine": "pdfium",
        "language": "en",
        "confidence": None,
    }
    assert said == {"pages": 2, "truncated": False}


def test_preserved_lines_keep_their_ends_and_their_hyphens(tmp_path: Path) -> None:
    lines = text(_pdf(tmp_path, pdf(PROSE)), preserve=True).split("\n")
    assert lines == [*(line for *_, line in PROSE[:3]), "", PROSE[3][2]]


def test_preserved_columns_stand_under_each_other(tmp_path: Path) -> None:
    first, second = text(_pdf(tmp_path, pdf(TABLE)), preserve=True).split("\n")
    assert (first.split(), second.split()) == (["Apple", "3", "1.20"], ["Pear", "12", "10.00"])
    assert first.index("3") == second.index("12") > 20
    assert first.index("1.20") == second.index("10.00")


def test_a_blank_page_needs_no_recognition(tmp_path: Path) -> None:
    pages, _ = extracted(_pdf(tmp_path, blank_pdf(2)))
    assert [found["text"] for found in pages] == ["", ""]


def test_a_scanned_page_is_left_to_its_own_task(tmp_path: Path) -> None:
    file = _pdf(tmp_path, picture(drawn(ENGLISH), "PDF", resolution=150))
    pages, said = extracted(file)
    assert json.dumps(pages) == "[null]"
    assert said == {"pages": 1, "truncated": False}
    found = page(file, 0)
    assert (found["text"], found["language"], found["engine"]) == (ENGLISH, "en", "tesseract")
    with pytest.raises(ProcessingError, match="no such page"):
        page(file, 1)


def test_a_document_of_twenty_thousand_pages_ends_after_a_thousand(tmp_path: Path) -> None:
    pages, said = extracted(_pdf(tmp_path, blank_pdf(20_000, (10, 10))))
    assert said == {"pages": 1000, "truncated": True}
    assert len(pages) == 1000


def test_a_huge_page_is_drawn_within_bounds(tmp_path: Path) -> None:
    file = _pdf(
        tmp_path, pdf([(72, 80, "Small words on a huge page of this PDF")], size=(14400, 400))
    )
    assert text(file) == "Small words on a huge page of this PDF"
    assert page(file, 0)["engine"] == "tesseract"


def test_a_pdf_with_a_password_is_said_to_be_encrypted(tmp_path: Path) -> None:
    with pytest.raises(ProcessingError) as caught:
        extracted(_pdf(tmp_path, _encrypted()))
    assert caught.value.failure is Failure.ENCRYPTED


@pytest.mark.parametrize("part", [0, 10, 50, 90])
def test_a_pdf_cut_off_is_broken_or_gives_what_is_left(tmp_path: Path, part: int) -> None:
    data = pdf(PROSE)
    try:
        pages, _ = extracted(_pdf(tmp_path, data[: len(data) * part // 100]))
    except ProcessingError as error:
        assert error.failure is Failure.FAILED
    else:
        assert len(pages) <= 1


def _encrypted() -> bytes:
    """Return a PDF whose password is not empty: its check value matches nothing (RC4, 40 bits)."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [] /Count 0 >>",
        b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <%s> /U <%s> >>" % (b"41" * 32, b"42" * 32),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"<< /Size 4 /Root 1 0 R /Encrypt 3 0 R /ID [<%s> <%s>] >>" % (b"43" * 16, b"43" * 16)
    return data + b"xref\n0 4\n%strailer\n%s\nstartxref\n%d\n%%%%EOF" % (table, trailer, len(data))
