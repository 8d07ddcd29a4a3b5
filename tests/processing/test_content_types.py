"""The table of content types agrees with itself, and everything that is worked on is in it."""

from collections import Counter

import pytest

from processing.content_types import (
    CONTENT_TYPES,
    Family,
    canonical,
    family_of,
    members,
    names_of,
    strangers,
)
from processing.identification import office_parts, signatures, text_formats
from processing.kinds import IMAGE_FORMATS, Kind, kind_of
from streaming.servable import serve_as

RENAMED = [
    ("video/x-matroska", "video/matroska"),
    ("application/x-matroska", "video/matroska"),
    ("image/x-ms-bmp", "image/bmp"),
    ("text/rtf", "application/rtf"),
    ("text/xml", "application/xml"),
    ("font/sfnt", "font/ttf"),
    ("audio/x-m4a", "audio/mp4"),
    ("APPLICATION/X-RAR", "application/vnd.rar"),
    ("unheard/of", "unheard/of"),
]


def test_every_name_belongs_to_one_type() -> None:
    names = Counter(name.lower() for row in CONTENT_TYPES for name in names_of(row))
    assert [name for name, times in names.items() if times > 1] == []


def test_every_row_has_a_title_and_a_handler_that_exists() -> None:
    for row in CONTENT_TYPES.values():
        assert row.title
        assert row.handler == "-" or Kind(row.handler)
        assert all(extension == extension.lower().strip(".") for extension in row.extensions)


def test_what_is_identified_is_in_the_table_under_its_name() -> None:
    found = {kind for _, _, kind in (*signatures.SURE, *signatures.IN_BINARY)}
    found |= {kind for _, kind in text_formats.STRUCTURES}
    found |= set(office_parts.MAIN_TYPES.values())
    assert found - CONTENT_TYPES.keys() == set()


@pytest.mark.parametrize(("name", "expected"), RENAMED)
def test_old_and_other_names_lead_to_the_same_type(name: str, expected: str) -> None:
    assert canonical(name) == expected
    assert kind_of(name) is kind_of(expected)
    assert family_of(name) is family_of(expected)


def test_every_type_is_in_the_family_that_lists_are_narrowed_to() -> None:
    for row in CONTENT_TYPES.values():
        for name in names_of(row.name):
            by_name = name.partition("/")[0]
            listed = name in members(row.family) or by_name == row.family
            assert listed or row.family is Family.OTHER
            assert name not in strangers(row.family)


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("application/vnd.ms-word.document.macroEnabled.12", Kind.OFFICE),
        ("application/vnd.openxmlformats-officedocument.presentationml.slideshow", Kind.OFFICE),
        ("application/vnd.oasis.opendocument.text-template", Kind.OFFICE),
        ("audio/webm", Kind.AUDIO),
        ("audio/mp4", Kind.AUDIO),
        ("audio/midi", Kind.UNKNOWN),
        ("application/mxf", Kind.VIDEO),
        ("application/x-subrip", Kind.TEXT),
        ("application/geo+json", Kind.TEXT),
        ("image/x-adobe-dng", Kind.IMAGE),
        ("image/x-canon-cr3", Kind.IMAGE),
        ("video/unheard-of", Kind.VIDEO),
        ("unheard/of", Kind.UNKNOWN),
    ],
)
def test_types_are_handled_by_what_can(content_type: str, kind: Kind) -> None:
    assert kind_of(content_type) is kind


def test_images_have_one_decoder_under_every_name() -> None:
    assert IMAGE_FORMATS["image/x-ms-bmp"] == IMAGE_FORMATS["image/bmp"] == "BMP"
    assert IMAGE_FORMATS["image/heic-sequence"] == "HEIF"
    assert set(IMAGE_FORMATS) == {
        name for row in CONTENT_TYPES for name in names_of(row) if kind_of(name) is Kind.IMAGE
    }


def test_text_that_is_not_called_text_is_shown_as_plain_text() -> None:
    for content_type in ("application/x-subrip", "application/sql", "model/obj"):
        assert serve_as(content_type, "inline") == ("text/plain; charset=utf-8", "inline")
        assert serve_as(content_type, "attachment") == (content_type, "attachment")
