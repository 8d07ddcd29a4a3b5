"""Pages of lists on both engines: every file once, in order, whatever others do meanwhile."""

import base64
import random
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from auth.viewer import Viewer
from core.errors import ValidationFailedError
from core.ids import IdPrefix, new_id, new_key
from models.blob import Blob
from models.file import File, StoredFile, Visibility, folded
from services.access.bounds import MAX_PAGE
from services.application import Application
from services.files.listing import FileFilter
from services.files.paging import Order, SortKey, Window, cursor_of
from tests.services.conftest import account

ORDERS = [Order(key, descending) for key in SortKey for descending in (False, True)]
NAMES = ["a.txt", "A.txt", "b.txt", "é.txt", "Z", "ﬀ", "\U0001f600.png", "10", "9", "_"]
TYPES = ["image/png", "image/jpeg", "text/plain", "application/pdf"]
START = datetime(2026, 1, 1, tzinfo=UTC)
SIZES = [0, 1, 5 * 2**31]


class Shelf:
    """Files made by the hundred, in rows that share most of their sort values."""

    def __init__(self, application: Application, viewer: Viewer, seed: int = 1) -> None:
        self.viewer = viewer
        self.files: list[StoredFile] = []
        self._application = application
        self._random = random.Random(seed)  # noqa: S311 - not a secret

    async def add(self, count: int) -> list[StoredFile]:
        """Make ``count`` files, each with bytes of its own."""
        made = [self._file() for _ in range(count)]
        for file in made:
            content: dict[str, Any] = {"sha256": file.blob_id, "size": file.size}
            await Blob.create(key=file.blob_id, owner_id=file.owner_id, **content)
            await File.create(
                filename_folded=folded(file.filename),
                tags="[]",
                sha256=file.checksum,
                **{name: getattr(file, name) for name in _PLAIN},
            )
        self.files += made
        return made

    def sorted(self, order: Order) -> list[str]:
        """Return the ids as a list in that order must show them."""
        ranked = sorted(self.files, key=_rank(order.key), reverse=order.descending)
        return [file.id for file in ranked]

    async def clear(self) -> None:
        """Remove the rows, which have no bytes."""
        await File.all().delete()
        await Blob.all().delete()

    def _file(self) -> StoredFile:
        choice = self._random.choice
        key = new_key()
        return StoredFile(
            id=new_id(IdPrefix.FILE),
            owner_id=self.viewer.id or "",
            blob_id=key,
            filename=choice(NAMES),
            description=None,
            tags=[],
            visibility=Visibility.PRIVATE,
            mime_type=choice(TYPES),
            size=choice(SIZES),
            checksum=key,
            created_at=self._moment(),
            updated_at=self._moment(),
        )

    def _moment(self) -> datetime:
        # With and without microseconds, which change how SQLite writes the time down.
        return START + self._random.choice([timedelta(0), timedelta(microseconds=1), _SECOND])


_SECOND = timedelta(seconds=1)
_PLAIN = (
    *("id", "owner_id", "blob_id", "filename", "description", "visibility", "mime_type"),
    *("size", "created_at", "updated_at"),
)


def _rank(key: SortKey) -> Callable[[StoredFile], tuple[Any, str]]:
    def rank(file: StoredFile) -> tuple[Any, str]:
        value = getattr(file, key.value)
        return (value.encode() if isinstance(value, str) else value, file.id)

    return rank


@pytest.fixture
async def shelf(in_memory: Application) -> AsyncIterator[Shelf]:
    made = Shelf(in_memory, await account(in_memory))
    await made.add(47)
    stranger = Shelf(in_memory, await account(in_memory), seed=2)
    await stranger.add(5)
    yield made
    await made.clear()


def ids(files: Sequence[StoredFile]) -> list[str]:
    return [file.id for file in files]


async def walk(
    application: Application, viewer: Viewer, order: Order, size: int, *, backward: bool = False
) -> list[str]:
    """Return every id that following the cursors to the end shows, in the list's order."""
    shown: list[str] = []
    cursor = None
    for _ in range(200):
        window = Window(size, cursor, backward)
        page = await application.listing.slice(viewer, FileFilter(), order, window)
        assert len(page.files) <= size
        shown = ids(page.files) + shown if backward else shown + ids(page.files)
        ahead, behind = page.has_next, page.has_previous
        assert (ahead if backward else behind) is (cursor is not None)
        if not (behind if backward else ahead):
            return shown
        cursor = cursor_of(page.files[0 if backward else -1], order)
    raise AssertionError("the pages never end")


