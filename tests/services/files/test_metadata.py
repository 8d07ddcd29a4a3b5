"""What callers say of files: cleaned where that is safe, refused where it is not."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationFailedError
from models.file import FILENAME_BYTES, TAG_CHARACTERS, Visibility
from services.files.metadata import (
    MAX_DESCRIPTION,
    MAX_TAGS,
    UNNAMED,
    Draft,
    changes,
    clean_filename,
    clean_media_type,
    draft,
    tags_of_form,
)

OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"

anything = st.text(st.characters(exclude_characters="\0", exclude_categories=[]), max_size=400)
nasty = st.text(
    st.sampled_from("a.ß/\\ \t\n\r" + OVERRIDES + "\u200d\ufeff\ud800e\u0301\u1100\u1161😀\u2028"),
    max_size=400,
)
names = anything | nasty


@given(names)
def test_a_clean_name_can_be_shown_and_saved_anywhere(name: str) -> None:
    cleaned = clean_filename(name)
    assert cleaned
    assert not set(cleaned) & set("/\\\0" + OVERRIDES)
    assert not {unicodedata.category(char) for char in cleaned} & {"Cc", "Cs", "Zl", "Zp"}
    assert cleaned not in {".", ".."}
    assert len(cleaned.encode()) <= FILENAME_BYTES
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()


@given(names)
def test_cleaning_a_clean_name_changes_nothing(name: str) -> None:
    assert clean_filename(clean_filename(name)) == clean_filename(name)


@given(names)
def test_two_spellings_of_a_name_are_one(name: str) -> None:
    assert clean_filename(unicodedata.normalize("NFD", name)) == clean_filename(name)


@given(
    st.text("abcé😀 -", min_size=1, max_size=400), st.sampled_from(["jpg", "tar", "ü", "jpeg2000"])
)
def test_a_long_name_keeps_its_extension(stem: str, extension: str) -> None:
    assert clean_filename(f"x{stem}.{extension}").endswith(f".{extension}")


@given(st.text("abc", max_size=20), names)
def test_only_the_last_part_of_a_path_counts(folder: str, name: str) -> None:
    last = name.replace("\\", "/").rpartition("/")[2]
    assert clean_filename(f"{folder}/{name}") == clean_filename(last)
    assert clean_filename(f"C:\\{folder}\\{name}") == clean_filename(last)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg"),
        ("  photo.jpg  ", "photo.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
        ("e\u0301.txt", "é.txt"),
        ("👩\u200d💻.png", "👩\u200d💻.png"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        (".hidden", ".hidden"),
        ("", UNNAMED),
        (".", UNNAMED),
        ("..", UNNAMED),
        ("folder/", UNNAMED),
        ("\u202e\n", UNNAMED),
        ("a" * 300, "a" * 255),
        ("a" * 300 + ".jpg", "a" * 251 + ".jpg"),
        ("é" * 200 + ".jpg", "é" * 125 + ".jpg"),
        ("a." + "b" * 300, "a." + "b" * 253),
    ],
)
def test_a_name_is_cleaned(name: str, cleaned: str) -> None:
    assert clean_filename(name) == cleaned


@pytest.mark.parametrize("name", ["\0", "a\0.jpg", "folder\0/a.jpg"])
def test_a_nul_is_no_part_of_a_name(name: str) -> None:
    with pytest.raises(ValidationFailedError, match="filename"):
        clean_filename(name)


@pytest.mark.parametrize(
    ("values", "tags"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (['["a", "b"]'], ["a", "b"]),
        ([' ["a"]', "b"], ["a", "b"]),
        (["a,b"], ["a,b"]),
        ([""], []),
        (["[]"], []),
        (["", "a"], ["a"]),
        (['{"a": 1}'], ['{"a": 1}']),
        (["[1, null]"], [1, None]),  # for changes() to refuse
    ],
)
def test_tags_of_a_form_are_fields_or_an_array(values: list[str], tags: list[Any]) -> None:
    assert tags_of_form(values) == tags


@pytest.mark.parametrize("value", ["[", "[a]", '["a"', "[" * 100_000, '["\ud800"]', "[NaN]"])
def test_a_broken_array_is_refused(value: str) -> None:
    with pytest.raises(ValidationFailedError, match="tags"):
        tags_of_form([value])


@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_form_has_tags_or_is_refused(values: list[str]) -> None:
    try:
        checked = changes({"tags": tags_of_form(values)})["tags"]
    except ValidationFailedError as error:
        checked = [error.message]
    assert len(set(checked)) == len(checked)
    assert all(0 < len(tag) <= 100 for tag in checked)


def test_changes_hold_what_was_given_and_nothing_else() -> None:
    assert changes({}) == {}
    given_fields = {"filename": " a.txt ", "description": None, "visibility": "public"}
    assert changes(given_fields) == {
        "filename": "a.txt",
        "description": None,
        "visibility": Visibility.PUBLIC,
    }
    assert changes({"tags": [" b ", "a", "b", "e\u0301", "é"]}) == {"tags": ["b", "a", "é"]}


def test_a_draft_fills_in_the_defaults() -> None:
    assert draft({}) == Draft(None, None, (), Visibility.PRIVATE)
    assert draft(dict.fromkeys(("filename", "description", "tags", "visibility"))) == Draft()
    assert draft({"visibility": "shared", "tags": ["a"]}) == Draft(
        tags=["a"], visibility=Visibility.SHARED
    )


REFUSED: list[tuple[str, Any]] = [
    ("filename", ""),
    ("filename", "  "),
    ("filename", 7),
    ("filename", "a" * 256),
    ("filename", "é" * 128),
    ("filename", "a\0b"),
    ("description", 7),
    ("description", "x" * (MAX_DESCRIPTION + 1)),
    ("description", "a\0b"),
    ("description", "\ud800"),
    ("tags", "a"),
    ("tags", {"a": 1}),
    ("tags", 7),
    ("tags", [7]),
    ("tags", [None]),
    ("tags", [["a"]]),
    ("tags", [""]),
    ("tags", ["  "]),
    ("tags", ["x" * (TAG_CHARACTERS + 1)]),
    ("tags", ["a\0"]),
    ("tags", ["\udfff"]),
    ("tags", [str(number) for number in range(MAX_TAGS + 1)]),
    ("visibility", "secret"),
    ("visibility", ""),
    ("visibility", 7),
    ("visibility", ["public"]),
    ("visibility", {}),
    ("owner_id", "me"),
    ("size", 1),
    ("a" * 10_000, 1),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_wrong_value_is_refused_by_the_name_of_its_field(name: str, value: Any) -> None:
    for check in (changes, draft):
        with pytest.raises(ValidationFailedError) as refusal:
            check({name: value})
        assert name[:80] in refusal.value.message
        assert len(refusal.value.message) < 300


@pytest.mark.parametrize("name", ["filename", "tags", "visibility"])
def test_what_must_have_a_value_cannot_be_cleared(name: str) -> None:
    with pytest.raises(ValidationFailedError, match=name):
        changes({name: None})


@given(
    st.dictionaries(
        st.sampled_from(["filename", "description", "tags", "visibility", "x"]),
        st.none() | st.integers() | anything | st.lists(anything | st.none()) | st.booleans(),
    )
)
def test_any_metadata_is_taken_or_refused(given_fields: dict[str, Any]) -> None:
    try:
        taken = draft(given_fields)
    except ValidationFailedError:
        return
    assert isinstance(taken.visibility, Visibility)
    for text in (taken.filename or "", taken.description or "", *taken.tags):
        assert "\0" not in text
        text.encode()


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("image/jpeg", "image/jpeg"),
        (" Text/HTML ; charset=utf-8", "text/html"),
        ("application/octet-stream", None),
        ("", None),
        (None, None),
        ("image", None),
        ("a/b/c", None),
        ("image/jp\u00e9g", None),
        (f"a/{'b' * 64}", None),
    ],
)
def test_a_declared_type_is_kept_if_it_is_one_and_says_something(
    declared: str | None, expected: str | None
) -> None:
    assert clean_media_type(declared) == expected
