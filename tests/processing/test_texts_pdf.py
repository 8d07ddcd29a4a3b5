"""The text layer of PDFs, and the pages without one."""

import io
import json
from pathlib import Path

import cairocffi  # type: ignore[import-untyped]  # only tests draw with it
import pypdfium2
import pytest

from processing.pdf import drawn as page_drawn
from processing.pdf import opened
from processing.task import Failure, ProcessingError, Source
from tests.processing.analyses_documents import assembled
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


LEFT = [
    "The heron stands in the",
    "shallow water and waits",
    "for fish to come by. It",
    "can stand for an hour.",
]
RIGHT = [
    "Pelicans fish together",
    "and drive the shoal to",
    "the shore, where they",
    "scoop them all up.",
]
BY_ROW = [
    (x, 80 + 15 * row, cell)
    for row, cells in enumerate(zip(LEFT, RIGHT, strict=True))
    for x, cell in zip((72, 260), cells, strict=True)
]


def test_columns_written_row_by_row_are_read_one_after_the_other(tmp_path: Path) -> None:
    words = text(_pdf(tmp_path, pdf(BY_ROW)))
    assert " ".join(words.split()) == " ".join([*LEFT, *RIGHT])


def test_columns_stay_side_by_side_where_formatting_is_preserved(tmp_path: Path) -> None:
    first = text(_pdf(tmp_path, pdf(BY_ROW)), preserve=True).split("\n")[0]
    assert first.split() == f"{LEFT[0]} {RIGHT[0]}".split()


def test_rows_of_a_table_are_read_across(tmp_path: Path) -> None:
    assert text(_pdf(tmp_path, pdf(TABLE))).split() == ["Apple", "3", "1.20", "Pear", "12", "10.00"]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_reads_in_order(tmp_path: Path, quarters: int) -> None:
    file = _pdf(tmp_path, _turned(pdf(TABLE), quarters))
    first, second = text(file, preserve=True).split("\n")
    assert (first.split(), second.split()) == (["Apple", "3", "1.20"], ["Pear", "12", "10.00"])
    assert text(file).split() == [*first.split(), *second.split()]


def _turned(data: bytes, quarters: int) -> bytes:
    """Return a PDF whose pages are drawn on their side."""
    output = io.BytesIO()
    document = pypdfium2.PdfDocument(data)
    page = document[0]
    turn = pypdfium2.PdfMatrix().rotate(90 * quarters)
    for shown in page.get_objects():
        shown.transform(turn.translate(600, 600) if quarters == 2 else turn.translate(300, 300))
    page.gen_content()
    document.save(output)
    return output.getvalue()


HEBREW = "שלום עולם"


@pytest.mark.parametrize("stored", [HEBREW, HEBREW[::-1]])
def test_right_to_left_text_is_in_logical_order(tmp_path: Path, stored: str) -> None:
    letters = [(300 - 8 * place, 80, letter) for place, letter in enumerate(HEBREW)]
    runs = letters if stored == HEBREW else letters[::-1]
    assert text(_pdf(tmp_path, pdf(runs))) == HEBREW


def test_arabic_letters_by_their_shape_are_plain_letters(tmp_path: Path) -> None:
    letters = "\ufee3\ufeae\ufea3\ufe92\ufe8e"
    runs = [(300 - 8 * place, 80, letter) for place, letter in enumerate(letters)]
    assert text(_pdf(tmp_path, pdf(runs))) == "مرحبا"


def test_a_stamped_scan_is_recognised_and_a_page_with_a_background_is_not(tmp_path: Path) -> None:
    stamp = [(72, 40, "Case 24-cv-01234 Document 17-3 Filed 02/28/24 Page 1 of 9")]
    pages, _ = extracted(_pdf(tmp_path, _on_picture(stamp)))
    assert pages == [None]
    prose = [
        (72, 80 + 15 * line, "A line of a text on a picture that fills it") for line in range(30)
    ]
    pages, _ = extracted(_pdf(tmp_path, _on_picture(prose)))
    assert pages[0]["engine"] == "pdfium"


def _on_picture(runs: list[tuple[float, float, str]]) -> bytes:
    output = io.BytesIO()
    surface = cairocffi.PDFSurface(output, 595, 842)
    context = cairocffi.Context(surface)
    scan = cairocffi.ImageSurface.create_from_png(io.BytesIO(picture(drawn(ENGLISH, dpi=72))))
    context.set_source_surface(scan)
    context.paint()
    context.set_source_rgb(0, 0, 0)
    context.set_font_size(11)
    for x, y, words in runs:
        context.move_to(x, y)
        context.show_text(words)
    surface.finish()
    return output.getvalue()


def test_values_of_forms_and_notes_are_read_but_nothing_hidden(tmp_path: Path) -> None:
    found = text(_pdf(tmp_path, _form()))
    assert found.split("\n\n") == ["Quokka Wombat", "Kakapo", "A remark"]


def test_a_form_is_drawn_with_its_values(tmp_path: Path) -> None:
    with opened(_pdf(tmp_path, _form())) as document:
        image = page_drawn(document[0], longest=300)
    field = image.crop((52, 77, 150, 98)).convert("L")
    assert field.getextrema()[0] < 128


def _form() -> bytes:
    """Return a PDF of filled fields and of notes; one of each is hidden, one is a password."""
    widget = "/Type /Annot /Subtype /Widget /Rect [50 {0} 250 {1}] /P 3 0 R /DA (/F 12 Tf 0 g)"
    values = [
        "/FT /Tx /T (a) /V (Quokka Wombat)",
        "/FT /Ch /Ff 131072 /T (b) /V (Kakapo) /Opt [(Kakapo) (Kiwi)]",
        "/FT /Tx /Ff 8192 /T (c) /V (secret)",
        "/FT /Tx /T (d) /F 2 /V (unseen)",
    ]
    widgets = [
        f"<< {widget.format(200 - 40 * n, 225 - 40 * n)} {field} >>"
        for n, field in enumerate(values)
    ]
    notes = [
        "<< /Type /Annot /Subtype /Text /Rect [5 5 20 20] /Contents (A remark) >>",
        "<< /Type /Annot /Subtype /Text /F 2 /Rect [5 5 20 20] /Contents (No remark) >>",
    ]
    shown = " ".join(f"{5 + n} 0 R" for n in range(len(widgets + notes)))
    fields = " ".join(f"{5 + n} 0 R" for n in range(len(widgets)))
    font = "<< /Font << /F 4 0 R >> >>"
    return assembled(
        [
            f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /DR {font} /Fields [{fields}] >> >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 300] /Annots [{shown}] >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            *widgets,
            *notes,
            "<< >>",
        ]
    )


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
