"""Texts, markup, mail and books, and the bounds of what is written."""

import io
import json
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.charset import decoded
from processing.kinds import Kind
from processing.task import Failure, ProcessingError
from processing.texts import document
from processing.texts.document import Page, clean, write
from tests.processing.pages import ENGLISH, GERMAN, extracted, source, text

FRENCH = (
    "Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux."
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_text_is_decoded_whatever_its_encoding(tmp_path: Path, encoding: str) -> None:
    file = source(tmp_path, f"{FRENCH} «Noël» {GERMAN}".encode(encoding), "text/plain")
    assert text(file) == f"{FRENCH} «Noël» {GERMAN}"


def test_the_language_of_a_text_is_told(tmp_path: Path) -> None:
    for said, language in ((ENGLISH, "en"), (GERMAN, "de"), (FRENCH, "fr"), ("12 ab", None)):
        (page,), _ = extracted(source(tmp_path, said.encode(), "text/plain"))
        assert page["language"] == language


def test_prose_is_joined_and_source_code_never_is(tmp_path: Path) -> None:
    data = b"one\r\ntwo  \r\n\r\n  three"
    assert text(source(tmp_path, data, "text/plain")) == "one two\n\nthree"
    assert text(source(tmp_path, data, "text/plain"), preserve=True) == "one\ntwo\n\n  three"
    assert text(source(tmp_path, data, "text/x-python")) == "one\ntwo\n\n  three"


def test_an_empty_file_has_an_empty_page(tmp_path: Path) -> None:
    for content_type in ("text/plain", "text/html", "text/rtf"):
        pages, said = extracted(source(tmp_path, b"", content_type))
        assert [page["text"] for page in pages] == [""]
        assert said == {"pages": 1, "truncated": False}


def test_text_beyond_the_bound_is_left_out_and_said_so(tmp_path: Path) -> None:
    for filling in (b"word ", b'"'):  # each quotation mark takes two bytes as it is written
        file = source(tmp_path, filling * (12 * 1024 * 1024 // len(filling)), "text/x-c")
        pages, said = extracted(file)
        assert said == {"pages": 1, "truncated": True}
        assert 4_000_000 < len(pages[0]["text"]) < 11_000_000


TURKISH = "Bu bir Türkçe metindir. Şişli'de güneşli bir gün, İstanbul."
POLISH = "Zażółć gęślą jaźń. Chrząszcz brzmi w trzcinie w Szczebrzeszynie."
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy."
RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей чаю."
HEBREW = "שלום עולם, זהו חוזה שכירות לשנת הבאה ויש בו סעיפים"
JAPANESE = "これは日本語のテキストです。東京は晴れています。"
QUOTED = "Don’t “quote” me – it’s a test… of £5 and 20° Celsius."


@pytest.mark.parametrize(
    ("words", "encodings"),
    [
        (TURKISH, "cp1254 iso8859-9 cp857"),
        (POLISH, "cp1250 iso8859-2 cp852"),
        (CZECH, "cp1250 iso8859-2"),
        (RUSSIAN, "cp1251 koi8-r cp866 iso8859-5 mac-cyrillic"),
        (HEBREW, "cp1255 iso8859-8 cp862"),
        (GERMAN, "cp1252 mac-roman cp850"),
        (JAPANESE, "cp932 euc_jp iso2022_jp utf-16-le utf-16-be"),
        (QUOTED, "cp1252 utf-16-le"),
    ],
)
def test_encodings_before_unicode_are_found(words: str, encodings: str) -> None:
    assert {name: decoded(words.encode(name)) for name in encodings.split()} == dict.fromkeys(
        encodings.split(), words
    )


@pytest.mark.parametrize("words", ["\x1b(B\x1b[m and on", "echo ~{a,b} done", "\x1b$ twice"])
def test_escapes_of_terminals_and_shells_are_no_encoding(words: str) -> None:
    assert decoded(words.encode()) == words


@pytest.mark.parametrize("content_type", ["video/mp4", "audio/mpeg", "application/zip", "a/b"])
def test_what_has_no_text_is_unsupported(tmp_path: Path, content_type: str) -> None:
    with pytest.raises(ProcessingError) as caught:
        extracted(source(tmp_path, b"bytes", content_type))
    assert caught.value.failure is Failure.UNSUPPORTED
    assert caught.value.message == f"No text can be extracted from a file of type {content_type}."


def test_every_kind_named_has_its_extractor() -> None:
    from importlib import import_module  # noqa: PLC0415

    from processing.texts import _MODULES  # noqa: PLC0415

    assert all(
        callable(import_module(f"processing.texts.{name}").pages) for name in _MODULES.values()
    )
    assert set(Kind) - set(_MODULES) == {Kind.VIDEO, Kind.AUDIO, Kind.ARCHIVE, Kind.UNKNOWN}


@given(st.text(st.characters()))
def test_whatever_a_page_says_is_written_as_valid_utf_8(said: str) -> None:
    output = io.BytesIO()
    write([Page(said + "\ud800\0", "test")], output)
    (page,) = json.loads(output.getvalue().decode("utf-8"))["pages"]
    assert page["text"] == clean(said + "\ud800")
    assert "\0" not in page["text"]


@given(st.binary())
def test_any_bytes_are_decoded(data: bytes) -> None:
    assert isinstance(decoded(data), str)


def test_an_extractor_out_of_time_gives_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "SOFT_CPU_SECONDS", -1.0)
    output = io.BytesIO()
    assert write([Page("one", "test"), Page("two", "test")], output) == (1, True)


def test_html_gives_what_a_reader_sees(tmp_path: Path) -> None:
    page = """<!DOCTYPE html><html><head><title>no</title><style>p{}</style></head><body>
    <h1>A
    title</h1><p>One <b>bold</b>
    word&nbsp;&amp; more<br>next line</p><script>alert("no")</script>
    <ul><li>first</li><li>second</li></ul><table><tr><td>a</td><td>b</td></tr></table>
    <pre>  kept
      so</pre></body>"""
    file = source(tmp_path, page.encode(), "text/html")
    assert text(file) == (
        "A title\n\nOne bold word & more next line\n\n- first - second\n\na b\n\nkept so"
    )
    assert text(file, preserve=True) == (
        "A title\n\nOne bold word\xa0& more\nnext line\n\n- first\n- second\n\na\tb\n\n"
        "  kept\n      so"
    )


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-8", "windows-1251"])
def test_html_is_decoded_as_it_says(tmp_path: Path, encoding: str) -> None:
    words = "Привет, мир" if encoding == "windows-1251" else "déjà vu"
    page = f'<meta charset="{encoding}"><p>{words}</p>'.encode(encoding)
    assert text(source(tmp_path, page, "text/html")) == words


def _mixed(*parts: tuple[str, str]) -> bytes:
    shown = "".join(f"--B\r\n{head}\r\n\r\n{body}\r\n" for head, body in parts)
    head = "From: ann@example.org\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
    return f"{head}{shown}--B--\r\n".encode()


def test_mail_shows_every_part_that_is_no_alternative(tmp_path: Path) -> None:
    data = _mixed(
        ("Content-Type: text/html", "<p>The letter</p>"),
        ('Content-Type: text/plain\r\nContent-Disposition: inline; filename="a.txt"', "A note"),
        ('Content-Type: text/plain\r\nContent-Disposition: attachment; filename="b"', "unseen"),
        ("Content-Type: text/plain", "Sent by the list"),
    )
    found = text(source(tmp_path, data, "message/rfc822"))
    assert found.split("\n\n")[1:] == [
        "The letter",
        "A note",
        "Sent by the list",
        "Attachment: a.txt\nAttachment: b",
    ]


def test_an_empty_plain_form_leaves_the_html_one(tmp_path: Path) -> None:
    message = _message()
    message.set_content(" \n")
    message.add_alternative("<p>Only here</p>", subtype="html")
    assert text(source(tmp_path, message.as_bytes(), "message/rfc822")).endswith("Only here")


def test_a_forwarded_message_keeps_its_sender_and_subject(tmp_path: Path) -> None:
    inner = "From: Cid <cid@example.org>\r\nSubject: Minutes\r\n\r\nWe agreed."
    data = _mixed(("Content-Type: message/rfc822", inner))
    found = text(source(tmp_path, data, "message/rfc822"))
    assert found.split("\n\n")[1:] == [
        "From: Cid <cid@example.org>\nSubject: Minutes",
        "We agreed.",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "cp1251"])
def test_raw_characters_in_the_head_of_mail_are_read(tmp_path: Path, encoding: str) -> None:
    subject = "Счёт за электроэнергию" if encoding == "cp1251" else "Größenordnung der Fußgänger"
    data = f"From: ann@example.org\nSubject: {subject}\n\nbody".encode(encoding)
    assert f"Subject: {subject}\n" in text(source(tmp_path, data, "message/rfc822"))


def test_html_of_a_hundred_thousand_nested_elements_is_read_as_far_as_it_goes(
    tmp_path: Path,
) -> None:
    page = b"<p>before</p>" + b"<div>" * 100_000 + b"deep"
    assert text(source(tmp_path, page, "text/html")).startswith("before")


def test_svg_gives_its_words(tmp_path: Path) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><style>a{}</style><text>Hello</text></svg>'
    assert text(source(tmp_path, svg, "image/svg+xml")) == "Hello"


@pytest.mark.parametrize("end", ["]>", "]\n >"])
def test_declarations_in_svg_are_no_words(tmp_path: Path, end: str) -> None:
    svg = f"""<?xml version="1.0"?><!-- Generator: a drawing program -->
    <!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/svg11.dtd" [
      <!ENTITY ns_extend "http://ns.adobe.com/Extensibility/1.0/">
      <!ENTITY ns_svg "http://www.w3.org/2000/svg">
    {end}
    <svg xmlns:x="&ns_extend;" xmlns="&ns_svg;"><text>Hello [a]> world</text></svg>"""
    assert text(source(tmp_path, svg.encode(), "image/svg+xml")) == "Hello [a]> world"


@pytest.mark.parametrize("unit", ["<!DOCTYPE ", "<!DOCTYPE [", "] ", "]\n\n"])
def test_endless_declarations_are_read_in_time(tmp_path: Path, unit: str) -> None:
    page = "<!DOCTYPE a [" + unit * 500_000 + "<p>word"
    assert "word" in text(source(tmp_path, page.encode(), "text/html"))


def test_rtf_gives_its_paragraphs(tmp_path: Path) -> None:
    rtf = rb"{\rtf1\ansi{\fonttbl\f0 Arial;}\f0 One \b bold\b0  word.\par Caf\'e9 \u8364?.\par}"
    assert text(source(tmp_path, rtf, "text/rtf")) == "One bold word.\n\nCafé €."
    deep = b"{\\rtf1" + b"{" * 100_000 + b"deep" + b"}" * 100_000
    assert "deep" in text(source(tmp_path, deep, "text/rtf"))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (r"\u-10179?\u-8704? and \u55357 \u56832 ", "😀 and 😀"),
        (r"{\uc2\u26085\'93\'fa}{\uc0\u26412}", "日本"),
        (r"{\f1 \'93\'fa\'96\{}", "日本"),
        (r"\f1 \'83A\f2 \'cf\'f0", "アПр"),
        (r"seen {\v hidden}{\deleted gone}\v no\v0 too", "seen too"),
        (r"a{\*\unknown x}{\pict 0123}{\field{\*\fldinst HYPERLINK y}{\fldrslt b}}", "ab"),
        (r"a{\*\shpinst{\sp{\sn n}{\sv v}}{\shptxt in a box\par}}", "a in a box"),
        (
            r"a{\footnote note}{\*\annotation remark}{\footer below}{\header above} b",
            "above a b below note remark",
        ),
        (r"\intbl a\cell b\cell\row\emdash\~\{c\}", "a b — {c}"),
        (r"a{\pict\bin4 {{{{}b", "ab"),
    ],
)
def test_rtf_reads_characters_and_destinations(tmp_path: Path, body: str, words: str) -> None:
    fonts = r"{\fonttbl{\f1\fnil\fcharset128 Gothic;}{\f2\fcharset204 Arial;}}"
    file = source(tmp_path, rf"{{\rtf1\ansi\ansicpg1252{fonts}{body}}}".encode(), "text/rtf")
    assert " ".join(text(file).split()) == words


