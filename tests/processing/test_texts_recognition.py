"""Text in pictures: languages, orientation, layout, and pages that are tasks of their own."""

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont, ImageOps

from core.errors import ValidationFailedError
from processing.task import Failure, ProcessingError
from processing.texts import engines
from processing.texts.document import Options
from processing.texts.languages import for_script, iso_code, tesseract_code
from processing.texts.layout import Word, grid, joined, reflowed
from processing.texts.recognition import recognized
from tests.processing.pages import ENGLISH, GERMAN, drawn, extracted, page, picture, source


@pytest.fixture(scope="module")
def english() -> Image.Image:
    return drawn(ENGLISH)


def test_a_picture_of_a_page_is_read_whole_in_its_language(
    tmp_path: Path, english: Image.Image
) -> None:
    pages, said = extracted(source(tmp_path, picture(english), "image/png"))
    assert pages[0]["text"] == ENGLISH
    assert (pages[0]["language"], pages[0]["engine"]) == ("en", "tesseract")
    assert 0.9 < pages[0]["confidence"] <= 1
    assert said == {"pages": 1, "truncated": False}


@pytest.mark.parametrize("ink", [0, 255])
def test_text_on_a_transparent_ground_is_read_whatever_its_colour(ink: int) -> None:
    page = drawn("Gate number 41 closes")
    clear = Image.merge("LA", (Image.new("L", page.size, ink), ImageOps.invert(page)))
    assert recognized(clear, Options("eng")).text == "Gate number 41 closes"


def test_auto_finds_the_language_and_reads_as_well_as_when_told() -> None:
    image = drawn("\n".join([GERMAN] * 4))
    found = recognized(image.copy(), Options("auto"))
    assert found.language == "de"
    assert found.text == recognized(image, Options("deu")).text
    assert found.text == "\n\n".join([GERMAN] * 4)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_on_its_side_or_head_is_turned(english: Image.Image, degrees: int) -> None:
    turned = english.rotate(degrees, expand=True, fillcolor=255)
    assert recognized(turned, Options()).text == ENGLISH


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("said", ["The harbour was quiet.", "Invoice 2041\nTotal due: 318.40"])
def test_text_too_short_to_tell_how_it_stands_is_turned_too(said: str, degrees: int) -> None:
    turned = drawn(said).rotate(degrees, expand=True, fillcolor=255)
    found = recognized(turned, Options("eng"))
    assert found.text.split() == said.split()
    assert found.confidence is not None
    assert found.confidence > 0.8


@pytest.mark.parametrize("degrees", [90, 180])
def test_a_turned_page_is_read_in_its_language(degrees: int) -> None:
    turned = drawn("\n".join([GERMAN] * 2)).rotate(degrees, expand=True, fillcolor=255)
    found = recognized(turned, Options())
    assert (found.text, found.language) == ("\n\n".join([GERMAN] * 2), "de")


