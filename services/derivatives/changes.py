"""Waiting for what others do to the derivatives of a blob, wherever they do it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from models.database import Transaction
from models.notices import Notices, Topic

LOOK_SECONDS: Final = 1
"""How long a change may go unnoticed that nobody was told of."""


class Change:
    """Whether something has changed since the last look."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def note(self) -> None:
        """Let whoever waits look."""
        self._event.set()

    async def wait(self) -> None:
        """Return when it is time to look again: something changed, or a second is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), LOOK_SECONDS)
        self._event.clear()


class DerivativeChanges:
    """Tells of changes, and of those that other processes tell of."""

    def __init__(self, notices: Notices) -> None:
        self._watched: dict[str, set[Change]] = {}
        notices.hear(Topic.DERIVATIVE, self._note)
        notices.hear_of_gaps(self._note_all)

    @staticmethod
    async def tell(transaction: Transaction, blob_id: str) -> None:
        """Let everybody who waits for a derivative of the blob look, once this is committed."""
        await transaction.tell(Topic.DERIVATIVE, blob_id)

    @contextmanager
    def watched(self, blob_id: str) -> Iterator[Change]:
        """Notice what changes from now on, for the block."""
        change = Change()
        self._watched.setdefault(blob_id, set()).add(change)
        try:
            yield change
        finally:
            self._watched[blob_id].discard(change)
            if not self._watched[blob_id]:
                del self._watched[blob_id]

    def _note(self, blob_id: str) -> None:
        for change in self._watched.get(blob_id, ()):
            change.note()

    def _note_all(self) -> None:
        for blob_id in self._watched:
            self._note(blob_id)
