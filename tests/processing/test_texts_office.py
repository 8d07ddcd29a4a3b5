"""Office files: what they say, and hostile ones."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import odfdo
import openpyxl
import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Pt
from pptx import Presentation
from pptx.util import Inches

from processing.task import Failure, ProcessingError, Source
from tests.processing.pages import ENGLISH, GERMAN, extracted, source, text

_OOXML = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OOXML}.wordprocessingml.document"
PPTX = f"{_OOXML}.presentationml.presentation"
XLSX = f"{_OOXML}.spreadsheetml.sheet"
_ODF = "application/vnd.oasis.opendocument"
ODT, ODS, ODP = f"{_ODF}.text", f"{_ODF}.spreadsheet", f"{_ODF}.presentation"

BOMB = '<!DOCTYPE a [<!ENTITY l0 "lol">' + "".join(
    f'<!ENTITY l{n + 1} "' + f"&l{n};" * 10 + '">' for n in range(9)
)


def _docx() -> bytes:
    document = Document()
    document.add_heading("Title", 1)
    document.add_paragraph(ENGLISH)
    inset = document.add_paragraph("set in\tby a tab")
    inset.paragraph_format.left_indent = Pt(36)
    table = document.add_table(rows=0, cols=3)
    for row in (("Apple", "3", "1.20"), ("Pear tree", "12", "10.00")):
        for cell, value in zip(table.add_row().cells, row, strict=True):
            cell.text = value
    control = f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p>"
    document.element.body.append(parse_xml(f"{control}</w:sdtContent></w:sdt>"))
    return _saved(document)


def _pptx() -> bytes:
    presentation = Presentation()
    first = presentation.slides.add_slide(presentation.slide_layouts[1])
    first.shapes.title.text = "First slide"
    first.placeholders[1].text = "A point"
    first.notes_slide.notes_text_frame.text = "Say hello"
    second = presentation.slides.add_slide(presentation.slide_layouts[6])
    place = [Inches(1)] * 4
    table = second.shapes.add_table(1, 2, *place).table
    table.cell(0, 0).text, table.cell(0, 1).text = "left", "right"
    return _saved(presentation)


def _xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Fruit"
    book.active.append(["Name", "Count", "Day"])
    book.active.append(["Äpfel", 3, dt.datetime(2026, 1, 2)])  # noqa: DTZ001 - cells have no zone
    book.create_sheet("Empty")
    return _saved(book)


def _odt() -> bytes:
    document = odfdo.Document("text")
    document.body.clear()
    document.body.append(odfdo.Header(1, "Title"))
    document.body.append(odfdo.Paragraph(GERMAN))
    document.body.append(odfdo.List(["one", "two"]))
    return _saved(document)


def _ods() -> bytes:
    document = odfdo.Document("spreadsheet")
    document.body.clear()
    table = odfdo.Table("Fruit")
    table.set_values([["Name", 3], ["Pear", 12]])
    document.body.append(table)
    return _saved(document)


def _odp() -> bytes:
    document = odfdo.Document("presentation")
    document.body.clear()
    for words in ("First slide", "Second slide"):
        shown = odfdo.DrawPage(words)
        shown.append(odfdo.Frame.text_frame(words, size=("7cm", "5cm"), position=("1cm", "1cm")))
        document.body.append(shown)
    return _saved(document)


def _saved(document: object) -> bytes:
    output = io.BytesIO()
    document.save(output)  # type: ignore[attr-defined]
    return output.getvalue()


MADE: dict[str, Callable[[], bytes]] = {
    DOCX: _docx,
    PPTX: _pptx,
    XLSX: _xlsx,
    ODT: _odt,
    ODS: _ods,
    ODP: _odp,
}


def _file(folder: Path, content_type: str) -> Source:
    return source(folder, MADE[content_type](), content_type)


def test_word_gives_paragraphs_tables_and_content_controls(tmp_path: Path) -> None:
    (page,), said = extracted(_file(tmp_path, DOCX))
    blocks = [
        "Title",
        ENGLISH,
        "set in by a tab",
        "Apple\t3\t1.20\nPear tree\t12\t10.00",
        "in a control",
    ]
    assert page["text"].split("\n\n") == blocks
    assert (page["language"], page["engine"]) == ("en", "ooxml")
    assert said == {"pages": 1, "truncated": False}


def test_word_preserved_keeps_indentation_tabs_and_columns(tmp_path: Path) -> None:
    lines = text(_file(tmp_path, DOCX), preserve=True).split("\n")
    assert "      set in\tby a tab" in lines
    assert lines[-3:] == ["Apple      3   1.20", "Pear tree  12  10.00", "in a control"]


def test_slides_are_pages_with_tables_and_notes(tmp_path: Path) -> None:
    pages, _ = extracted(_file(tmp_path, PPTX))
    assert [page["text"] for page in pages] == [
        "First slide\n\nA point\n\nSay hello",
        "left\tright",
    ]


def test_sheets_are_pages_of_values(tmp_path: Path) -> None:
    pages, _ = extracted(_file(tmp_path, XLSX))
    assert [page["text"] for page in pages] == [
        "Fruit\n\nName\tCount\tDay\nÄpfel\t3\t2026-01-02 0:00:00",
        "Empty",
    ]
    assert text_of_first(tmp_path).endswith("Name   Count  Day\nÄpfel  3      2026-01-02 0:00:00")


def text_of_first(folder: Path) -> str:
    pages, _ = extracted(_file(folder, XLSX), preserve=True)
    return str(pages[0]["text"])


def test_open_document_texts_sheets_and_slides(tmp_path: Path) -> None:
    (page,), _ = extracted(_file(tmp_path, ODT))
    assert (page["text"], page["language"]) == (f"Title\n\n{GERMAN}\n\none\n\ntwo", "de")
    assert text(_file(tmp_path, ODS)).split() == ["Name", "3", "Pear", "12"]
    slides, _ = extracted(_file(tmp_path, ODP))
    assert [slide["text"] for slide in slides] == ["First slide", "Second slide"]


@pytest.mark.parametrize("part", [0, 10, 50, 90])
@pytest.mark.parametrize("content_type", MADE)
def test_a_file_cut_off_is_broken(tmp_path: Path, content_type: str, part: int) -> None:
    data = MADE[content_type]()
    _fails(source(tmp_path, data[: len(data) * part // 100], content_type), Failure.FAILED)


@pytest.mark.parametrize("content_type", MADE)
def test_an_archive_that_unpacks_a_thousandfold_is_too_large(
    tmp_path: Path, content_type: str
) -> None:
    data = _with(MADE[content_type](), "content.xml", b" " * 100_000_000)
    _fails(source(tmp_path, data, content_type), Failure.TOO_LARGE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    ("content_type", "part"),
    [(DOCX, "word/document.xml"), (ODT, "content.xml"), (XLSX, "xl/workbook.xml")],
)
def test_declared_entities_are_refused(
    tmp_path: Path, content_type: str, part: str, encoding: str
) -> None:
    hostile = f"{BOMB}]><a>&l8;</a>".encode(encoding)
    _fails(
        source(tmp_path, _with(MADE[content_type](), part, hostile), content_type), Failure.FAILED
    )


def test_an_archive_of_too_many_entries_is_too_large(tmp_path: Path) -> None:
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), b"")
    _fails(source(tmp_path, output.getvalue(), ODT), Failure.TOO_LARGE)


def test_an_office_file_that_is_something_else_is_broken(tmp_path: Path) -> None:
    _fails(source(tmp_path, _odt(), DOCX), Failure.FAILED)
    _fails(source(tmp_path, _docx(), ODT), Failure.FAILED)
    _fails(source(tmp_path, b"plain text", DOCX), Failure.FAILED)


def test_a_cell_said_to_span_a_billion_columns_is_one_cell(tmp_path: Path) -> None:
    row = '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="1000000000"/></w:tcPr><w:p><w:r><w:t>wide</w:t>'
    body = f"<w:body><w:tbl>{row}</w:r></w:p></w:tc></w:tr></w:tbl></w:body>"
    hostile = f"<w:document {nsdecls('w')}>{body}</w:document>".encode()
    assert text(source(tmp_path, _with(_docx(), "word/document.xml", hostile), DOCX)) == "wide"


def test_rows_said_to_repeat_a_billion_times_are_few(tmp_path: Path) -> None:
    data = _ods()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    tag = b"<table:table-row"
    hostile = content.replace(tag, tag + b' table:number-rows-repeated="1000000000"', 1)
    assert hostile != content
    found = text(source(tmp_path, _with(data, "content.xml", hostile), ODS))
    assert found.count("Name") == 50


def _fails(file: Source, failure: Failure) -> None:
    with pytest.raises(ProcessingError) as caught:
        extracted(file)
    assert caught.value.failure is failure


def _with(data: bytes, name: str, content: bytes) -> bytes:
    """Return an archive with one part replaced or added."""
    output = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry.filename, old.read(entry))
        new.writestr(name, content)
    return output.getvalue()