def _message() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"] = "Ann <ann@example.org>", "bob@example.org"
    message["Subject"] = "Grüße"
    message["Bcc"] = "hidden@example.org"
    return message


def test_mail_gives_headers_text_and_names_of_attachments(tmp_path: Path) -> None:
    message = _message()
    message.set_content("Hello Bob,\nhow are you?\n\nAnn")
    message.add_alternative("<p>not this</p>", subtype="html")
    message.add_attachment(b"no", maintype="image", subtype="png", filename="phötö.png")
    assert text(source(tmp_path, message.as_bytes(), "message/rfc822")) == (
        "From: Ann <ann@example.org>\nTo: bob@example.org\nSubject: Grüße\n\n"
        "Hello Bob, how are you?\n\nAnn\n\nAttachment: phötö.png"
    )


def test_mail_of_html_alone_is_converted(tmp_path: Path) -> None:
    message = _message()
    message.set_content("<p>Only <i>this</i></p>", subtype="html")
    assert text(source(tmp_path, message.as_bytes(), "message/rfc822")).endswith("\n\nOnly this")


def test_mail_nested_a_thousand_times_does_not_exhaust_the_parser(tmp_path: Path) -> None:
    levels = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(1000)
    )
    file = source(tmp_path, f"Subject: deep\n{levels}\ntext".encode(), "message/rfc822")
    try:
        assert text(file).startswith("Subject: deep")
    except ProcessingError as error:
        assert error.failure is Failure.FAILED


