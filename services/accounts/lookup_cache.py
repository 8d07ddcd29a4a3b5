"""What was looked up a moment ago, trusted until it changes, and for 30 s at most."""

import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_FRESH_SECONDS: Final = 30
_MOST: Final = 10_000


class LookUps(Generic[Key, Value]):
    """Remembers what was found by key; what was not found is looked up again every time."""

    def __init__(self) -> None:
        self._found: dict[Key, tuple[float, Value]] = {}
        self._forgotten = 0

    async def get(self, key: Key, look_up: Callable[[], Awaitable[Value | None]]) -> Value | None:
        """Return what is remembered of ``key``, else what ``look_up`` finds."""
        looked_up, value = self._found.get(key, (0.0, None))
        if value is not None and time.monotonic() - looked_up <= _FRESH_SECONDS:
            return value
        self._found.pop(key, None)
        return await self._look_up(key, look_up)

    def forget(self, is_meant: Callable[[Key, Value], bool]) -> None:
        """Forget what ``is_meant``, what is being looked up at this moment included."""
        self._forgotten += 1
        meant = [key for key, (_, value) in self._found.items() if is_meant(key, value)]
        for key in meant:
            del self._found[key]

    def forget_all(self) -> None:
        """Forget everything, as above."""
        self._forgotten += 1
        self._found.clear()

    async def _look_up(
        self, key: Key, look_up: Callable[[], Awaitable[Value | None]]
    ) -> Value | None:
        forgotten, now = self._forgotten, time.monotonic()  # before it is read
        value = await look_up()
        if value is not None and forgotten == self._forgotten:
            if len(self._found) >= _MOST:
                self._found.clear()
            self._found[key] = (now, value)
        return value
