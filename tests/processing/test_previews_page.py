"""First pages of texts of all kinds, set on a sheet."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pygments.lexers import get_lexer_by_name

from processing.charset import decoded
from processing.previews import page, sheet, typesetting
from processing.previews.sheet import Block, Span
from tests.processing.recordings import source

PROSE = "It was a bright cold day in April, and the clocks were striking thirteen. " * 4
PYTHON = 'import os\n\n\ndef main() -> None:\n    """Print."""\n    print(os.name)\n'
MARKDOWN = """---
title: left out
---
# A heading

Some **strong** and *light* words, `code`, [a link](https://example.org)
and ![a picture](file:///etc/passwd), <b>tags</b> \\*.

Another heading
---------------

- one
  - [x] nested
1. first

> quoted
> further

```python
print("*kept*")
```

| a | b |
|---|---|
| **c** | d |
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.txt"


def rendered(
    path: Path, data: bytes, content_type: str = "text/plain", longest: int = 480
) -> Image.Image:
    path.write_bytes(data)
    return page.render(source(path, content_type), longest)


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c"])
def test_every_line_separator_ends_a_line(path: Path, mark: str) -> None:
    found = rendered(path, f"one{mark}two".encode())
    assert found.tobytes() == rendered(path, b"one\ntwo").tobytes()


def texts(blocks: list[Block]) -> list[str]:
    return ["".join(span.text for span in block.spans) for block in blocks if block.spans]


def ink(picture: Image.Image) -> int:
    """Return how many pixels are not white."""
    return sum(picture.convert("L").point(lambda v: v < 250).histogram()[1:])


def colours(picture: Image.Image) -> int:
    """Return how many pixels are neither grey nor nearly so."""
    return sum(picture.convert("HSV").getchannel("S").histogram()[100:])


@pytest.mark.parametrize("longest", [160, 480, 1200])
@pytest.mark.parametrize(
    ("text", "content_type"),
    [(PROSE, "text/plain"), (PYTHON, "text/x-python"), (MARKDOWN, "text/markdown")],
)
def test_a_text_is_set_on_a_white_sheet_in_the_shape_of_a4(
    text: str, content_type: str, longest: int, path: Path
) -> None:
    picture = rendered(path, text.encode(), content_type, longest)
    assert (picture.height, picture.mode) == (longest, "RGB")
    assert picture.width == round(longest * 210 / 297)
    assert picture.getpixel((1, 1)) == (255, 255, 255)
    assert ink(picture) > 100


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.py", "text/x-python"),
        ("a.rs", "text/plain"),
        ("a", "text/x-python"),
        ("a.yml", "application/yaml"),
        ("a", "application/json"),
        ("a.txt", "text/html"),
        ("a.txt", "message/rfc822"),
    ],
)
def test_source_code_is_coloured_by_its_name_or_type(
    name: str, content_type: str, tmp_path: Path
) -> None:
    code = b'From: a@example.org\n<a b="c">\nfn if for import while "text" 1 # comment\n' * 3
    assert colours(rendered(tmp_path / name, code, content_type)) > 10


def test_prose_is_black_on_white(path: Path) -> None:
    assert colours(rendered(path, PROSE.encode())) == 0


def test_long_lines_of_prose_are_wrapped_and_those_of_code_cut(path: Path) -> None:
    prose = rendered(path, (PROSE * 3).encode())
    code = rendered(path.with_suffix(".py"), (PROSE * 3).encode(), "text/x-python")
    assert ink(prose.crop((0, 120, prose.width, 480))) > 100
    assert ink(code.crop((0, 120, code.width, 480))) == 0
    assert ink(code.crop((code.width - 15, 0, code.width, 480))) == 0


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252", "cp1251", "utf-16-le"]
)
def test_a_text_reads_the_same_in_every_encoding(encoding: str, path: Path) -> None:
    russian = encoding == "cp1251"
    text = "Съешь же ещё этих мягких булок. " if russian else "Über die Straße läuft ein Mädchen. "
    data = (text * 9).encode(encoding)
    if encoding == "utf-16-le":
        data = b"\xff\xfe" + data
    assert rendered(path, data) == rendered(path, (text * 9).encode())


def test_a_character_cut_in_two_by_the_limit_does_not_change_the_encoding(path: Path) -> None:
    data = "é".encode() * 40_000
    assert rendered(path, b"a\n" + data + b"\n") == rendered(path, b"a\n" + data[:70_000])
    assert decoded(b"a" + data[: 64 * 1024 - 1]).startswith("aéé")


