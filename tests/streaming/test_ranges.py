"""Ranges, against a naive reference that slices once per range."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ErrorCode
from streaming.ranges import MAX_RANGES, RangeNotSatisfiableError, parse_range

CONTENT = bytes(range(100))
BEYOND_ANY_SIZE = 10**30

positions = st.one_of(st.integers(0, 120), st.just(BEYOND_ANY_SIZE))
int_ranges = st.tuples(positions, st.one_of(st.none(), positions)).filter(
    lambda span: span[1] is None or span[0] <= span[1]
)
suffixes = st.tuples(st.none(), positions)
range_sets = st.lists(st.one_of(int_ranges, suffixes), min_size=1, max_size=8)


def written(specs: list[tuple[int | None, int | None]]) -> str:
    texts = [
        f"{'' if first is None else first}-{'' if last is None else last}" for first, last in specs
    ]
    return "bytes=" + ", ".join(texts)


def naive(first: int | None, last: int | None, size: int) -> set[int]:
    everything = range(size)
    if first is None:
        return set(everything[-last:]) if last else set()
    return set(everything[first:] if last is None else everything[first : last + 1])


@given(range_sets, st.integers(1, 100))
def test_the_ranges_select_exactly_the_bytes_that_a_slice_per_range_selects(
    specs: list[tuple[int | None, int | None]], size: int
) -> None:
    wanted = set[int]().union(*(naive(first, last, size) for first, last in specs))
    if not wanted:
        with pytest.raises(RangeNotSatisfiableError):
            parse_range(written(specs), size)
        return
    spans = parse_range(written(specs), size)
    assert spans is not None
    got = b"".join(CONTENT[start:stop] for start, stop in sorted(spans))
    assert got == bytes(sorted(wanted))


@given(range_sets, st.integers(1, 100))
def test_the_ranges_neither_overlap_nor_touch_nor_are_empty(
    specs: list[tuple[int | None, int | None]], size: int
) -> None:
    try:
        spans = parse_range(written(specs), size)
    except RangeNotSatisfiableError:
        return
    assert spans is not None
    edges = [edge for span in sorted(spans) for edge in span]
    assert all(before < after for before, after in pairwise(edges))
    assert edges[0] >= 0
    assert edges[-1] <= size


@given(
    st.one_of(
        st.text(),
        st.text("0123456789-, \t٣+_.").map("bytes={}".format),
        st.text("bytesBYTES =0-,"),
    ),
    st.integers(0, 1000),
)
def test_no_text_makes_the_parser_fail_in_another_way(header: str, size: int) -> None:
    try:
        spans = parse_range(header, size)
    except RangeNotSatisfiableError:
        return
    assert spans is None or all(0 <= start < stop <= size for start, stop in spans)


@pytest.mark.parametrize(
    ("header", "spans"),
    [
        ("bytes=0-0", [(0, 1)]),
        ("bytes=10-19", [(10, 20)]),
        ("bytes=90-", [(90, 100)]),
        ("bytes=-10", [(90, 100)]),
        ("bytes=-1000", [(0, 100)]),
        ("bytes=0-", [(0, 100)]),
        ("bytes=90-1000", [(90, 100)]),
        ("Bytes=0-0", [(0, 1)]),
        (" bytes=0-0\t", [(0, 1)]),
        ("bytes= ,0-0 ,\t, 5-5,", [(0, 1), (5, 6)]),
        ("bytes=0-9,10-19", [(0, 20)]),
        ("bytes=0-9,11-19", [(0, 10), (11, 20)]),
        ("bytes=50-59,0-9", [(50, 60), (0, 10)]),
        ("bytes=50-59,0-9,55-69", [(50, 70), (0, 10)]),
        ("bytes=0-0,1000-", [(0, 1)]),
        (f"bytes=0-{'9' * 900}", [(0, 100)]),
        (f"bytes={'0' * 900}7-7", [(7, 8)]),
    ],
)
def test_a_valid_range_is_read_as_its_specification_says(
    header: str, spans: list[tuple[int, int]]
) -> None:
    assert parse_range(header, 100) == spans


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=--5",
        "bytes=5",
        "bytes=9-5",
        "bytes=0-0,9-5",
        "bytes=0-0,x",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes=٣-٤",
        "bytes =0-1",
        "bytes=0-1,bytes=3-4",
        "bytes=0x0-0x1",
        "bytes=1_0-2_0",
        "items=0-1",
        "bytes=0-" + "9" * 5000,
    ],
)
def test_a_malformed_or_foreign_range_is_ignored(header: str | None) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200,300-", "bytes=-0"])
def test_a_range_without_a_byte_of_the_file_is_not_satisfiable(header: str) -> None:
    with pytest.raises(RangeNotSatisfiableError) as caught:
        parse_range(header, 100)
    assert caught.value.size == 100
    assert caught.value.headers["content-range"] == "bytes */100"
    assert caught.value.code is ErrorCode.RANGE_NOT_SATISFIABLE


def test_as_many_ranges_as_allowed_are_served_and_one_more_is_ignored() -> None:
    specs = [f"{2 * number}-{2 * number}" for number in range(MAX_RANGES + 1)]
    assert len(parse_range("bytes=" + ",".join(specs[:-1]), 1000) or []) == MAX_RANGES
    assert parse_range("bytes=" + ",".join(specs), 1000) is None


def test_an_empty_file_has_no_first_byte_but_a_last_part() -> None:
    with pytest.raises(RangeNotSatisfiableError):
        parse_range("bytes=0-", 0)
    with pytest.raises(RangeNotSatisfiableError):
        parse_range("bytes=-0", 0)
    assert parse_range("bytes=-5", 0) is None
    assert parse_range("bytes=0-,-5", 0) is None
