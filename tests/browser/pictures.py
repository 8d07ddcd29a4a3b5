"""Files of every kind that the viewer knows, small and real."""

from fractions import Fraction
from pathlib import Path

import av
from PIL import Image, ImageDraw, ImageFont
from PIL.TiffImagePlugin import IFDRational

from tests.acceptance.samples import writing
from tests.browser.locked_pdf import locked_pdf

PASSWORD = "open sesame"
COLORS = {"Dawn.jpg": (250, 170, 120), "Forest.jpg": (60, 130, 90), "Lake.jpg": (70, 120, 190)}


def write_pictures(folder: Path) -> Path:
    """Write the files into ``folder`` and return it."""
    for name, color in COLORS.items():
        _landscape(color).save(folder / name, "JPEG")
    _landscape((200, 200, 90)).save(folder / "Camera.jpg", "JPEG", exif=_exif())
    (folder / "Sign.png").write_bytes(writing("The museum opens at nine"))
    (folder / "Notes.txt").write_text("Remember the tickets.\nAnd the tickets for the boat.\n")
    _document(folder / "Guide.pdf")
    (folder / "Locked.pdf").write_bytes(locked_pdf(PASSWORD))
    _film(folder / "Film.mp4")
    return folder


def _landscape(color: tuple[int, int, int]) -> Image.Image:
    picture = Image.new("RGB", (600, 400), color)
    ImageDraw.Draw(picture).polygon([(0, 400), (300, 120), (600, 400)], fill=(40, 40, 60))
    return picture


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Leica", "M11"
    exif.get_ifd(0x8769)[0x829A] = IFDRational(1, 250)
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 15.0), 3: "E", 4: (11.0, 34.0, 30.0)})
    return exif


def _document(path: Path) -> None:
    pages = []
    for number in (1, 2):
        page = Image.new("RGB", (620, 877), "white")
        font = ImageFont.load_default(40)
        ImageDraw.Draw(page).text((60, 80), f"Chapter {number}", fill=0, font=font)
        pages.append(page)
    pages[0].save(path, "PDF", save_all=True, append_images=pages[1:])


def _film(path: Path, seconds: int = 6) -> None:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        track = container.add_stream("libx264", rate=12, options={"g": "12"})
        track.width, track.height, track.pix_fmt = 320, 180, "yuv420p"
        track.time_base = Fraction(1, 12)
        for number in range(12 * seconds):
            picture = Image.new("RGB", (320, 180), (number * 3 % 256, 90, 160))
            frame: av.VideoFrame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
            container.mux(track.encode(frame))
        container.mux(track.encode(None))
