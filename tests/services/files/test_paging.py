"""Orders, windows and cursors."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ValidationFailedError
from core.ids import IdPrefix, new_id
from models.file import StoredFile, Visibility
from services.access.bounds import MAX_PAGE, require_range
from services.files.paging import DEFAULT_PAGE, Order, SortKey, Window, cursor_of, position_of

ORDERS = [Order(key, descending) for key in SortKey for descending in (False, True)]
FILE_ID = new_id(IdPrefix.FILE)

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=85)
moments = st.datetimes(timezones=st.just(UTC))
files = st.builds(
    StoredFile,
    id=st.builds(lambda: new_id(IdPrefix.FILE)),
    owner_id=st.just("user"),
    blob_id=st.just("blob"),
    filename=texts,
    description=st.none(),
    tags=st.just([]),
    visibility=st.sampled_from(Visibility),
    mime_type=texts,
    size=st.integers(0, 2**63 - 1),
    checksum=st.just("0"),
    created_at=moments,
    updated_at=moments,
)


def packed(content: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).decode().rstrip("=")


@given(files, st.sampled_from(ORDERS))
def test_a_cursor_brings_back_its_place(file: StoredFile, order: Order) -> None:
    cursor = cursor_of(file, order)
    assert position_of(cursor, order) == (getattr(file, order.key.value), file.id)
    assert "=" not in cursor


@given(files, st.sampled_from(ORDERS), st.sampled_from(ORDERS))
def test_a_cursor_is_of_one_order_only(file: StoredFile, one: Order, other: Order) -> None:
    if one != other:
        with pytest.raises(ValidationFailedError):
            position_of(cursor_of(file, one), other)


@pytest.mark.parametrize("order", ORDERS)
@given(cursor=st.text(max_size=100) | st.text("AQaz09-_=", max_size=3000))
def test_garbage_is_refused_as_a_cursor(order: Order, cursor: str) -> None:
    with pytest.raises(ValidationFailedError):
        position_of(cursor, order)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(ORDERS), values | moments.map(datetime.isoformat), values)
def test_a_forged_cursor_is_refused_or_a_place(order: Order, value: Any, file_id: Any) -> None:
    for content in ([str(order), value, FILE_ID], [str(order), value, file_id], value):
        try:
            typed, named = position_of(packed(content), order)
        except ValidationFailedError:
            continue
        assert named == FILE_ID
        assert isinstance(typed, datetime | int | str)


FORGED = [
    ["-created_at", "2026-01-01T00:00:00", FILE_ID],  # no zone
    ["-created_at", "0001-01-01T00:00:00+23:59", FILE_ID],  # before the beginning of time
    ["-created_at", "9999-12-31T23:59:59-23:59", FILE_ID],  # after its end
    ["-created_at", "2026-01-01", FILE_ID],
    ["-created_at", "", FILE_ID],
    ["-created_at", 0, FILE_ID],
    ["-created_at", None, FILE_ID],
    ["-created_at", "2026-01-01T00:00:00+00:00", new_id(IdPrefix.USER)],
    ["-created_at", "2026-01-01T00:00:00+00:00", FILE_ID + "'"],
    ["-created_at", "2026-01-01T00:00:00+00:00", 7],
    ["-created_at", "2026-01-01T00:00:00+00:00"],
    ["-created_at", "2026-01-01T00:00:00+00:00", FILE_ID, 1],
    [None, "2026-01-01T00:00:00+00:00", FILE_ID],
    {"-created_at": 1},
    "-created_at",
    7,
    None,
]


@pytest.mark.parametrize("content", FORGED)
def test_a_forged_time_is_refused(content: Any) -> None:
    with pytest.raises(ValidationFailedError):
        position_of(packed(content), Order())


@pytest.mark.parametrize("value", [-1, 2**63, 1.0, True, "1", None, [1]])
def test_a_forged_size_is_refused(value: Any) -> None:
    with pytest.raises(ValidationFailedError):
        position_of(packed(["size", value, FILE_ID]), Order.parse("size"))


@pytest.mark.parametrize("value", ["\0", "a\0b", 7, None, ["a"]])
def test_a_forged_name_is_refused(value: Any) -> None:
    with pytest.raises(ValidationFailedError):
        position_of(packed(["filename", value, FILE_ID]), Order.parse("filename"))


def test_a_cursor_from_another_zone_is_the_same_place() -> None:
    moment = datetime(2026, 1, 1, 12, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5))).isoformat()
    typed, _ = position_of(packed(["-created_at", elsewhere, FILE_ID]), Order())
    assert (typed, str(typed)) == (moment, str(moment))


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_is_written_as_it_is_read(order: Order) -> None:
    assert Order.parse(str(order)) == order
    assert str(order).startswith("-") is order.descending


@pytest.mark.parametrize(
    "text", ["", "-", "--size", "+size", "Size", "size ", "id", "owner_id", "-sha256"]
)
def test_nothing_else_is_an_order(text: str) -> None:
    with pytest.raises(ValidationFailedError, match="sort must be one of created_at, updated_at"):
        Order.parse(text)


def test_windows_look_one_way() -> None:
    assert Window.of() == Window(DEFAULT_PAGE)
    assert Window.of(first=3, after="c") == Window(3, "c")
    assert Window.of(last=3, before="c") == Window(3, "c", backward=True)
    assert Window.of(after="c") == Window(DEFAULT_PAGE, "c")
    assert Window.of(before="c") == Window(DEFAULT_PAGE, "c", backward=True)
    assert Window.of(first=0) == Window(0)
    assert Window.of(last=MAX_PAGE) == Window(MAX_PAGE, backward=True)


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 1, "last": 1},
        {"first": 1, "before": "c"},
        {"last": 1, "after": "c"},
        {"after": "c", "before": "d"},
        {"first": -1},
        {"last": -1},
        {"first": MAX_PAGE + 1},
        {"last": 10**12},
    ],
)
def test_a_window_out_of_bounds_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationFailedError):
        Window.of(**arguments)


def test_a_range_is_told_by_its_name() -> None:
    require_range("limit", None, 1, 2)
    require_range("limit", 2, 1, 2)
    with pytest.raises(ValidationFailedError, match="limit must be 1 to 2"):
        require_range("limit", 3, 1, 2)
