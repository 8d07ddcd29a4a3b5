"""Recognising text: how many characters come out right, by condition, and how fast.

Pages are drawn from public-domain texts in the six languages that the setup installs, in two fonts
and at two resolutions, as they are, skewed by two degrees, and with noise.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["OMP_THREAD_LIMIT"] = "1"

from PIL import Image, ImageDraw, ImageFont  # noqa: E402 - after the limit, which is read once

from processing.texts.document import Options  # noqa: E402
from processing.texts.recognition import recognized  # noqa: E402

import report  # noqa: E402 # isort: skip

TEXTS: Final = {
    "eng": (
        "It is a truth universally acknowledged, that a single man in possession of a good "
        "fortune, must be in want of a wife. However little known the feelings or views of such a "
        "man may be on his first entering a neighbourhood, this truth is so well fixed in the "
        "minds of the surrounding families, that he is considered as the rightful property of "
        "some one or other of their daughters."
    ),
    "spa": (
        "En un lugar de la Mancha, de cuyo nombre no quiero acordarme, no ha mucho tiempo que "
        "vivía un hidalgo de los de lanza en astillero, adarga antigua, rocín flaco y galgo "
        "corredor. Una olla de algo más vaca que carnero, salpicón las más noches, duelos y "
        "quebrantos los sábados, lentejas los viernes, algún palomino de añadidura los domingos, "
        "consumían las tres partes de su hacienda."
    ),
    "fra": (
        "Longtemps, je me suis couché de bonne heure. Parfois, à peine ma bougie éteinte, mes yeux "
        "se fermaient si vite que je n'avais pas le temps de me dire : Je m'endors. Et, une "
        "demi-heure après, la pensée qu'il était temps de chercher le sommeil m'éveillait ; je "
        "voulais poser le volume que je croyais avoir encore dans les mains et souffler ma lumière."
    ),
    "deu": (
        "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte, fand er sich in seinem "
        "Bett zu einem ungeheueren Ungeziefer verwandelt. Er lag auf seinem panzerartig harten "
        "Rücken und sah, wenn er den Kopf ein wenig hob, seinen gewölbten, braunen, von "
        "bogenförmigen Versteifungen geteilten Bauch, auf dessen Höhe sich die Bettdecke, zum "
        "gänzlichen Niedergleiten bereit, kaum noch erhalten konnte."
    ),
    "ita": (
        "Quel ramo del lago di Como, che volge a mezzogiorno, tra due catene non interrotte di "
        "monti, tutto a seni e a golfi, a seconda dello sporgere e del rientrare di quelli, vien, "
        "quasi a un tratto, a ristringersi, e a prender corso e figura di fiume, tra un "
        "promontorio a destra, e un'ampia costiera dall'altra parte; e il ponte, che ivi "
        "congiunge le due rive, par che renda ancor più sensibile all'occhio questa "
        "trasformazione."
    ),
    "por": (
        "Algum tempo hesitei se devia abrir estas memórias pelo princípio ou pelo fim, isto é, se "
        "poria em primeiro lugar o meu nascimento ou a minha morte. Suposto o uso vulgar seja "
        "começar pelo nascimento, duas considerações me levaram a adotar diferente método: a "
        "primeira é que eu não sou propriamente um autor defunto, mas um defunto autor, para quem "
        "a campa foi outro berço."
    ),
}
"""Austen, Cervantes, Proust, Kafka, Manzoni, Machado de Assis: the openings."""

_FONTS: Final = ("DejaVuSans", "DejaVuSerif")
_RESOLUTIONS: Final = (300, 150)
_CONDITIONS: Final = ("clean", "skewed", "noisy")
_A4_INCHES: Final = (8.27, 11.69)
_MARGIN_INCHES: Final = 0.9
_POINTS: Final = 11
_SKEW_DEGREES: Final = 2
_NOISE: Final = 0.25
_PAIRS: Final = 7
_CLEAN: Final = report.at_least(99, " %")
_AUTO: Final = report.at_most(1, " points")
_SPEED: Final = report.at_most(0.8, "x")


@dataclass(frozen=True, slots=True)
class _Reading:
    """How well one page was read, told its language and not; shares of 1."""

    language: str
    dpi: int
    condition: str
    told: float
    auto: float


def measure(*, quick: bool) -> Iterator[report.Row]:
    """Yield the accuracy by condition, the cost of not being told the language, and the speed."""
    fonts = _FONTS[:1] if quick else _FONTS
    cases = list(product(TEXTS, fonts, _RESOLUTIONS, _CONDITIONS))
    readings = [_read(*case) for case in cases]
    yield from _accuracy(readings)
    yield _detection(readings)
    yield _speed(3 if quick else _PAIRS)


def page(text: str, font: str, dpi: int, condition: str = "clean") -> Image.Image:
    """Return an A4 page in grey with ``text`` on it, as a scanner under ``condition`` gives it."""
    width, height = (round(side * dpi) for side in _A4_INCHES)
    image = Image.new("L", (width, height), 255)
    face = ImageFont.truetype(f"{font}.ttf", round(_POINTS * dpi / 72))
    margin = round(_MARGIN_INCHES * dpi)
    lines = "\n".join(_wrapped(text, face, width - 2 * margin))
    spacing = round(_POINTS * dpi / 72 * 0.3)
    ImageDraw.Draw(image).multiline_text((margin, margin), lines, 0, face, spacing=spacing)
    if condition == "skewed":
        return image.rotate(_SKEW_DEGREES, Image.Resampling.BICUBIC, fillcolor=255)
    if condition == "noisy":
        return Image.blend(image, Image.effect_noise(image.size, 60), _NOISE)
    return image


def accuracy(read: str, meant: str) -> float:
    """Return the share of characters read right: 1 less the edit distance by the length."""
    return 1 - _distance(" ".join(read.split()), meant) / len(meant)


def _read(language: str, font: str, dpi: int, condition: str) -> _Reading:
    image, meant = page(TEXTS[language], font, dpi, condition), TEXTS[language]
    told, auto = (
        accuracy(recognized(image.copy(), Options(asked)).text, meant)
        for asked in (language, "auto")
    )
    return _Reading(language, dpi, condition, told, auto)


def _accuracy(readings: Sequence[_Reading]) -> Iterator[report.Row]:
    for dpi, condition in product(_RESOLUTIONS, _CONDITIONS):
        found = [read for read in readings if (read.dpi, read.condition) == (dpi, condition)]
        mean = statistics.mean(read.told for read in found) * 100
        worst = min(found, key=lambda read: read.told)
        shown = f"{mean:.2f} %; worst {worst.told * 100:.2f} % ({worst.language})"
        what = f"OCR: characters right at {dpi} dpi, {condition}"
        target = _CLEAN if (dpi, condition) == (300, "clean") else None
        # the target holds for each page, not only for their mean
        yield target.row(what, worst.told * 100, shown) if target else report.Row(what, shown)


def _detection(readings: Sequence[_Reading]) -> report.Row:
    """Return by how many points ``auto`` is behind in the language where it does worst."""
    lost = {
        language: statistics.mean(
            (read.told - read.auto) * 100 for read in readings if read.language == language
        )
        for language in TEXTS
    }
    worst = max(lost, key=lambda language: lost[language])
    shown = f"{lost[worst]:.2f} points ({worst}, the worst of {len(TEXTS)} languages)"
    return _AUTO.row("OCR: auto behind the language given", lost[worst], shown)


def _speed(pairs: int) -> report.Row:
    """Compare one full page, read in the warm process and by the command, in turn."""
    image = page(" ".join([TEXTS["eng"]] * 8), "DejaVuSerif", 300)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page.png")
        image.save(path)
        recognized(image.copy(), Options("eng"))
        times = [(_warm(path), _command(path)) for _ in range(pairs)]
    ratios = [warm / command for warm, command in times]
    seconds = statistics.median(warm for warm, _ in times)
    ratio = statistics.median(ratios)
    shown = f"{report.spread(ratios)}; {seconds:.2f} s"
    return _SPEED.row("OCR: a warm A4 page at 300 dpi / the tesseract command", ratio, shown)


def _warm(path: Path) -> float:
    started = time.perf_counter()
    with Image.open(path) as image:
        assert recognized(image, Options("eng")).text
    return time.perf_counter() - started


def _command(path: Path) -> float:
    command = ["tesseract", str(path), "stdout", "-l", "eng"]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - it is ours
    assert done.stdout
    return time.perf_counter() - started


def _wrapped(text: str, face: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if face.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _distance(one: str, other: str) -> int:
    """Return the Levenshtein distance."""
    above = list(range(len(other) + 1))
    for number, left in enumerate(one, 1):
        row = [number]
        for place, right in enumerate(other, 1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (left != right)))
        above = row
    return above[-1]


if __name__ == "__main__":
    print(report.table(list(measure(quick="--quick" in sys.argv))))
