"""Reducing stills of HDR in 16 bits a channel: 8 bits of PQ would show bands in a sky."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO, Final

from processing.previews import libvips
from processing.previews.libvips import Samples
from processing.task import Source

_LOADERS: Final = {"PNG": "pngload", "AVIF": "heifload"}
_BANDS: Final = {"RGB;16": 3, "RGBA;16": 4}
_WITH_ALPHA: Final = frozenset({2, 4})
_OPAQUE: Final = 65_535


def reduced(source: Source, form: str | None, longest: int) -> Samples | None:
    """Return the image's samples, ``longest`` at most on its long side; AVIF and HEIC are upright.

    ``form`` is Pillow's name of the format. None if it has only 8 bits, or if its decoder fails:
    what is wrong is for ``raster`` to say.
    """
    try:
        with ExitStack() as held, Path(source.path).open("rb") as file:
            if form == "HEIF":
                stored = _by_libheif(held, file)
            else:
                stored = _by_libvips(held, file, _LOADERS.get(form or ""))
            return stored and _resized(held, stored, longest)
    except libvips.VipsError:
        return None


def _by_libvips(held: ExitStack, file: BinaryIO, loader: str | None) -> Any:
    name = f"/proc/self/fd/{file.fileno()}"  # libvips takes brackets in a name for options
    options = f"filename={name},fail_on=error,access=sequential"
    return loader and libvips.call(held, loader, options)


def _by_libheif(held: ExitStack, file: BinaryIO) -> Any:
    import pillow_heif  # noqa: PLC0415 - only for images; it takes 20 ms

    images = pillow_heif.open_heif(file, convert_hdr_to_8bit=False)
    image = images[images.primary_index]
    if image.mode not in _BANDS:
        return None
    (width, height), bands = image.size, _BANDS[image.mode]
    padded = image.stride // (bands * 2)  # rows are aligned
    data = memoryview(image.data)[: image.stride * height]
    stored = libvips.image(held, Samples(padded, height, bands, "H", data))
    return libvips.call(held, "crop", f"left=0,top=0,width={width},height={height}", input=stored)


def _resized(held: ExitStack, image: Any, longest: int) -> Samples | None:
    width, height, bands, form = libvips.shape(image)
    if form != "H":
        return None
    scale = min(1.0, longest / max(width, height))
    across, down = (max(1, round(side * scale)) / side for side in (width, height))
    resize = f"scale={across},vscale={down}"
    if bands not in _WITH_ALPHA:
        return libvips.samples(libvips.call(held, "resize", resize, **{"in": image}))
    alpha = f"max_alpha={_OPAQUE}"
    weighted = libvips.call(held, "premultiply", alpha, **{"in": image})
    small = libvips.call(held, "resize", resize, **{"in": weighted})
    plain = libvips.call(held, "unpremultiply", alpha, **{"in": small})
    return libvips.samples(libvips.call(held, "cast", "format=ushort", **{"in": plain}))
