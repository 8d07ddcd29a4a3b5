"""Real files of the common kinds, made on the spot."""

import io
import random
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pypdfium2  # type: ignore[import-untyped]  # ships no type hints
from PIL import Image, ImageDraw, ImageFont


def image(kind: str, size: tuple[int, int] = (320, 200)) -> bytes:
    """Return a picture in the format that Pillow calls ``kind``."""
    target = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(target, kind)
    return target.getvalue()


def writing(text: str) -> bytes:
    """Return a PNG of a line of text, as a scanner would see it."""
    page = Image.new("L", (1600, 200), 255)
    ImageDraw.Draw(page).text((60, 60), text, fill=0, font=ImageFont.load_default(56))
    target = io.BytesIO()
    page.save(target, "PNG", dpi=(300, 300))
    return target.getvalue()


def document() -> bytes:
    """Return a PDF of two pages."""
    target = io.BytesIO()
    pdf = pypdfium2.PdfDocument.new()
    for _ in range(2):
        pdf.new_page(595, 842).close()
    pdf.save(target)
    pdf.close()
    return target.getvalue()


def film(seconds: int = 2) -> bytes:
    """Return an MP4 whose index comes first, as players over HTTP need it."""
    with TemporaryDirectory() as folder:  # moving the index needs a file that can be read again
        path = Path(folder) / "film.mp4"
        _record(path, seconds)
        return path.read_bytes()


def _record(path: Path, seconds: int) -> None:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        track = container.add_stream("mpeg4", rate=24)
        track.width, track.height, track.time_base = 320, 240, Fraction(1, 24)
        for number in range(24 * seconds):
            picture = Image.new("RGB", (320, 240), (number * 5 % 256, 80, 160))
            frame: av.VideoFrame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            container.mux(track.encode(frame))
        container.mux(track.encode(None))


def noise(size: int, seed: int = 0) -> bytes:
    """Return ``size`` bytes that do not compress, the same for the same ``seed``."""
    return random.Random(seed).randbytes(size)  # noqa: S311 - test data


SAMPLES = {
    "photo.jpg": ("image/jpeg", image("JPEG")),
    "drawing.png": ("image/png", image("PNG")),
    "document.pdf": ("application/pdf", document()),
    "large_video.mp4": ("video/mp4", film()),
    "document.txt": ("text/plain", "Grüße from a text file.\n".encode() * 20),
}
"""The content type and the bytes of a file of each kind, by name."""


def write_samples(folder: Path) -> Path:
    """Write every sample into ``folder`` and return it."""
    for name, (_, content) in SAMPLES.items():
        (folder / name).write_bytes(content)
    return folder
