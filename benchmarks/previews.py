"""Thumbnails: the rate on one core against that of sharp, in the same run."""

import io
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

from PIL import Image, ImageChops
from report import Row, at_least
from serving import ROOT

from processing import previews
from processing.task import Source

_SHARP: Final = ROOT / "benchmarks" / "sharp"
_INSTALLED: Final = ROOT / "build" / "sharp"
_JPEG: Final = at_least(0.7, "x")
_OTHER: Final = at_least(0.9, "x")
_LONGEST: Final = (160, 480, 1200)
_MIB: Final = 1024 * 1024

_Thumbnail = Callable[[Path, int], float]


def measure(*, quick: bool) -> Iterator[Row]:
    """Yield the rows on thumbnails: how much more are made in a time than by sharp."""
    _install()
    rounds = 3 if quick else 9
    with _one_core(), tempfile.TemporaryDirectory() as folder, _sharp() as sharp:
        for what, path in _pictures(Path(folder)):
            for longest in _LONGEST:
                ours, theirs = _seconds(path, longest, sharp, rounds)
                target = _JPEG if path.suffix == ".jpeg" else _OTHER
                ratio = median(theirs) / median(ours)
                shown = f"{ratio:.2f}x: {_milliseconds(ours)}, sharp {_milliseconds(theirs)}"
                yield target.row(f"Thumbnail of {longest} px: {what}", ratio, shown)


def _seconds(
    path: Path, longest: int, sharp: _Thumbnail, rounds: int
) -> tuple[list[float], list[float]]:
    """Return the processor seconds of each, taken in turns; the first of each warms up."""
    pairs = [(_ours(path, longest), sharp(path, longest)) for _ in range(rounds + 1)]
    ours, theirs = zip(*pairs[1:], strict=True)
    return list(ours), list(theirs)


def _milliseconds(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.0f} ms"


def _ours(path: Path, longest: int) -> float:
    source = Source(str(path), f"image/{path.suffix[1:]}", path.name, path.stat().st_size)
    spec = {"format": "thumbnail", "longest": longest, "mime_type": "image/webp"}
    before = time.process_time()
    said = previews.run(source, spec, io.BytesIO())
    seconds = time.process_time() - before
    assert max(said["width"], said["height"]) == longest
    return seconds


def _install() -> None:
    """Put sharp, as locked, into the folder for what is built."""
    _INSTALLED.mkdir(parents=True, exist_ok=True)
    for each in _SHARP.iterdir():
        shutil.copy(each, _INSTALLED)
    subprocess.run(["npm", "ci", "--silent"], cwd=_INSTALLED, check=True)  # noqa: S607


@contextmanager
def _one_core() -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def _sharp() -> Iterator[_Thumbnail]:
    command = ["node", str(_INSTALLED / "thumbnails.js")]
    with subprocess.Popen(  # noqa: S603 - our own script
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:

        def thumbnail(path: Path, longest: int) -> float:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps({"path": str(path), "longest": longest}) + "\n")
            said: dict[str, Any] = json.loads(process.stdout.readline())
            assert max(said["size"]) == longest
            return float(said["seconds"])

        yield thumbnail


def _pictures(folder: Path) -> Iterator[tuple[str, Path]]:
    large, small = _photograph(6000, 4000), _photograph(4000, 3000)
    for picture, suffix, options in (
        (large, "jpeg", {"quality": 90}),
        (small, "png", {}),
        (small, "webp", {"quality": 85}),
    ):
        path = folder / f"picture.{suffix}"
        picture.save(path, **options)
        megapixels = picture.width * picture.height // 1_000_000
        yield f"{suffix.upper()} of {megapixels} MP, {path.stat().st_size / _MIB:.1f} MiB", path


def _photograph(width: int, height: int) -> Image.Image:
    """Return noise in many sizes, which takes as long to decode as what cameras see."""
    return Image.merge("RGB", [_band(width, height) for _ in range(3)])


def _band(width: int, height: int) -> Image.Image:
    band = Image.new("L", (width, height), 128)
    for grain, strength in ((400, 90), (100, 60), (25, 40), (6, 20), (2, 8)):
        noise = Image.effect_noise((width // grain, height // grain), strength)
        spread = noise.resize((width, height), Image.Resampling.BICUBIC)
        band = ImageChops.add(band, spread, offset=-128)
    return band
