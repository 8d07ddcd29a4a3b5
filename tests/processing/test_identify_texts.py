"""Formats of texts: told by their structure, never by a line; by the name if nothing else tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.identify import HEAD_BYTES, UNKNOWN, identify

SENT = "Date: Fri, 1 Mar 2024 10:00:00 +0000\n"
SVG = "<svg xmlns='http://www.w3.org/2000/svg'/>"
SUBTITLE = "1\n00:00:01,000 --> 00:00:02,500\nHello.\n"

MAIL = [
    f"From: a@b.c\n{SENT}\nhello",
    f"MIME-Version: 1.0\nFrom: a@b.c\nTo: d@e.f\nSubject: x\n{SENT}\nhello",
    f"Subject: x\nTo: d@e.f\nFrom: Ann <a@b.c>\n{SENT}\nhello",
    f"To: d@e.f\nSubject: x\nFrom: a@b.c\nMessage-ID: <1@b.c>\n{SENT}\nhello",
    f"Message-ID: <1@b.c>\n{SENT}From: a@b.c\nSubject: x\n\nhello",
    f"DKIM-Signature: v=1; a=rsa-sha256;\n\tb=abc=\nFrom: a@b.c\n{SENT}Subject: x\n\nhello",
    f"ARC-Seal: i=1; a=rsa-sha256\nReceived: from x by y\nFrom: a@b.c\n{SENT}\nhello",
    f"X-Mailer: Program\nFrom: a@b.c\n{SENT}Subject: x\n\nhello",
    "Received: from a by b; Fri, 1 Mar 2024\n with x\nMessage-ID: <a@b>\nSubject: x\n\nhello",
    f"Delivered-To: a@b.c\r\nFrom: a@b.c\r\n{SENT[:-1]}\r\nSubject: x\r\n\r\nhello",
]
NO_MAIL = [
    "From: the desk of Bob\nThis is a note.\n",
    "From: Ann\nTo: Bob\nSubject: lunch\n\nAt twelve?\n",
    "Subject: hello\n\nthat is all\n",
    "From: ann@example.org\nDate: 3 March 2024\n\nSee you.\n",
    "To: do\n- a\n- b\n",
    "title: x\ndate: 2024-03-01\nauthor: Ann\n\ntext\n",
    "Content-Type: text/html\nServer: x\nDate: Fri, 1 Mar 2024 10:00:00 GMT\n\n",
    f"From: a@b.c\nTo: d@e.f\nSubject: x\n{SENT}and then a line that is no field\n",
]

TOLD = [
    ("b\n1,2\n3,4\n", "x", "text/plain"),
    ("name,size\na,1\nb,2\n", "x", "text/csv"),
    ("name;size\na;1\nb;2\n", "x", "text/csv"),
    ("name\tsize\na\t1\nb\t2\n", "x", "text/tab-separated-values"),
    ("Hello, world\nThis, that\nOther, thing\n", "x", "text/plain"),
    ("Dear Bob,\nhow are you,\nbye,\n", "x", "text/plain"),
    ("Subject: hi\n\nbody", "x", "text/plain"),
    (
        "Subject: hi\nTo: a@b.c\nFrom: x <x@y.z>\nDate: Fri, 1 Mar 2024 10:00:00 +0000\n\nbody",
        "x",
        "message/rfc822",
    ),
    (
        "Received: from a by b; Fri, 1 Mar 2024\n\twith x\nMessage-ID: <a@b>\nSubject: x\n\nhi",
        "x",
        "message/rfc822",
    ),
    (
        f"X-Mailer: foo\nFrom: a@b.c\nTo: d@e.f\nSubject: x\n{SENT}\nhi",
        "m.txt",
        "message/rfc822",
    ),
    (
        "From: anna@b.c\nTo: d@e.f\nSubject: x\nDate: Fri, 1 Mar 2024 10:00:00 +0000\n\nhi",
        "m.txt",
        "text/plain",
    ),
    ("From: anna\nTo: bob\nSubject: lunch\n\nhi", "m", "text/plain"),
    ("To: anna@x.y\nSubject: draft\n\nhi", "m.eml", "message/rfc822"),
    (
        f"From MAILER Fri Mar  1 10:00:00 2024\nFrom: a@b.c\n{SENT}Message-ID: <1@2>\n\nhi\n",
        "box",
        "application/mbox",
    ),
    ("\ufeff\n\n<!-- c -->\n<svg xmlns='http://www.w3.org/2000/svg'/>", "x", "image/svg+xml"),
    (
        f"<?xml version='1.0'?>\n<!DOCTYPE svg PUBLIC 'a' 'b' [ <!ENTITY a 'b>'> ]>\n{SVG}",
        "x",
        "image/svg+xml",
    ),
    (
        "<?xml version='1.0'?><svg:svg xmlns:svg='http://www.w3.org/2000/svg'/>",
        "x.txt",
        "image/svg+xml",
    ),
    ("<svg width='10'></svg>", "x.svg", "image/svg+xml"),
    ("WEBVTT\n\n00:01.000 --> 00:02.000\nhi", "x", "text/vtt"),
    ("WEBVTT is a format\n", "x.txt", "text/vtt"),
    ("\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nhi\r\n", "x", "application/x-subrip"),
    ("just words", "x.srt", "text/plain"),
    (
        '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"></gpx>',
        "a",
        "application/gpx+xml",
    ),
    (
        '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"></kml>',
        "a.xml",
        "application/vnd.google-earth.kml+xml",
    ),
    ('{"type":"FeatureCollection","features":[]}', "a.json", "application/geo+json"),
    ('{"type":"Point","coordinates":[1,2]}', "a", "application/geo+json"),
    ('{"a":1}\n{"a":2}\n', "a", "application/x-ndjson"),
    ('{"a":1}\n', "a.jsonl", "application/x-ndjson"),
    ('{"a":1}\n{"a":2}\n', "a.log", "text/plain"),
    ("[1,2,3]", "a.txt", "application/json"),
    ("[2024-05-01] INFO started\n[2024-05-02] x\n", "a", "text/plain"),
    ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n", "a", "text/calendar"),
    ("BEGIN:VCARD\nVERSION:3.0\nEND:VCARD", "a.txt", "text/vcard"),
    ('{"asset":{"version":"2.0"},"scenes":[]}', "a.gltf", "model/gltf+json"),
    ('{"asset":{"version":"2.0"}}', "a.gltf", "model/gltf+json"),
    ("solid x\nfacet normal 0 0 1\nouter loop\n", "a.stl", "model/stl"),
    ("solid advice for all", "a.txt", "text/plain"),
    ("OTTO is my uncle", "a.txt", "text/plain"),
    ("BM is short for Bitmap", "a", "text/plain"),
    ("GIF89a is a format", "a.txt", "text/plain"),
    ("MZ was Mark", "a.txt", "text/plain"),
    ("PK is a ZIP", "a.txt", "text/plain"),
    ("ID3 tags are", "a.txt", "text/plain"),
    ("Rar! said the lion", "a", "text/plain"),
    ("8BPS means", "a", "text/plain"),
    ("RIFF of the day: WAVE", "a", "text/plain"),
    ("Our free software", "a", "text/plain"),
    ("P1\n# c\n4 2\n0 1 0 1\n1 1 1 1\n", "a", "image/x-portable-bitmap"),
    ("P3 100 people came\n", "a", "text/plain"),
    ("<html> is a tag\nand so on", "a.txt", "text/plain"),
    ("<table> is a tag", "a.md", "text/markdown"),
    ("<!DOCTYPE html>\n<html><body>x</body></html>", "a.md", "text/markdown"),
    ("<!doctype html><title>x</title>", "a", "text/html"),
    ("<html><head></head></html>", "a.txt", "text/html"),
    ("Hello <b>reader</b>", "a.html", "text/html"),
    ("<div>x</div>", "a", "text/html"),
    ("export const a = 1;", "a.ts", "text/x-typescript"),
    ("CREATE TABLE x (a int, b int);\nINSERT INTO x VALUES (1, 2);", "a.sql", "application/sql"),
    ("# hi\n\n> quote", "a.md", "text/markdown"),
    ("<?php echo 1;", "a", "text/x-php"),
    ("#!/bin/bash\necho", "a", "text/x-shellscript"),
    ("#!/usr/bin/env node\n", "a", "text/javascript"),
    ('<?xml version="1.0"?><a/>', "a", "application/xml"),
    ("<note><to>x</to></note>", "a", "application/xml"),
    ("<note>x</note>", "a.xml", "application/xml"),
    ("%PDF-1.4\n1 0 obj", "a.txt", "application/pdf"),
    ("d8:announce3:abc4:infod4:name1:xee", "a.torrent", "application/x-bittorrent"),
]


PLAIN = [
    ("app.log", "2024-05-01 10:00:00,123 - INFO - started\n2024-05-01 10:00:01,4 - INFO - done\n"),
    ("notes.txt", "first, second\nthird, fourth\nfifth, sixth\n"),
    ("notes.txt", "name,size\na,1\nb,2\n"),
    ("notes.txt", "<table> is a tag\n"),
    ("notes.txt", "OTTO is my uncle\n"),
    ("notes.txt", "P1 alert: the server room is warm.\nCall Anna.\n"),
    ("notes.txt", f"From: a@b.c\nTo: d@e.f\nSubject: x\n{SENT}\nhello"),
    ("events.log", '{"a": 1}\n{"a": 2}\n'),
    ("subtitles.srt", "No times at all.\n"),
    ("card.vcf", "No card at all.\n"),
    ("page.html", "No tags at all, 1 < 2.\n"),
    ("track.gpx", "No track at all.\n"),
]


@pytest.mark.parametrize("content", MAIL)
def test_mail_is_told_by_its_header_whichever_field_is_first(content: str) -> None:
    for name in ("a", "a.eml", "a.bin"):
        assert identify(content.encode(), name) == "message/rfc822"


def test_mail_may_have_raw_eight_bit_names_in_its_header() -> None:
    content = f"Subject: Gr\xfc\xdfe\nFrom: J\xfcrgen <a@b.c>\n{SENT}\nhello".encode("latin-1")
    assert identify(content, "a") == "message/rfc822"


@pytest.mark.parametrize("content", NO_MAIL)
def test_a_few_words_with_colons_are_no_mail(content: str) -> None:
    assert identify(content.encode(), "a") == "text/plain"
    assert identify(content.encode(), "a.txt") == "text/plain"
    assert identify(content.encode(), "a.md") == "text/markdown"


@pytest.mark.parametrize(("content", "name", "expected"), TOLD)
def test_a_text_is_what_its_structure_says(content: str, name: str, expected: str) -> None:
    assert identify(content.encode(), name) == expected


@pytest.mark.parametrize(("name", "content"), PLAIN)
def test_a_line_or_a_name_alone_makes_no_other_format(name: str, content: str) -> None:
    assert identify(content.encode(), name) == "text/plain"


@pytest.mark.parametrize(
    "before", ["\ufeff", "\n\n  ", "<!-- <b> -->\n", "<?xml version='1.0'?><!-- x -->"]
)
def test_markup_is_found_behind_marks_blanks_and_comments(before: str) -> None:
    assert identify((before + SVG).encode(), "a") == "image/svg+xml"
    assert identify((before + SVG).encode(), "a.txt") == "image/svg+xml"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_formats_are_found_in_any_unicode(encoding: str) -> None:
    assert identify(SVG.encode(encoding), "a") == "image/svg+xml"
    assert identify(SUBTITLE.encode(encoding), "a") == "application/x-subrip"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Привет, мир.\nКак дела?\n", "utf-16-le"),
        ("Привет, мир.\nКак дела?\n", "cp1251"),
        ("Привет, мир.\nКак дела?\n", "koi8_r"),
        ("日本語のテキスト。\n改行もある。\n", "utf-16-be"),
        ("日本語のテキスト。\n改行もある。\n", "shift_jis"),
        ("日本語のテキスト。\n改行もある。\n", "iso2022_jp"),
        ("Größe und Maße\n", "cp1252"),
        ("\x1b[31mred\x1b[0m\n", "ascii"),
        ("typed under DOS\r\n\x1a", "ascii"),
    ],
)
def test_text_is_text_in_any_encoding(text: str, encoding: str) -> None:
    assert identify(text.encode(encoding), "a") == "text/plain"
    assert identify(text.encode(encoding), "a.md") == "text/markdown"


@pytest.mark.parametrize("content", [b"\0", bytes(100), b"\x1a", b"text\0text", b"\x01text\n"])
def test_bytes_that_no_text_has_make_it_binary(content: bytes) -> None:
    assert identify(content, "a.txt") == UNKNOWN


def test_the_declared_type_chooses_among_texts_without_a_telling_name() -> None:
    assert identify(b"# Title\n", "a", "text/markdown; charset=utf-8") == "text/markdown"
    assert identify(b"# Title\n", "a.txt", "text/markdown") == "text/plain"
    assert identify(b"# Title\n", "a", "image/png") == "text/plain"
    assert identify(b"# Title\n", "a", "text/html") == "text/plain"
    assert identify(b"<b>bold</b> words", "a", "text/html") == "text/html"


def test_long_data_is_told_by_its_beginning() -> None:
    rows = '{"type": "Feature", "geometry": null},' * 2500
    assert identify(f'{{"type": "FeatureCollection", "features": [{rows}'.encode(), "a") == (
        "application/geo+json"
    )
    assert identify(('{"a": 1}\n' * 9000).encode()[:HEAD_BYTES], "a") == "application/x-ndjson"
    assert identify(b"[2024-05-01] started\n" * 4000, "a") == "text/plain"


@given(
    st.text(st.sampled_from("<>!-?/[]{}\"': \n\t=a1,;#PFrom"), max_size=300), st.text(max_size=12)
)
def test_any_text_is_some_text(content: str, name: str) -> None:
    assert identify(content.encode(), f"a.{name}")