def _epub(chapters: dict[str, str], **more: bytes) -> bytes:
    items = "".join(
        f'<item id="i{number}" href="{name}" media-type="application/xhtml+xml"/>'
        for number, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{number}"/>' for number in range(len(chapters)))
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        root = '<rootfile full-path="OEBPS/content.opf"/>'
        archive.writestr(
            "META-INF/container.xml", f"<container><rootfiles>{root}</rootfiles></container>"
        )
        archive.writestr(
            "OEBPS/content.opf",
            f'<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest>'
            f"<spine>{spine}</spine></package>",
        )
        for name, words in chapters.items():
            if words:
                archive.writestr(f"OEBPS/{name}", f"<html><body><p>{words}</p></body></html>")
        for name, data in more.items():
            archive.writestr(name.replace("__", "/"), data)
    return output.getvalue()


def test_a_book_gives_its_chapters_in_the_order_of_the_spine(tmp_path: Path) -> None:
    data = _epub({"b.xhtml": ENGLISH, "gone.xhtml": "", "a.xhtml": "The end."})
    pages, said = extracted(source(tmp_path, data, "application/epub+zip"))
    assert [page["text"] for page in pages] == [ENGLISH, "", "The end."]
    assert said == {"pages": 3, "truncated": True}
    assert (pages[0]["language"], pages[1]["language"]) == ("en", None)


@pytest.mark.parametrize("part", [0, 10, 50, 90])
def test_a_book_cut_off_is_broken(tmp_path: Path, part: int) -> None:
    data = _epub({"a.xhtml": ENGLISH})
    with pytest.raises(ProcessingError) as caught:
        extracted(source(tmp_path, data[: len(data) * part // 100], "application/epub+zip"))
    assert caught.value.failure is Failure.FAILED


def test_a_protected_book_is_said_to_be_encrypted(tmp_path: Path) -> None:
    method = b'<EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
    data = _epub({"a.xhtml": ENGLISH}, **{"META-INF__encryption.xml": method})
    with pytest.raises(ProcessingError) as caught:
        extracted(source(tmp_path, data, "application/epub+zip"))
    assert caught.value.failure is Failure.ENCRYPTED


def test_a_book_that_names_files_of_the_machine_gets_none(tmp_path: Path) -> None:
    entity = "<!DOCTYPE p [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
    data = _epub({"../../../etc/passwd": "", "a.xhtml": f"{entity}&x;seen"})
    pages, _ = extracted(source(tmp_path, data, "application/epub+zip"))
    assert "root" not in json.dumps(pages)
    assert "seen" in pages[1]["text"]


def test_mail_of_endless_parts_and_headers_is_read_as_far_as_its_bounds(tmp_path: Path) -> None:
    part = b"--b\nContent-Type: text/plain\n\nhello\n"
    mail = b"From: a\nContent-Type: multipart/mixed; boundary=b\n\n" + part * 100_000
    (page,), said = extracted(source(tmp_path, mail, "message/rfc822"))
    assert page["text"].count("hello") == 999
    assert said["truncated"]
    mail = b"From: a\nTo: " + b"<a@b.c>, " * 100_000 + b"\n\nhello"
    assert len(text(source(tmp_path, mail, "message/rfc822"))) < 10_000