async def test_pages_show_every_file_once_in_order_both_ways(
    in_memory: Application, shelf: Shelf
) -> None:
    for order in ORDERS:
        expected = shelf.sorted(order)
        for size in (1, 7, 46, 47, 48):
            assert await walk(in_memory, shelf.viewer, order, size) == expected
            assert await walk(in_memory, shelf.viewer, order, size, backward=True) == expected


async def test_pages_by_offset_show_the_same(in_memory: Application, shelf: Shelf) -> None:
    listing = in_memory.listing
    for order in ORDERS:
        pages = [
            await listing.page(shelf.viewer, FileFilter(), order, limit=10, offset=offset)
            for offset in range(0, 60, 10)
        ]
        assert [len(page) for page in pages] == [10, 10, 10, 10, 7, 0]
        assert [file.id for page in pages for file in page] == shelf.sorted(order)


@pytest.mark.parametrize("order", [Order.parse(text) for text in ("size", "-filename")], ids=str)
@pytest.mark.parametrize("backward", [False, True])
async def test_pages_stay_in_place_while_others_insert(
    in_memory: Application, shelf: Shelf, order: Order, *, backward: bool
) -> None:
    before = shelf.sorted(order)
    shown: list[str] = []
    cursor = None
    while True:
        window = Window(5, cursor, backward)
        page = await in_memory.listing.slice(shelf.viewer, FileFilter(), order, window)
        shown = ids(page.files) + shown if backward else shown + ids(page.files)
        if not (page.has_previous if backward else page.has_next):
            break
        cursor = cursor_of(page.files[0 if backward else -1], order)
        if len(shelf.files) < 70:
            await shelf.add(2)
    assert [file_id for file_id in shown if file_id in set(before)] == before
    assert len(set(shown)) == len(shown)


async def test_a_page_stays_in_place_when_its_cursors_file_goes(
    in_memory: Application, shelf: Shelf
) -> None:
    order = Order.parse("filename")
    first = await in_memory.listing.slice(shelf.viewer, FileFilter(), order, Window(10))
    cursor = cursor_of(first.files[-1], order)
    await File.filter(id=first.files[-1].id).delete()
    then = await in_memory.listing.slice(shelf.viewer, FileFilter(), order, Window(100, cursor))
    assert ids(then.files) == shelf.sorted(order)[10:]


async def test_a_window_of_none_tells_only_whether_there_are_more(
    in_memory: Application, shelf: Shelf
) -> None:
    page = await in_memory.listing.slice(shelf.viewer, FileFilter(), Order(), Window(0))
    assert (page.files, page.has_next, page.has_previous) == ([], True, False)


def forged(order: Order, value: Any) -> str:
    content = [str(order), value, new_id(IdPrefix.FILE)]
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode()


HOSTILE = [
    ("created_at", "0001-01-01T00:00:00+00:00"),
    ("-created_at", "0001-01-01T00:00:00+23:59"),
    ("-created_at", "9999-12-31T23:59:59.999999+00:00"),
    ("-updated_at", "9999-12-31T23:59:59-23:59"),
    ("-updated_at", "2026-01-01T00:00:00+00:00:01"),
    ("size", 2**63 - 1),
    ("size", 0),
    ("-filename", ""),
    ("-filename", "x" * 1400),
    ("filename", "'; DROP TABLE file; --"),
    ("filename", "\U0010ffff\ufffe\x01"),
    ("mime_type", "?"),
]


async def test_a_forged_cursor_gives_a_page_or_is_refused(
    in_memory: Application, shelf: Shelf
) -> None:
    for text, value in HOSTILE:
        order = Order.parse(text)
        for backward in (False, True):
            window = Window(100, forged(order, value), backward)
            try:
                page = await in_memory.listing.slice(shelf.viewer, FileFilter(), order, window)
            except ValidationFailedError:
                continue
            assert set(ids(page.files)) <= set(ids(shelf.files))


async def test_garbage_cursors_are_refused(in_memory: Application, shelf: Shelf) -> None:
    for garbage in ("", "x", "é", "\0", "\ud800", "A" * 100_000, "====", cursor_of_user()):
        with pytest.raises(ValidationFailedError):
            await in_memory.listing.slice(shelf.viewer, FileFilter(), Order(), Window(1, garbage))


def cursor_of_user() -> str:
    content = ["-created_at", START, new_id(IdPrefix.USER)]
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode()


async def test_a_page_out_of_range_is_refused(application: Application, owner: Viewer) -> None:
    page = application.listing.page
    for limit, offset in ((0, 0), (-1, 0), (MAX_PAGE + 1, 0), (1, -1), (1, 2**63)):
        with pytest.raises(ValidationFailedError):
            await page(owner, FileFilter(), Order(), limit=limit, offset=offset)
