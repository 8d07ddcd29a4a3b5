"""What Word, Excel and PowerPoint files show beyond their plain text, and what they hide."""

from pathlib import Path

import pytest

from processing.task import Source
from tests.processing.packages import package
from tests.processing.pages import extracted, source, text

_OOXML = "application/vnd.openxmlformats-officedocument"
DOCX = f"{_OOXML}.wordprocessingml.document"
PPTX = f"{_OOXML}.presentationml.presentation"
XLSX = f"{_OOXML}.spreadsheetml.sheet"

CHART = (
    "<c:chartSpace><c:chart><c:title><a:p><a:r><a:t>Yield</a:t></a:r></a:p></c:title>"
    "<c:ser><c:tx><c:strRef><c:strCache><c:pt><c:v>Quinces</c:v></c:pt></c:strCache></c:strRef>"
    "</c:tx>"
    "<c:val><c:numCache><c:pt><c:v>4711</c:v></c:pt></c:numCache></c:val></c:ser></c:chart>"
    "</c:chartSpace>"
)
DIAGRAM = (
    "<dgm:dataModel><dgm:ptLst>"
    "<dgm:pt><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt>"
    "<dgm:pt><dgm:t><a:p><a:r><a:t>Build</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>"
    "</dgm:dataModel>"
)
GRAPHICS = '<c:chart r:id="chart"/><dgm:relIds r:dm="diagramData"/>'


def _p(words: str, run: str = "") -> str:
    return f"<w:p><w:r><w:rPr>{run}</w:rPr><w:t>{words}</w:t></w:r></w:p>"


def _word(
    folder: Path,
    body: str,
    parts: dict[str, str] | None = None,
    *,
    strict: bool = False,
    content_type: str = DOCX,
) -> Source:
    """Return a document whose other parts relate to it by their names."""
    others = parts or {}
    data = package(
        "word/main7.xml",
        {
            "word/main7.xml": f"<w:document><w:body>{body}</w:body></w:document>",
            **{f"word/{kind}.xml": xml for kind, xml in others.items()},
        },
        {"word/main7.xml": {kind: f"{kind}.xml" for kind in others}},
        strict=strict,
    )
    return source(folder, data, content_type)


@pytest.mark.parametrize("strict", [False, True])
def test_the_main_part_is_found_by_its_relationship(tmp_path: Path, *, strict: bool) -> None:
    assert text(_word(tmp_path, _p("Words"), strict=strict)) == "Words"


@pytest.mark.parametrize(
    "content_type",
    [
        "application/vnd.ms-word.document.macroEnabled.12",
        "application/vnd.ms-word.template.macroEnabled.12",
        f"{_OOXML}.wordprocessingml.template",
    ],
)
def test_macros_and_templates_are_documents(tmp_path: Path, content_type: str) -> None:
    assert text(_word(tmp_path, _p("Words"), content_type=content_type)) == "Words"


def test_notes_comments_headers_and_footers_are_read(tmp_path: Path) -> None:
    section = (
        '<w:sectPr><w:headerReference w:type="default" r:id="header"/>'
        '<w:headerReference w:type="first" r:id="header2"/>'
        '<w:footerReference w:type="default" r:id="footer"/></w:sectPr>'
    )
    notes = (
        f'<w:footnotes><w:footnote w:type="separator">{_p("line")}</w:footnote>'
        f"<w:footnote>{_p('a note')}</w:footnote></w:footnotes>"
    )
    file = _word(
        tmp_path,
        _p("body") + section,
        {
            "header": f"<w:hdr>{_p('above')}</w:hdr>",
            "header2": f"<w:hdr>{_p('on no page')}</w:hdr>",
            "footer": f"<w:ftr>{_p('below')}</w:ftr>",
            "footnotes": notes,
            "endnotes": f"<w:endnotes><w:endnote>{_p('at the end')}</w:endnote></w:endnotes>",
            "comments": f"<w:comments><w:comment>{_p('a remark')}</w:comment></w:comments>",
        },
    )
    assert text(file).split("\n\n") == [
        *("above", "body", "below"),
        *("a note", "at the end", "a remark"),
    ]


def test_the_header_of_the_first_page_is_read_where_the_section_has_one(tmp_path: Path) -> None:
    section = '<w:sectPr><w:headerReference w:type="first" r:id="header"/><w:titlePg/></w:sectPr>'
    file = _word(tmp_path, _p("body") + section, {"header": f"<w:hdr>{_p('first')}</w:hdr>"})
    assert text(file) == "first\n\nbody"


