"""What of a file is looked at: its beginning, its end, and places that its structure names."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

HEAD_BYTES: Final = 64 * 1024
TAIL_BYTES: Final = 64 * 1024
_WINDOW_BYTES: Final = 4096
_MAX_WINDOWS: Final = 64
_MAX_CHUNKS: Final = 64


class MoreNeededError(Exception):
    """A structure names bytes that have not arrived yet: ``length`` bytes from ``offset`` on."""

    def __init__(self, offset: int, length: int) -> None:
        super().__init__(offset, length)
        self.offset = offset
        self.length = length


@dataclass(slots=True)
class Sample:
    """The parts of a file that are known.

    ``head`` is its first 64 KB. ``tail`` is its last 64 KB and ``size`` its length in bytes, once
    all of it has arrived. ``windows`` are other parts by their offset. ``extension`` is that of
    its name, in lower case and without a dot; ``declared`` the type that the client sent, if any.
    While ``arriving``, bytes from ``passed`` on may still be asked for.
    """

    head: bytes
    tail: bytes = b""
    size: int | None = None
    windows: dict[int, bytes] = field(default_factory=dict)
    extension: str = ""
    declared: str = ""
    arriving: bool = False
    passed: int = 0

    def at(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes from ``offset`` on; fewer, or none, if they are not known.

        Raises:
            MoreNeededError: They have yet to arrive.
        """
        if offset + length <= len(self.head):
            return self.head[offset : offset + length]
        for start, window in self.windows.items():
            if start <= offset and offset + length <= start + len(window):
                return window[offset - start : offset - start + length]
        if self.arriving and max(offset, len(self.head)) >= self.passed:
            raise MoreNeededError(offset, max(length, _WINDOW_BYTES))
        return self._rest(offset, length)

    def _rest(self, offset: int, length: int) -> bytes:
        """Return what is known of bytes that end after the file does, or lie in its tail."""
        start = (self.size or 0) - len(self.tail)
        if self.tail and offset >= start:
            return self.tail[offset - start : offset - start + length]
        for begins, window in self.windows.items():
            if begins <= offset < begins + len(window):
                return window[offset - begins : offset - begins + length]
        return self.head[offset : offset + length]

    def u16(self, offset: int, order: str = "big") -> int:
        """Return an unsigned number of 2 bytes; 0 where they are not known."""
        return int.from_bytes(self.at(offset, 2), order)  # type: ignore[arg-type]

    def u32(self, offset: int, order: str = "big") -> int:
        """Return an unsigned number of 4 bytes; 0 where they are not known."""
        return int.from_bytes(self.at(offset, 4), order)  # type: ignore[arg-type]


class Sampler:
    """Keeps of a stream what identification looks at, in bounded memory.

    ``explore`` is called with what is known once the head is there, and again with each part that
    it asked for by ``MoreNeededError``. It may ask for 64 parts, of what has not passed yet.
    """

    def __init__(self, explore: Callable[[Sample], object]) -> None:
        self._explore = explore
        self._sample = Sample(b"", arriving=True)
        self._last: deque[bytes] = deque()
        self._last_bytes = 0
        self._size = 0
        self._wanted: MoreNeededError | None = None
        self._window = b""

    @property
    def head(self) -> bytes:
        """The first 64 KB of what has passed."""
        return self._sample.head

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        sample = self._sample
        start = sample.passed = self._size
        self._size += len(chunk)
        self._keep_last(chunk)
        if len(sample.head) < HEAD_BYTES:
            sample.head += chunk[: HEAD_BYTES - len(sample.head)]
            if len(sample.head) == HEAD_BYTES:
                self._look(start, chunk)
        elif self._wanted is not None:
            self._collect(start, chunk)

    def sample(self, filename: str = "", declared: str | None = None) -> Sample:
        """Return what is known now that the stream has ended."""
        if self._window and self._wanted is not None:
            self._sample.windows[self._wanted.offset] = self._window
        return Sample(
            self._sample.head,
            b"".join(self._last)[-TAIL_BYTES:],
            self._size,
            self._sample.windows,
            extension_of(filename),
            declared or "",
        )

    def _keep_last(self, chunk: bytes) -> None:
        self._last.append(chunk)
        self._last_bytes += len(chunk)
        while self._last_bytes - len(self._last[0]) >= TAIL_BYTES:
            self._last_bytes -= len(self._last.popleft())
        if len(self._last) > _MAX_CHUNKS:
            self._last = deque([b"".join(self._last)])

    def _look(self, start: int, chunk: bytes) -> None:
        """Explore what is known until it is enough, or more than this chunk has is asked for."""
        self._wanted = None
        while len(self._sample.windows) < _MAX_WINDOWS:
            try:
                self._explore(self._sample)
            except MoreNeededError as needed:
                self._wanted, self._window = needed, b""
            else:
                return
            if not self._collected(start, chunk):
                return
            self._wanted = None

    def _collect(self, start: int, chunk: bytes) -> None:
        if self._collected(start, chunk):
            self._look(start, chunk)

    def _collected(self, start: int, chunk: bytes) -> bool:
        """Add what ``chunk`` has of what is wanted; return whether that is all of it."""
        wanted = self._wanted
        if wanted is None:
            return False
        here = wanted.offset + len(self._window)
        if not self._window and here < start:  # its beginning is in the head, or has passed
            self._window = self._sample.head[here:]
            here += len(self._window)
        if here >= start:
            missing = wanted.length - len(self._window)
            self._window += chunk[here - start : here - start + missing]
        if len(self._window) < wanted.length:
            return False
        self._sample.windows[wanted.offset] = self._window
        return True


def extension_of(filename: str) -> str:
    """Return the extension of a name, in lower case and without a dot; empty without one."""
    stem, dot, extension = filename.rpartition(".")
    return extension.lower() if dot and stem else ""