def test_an_exif_orientation_is_applied(tmp_path: Path, english: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = picture(english.rotate(90, expand=True), "JPEG", quality=95, exif=exif)
    pages, _ = extracted(source(tmp_path, data, "image/jpeg"))
    assert pages[0]["text"] == ENGLISH


def test_white_on_black_is_read(english: Image.Image) -> None:
    assert recognized(ImageOps.invert(english), Options("eng")).text == ENGLISH


def test_black_on_transparent_is_read(english: Image.Image) -> None:
    clear = Image.new("RGBA", english.size, (0, 0, 0, 0))
    clear.putalpha(ImageOps.invert(english))
    assert recognized(clear, Options("eng")).text == ENGLISH


def test_sixteen_bits_a_pixel_are_read(english: Image.Image, tmp_path: Path) -> None:
    deep = english.convert("I").point(lambda value: value * 257).convert("I;16")
    pages, _ = extracted(source(tmp_path, picture(deep), "image/png"))
    assert pages[0]["text"] == ENGLISH


def test_small_text_is_enlarged_before_it_is_read() -> None:
    small = drawn(ENGLISH, dpi=75)
    assert recognized(small, Options("eng")).text == ENGLISH


def test_preserved_columns_stay_apart_and_lines_stay_lines() -> None:
    image = Image.new("L", (1600, 500), 255)
    pen, face = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSans.ttf", 40)
    rows = [("Apple", "3", "1.20"), ("Pear", "12", "10.00"), ("Plum", "7", "4.50")]
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            pen.text((100 + 500 * column, 80 + 90 * number), cell, font=face, fill=0)
    lines = recognized(image, Options("eng", preserve=True)).text.splitlines()
    assert [tuple(line.split()) for line in lines if line] == rows
    assert all("   " in line for line in lines if line)


def test_an_empty_page_has_no_text_no_language_and_no_confidence() -> None:
    found = recognized(Image.new("L", (600, 800), 255), Options())
    assert (found.text, found.language, found.confidence) == ("", None, None)


def test_each_further_page_of_a_tiff_is_a_task_of_its_own(
    tmp_path: Path, english: Image.Image
) -> None:
    data = picture(english, "TIFF", save_all=True, append_images=[drawn(GERMAN)])
    file = source(tmp_path, data, "image/tiff")
    pages, said = extracted(file)
    assert pages[0]["text"] == ENGLISH
    assert pages[1:] == [None]
    assert said == {"pages": 2, "truncated": False}
    assert (page(file, 1)["text"], page(file, 1)["language"]) == (GERMAN, "de")
    with pytest.raises(ProcessingError, match="no such page"):
        page(file, 2)


def test_more_scanned_pages_than_are_recognised_are_left_out(tmp_path: Path) -> None:
    dots = [Image.new("1", (20, 20))] * 149
    data = picture(dots[0], "TIFF", save_all=True, append_images=dots)
    pages, said = extracted(source(tmp_path, data, "image/tiff"))
    assert said == {"pages": 150, "truncated": True}
    assert sum(found is None for found in pages) == 100


def test_the_command_reads_as_the_library_does(english: Image.Image) -> None:
    by_command = list(engines.parsed(engines.by_command(english, "eng")))
    by_library = engines.words(english, "eng")
    assert [word.text for word in by_command] == [word.text for word in by_library]
    assert " ".join(word.text for word in by_command) == ENGLISH


def test_a_language_that_is_not_installed_is_a_failure_of_the_task(tmp_path: Path) -> None:
    file = source(tmp_path, picture(Image.new("L", (50, 50))), "image/png")
    with pytest.raises(ProcessingError) as caught:
        extracted(file, language="xxx")
    assert caught.value.failure is Failure.UNSUPPORTED


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("auto", "auto"),
        (" AUTO ", "auto"),
        ("en", "eng"),
        ("EN", "eng"),
        ("en-GB", "eng"),
        ("pt_BR", "por"),
        ("deu", "deu"),
        ("ger", "deu"),
        ("fre", "fra"),
    ],
)
def test_languages_are_named_by_two_or_three_letters(said: str, code: str) -> None:
    assert tesseract_code(said) == code


@pytest.mark.parametrize("said", ["", "xx", "english", "../eng", "eng+deu", "osd", "e\0n"])
def test_an_unknown_language_is_refused_with_those_available(said: str) -> None:
    with pytest.raises(ValidationFailedError, match=r"auto, .*en.*") as caught:
        tesseract_code(said)
    assert "osd" not in caught.value.message


def test_codes_of_tesseract_become_iso_codes() -> None:
    assert [iso_code(code) for code in ("eng", "chi_sim", "chi_tra", "frk")] == [
        "en",
        "zh",
        "zh",
        "frk",
    ]
    assert (for_script("Latin"), for_script("Klingon")) == ("eng", None)


def test_hyphens_at_line_ends_go_and_others_stay() -> None:
    assert joined(["an or-", "der of well-", "Known things -", "here"]) == (
        "an order of well- Known things - here"
    )
    assert reflowed("one\ntwo\n\n \nthree") == "one two\n\nthree"


def test_the_grid_keeps_indentation_and_blank_lines() -> None:
    words = [Word(*given, line=line) for line, given in enumerate(_WORDS)]
    assert grid(words) == "ab      cd\n  ef\ngh\n\nij"


_WORDS = [
    ("ab", 0, 0, 20, 10),
    ("cd", 80, 0, 100, 10),
    ("ef", 20, 20, 40, 30),
    ("gh", 0, 40, 20, 50),
    ("ij", 0, 80, 20, 90),
]