def test_deleted_moved_and_hidden_text_is_left_out(tmp_path: Path) -> None:
    styled, plain = '<w:rStyle w:val="H"/>', '<w:vanish w:val="0"/>'
    body = (
        _p("kept")
        + _p("hidden", "<w:vanish/>")
        + _p("styled", styled)
        + _p("shown", plain)
        + "<w:p><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        "<w:moveFrom><w:r><w:t>moved</w:t></w:r></w:moveFrom></w:p>"
        "<w:p><w:moveTo><w:r><w:t>moved</w:t></w:r></w:moveTo>"
        "<w:ins><w:r><w:t> here</w:t></w:r></w:ins></w:p>"
        f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>{_p('row')}</w:tc></w:tr></w:tbl>"
    )
    styles = '<w:styles><w:style w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style></w:styles>'
    assert text(_word(tmp_path, body, {"styles": styles})).split() == [
        "kept",
        "shown",
        "moved",
        "here",
    ]


def test_paragraphs_of_a_text_box_stand_apart_and_once(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{_p('Acme')}{_p('Harbour Street')}</w:txbxContent>"
    body = (
        f"<w:p><w:r><mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback><w:pict>"
        f"<v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent>"
        "<w:t>Dear customer</w:t></w:r></w:p>"
    )
    assert text(_word(tmp_path, body)).split("\n\n") == ["Dear customer", "Acme", "Harbour Street"]


def test_cells_of_a_table_in_a_table_are_read_once(tmp_path: Path) -> None:
    inner = f"<w:tbl><w:tr><w:tc>{_p('a')}</w:tc><w:tc>{_p('b')}</w:tc></w:tr></w:tbl>"
    rows = f"<w:tr><w:tc>{inner}{_p('c')}</w:tc><w:tc>{_p('d')}</w:tc></w:tr>"
    control = f"<w:sdt><w:sdtContent><w:tr><w:tc>{_p('e')}</w:tc></w:tr></w:sdtContent></w:sdt>"
    assert text(_word(tmp_path, f"<w:tbl>{rows}{control}</w:tbl>")) == "a b c\td\ne"


def test_word_gives_the_words_of_charts_and_diagrams(tmp_path: Path) -> None:
    body = f"<w:p><w:r><w:drawing><a:graphic>{GRAPHICS}</a:graphic></w:drawing></w:r></w:p>"
    file = _word(tmp_path, body, {"chart": CHART, "diagramData": DIAGRAM})
    assert text(file).split("\n\n") == ["Yield", "Quinces", "Plan", "Build"]


def test_a_slide_has_its_charts_notes_and_comments_but_no_hidden_shapes(tmp_path: Path) -> None:
    def shape(words: str, hidden: str = "0") -> str:
        return (
            f'<p:sp><p:nvSpPr><p:cNvPr hidden="{hidden}"/><p:nvPr><p:ph type="body"/></p:nvPr>'
            f"</p:nvSpPr><p:txBody><a:p><a:r><a:t>{words}</a:t></a:r></a:p></p:txBody></p:sp>"
        )

    frame = f"<p:graphicFrame><a:graphic>{GRAPHICS}</a:graphic></p:graphicFrame>"
    number = shape("7").replace('"body"', '"sldNum"')
    data = package(
        "ppt/main.xml",
        {
            "ppt/main.xml": '<p:presentation><p:sldIdLst><p:sldId r:id="slide"/></p:sldIdLst>'
            "</p:presentation>",
            "ppt/s/1.xml": f"<p:sld>{shape('Harvest')}{shape('secret', '1')}{frame}</p:sld>",
            "ppt/s/chart.xml": CHART,
            "ppt/s/data.xml": DIAGRAM,
            "ppt/s/notes.xml": f"<p:notes>{shape('Speak slowly')}{number}</p:notes>",
            "ppt/s/comments.xml": "<p:cmLst><p:cm><p:text>A remark</p:text></p:cm></p:cmLst>",
        },
        {
            "ppt/main.xml": {"slide": "/ppt/s/1.xml"},
            "ppt/s/1.xml": {
                "chart": "chart.xml",
                "diagramData": "data.xml",
                "notesSlide": "notes.xml",
                "comments": "comments.xml",
            },
        },
        strict=True,
    )
    (page,), _ = extracted(source(tmp_path, data, PPTX))
    expected = "Harvest|Yield|Quinces|Plan|Build|Speak slowly|A remark"
    assert page["text"].split("\n\n") == expected.split("|")


def _workbook(folder: Path, rows: str, *, strict: bool = False, date1904: str = "0") -> Source:
    cells = "<s:sheetData>{}</s:sheetData><s:headerFooter><s:oddHeader>{}</s:oddHeader>"
    header = '&amp;L&amp;"Arial,Bold"&amp;12Pelican &amp;&amp; Sons&amp;RPage &amp;P'
    data = package(
        "xl/book.xml",
        {
            "xl/book.xml": f'<s:workbook><s:workbookPr date1904="{date1904}"/><s:sheets>'
            '<s:sheet name="Fruit" r:id="worksheet"/>'
            '<s:sheet name="Secret" state="hidden" r:id="worksheet"/></s:sheets></s:workbook>',
            "xl/sheet.xml": "<s:worksheet><s:sheetPr/>"
            f"{cells.format(rows, header)}</s:headerFooter></s:worksheet>",
            "xl/strings.xml": "<s:sst><s:si><s:t>Name</s:t><s:rPh><s:t>kana</s:t></s:rPh></s:si>"
            "<s:si><s:r><s:t>Pear</s:t></s:r><s:r><s:t> tree</s:t></s:r></s:si></s:sst>",
            "xl/styles.xml": "<s:styleSheet><s:numFmts>"
            '<s:numFmt numFmtId="164" formatCode="d. mmmm yyyy"/></s:numFmts><s:cellXfs>'
            '<s:xf/><s:xf numFmtId="164"/><s:xf numFmtId="10"/></s:cellXfs></s:styleSheet>',
            "xl/drawing.xml": f"<xdr:wsDr><xdr:sp><a:p><a:r><a:t>Boxed</a:t></a:r></a:p></xdr:sp>"
            f"{GRAPHICS}</xdr:wsDr>",
            "xl/chart.xml": CHART,
            "xl/data.xml": DIAGRAM,
            "xl/comments.xml": "<s:comments><s:commentList><s:comment><s:text><s:r>"
            "<s:t>A remark</s:t></s:r></s:text></s:comment></s:commentList></s:comments>",
        },
        {
            "xl/book.xml": {
                "worksheet": "sheet.xml",
                "sharedStrings": "strings.xml",
                "styles": "styles.xml",
            },
            "xl/sheet.xml": {"drawing": "drawing.xml", "comments": "comments.xml"},
            "xl/drawing.xml": {"chart": "chart.xml", "diagramData": "data.xml"},
        },
        strict=strict,
    )
    return source(folder, data, XLSX)


ROWS = (
    '<s:row><s:c r="A1" t="s"><s:v>0</s:v></s:c><s:c r="C1" t="s"><s:v>1</s:v></s:c></s:row>'
    '<s:row><s:c s="1"><s:v>45352</s:v></s:c><s:c s="2"><s:v>0.256</s:v></s:c>'
    '<s:c t="b"><s:v>1</s:v></s:c><s:c t="inlineStr"><s:is><s:t>in_x0020_line</s:t></s:is></s:c>'
    '<s:c t="e"><s:v>#N/A</s:v></s:c><s:c><s:v>0.30000000000000004</s:v></s:c></s:row>'
)


@pytest.mark.parametrize("strict", [False, True])
def test_cells_are_as_shown_with_what_is_drawn_and_noted(tmp_path: Path, *, strict: bool) -> None:
    pages, _ = extracted(_workbook(tmp_path, ROWS, strict=strict))
    assert [page["text"].split("\n") for page in pages] == [
        [
            "Fruit",
            "",
            "Name\t\tPear tree",
            "1. March 2024\t25.60%\tTRUE\tin line\t#N/A\t0.3",
            "Pelican & Sons",
            "Page",
            *("Boxed", "Yield", "Quinces", "Plan", "Build", "A remark"),
        ]
    ]


def test_dates_count_from_1904_where_the_workbook_says_so(tmp_path: Path) -> None:
    assert "2. March 2028" in text(_workbook(tmp_path, ROWS, date1904="1"))


@pytest.mark.parametrize("reference", ["ZZZ1", "A99999999", "1", "é1"])
def test_a_cell_in_an_impossible_place_costs_no_memory(tmp_path: Path, reference: str) -> None:
    row = f'<s:row><s:c r="{reference}"><s:v>5</s:v></s:c></s:row>'
    assert len(text(_workbook(tmp_path, row))) < 200
