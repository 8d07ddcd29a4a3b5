"""Previews of raw photos: of the JPEG that the camera made of them, else developed by LibRaw."""

from typing import Any, Final

from PIL import Image

from processing import images, raws
from processing.previews import colour, raster
from processing.task import ProcessingError, Source

_LARGE: Final = 1_200
"""The long side of a JPEG, in pixels, that is as good as any: that of the largest preview."""

_LEAST: Final = 480
"""The least long side of a JPEG that is shown where LibRaw cannot develop the photo."""

_NEARLY: Final = 0.85


def render(source: Source, longest: int) -> Image.Image:
    """Return the photo as RGB, upright; never its small thumbnail.

    Raises:
        ProcessingError: Broken, too large, or of a camera that LibRaw does not know.
    """
    with raws.opened(source) as photo:
        size, orientation = raws.sensor_size(photo), raws.orientation(photo)
        jpeg = raws.largest_jpeg(photo)
        picture = _shown(photo, jpeg, _NEARLY * min(_LARGE, max(size)))
        images.check_size(*picture.size)
        if picture is jpeg and _is_upright(size, jpeg.size, orientation):
            orientation = 1
        profile = picture.info.get("icc_profile")
        fitted = raster.fitted(picture, longest)
    return raster.turned(colour.standard(fitted, profile), orientation)


def _shown(photo: Any, jpeg: Image.Image | None, enough: float) -> Image.Image:
    """Return the camera's JPEG if it is large enough, else the photo developed."""
    if jpeg and max(jpeg.size) >= enough:
        return jpeg
    try:
        return raws.developed(photo)
    except ProcessingError:
        if jpeg and max(jpeg.size) >= _LEAST:
            return jpeg
        raise


def _is_upright(sensor: tuple[int, int], jpeg: tuple[int, int], orientation: int) -> bool:
    """Return whether the camera has turned its JPEG already, although not the sensor's pixels."""
    turns_aside = orientation in {5, 6, 7, 8}
    return turns_aside and (sensor[0] > sensor[1]) != (jpeg[0] > jpeg[1])
