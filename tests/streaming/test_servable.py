"""What is shown, what is only downloaded, and under which headers."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.servable import Representation, safety_headers, serve_as

SHOWN = ["image/png", "image/avif", "image/jpeg", "video/mp4", "audio/mpeg", "application/pdf"]
NEVER_SHOWN = [
    "image/svg+xml",
    "text/html",
    "text/xml",
    "application/xml",
    "application/xhtml+xml",
    "application/javascript",
    "application/octet-stream",
    "application/zip",
    "image/tiff",
    "multipart/x-mixed-replace",
    "message/rfc822",
]


@pytest.mark.parametrize("content_type", SHOWN)
def test_what_browsers_show_safely_is_inline_when_asked(content_type: str) -> None:
    assert serve_as(content_type, "inline") == (content_type, "inline")


@pytest.mark.parametrize("content_type", SHOWN)
def test_nothing_is_inline_unless_asked(content_type: str) -> None:
    assert serve_as(content_type, "attachment") == (content_type, "attachment")


@pytest.mark.parametrize("content_type", NEVER_SHOWN)
@pytest.mark.parametrize("spelt", [str, str.upper, " {}; charset=utf-7".format])
def test_all_else_is_an_attachment_even_when_inline_is_asked(
    content_type: str, spelt: type[str]
) -> None:
    assert serve_as(spelt(content_type), "inline")[1] == "attachment"


@pytest.mark.parametrize("content_type", ["text/plain", "text/markdown", "text/x-python"])
def test_inline_text_is_plain_text_in_utf_8(content_type: str) -> None:
    assert serve_as(content_type, "inline") == ("text/plain; charset=utf-8", "inline")
    assert serve_as(content_type, "attachment") == (content_type, "attachment")


@pytest.mark.parametrize(
    "content_type", ["text/javascript", "application/x-ecmascript", "text/css", "text/jscript"]
)
def test_no_page_can_load_a_stored_script_or_style_sheet(content_type: str) -> None:
    assert serve_as(content_type, "attachment")[0] == "text/plain; charset=utf-8"
    assert serve_as(content_type, "inline")[0] == "text/plain; charset=utf-8"


@given(st.text(), st.text())
def test_no_type_and_no_name_break_out_of_the_headers(content_type: str, filename: str) -> None:
    headers = dict(safety_headers(content_type, "inline", filename))
    assert re.fullmatch(rb"[\x21-\x7e]+/[\x21-\x7e]+(; charset=utf-8)?", headers[b"content-type"])
    assert all(re.fullmatch(rb"[\x20-\x7e]+", value) for value in headers.values())


def test_what_is_no_content_type_is_served_as_bytes() -> None:
    for content_type in (
        "",
        "png",
        "image/",
        "image/png\r\nx: y",
        "image/png,text/html",
        "ima ge/p",
    ):
        assert serve_as(content_type, "inline") == ("application/octet-stream", "attachment")


@pytest.mark.parametrize("content_type", [*SHOWN, *NEVER_SHOWN, "text/plain"])
def test_every_type_is_sent_with_nosniff_and_open_to_embedding(content_type: str) -> None:
    headers = dict(safety_headers(content_type, "inline", "name"))
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"cross-origin-resource-policy"] == b"cross-origin"


@pytest.mark.parametrize("content_type", NEVER_SHOWN)
def test_an_attachment_is_sandboxed_to_nothing(content_type: str) -> None:
    headers = dict(safety_headers(content_type, "inline", "name"))
    assert headers[b"content-security-policy"] == b"sandbox; default-src 'none'"


def test_inline_media_is_sandboxed_but_may_load_itself() -> None:
    policy = dict(safety_headers("video/mp4", "inline", "name"))[b"content-security-policy"]
    assert policy.startswith(b"sandbox; default-src 'none'; ")
    assert b"media-src 'self'" in policy
    assert b"script" not in policy


def test_only_a_pdf_that_is_shown_has_no_policy() -> None:
    policy = b"content-security-policy"
    assert policy not in dict(safety_headers("application/pdf", "inline", "name"))
    assert policy in dict(safety_headers("application/pdf", "attachment", "name"))


def represented(*, public: bool) -> dict[bytes, bytes]:
    return dict(
        Representation(
            content_type="image/png",
            filename="a.png",
            checksum="ab" * 32,
            last_modified=datetime(2026, 3, 1, tzinfo=UTC),
            public=public,
        ).headers()
    )


def test_only_public_files_may_rest_in_shared_caches_and_all_are_asked_for_again() -> None:
    assert represented(public=True)[b"cache-control"] == b"public, no-cache"
    assert represented(public=False)[b"cache-control"] == b"private, no-cache"


def test_the_checksum_is_the_entity_tag_and_the_digest() -> None:
    headers = represented(public=False)
    assert headers[b"etag"] == b'"' + b"ab" * 32 + b'"'
    assert headers[b"repr-digest"] == b"sha-256=:q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=:"
    assert headers[b"last-modified"] == b"Sun, 01 Mar 2026 00:00:00 GMT"
