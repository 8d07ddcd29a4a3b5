"""Which preview is asked for, and how it reads as a specification."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core.errors import ValidationFailedError
from models.derivative import DerivativeKind
from models.file import StoredFile
from processing.task import Failure, ProcessingError
from services.derivatives.processor import Subject
from services.derivatives.rows import Specification


class PreviewFormat(StrEnum):
    """What a preview shows: one picture, or a moving one where the file is animated."""

    THUMBNAIL = "thumbnail"
    ANIMATED = "animated"


class PreviewSize(StrEnum):
    """How large a preview is on its long side: 160, 480 or 1200 pixels; never enlarged."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class PreviewType(StrEnum):
    """The format that a preview is encoded in."""

    WEBP = "webp"
    JPEG = "jpeg"
    PNG = "png"
    AVIF = "avif"


_LONGEST: Final[Mapping[PreviewSize, int]] = {
    PreviewSize.SMALL: 160,
    PreviewSize.MEDIUM: 480,
    PreviewSize.LARGE: 1200,
}
MIME_TYPES: Final[Mapping[PreviewType, str]] = {
    PreviewType.WEBP: "image/webp",
    PreviewType.JPEG: "image/jpeg",
    PreviewType.PNG: "image/png",
    PreviewType.AVIF: "image/avif",
}


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """Which preview is asked for.

    Raises:
        ValidationFailedError: An animation in a type that cannot move.
    """

    format: PreviewFormat = PreviewFormat.THUMBNAIL
    size: PreviewSize = PreviewSize.MEDIUM
    type: PreviewType = PreviewType.WEBP

    def __post_init__(self) -> None:
        if self.format is PreviewFormat.ANIMATED and self.type is not PreviewType.WEBP:
            raise ValidationFailedError("type must be webp for an animated preview.")

    def specification(self, file: StoredFile) -> Specification:
        """Return what is to be made of ``file``."""
        subject = Subject.of(file)
        return Specification(
            DerivativeKind.PREVIEW,
            {
                "format": self.format.value,
                "size": self.size.value,
                "type": self.type.value,
                "source": [subject.content_type, subject.name],
            },
        )

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "PreviewRequest":
        """Return what was asked for, by the parameters of its specification."""
        return cls(
            PreviewFormat(given["format"]), PreviewSize(given["size"]), PreviewType(given["type"])
        )

    @property
    def mime_type(self) -> str:
        """The content type of the preview."""
        return MIME_TYPES[self.type]

    def task(self) -> dict[str, Any]:
        """Return what a worker is told."""
        return {
            "format": self.format.value,
            "longest": _LONGEST[self.size],
            "mime_type": self.mime_type,
        }

    def dimensions(self, result: Mapping[str, Any]) -> tuple[int, int]:
        """Return width and height that a worker told; ``ProcessingError`` if they cannot be."""
        width, height = result.get("width"), result.get("height")
        longest = _LONGEST[self.size]
        if not all(isinstance(one, int) and 1 <= one <= longest for one in (width, height)):
            raise ProcessingError(Failure.FAILED, "The preview came out wrong.")
        return result["width"], result["height"]
