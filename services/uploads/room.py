"""What is left of an account's quota, and the refusal of what does not fit."""

from dataclasses import asdict, dataclass
from typing import Final

from core.errors import QuotaExceededError, TooManyUploadsError

MAX_STAGED_FILES: Final = 1000
UNLIMITED: Final = 2**62


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account stores and may store; a quota of None is no limit."""

    bytes: int = 0
    files: int = 0
    quota_bytes: int | None = None
    quota_files: int | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of an account's quota, and of what it may have under way at once."""

    usage: Usage
    held_bytes: int
    held_files: int
    may_hold: int

    @property
    def bytes(self) -> int:
        """How many bytes may be held now."""
        return max(0, min(self._unused, self.may_hold - self.held_bytes))

    @property
    def _unused(self) -> int:
        quota = UNLIMITED if self.usage.quota_bytes is None else self.usage.quota_bytes
        return quota - self.usage.bytes - self.held_bytes

    def require_files(self, count: int) -> None:
        """Refuse ``count`` more files if there is no room for them."""
        quota = self.usage.quota_files
        if quota is not None and self.usage.files + self.held_files + count > quota:
            raise self._exceeded(f"You may have {quota} files")
        if self.held_files + count > MAX_STAGED_FILES:
            raise TooManyUploadsError(f"At most {MAX_STAGED_FILES} files may be under way at once.")

    def require_bytes(self, more: int, size: int, uses: int = 1) -> None:
        """Refuse ``more`` bytes for a file of ``size`` bytes or more if they are not left.

        A file that is used several times needs its size in the quota for each use, but is under
        way once.
        """
        if more + size * (uses - 1) > self._unused:
            times = f", used {uses} times," if uses > 1 else ""
            raise self._exceeded(
                f"This file of {size} bytes or more{times} would pass your quota", size * uses
            )
        if more > self.may_hold - self.held_bytes:
            raise TooManyUploadsError(
                f"Uploads that are under way may hold {self.may_hold} bytes together;"
                " let some of yours end first.",
                held_bytes=self.held_bytes,
                limit_bytes=self.may_hold,
            )

    def _exceeded(self, sentence: str, size: int | None = None) -> QuotaExceededError:
        return quota_exceeded(self.usage, sentence, size, self.held_bytes, self.held_files)


def quota_exceeded(
    usage: Usage, sentence: str, size: int | None = None, held_bytes: int = 0, held_files: int = 0
) -> QuotaExceededError:
    """Return the refusal of a file, with the figures that it comes from."""
    return QuotaExceededError(
        f"{sentence}: {usage.bytes} bytes in {usage.files} files are stored, {held_bytes} in"
        f" {held_files} under way. Delete something first.",
        **asdict(usage),
        held_bytes=held_bytes,
        held_files=held_files,
        needed_bytes=size,
    )