def test_controls_and_marks_of_direction_are_not_drawn(path: Path) -> None:
    clean = rendered(path, b"one two\nthree\n")
    marked = "\ufeffone\x00\x1b\x07 \u202etwo\u202c\r\nth\u200bree\r\n"
    assert rendered(path, marked.encode()) == clean


@pytest.mark.parametrize(("one", "other"), [("猫", "犬"), ("ねこ", "いぬ"), ("고양이", "강아지")])
@pytest.mark.parametrize("content_type", ["text/plain", "text/x-python"])
def test_east_asian_scripts_have_letters_of_their_own(
    one: str, other: str, content_type: str, path: Path
) -> None:
    pictures = {
        rendered(path, (word * 4).encode(), content_type).tobytes() for word in (one, other)
    }
    assert len(pictures) == 2  # not the box of a missing letter, which is always the same


def test_east_asian_prose_breaks_between_any_two_letters(path: Path) -> None:
    image = rendered(path, ("吾輩は猫である" * 30).encode())
    margin = image.crop((image.width - 12, 0, image.width, image.height))
    assert margin.convert("L").getextrema() == (255, 255)


@pytest.mark.parametrize(
    "text",
    ["日本語のテキスト\n" * 9, "😀👩‍👩‍👧🏳️‍🌈 " * 99, "שלום עולם العربية " * 50, "a\u0301" * 5000],
)
def test_characters_that_the_fonts_lack_are_drawn_somehow(text: str, path: Path) -> None:
    assert ink(rendered(path, text.encode())) > 100


@pytest.mark.parametrize(
    ("content_type", "longest"),
    [
        ("text/plain", 160),
        ("text/markdown", 480),
        ("text/x-python", 480),
        ("text/csv", 480),
        ("text/html", 1200),
    ],
)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n" * 70_000,
        b"x" * 50_000_000,
        b"\x00" * 5000,
        bytes(range(256)) * 300,
        b" " * 70_000,
        b"\t" * 70_000,
        b"*" * 70_000,
        b"[" * 70_000,
        b"**a " * 20_000,
        b"<" * 70_000,
        b'"' * 70_000,
        b"`" * 70_000,
        b">" * 70_000,
        b"- " * 40_000,
        b"|" * 70_000,
        b"---\n" * 9000,
        b"\xff\xfe" + b"\x00\xd8" * 5000,
    ],
    ids=lambda data: repr(data[:6]),
)
def test_any_bytes_make_a_sheet(data: bytes, content_type: str, longest: int, path: Path) -> None:
    assert rendered(path, data, content_type, longest).height == longest


def test_markdown_is_read_as_people_write_it() -> None:
    blocks = typesetting.markdown(MARKDOWN)
    assert texts(blocks) == [
        "A heading",
        "Some strong and light words, code, a link and [a picture], tags *.",
        "Another heading",
        "one",
        "nested",
        "first",
        "quoted further",
        'print("*kept*")',
        "a  b",
        "c  d",
    ]
    assert [block.marker for block in blocks if block.marker] == ["•", "☑", "1.", "│"]
    assert blocks[0].size > blocks[2].size > 1


def test_values_stand_in_columns_with_a_bold_head() -> None:
    blocks = typesetting.table('id,name\n1,"Smith, Ann"\n22,Bo\n', ",")
    assert texts(blocks) == ["id  name      ", "1   Smith, Ann", "22  Bo        "]
    assert [block.spans[0].bold for block in blocks] == [True, False, False]


def test_lines_of_code_are_numbered_and_keep_their_order() -> None:
    blocks = typesetting.code(PYTHON, get_lexer_by_name("python", stripnl=False))
    lines = ["".join(span.text for span in block.spans) for block in blocks]
    assert "\n".join(lines) + "\n" == PYTHON
    assert [block.marker for block in blocks] == ["1", "2", "3", "4", "5", "6"]


def test_kinds_of_tokens_that_only_one_language_has_are_coloured_too() -> None:
    blocks = typesetting.code("key: value\n", get_lexer_by_name("yaml", stripnl=False))
    assert texts(blocks) == ["key: value"]


def test_a_sheet_takes_no_more_than_it_holds() -> None:
    def endless() -> list[Block]:
        return [Block([Span("word " * 2000)])] * 3

    assert sheet.drawn(endless(), 160).size == (113, 160)


@given(
    text=st.text(max_size=400),
    content_type=st.sampled_from(["text/markdown", "text/csv", "text/plain"]),
)
def test_any_text_makes_a_sheet(
    text: str, content_type: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.txt"
    data = text.encode("utf-8", "surrogatepass")
    assert rendered(path, data, content_type, 160).size == (113, 160)


def test_a_machine_without_the_fonts_still_sets_letters() -> None:
    assert sheet._font("No Such Font.ttf", 20).getlength("letters") > 20
