"""EXIF and GPS of a picture as plain numbers and timestamps (Exif 2.32)."""

from typing import Any, Final

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from processing.analyses.embedded import MAX_BLOCK_BYTES
from processing.analyses.result import number
from processing.analyses.timestamps import from_exif

_TEXTS: Final = {
    "camera_make": Base.Make,
    "camera_model": Base.Model,
    "lens_make": Base.LensMake,
    "lens_model": Base.LensModel,
    "software": Base.Software,
    "artist": Base.Artist,
    "copyright": Base.Copyright,
    "description": Base.ImageDescription,
}
_NUMBERS: Final = {
    "exposure_time": Base.ExposureTime,
    "f_number": Base.FNumber,
    "iso": Base.ISOSpeedRatings,
    "focal_length": Base.FocalLength,
    "focal_length_35mm": Base.FocalLengthIn35mmFilm,
}
_DATES: Final = {
    "taken_at": (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
    "digitized_at": (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
    "modified_at": (Base.DateTime, Base.OffsetTime),
}
_POLE: Final = 90
_DATE_LINE: Final = 180


def exif(image: Image.Image) -> dict[str, Any]:
    """Return camera, lens, exposure (s), focal length (mm) and dates; empty without any."""
    found = image.getexif()
    tags = {**found, **_sub_directory(image, IFD.Exif)}
    flash = _one(tags.get(Base.Flash))
    return {
        **{name: _text(tags.get(tag)) for name, tag in _TEXTS.items()},
        **{name: number(_one(tags.get(tag))) for name, tag in _NUMBERS.items()},
        **{name: from_exif(tags.get(a), tags.get(b)) for name, (a, b) in _DATES.items()},
        "flash": bool(flash & 1) if isinstance(flash, int) else None,
    }


def gps(image: Image.Image) -> dict[str, Any]:
    """Return latitude and longitude in decimal degrees, altitude in metres; empty without any."""
    tags = _sub_directory(image, IFD.GPSInfo)
    latitude = _degrees(tags.get(GPS.GPSLatitude), tags.get(GPS.GPSLatitudeRef), _POLE)
    longitude = _degrees(tags.get(GPS.GPSLongitude), tags.get(GPS.GPSLongitudeRef), _DATE_LINE)
    if latitude is None or longitude is None:
        return {}
    altitude = number(tags.get(GPS.GPSAltitude))
    if altitude is not None and tags.get(GPS.GPSAltitudeRef) in (1, b"\1"):
        altitude = -altitude
    return {"latitude": latitude, "longitude": longitude, "altitude": altitude}


def _sub_directory(image: Image.Image, ifd: IFD) -> dict[int, Any]:
    if len(image.info.get("exif", b"")) > MAX_BLOCK_BYTES:
        raise ValueError("more than metadata takes")
    return image.getexif().get_ifd(ifd)


def _degrees(parts: Any, reference: Any, most: int) -> float | None:
    if not isinstance(parts, tuple | list):
        return None
    values = [number(part) for part in parts[:3]]
    if not values or any(value is None for value in values):
        return None
    degrees = sum((value or 0.0) / float(60**index) for index, value in enumerate(values))
    if not 0 <= degrees <= most:
        return None
    return round(-degrees if str(reference)[:1] in ("S", "W") else degrees, 7)


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, tuple | list) and value else value


def _text(value: Any) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    return value.split("\0")[0] if isinstance(value, str) else None
