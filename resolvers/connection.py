"""Connections of files: a window on a list, with cursors made only when they are asked for.

Source: GraphQL Cursor Connections Specification.
"""

from dataclasses import dataclass

from strawberry import Parent

from auth.viewer import Viewer
from models.file import StoredFile
from services.files.listing import FileFilter, Listing, Slice
from services.files.paging import Order, cursor_of


@dataclass(frozen=True, slots=True)
class Edge:
    """A file and its place in the list."""

    node: StoredFile
    cursor: str


@dataclass(frozen=True, slots=True)
class Page:
    """Whether there is more on either side, and the cursors of both ends (None when empty)."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Connection:
    """A slice of a list, and how to count the whole of it."""

    viewer: Viewer
    listing: Listing
    wanted: FileFilter
    order: Order
    slice: Slice

    @property
    def nodes(self) -> list[StoredFile]:
        """The files alone."""
        return self.slice.files

    @property
    def edges(self) -> list[Edge]:
        """The files with their cursors."""
        return [Edge(file, cursor_of(file, self.order)) for file in self.slice.files]

    @property
    def page_info(self) -> Page:
        """Where this slice lies."""
        files = self.slice.files
        return Page(
            self.slice.has_next,
            self.slice.has_previous,
            cursor_of(files[0], self.order) if files else None,
            cursor_of(files[-1], self.order) if files else None,
        )


async def total_count(parent: Parent[Connection]) -> int:
    """Return how many files the whole list holds."""
    return await parent.listing.count(parent.viewer, parent.wanted)
