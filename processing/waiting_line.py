"""Who may use a worker next."""

import asyncio
from collections import deque

from core.errors import BusyError
from core.metrics import WAITING


class WaitingLine:
    """Those who wait for one of ``places``: at most ``length``, and the patient behind them."""

    def __init__(self, places: int, length: int) -> None:
        self.is_closed = False
        self._free = places
        self._places = places
        self._length = length
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._patient: deque[asyncio.Future[None]] = deque()
        self._empty = asyncio.Event()
        self._empty.set()

    async def enter(self, *, patient: bool) -> None:
        """Take a place; each is to be given back by ``leave``.

        Raises:
            BusyError: The line is full or closed.
        """
        if self.is_closed:
            raise stopping()
        if not self._free:
            await self._wait(self._patient if patient else self._waiting)
            if self.is_closed:  # in the moment between the turn and its taking
                self.leave()
                raise stopping()
        else:
            self._free -= 1
            self._empty.clear()

    async def _wait(self, line: deque[asyncio.Future[None]]) -> None:
        if line is self._waiting and len(line) >= self._length:
            raise BusyError("Too many files are being processed; try again in a moment.")
        turn = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            with WAITING.track_inprogress():
                await turn
        except asyncio.CancelledError:
            if turn in line:
                line.remove(turn)
            elif not turn.cancelled():  # the place came, and nobody is there to take it
                self.leave()
            raise

    def leave(self) -> None:
        """Give a place to who is next."""
        for line in (self._waiting, self._patient):
            while line:
                turn = line.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1
        if self._free == self._places:
            self._empty.set()

    def close(self) -> None:
        """Send all away who wait."""
        self.is_closed = True
        for turn in (*self._waiting, *self._patient):
            if not turn.done():
                turn.set_exception(stopping())
        self._waiting.clear()
        self._patient.clear()

    async def emptied(self) -> None:
        """Wait until no place is taken."""
        await self._empty.wait()


def stopping() -> BusyError:
    """Return the error of those who come when the server ends."""
    return BusyError("The server is being restarted; try again in a moment.")
