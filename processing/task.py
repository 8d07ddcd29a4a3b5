"""What a worker is asked to do with one file, and how it says that it cannot.

This module is all that the server and its workers share; it imports no decoder.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MIB: Final = 1024 * 1024
MAX_OUTPUT_BYTES: Final = 20 * MIB
"""The most that one task may write."""

MAX_PIXELS: Final = 40_000_000
"""The most pixels of one picture, read from its header before anything is decoded."""

MAX_FRAME_PIXELS: Final = 200_000_000
"""The most pixels of all frames of an animation together."""


class TaskName(StrEnum):
    """Everything that workers do."""

    PROBE = "probe"
    PREVIEW = "preview"
    EXTRACT_TEXT = "extract_text"
    RECOGNIZE_PAGE = "recognize_page"
    ANALYZE = "analyze"


class Failure(StrEnum):
    """Why a file did not yield what was asked for; stored, and shown to callers."""

    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    ENCRYPTED = "encrypted"
    FAILED = "failed"
    TIMED_OUT = "timed_out"


class ProcessingError(Exception):
    """A file does not yield what was asked for; ``message`` is a sentence that may be shown."""

    def __init__(self, failure: Failure, message: str) -> None:
        super().__init__(message)
        self.failure = failure
        self.message = message


@dataclass(frozen=True, slots=True)
class Source:
    """The file a task works on.

    ``path`` can be opened for reading any number of times while the task runs and says nothing of
    the file's name; ``content_type`` was found in the bytes; ``filename`` is the user's, for its
    extension and for showing; ``size`` is in bytes.
    """

    path: str
    content_type: str
    filename: str
    size: int

    @property
    def extension(self) -> str:
        """The extension of the name, lower case, without its dot; empty without one."""
        return self.filename.rpartition(".")[2].lower() if "." in self.filename else ""
