"""File names in headers, read back by a parser."""

from email.message import Message
from email.utils import collapse_rfc2231_value

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.disposition import Disposition, content_disposition

names = st.one_of(st.text(), st.text('"\\%/;=\r\n\0é🎬\u202e'))


def parsed(header: str) -> tuple[str, str | None]:
    """Return kind and name as a user agent takes them: filename* first (RFC 6266, 4.3)."""
    message = Message()
    message["Content-Disposition"] = header
    parameters = message.get_params([], "content-disposition")
    values = [value for key, value in parameters if key == "filename"]
    extended = [value for value in values if isinstance(value, tuple)]
    names = [collapse_rfc2231_value(value) for value in extended or values]
    return parameters[0][0], names[0] if names else None


@given(names, st.sampled_from(["inline", "attachment"]))
def test_every_name_comes_out_of_a_parser_as_it_went_in(name: str, kind: Disposition) -> None:
    carried = name.encode("utf-8", "replace").decode() or None
    assert parsed(content_disposition(kind, name)) == (kind, carried)


@given(st.one_of(names, st.text(st.characters(categories=["Cs", "Cc", "Cf"]))))
def test_no_name_breaks_out_of_the_header(name: str) -> None:
    header = content_disposition("attachment", name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == (2 if name else 0)
    assert "\\" not in header
    assert "/" not in header


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("film.mp4", 'attachment; filename="film.mp4"'),
        ("a b; c=d.txt", 'attachment; filename="a b; c=d.txt"'),
        ("", "attachment"),
        (
            "résumé.pdf",
            "attachment; filename=\"resume.pdf\"; filename*=UTF-8''r%C3%A9sum%C3%A9.pdf",
        ),
        ("🎬.mp4", "attachment; filename=\"_.mp4\"; filename*=UTF-8''%F0%9F%8E%AC.mp4"),
        ('a"b.txt', "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
        ("a\\b/c", "attachment; filename=\"a_b_c\"; filename*=UTF-8''a%5Cb%2Fc"),
        ("a\r\nb\0", "attachment; filename=\"a__b_\"; filename*=UTF-8''a%0D%0Ab%00"),
        ("100%41", "attachment; filename=\"100_41\"; filename*=UTF-8''100%2541"),
        ("\uff0f\uff02", "attachment; filename=\"__\"; filename*=UTF-8''%EF%BC%8F%EF%BC%82"),
    ],
)
def test_the_fallback_is_a_plain_look_alike(name: str, header: str) -> None:
    assert content_disposition("attachment", name) == header
