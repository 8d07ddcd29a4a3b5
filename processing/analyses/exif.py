"""EXIF and GPS of an image as plain numbers, texts and timestamps (Exif 3.0)."""

from typing import Final

from PIL.ExifTags import GPS, IFD, Base

from processing.analyses.result import number
from processing.analyses.timestamps import from_exif
from processing.directories import SHORT, TagFile, Tags, Value, decoded

_TEXTS: Final = {
    "camera_make": Base.Make,
    "camera_model": Base.Model,
    "lens_make": Base.LensMake,
    "lens_model": Base.LensModel,
    "software": Base.Software,
    "artist": Base.Artist,
    "copyright": Base.Copyright,
    "description": Base.ImageDescription,
    "owner": Base.CameraOwnerName,
    "title": 0xA436,  # new in Exif 3.0, as the next two
    "photographer": 0xA437,
    "editor": 0xA438,
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
_ORIENTATIONS: Final = range(1, 9)
_COMMENT_PREFIX: Final = 8
_POLE: Final = 90
_DATE_LINE: Final = 180


def main_tags(file: TagFile) -> Tags:
    """Return the tags of the first directory together with those of its EXIF directory."""
    first = next(file.directories(), {})
    return {**first, **_sub_directory(file, first, IFD.Exif)}


def exif(file: TagFile) -> dict[str, object]:
    """Return camera, lens, exposure (s), focal length (mm) and dates; empty without any."""
    tags = main_tags(file)
    flash = _integer(tags.get(Base.Flash))
    return {
        **{name: _text(tags.get(tag)) for name, tag in _TEXTS.items()},
        "comment": _comment(tags.get(Base.UserComment)),
        **{name: _number(tags.get(tag)) for name, tag in _NUMBERS.items()},
        **{
            name: from_exif(_text(tags.get(date)), _text(tags.get(offset)))
            for name, (date, offset) in _DATES.items()
        },
        "flash": None if flash is None else bool(flash & 1),
    }


def gps(file: TagFile) -> dict[str, object]:
    """Return latitude and longitude in decimal degrees, altitude in metres; empty without any."""
    tags = _sub_directory(file, next(file.directories(), {}), IFD.GPSInfo)
    latitude = _degrees(tags.get(GPS.GPSLatitude), tags.get(GPS.GPSLatitudeRef), _POLE)
    longitude = _degrees(tags.get(GPS.GPSLongitude), tags.get(GPS.GPSLongitudeRef), _DATE_LINE)
    if latitude is None or longitude is None:
        return {}
    altitude = _number(tags.get(GPS.GPSAltitude))
    if altitude is not None and _is_below_sea(tags.get(GPS.GPSAltitudeRef)):
        altitude = -altitude
    return {"latitude": latitude, "longitude": longitude, "altitude": altitude}


def orientation(tags: Tags) -> int:
    """Return the orientation, 1 to 8, as browsers take it: one SHORT of that range, else 1."""
    found = tags.get(Base.Orientation)
    if found is None or found.kind != SHORT or found.count != 1:
        return 1
    number = found.integer or 1
    return number if number in _ORIENTATIONS else 1


def _sub_directory(file: TagFile, tags: Tags, ifd: IFD) -> Tags:
    offset = _integer(tags.get(ifd))
    return file.directory(offset)[0] if offset else {}


def _degrees(parts: Value | None, reference: Value | None, most: int) -> float | None:
    values = parts.numbers[:3] if parts else ()
    degrees = sum(value / float(60**index) for index, value in enumerate(values))
    if not values or not 0 <= degrees <= most:
        return None
    side = _text(reference) or ""
    return round(-degrees if side.strip()[:1].upper() in {"S", "W"} else degrees, 7)


def _is_below_sea(reference: Value | None) -> bool:
    return reference is not None and reference.data[:1] in {b"\1", b"1"}


def _comment(value: Value | None) -> str | None:
    """Return a user comment, which names its encoding first (Exif 3.0, section 4.6.6.4)."""
    if value is None:
        return None
    name, text = value.data[:_COMMENT_PREFIX], value.data[_COMMENT_PREFIX:]
    if name == b"UNICODE\0":
        return _utf16(text, value.order).strip("\0 ")
    if name == b"JIS\0\0\0\0\0":
        return text.decode("iso2022_jp", "replace").strip("\0 ")
    known = name in {b"ASCII\0\0\0", bytes(_COMMENT_PREFIX)}
    return decoded((text if known else value.data).strip(b"\0 "))


def _utf16(text: bytes, order: str) -> str:
    if text[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return text.decode("utf-16", "replace")
    little = order == "<"
    # Many write the order of their own machine: letters of Latin scripts have a zero byte.
    if b"\0" in text:
        little = text[1::2].count(0) >= text[::2].count(0) if text else little
    return text.decode("utf-16-le" if little else "utf-16-be", "replace")


def _text(value: Value | None) -> str | None:
    return value.text if value else None


def _number(value: Value | None) -> float | None:
    return number(value.number) if value else None


def _integer(value: Value | None) -> int | None:
    return value.integer if value else None
