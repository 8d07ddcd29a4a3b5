"""Frames, notes, nested tables, running lines and hidden text of OpenDocument files."""

import io
import zipfile
from pathlib import Path
from typing import Final

from processing.task import Source
from tests.processing.pages import source, text

_TYPE: Final = "application/vnd.oasis.opendocument.text"
_SPACES: Final = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
    for short, full in {
        "office": "office",
        "text": "text",
        "table": "table",
        "draw": "drawing",
        "style": "style",
        "chart": "chart",
    }.items()
)


def _p(words: str) -> str:
    return f"<text:p>{words}</text:p>"


def _file(folder: Path, body: str, *, styles: str = "", **parts: str) -> Source:
    hidden = (
        '<style:style style:name="H"><style:text-properties text:display="none"/></style:style>'
    )
    content = (
        f"<office:document-content {_SPACES}><office:automatic-styles>{hidden}"
        f"</office:automatic-styles><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>"
    )
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w") as archive:
        archive.writestr("content.xml", content)
        archive.writestr(
            "styles.xml", f"<office:document-styles {_SPACES}>{styles}</office:document-styles>"
        )
        for name, xml in parts.items():
            archive.writestr(f"{name}/content.xml", xml)
    return source(folder, output.getvalue(), _TYPE)


def test_frames_and_notes_stand_apart_from_the_paragraph_they_are_in(tmp_path: Path) -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation>"
        f"<text:note-body>{_p('See there.')}</text:note-body></text:note>"
    )
    frame = f"<draw:frame><draw:text-box>{_p('Acme')}{_p('Harbour')}</draw:text-box></draw:frame>"
    remark = f"<office:annotation>{_p('A remark')}</office:annotation>"
    file = _file(tmp_path, _p(f"The court agreed{note} in{frame} May{remark}.") + _p("Next"))
    assert text(file).split("\n\n") == [
        *("The court agreed in May.", "Acme", "Harbour", "Next"),
        *("See there.", "A remark"),
    ]


def test_cells_of_nested_tables_are_read_once(tmp_path: Path) -> None:
    def row(*cells: str) -> str:
        inside = "".join(f"<table:table-cell>{cell}</table:table-cell>" for cell in cells)
        return f"<table:table-row>{inside}</table:table-row>"

    inner = f"<table:table>{row(_p('a'), _p('b'))}</table:table>"
    head = f"<table:table-header-rows>{row(_p('head'))}</table:table-header-rows>"
    file = _file(tmp_path, f"<table:table>{head}{row(inner + _p('c'), _p('d'))}</table:table>")
    assert text(file) == "head\na b c\td"


def test_hidden_and_deleted_text_is_left_out(tmp_path: Path) -> None:
    body = (
        f"<text:tracked-changes>{_p('deleted')}</text:tracked-changes>"
        '<text:p>kept<text:span text:style-name="H"> hidden</text:span></text:p>'
        '<text:p text:style-name="H">gone</text:p>'
    )
    assert text(_file(tmp_path, body)) == "kept"


def test_running_lines_are_read_once_and_charts_give_their_labels(tmp_path: Path) -> None:
    lines = f"<style:header>{_p('above')}</style:header><style:footer>{_p('below')}</style:footer>"
    page = f"<style:master-page>{lines}</style:master-page>"
    chart = (
        f"<office:document {_SPACES}><chart:title>{_p('Yield')}</chart:title>"
        f'<table:table-cell office:value-type="string">{_p("Quinces")}</table:table-cell>'
        f'<table:table-cell office:value-type="float">{_p("4711")}</table:table-cell>'
        "</office:document>"
    )
    link = 'xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="./Object"'
    body = _p(f"body<draw:frame><draw:object {link}/></draw:frame>")
    file = _file(tmp_path, body, styles=page * 2, Object=chart)
    assert text(file).split("\n\n") == ["above", "body", "Yield", "Quinces", "below"]
