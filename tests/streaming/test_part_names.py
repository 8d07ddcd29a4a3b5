"""Names of files in the heads of parts: what clients send, and what it means."""

from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.multipart import MultipartForm, Part
from streaming.part_names import decoded, file_name


def name_of(parameters: str | bytes) -> str | None:
    """Return the file name in a header that ends with ``parameters``."""
    raw = parameters if isinstance(parameters, bytes) else parameters.encode()
    return file_name('form-data; name="file"; ' + raw.decode("latin-1"))


async def parts_of(*heads: bytes) -> list[Part]:
    """Return the parts of a form, each with a head and one byte."""

    async def body() -> AsyncIterator[bytes]:
        yield b"".join(b"--b\r\n%b\r\n\r\nx\r\n" % head for head in heads) + b"--b--\r\n"

    form = MultipartForm("multipart/form-data; boundary=b", body())
    return [part async for part in form.parts()]


# Browsers


@pytest.mark.parametrize(
    "name",
    [
        *(
            "a.txt",
            "Grüße.txt",
            "写真 🎬.jpg",
            "a b.txt",
            "it's; fine, (1).txt",
            "C:\\photos\\a.txt",
        ),
        *("100%.txt", "100%25.txt", "50% off.txt", "a%20b.txt", "%41.txt", "%C3.txt", "%FF%FE.txt"),
        *("ü%20.txt", "ü%C3%A4.txt", "f %C3%A4.txt", "f(%C3%A4).txt", "f%C3%A4%.txt", "%c3%a4.txt"),
        *("=?utf-8?B?YQ==.txt", "a =?utf-8?B?YQ==?=", "=?none?B?YQ==?=", "=?utf-8?X?YQ==?="),
        *("=?utf-8?B?w4?=", "; filename*=utf-8''b.txt", "filename=b.txt"),
    ],
)
def test_what_a_browser_sends_as_it_is_stays_as_it_is(name: str) -> None:
    assert name_of(f'filename="{name}"') == name


def test_what_a_browser_escapes_is_restored() -> None:
    assert name_of('filename="a%22b%22%0D%0A.txt"') == 'a"b"\r\n.txt'


@given(st.text(st.characters(exclude_characters='"\\%', exclude_categories=["Cs", "Cc"])))
def test_any_name_without_escapes_is_kept(name: str) -> None:
    assert name_of(f'filename="{name}"') == name or name.startswith("=?")


@given(
    st.text(st.characters(max_codepoint=127, exclude_characters='"\\', exclude_categories=["Cc"]))
)
def test_a_name_in_ascii_is_never_taken_for_aiohttps(name: str) -> None:
    restored = name.replace("%0D", "\r").replace("%0A", "\n").replace("%22", '"')
    assert name_of(f'filename="{name}"') == restored or name.startswith("=?")


# Other clients


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("filename=\"=?utf-8?B?w5xiZXIudHh0?=\"; filename*=utf-8''%C3%9Cber.txt", "Über.txt"),
        ("filename*=UTF-8''%C3%9Cber.txt; filename=\"other.txt\"", "Über.txt"),
        ("filename=ber.txt; filename*=utf-8'de'%C3%9Cber.txt", "Über.txt"),
        ("filename = a.txt; FILENAME* = UTF-8''b.txt", "b.txt"),
        ("filename*=ISO-8859-1''%DCber.txt", "Über.txt"),
        ("filename*=windows-1252''%80.txt", "€.txt"),
        ("filename*=shift_jis''%93%FA.txt", "日.txt"),
        ("filename*=none''a.txt; filename=b.txt", "b.txt"),
        ("filename*=unicode_escape''%5Cu0041; filename=b.txt", "b.txt"),
        ("filename*=utf-8''%FF.txt; filename=b.txt", "b.txt"),
        ("filename*=utf-8''%FF.txt", None),
        ("filename*=b.txt", None),
    ],
)
def test_an_extended_name_wins_if_it_can_be_read(parameters: str, name: str | None) -> None:
    assert name_of(parameters) == name


@pytest.mark.parametrize(
    ("encoded", "name"),
    [
        ("=?utf-8?B?w5xiZXIudHh0?=", "Über.txt"),
        ("=?UTF-8?Q?=C3=9Cber_a.txt?=", "Über a.txt"),
        ("=?iso-8859-1?q?=DCber.txt?=", "Über.txt"),
        ("=?utf-8?B?w5xi?= =?utf-8?B?ZXIudHh0?=", "Über.txt"),
    ],
)
def test_encoded_words_are_decoded(encoded: str, name: str) -> None:
    assert name_of(f'filename="{encoded}"') == name


@given(st.text(min_size=1).filter(lambda name: not name.isascii()))
def test_a_name_beyond_ascii_that_is_percent_encoded_whole_is_decoded(name: str) -> None:
    try:
        escaped = quote(name, safe="")
    except UnicodeEncodeError:  # a lone surrogate
        return
    assert name_of(f'filename="{escaped}"') == name


def test_backslashes_escape_quotes() -> None:
    assert name_of('filename="say \\"hi\\".txt"') == 'say "hi".txt'


def test_latin_1_is_decoded_where_it_is_not_utf_8() -> None:
    assert name_of(b'filename="\xdcber.txt"') == "Über.txt"
    assert name_of(b"filename=\xdcber.txt; x=y") is None  # no token, and not quoted
    assert name_of(b'filename="\x93\x80\x94.txt"') == "“€”.txt"
    assert name_of('filename="Über.txt"') == "Über.txt"
    assert name_of(b'filename="\xc3\xbc\xdc.txt"') == "Ã¼Ü.txt"  # one byte spoils UTF-8


@given(st.binary())
def test_any_bytes_are_text(raw: bytes) -> None:
    text = decoded(raw.decode("latin-1"))
    try:
        assert text == raw.decode()
    except UnicodeDecodeError:
        assert len(text) == len(raw)


# Whole parts


async def test_the_order_of_heads_and_their_encoding_make_no_difference() -> None:
    kind = b"Content-Type: text/plain; charset=\xe9"
    parts = await parts_of(
        kind + b"\r\nContent-Disposition: form-data; name=file; filename*=utf-8''%C3%9C",
        b'Content-Disposition: form-data; name="file"; filename="\xdc"\r\n' + kind,
        'Content-Disposition: form-data; name="Ä .😀"; filename="Ü"'.encode(),
        b'Content-Disposition: form-data; name="file"; filename="\xdc\\"',
        b'Content-Disposition: form-data; name="file"; filename=""',
        b'Content-Disposition: form-data; name="file"',
    )
    assert [part.filename for part in parts] == ["Ü", "Ü", "Ü", "Ü\\", "", None]
    assert [part.name for part in parts] == ["file", "file", "Ä .😀", "file", "file", "file"]
    assert parts[0].content_type == "text/plain; charset=é"
