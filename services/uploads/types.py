"""Uploads before they are files."""

from dataclasses import dataclass, replace

from storage.base import Staged


@dataclass(frozen=True, slots=True)
class Expected:
    """How many bytes a body must have at the ``least`` and may have at the ``most``, if known."""

    least: int = 0
    most: int | None = None


ANY_LENGTH = Expected()


@dataclass(slots=True)
class Reservation:
    """An upload on its way; ``staged`` is None until the storage has opened its staging area.

    ``settled`` once it has become a file, or never can: nothing is left to claim or to clear up.
    ``held_bytes`` of its owner's quota are held for it. ``uses`` is how many files are to be made
    of its bytes, each charged in full.
    """

    id: str
    owner_id: str
    key: str
    uses: int = 1
    staged: Staged | None = None
    settled: bool = False
    held_bytes: int = 0


@dataclass(eq=False, slots=True)
class Received:
    """A body that has arrived in full: staged and hashed, not yet a file. Size in bytes.

    It becomes one file at most: ``spent`` once it was claimed or discarded.
    """

    reservation: Reservation
    filename: str
    size: int
    sha256: str
    mime_type: str
    declared_type: str | None = None
    spent: bool = False

    def for_each_use(self) -> list["Received"]:
        """Return a body for each use of the reservation, all of the same staged bytes."""
        return [self, *(replace(self) for _ in range(self.reservation.uses - 1))]
