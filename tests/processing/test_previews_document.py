"""First pages of PDFs that are written here."""

import io
from collections.abc import Callable
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from processing.previews import document
from processing.task import Failure, ProcessingError
from tests.processing import pages
from tests.processing.recordings import source

RED_BELOW = b"1 0 0 rg 0 0 10000 50 re f"


def pdf(box: str, pages: int = 1, extra: str = "", objects: str = "") -> bytes:
    """Return a PDF of pages of one shape, each red in its lowest 50 points."""
    kids = "3 0 R " * pages
    return (
        "%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R" + extra + ">>endobj\n"
        f"2 0 obj<</Type/Pages/Count {pages}/Kids[{kids}]>>endobj\n"
        f"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R"
        "/Resources<<>>/Annots[5 0 R]>>endobj\n"
        f"4 0 obj<</Length {len(RED_BELOW)}>>stream\n{RED_BELOW.decode()}\nendstream endobj\n"
        f"{objects}trailer<</Root 1 0 R/Size 9>>"
    ).encode()


def rendered(path: Path, data: bytes, longest: int = 480) -> Image.Image:
    path.write_bytes(data)
    return document.render(source(path, "application/pdf"), longest)


def failure(path: Path, data: bytes) -> Failure:
    with pytest.raises(ProcessingError) as raised:
        rendered(path, data)
    return raised.value.failure


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.pdf"


@pytest.mark.parametrize(("longest", "width"), [(160, 80), (480, 240), (1200, 600)])
def test_the_first_page_is_drawn_on_white(longest: int, width: int, path: Path) -> None:
    page = rendered(path, pdf("0 0 100 200"), longest)
    assert (page.size, page.mode) == ((width, longest), "RGB")
    assert page.getpixel((width // 2, longest // 4)) == (255, 255, 255)
    assert page.getpixel((width // 2, longest - 5)) == (255, 0, 0)


FIELD = (
    "5 0 obj<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(x)/Rect[20 120 80 180]/F 4/P 3 0 R"
    "/AP<</N 6 0 R>>>>endobj\n"
    "6 0 obj<</Type/XObject/Subtype/Form/BBox[0 0 60 60]/Resources<<>>/Length 26>>stream\n"
    "0 0 1 rg 0 0 60 60 re f   \nendstream endobj\n"
)


@pytest.mark.parametrize(
    ("objects", "extra"),
    [
        (FIELD, "/AcroForm<</Fields[5 0 R]>>"),
        (FIELD.replace("Widget/FT/Tx/T(a)/V(x)", "Square"), ""),
    ],
    ids=["form field", "annotation"],
)
def test_what_was_filled_in_or_noted_is_drawn(objects: str, extra: str, path: Path) -> None:
    page = rendered(path, pdf("0 0 200 200", extra=extra, objects=objects), 200)
    red, green, blue = page.getpixel((50, 50))  # type: ignore[misc] # RGB, so three of them
    assert blue > 200
    assert red < 240  # a field that can be filled in has a tint over it
    assert green < 240


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ("0 0 14400 14400", (480, 480)),
        ("0 0 1000000000 1000000000", (480, 480)),
        ("0 0 1000000 1", (480, 1)),
        ("0 0 1 1000000", (1, 480)),
        ("0 0 0.001 0.001", (480, 480)),
    ],
)
def test_pages_of_any_size_are_bounded(box: str, size: tuple[int, int], path: Path) -> None:
    assert rendered(path, pdf(box)).size == size


@pytest.mark.parametrize("box", ["0 0 0 0", f"0 0 {'9' * 60} 10", "0 0 -100 -200", "a b c d"])
def test_pages_without_a_sensible_size_are_bounded_too(box: str, path: Path) -> None:
    assert max(rendered(path, pdf(box)).size) == 480


def test_a_document_of_20_000_pages_shows_its_first(path: Path) -> None:
    assert rendered(path, pdf("0 0 100 100", pages=20_000)).size == (480, 480)


def test_a_document_without_pages_is_broken(path: Path) -> None:
    assert failure(path, pdf("0 0 100 100", pages=0)) is Failure.FAILED


def test_a_document_with_a_password_says_so(path: Path) -> None:
    key = "/V 1/R 2/P -4/Filter/Standard/O<" + "41" * 32 + ">/U<" + "42" * 32 + ">"
    data = pdf("0 0 100 100").replace(
        b"/Size 9", b"/Size 9/ID[<00><00>]/Encrypt<<" + key.encode() + b">>"
    )
    assert failure(path, data) is Failure.ENCRYPTED


def by_cairo() -> bytes:
    return pages.pdf([(10, 99, "Some text")], size=(100, 200))


def by_pdfium() -> bytes:
    buffer = io.BytesIO()
    written = pypdfium2.PdfDocument.new()
    written.new_page(100, 200)
    written.save(buffer)
    written.close()
    return buffer.getvalue()


@pytest.mark.parametrize("write", [by_cairo, by_pdfium])
@pytest.mark.parametrize("percent", [10, 50, 90])
def test_a_document_cut_off_is_drawn_or_broken(
    write: Callable[[], bytes], percent: int, path: Path
) -> None:
    data = write()
    assert max(rendered(path, data).size) == 480
    try:
        assert max(rendered(path, data[: len(data) * percent // 100]).size) == 480
    except ProcessingError as error:
        assert error.failure is Failure.FAILED


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"\x00" * 1000, b"%PDF" + b"<<" * 50_000])
def test_what_is_no_document_is_broken(data: bytes, path: Path) -> None:
    assert failure(path, data) is Failure.FAILED
