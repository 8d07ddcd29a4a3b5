"""Decoded video frames as images in sRGB."""

from typing import Final

from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation
from PIL import Image

from processing.previews.colour_space import ColourSpace, by_code_points
from processing.previews.libvips import Samples, VipsError

_UNSPECIFIED: Final = 2  # AVCOL_SPC_UNSPECIFIED (ITU-T H.273, table 4)
_HD_LINES: Final = 720
_BANDS: Final = 3
_SAMPLE_BYTES: Final = 2


def image(frame: VideoFrame, size: tuple[int, int]) -> Image.Image:
    """Return ``frame`` scaled to ``size`` as RGB in sRGB; HDR is tone-mapped.

    What the frame says of its colours is read by ITU-T H.273. SDR of BT.601 and BT.709 is shown
    as if it were sRGB, as browsers show it.
    """
    space = by_code_points(int(frame.color_primaries), int(frame.color_trc))
    if space is None:
        return _plain(frame, size)
    from processing.previews import conversion  # noqa: PLC0415 - seldom needed; it takes 15 ms

    try:
        return conversion.converted(_samples(frame, size, space), space)
    except VipsError:
        return _plain(frame, size)


def _plain(frame: VideoFrame, size: tuple[int, int]) -> Image.Image:
    picture: Image.Image = frame.to_image(  # type: ignore[no-untyped-call] # as the stubs are
        width=size[0],
        height=size[1],
        interpolation=_interpolation(frame, size),
        src_colorspace=_matrix(frame, None),
        threads=1,
    )
    return picture


def _samples(frame: VideoFrame, size: tuple[int, int], space: ColourSpace) -> Samples:
    """Return 16 bits a channel, so that HDR shows no bands."""
    width, height = size
    plane = frame.reformat(
        width,
        height,
        format="rgb48le",
        src_colorspace=_matrix(frame, space),
        interpolation=_interpolation(frame, size),
        threads=1,
    ).planes[0]
    line = width * _BANDS * _SAMPLE_BYTES
    data = memoryview(plane)
    rows = (data[at : at + line] for at in range(0, plane.line_size * height, plane.line_size))
    return Samples(width, height, _BANDS, "H", b"".join(rows))


def _interpolation(frame: VideoFrame, size: tuple[int, int]) -> Interpolation:
    is_smaller = size[0] < frame.width or size[1] < frame.height
    return Interpolation.AREA if is_smaller else Interpolation.BICUBIC


def _matrix(frame: VideoFrame, space: ColourSpace | None) -> Colorspace | None:
    """Return the matrix of a frame that names none; None to take what it names.

    High definition has BT.709's, HDR that of ITU-R BT.2100.
    """
    if frame.colorspace != _UNSPECIFIED:
        return None
    if space and space.transfer.hdr:
        return Colorspace.BT2020
    return Colorspace.ITU709 if frame.height >= _HD_LINES else None
