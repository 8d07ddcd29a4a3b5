"""Test files with text in them: pictures of pages, PDFs, and ways to extract from bytes."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cairocffi
import pypdfium2
from PIL import Image, ImageDraw, ImageFont

from processing.task import Source
from processing.texts import page as page_task
from processing.texts import run

A4_INCHES: Final = (8.27, 11.69)
_MARGIN_INCHES: Final = 0.9
_LEADING: Final = 1.4

ENGLISH: Final = (
    "Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in "
    "my purse, and nothing particular to interest me on shore, I thought I would sail about a "
    "little and see the watery part of the world."
)
GERMAN: Final = (
    "Alle glücklichen Familien gleichen einander, jede unglückliche Familie ist auf ihre eigene "
    "Weise unglücklich. Im Hause der Oblonskis ging alles drunter und drüber."
)


def drawn(
    text: str, *, dpi: int = 150, points: float = 11, font: str = "DejaVuSerif"
) -> Image.Image:
    """Return an A4 page in grey with ``text`` on it, one paragraph a line of the text."""
    width, height = (round(side * dpi) for side in A4_INCHES)
    image = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(image)
    face = ImageFont.truetype(f"{font}.ttf", round(points * dpi / 72))
    left = top = round(_MARGIN_INCHES * dpi)
    for paragraph in text.split("\n"):
        for line in _wrapped(paragraph, face, width - 2 * left):
            pen.text((left, top), line, font=face, fill=0)
            top += round(points * _LEADING * dpi / 72)
        top += round(points * dpi / 72)
    return image


def picture(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """Return a picture as a file."""
    output = io.BytesIO()
    image.save(output, form, **options)
    return output.getvalue()


def pdf(
    *pages: Sequence[tuple[float, float, str]], size: tuple[float, float] = (595, 842)
) -> bytes:
    """Return a PDF with a text layer: for each page its runs of text, as x, y in points."""
    output = io.BytesIO()
    surface = cairocffi.PDFSurface(output, *size)
    context = cairocffi.Context(surface)
    context.select_font_face("DejaVu Serif")
    context.set_font_size(11)
    for runs in pages:
        for x, y, text in runs:
            context.move_to(x, y)
            context.show_text(text)
        surface.show_page()
    surface.finish()
    return output.getvalue()


def blank_pdf(pages: int, size: tuple[float, float] = (595, 842)) -> bytes:
    """Return a PDF of empty pages."""
    document = pypdfium2.PdfDocument.new()
    for _ in range(pages):
        document.new_page(*size).close()
    output = io.BytesIO()
    document.save(output)
    document.close()
    return output.getvalue()


def source(folder: Path, data: bytes, content_type: str, name: str = "file") -> Source:
    """Return a task's source for bytes."""
    path = folder / name
    path.write_bytes(data)
    return Source(str(path), content_type, name, len(data))


def extracted(
    source: Source, *, language: str = "auto", preserve: bool = False
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the pages as they were written, and what the task said of them."""
    output = io.BytesIO()
    spec = {"language": language, "preserve_formatting": preserve}
    said = run(source, spec, output)
    return json.loads(output.getvalue().decode("utf-8"))["pages"], said


def text(source: Source, *, preserve: bool = False) -> str:
    """Return the text of a file of one page."""
    (page,), _ = extracted(source, preserve=preserve)
    return str(page["text"])


def page(source: Source, index: int, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return one page, recognised by its own task."""
    output = io.BytesIO()
    spec = {"language": "auto", "preserve_formatting": False, **(options or {}), "page": index}
    assert page_task.run(source, spec, output) == {}
    found: dict[str, Any] = json.loads(output.getvalue().decode("utf-8"))
    return found


def _wrapped(text: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if face.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
