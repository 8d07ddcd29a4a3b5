"""Preconditions, header by header and in their order of precedence."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from core.errors import ErrorCode
from streaming.conditional import (
    Outcome,
    PreconditionFailedError,
    Verdict,
    evaluate,
    http_date,
    parse_http_date,
)

ETAG = '"abc"'
CHANGED = datetime(2026, 3, 1, 12, 30, 15, 999, tzinfo=UTC)
BEFORE = "Sun, 01 Mar 2026 12:30:14 GMT"
AT = "Sun, 01 Mar 2026 12:30:15 GMT"
AFTER = "Sun, 01 Mar 2026 12:30:16 GMT"

FULL, UNCHANGED, FAILED = Verdict.FULL, Verdict.NOT_MODIFIED, Verdict.PRECONDITION_FAILED


def outcome(*headers: tuple[str, str], method: str = "GET") -> Outcome:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return evaluate(Headers(raw=raw), ETAG, CHANGED, method)


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ('"abc"', UNCHANGED),
        ('W/"abc"', UNCHANGED),
        ("*", UNCHANGED),
        (' \t"x", W/"abc" ,', UNCHANGED),
        (',,"abc"', UNCHANGED),
        ('"x,y", "abc"', UNCHANGED),
        ('"x"', FULL),
        ("", FULL),
        ("abc", FULL),
        ('"ABC"', FULL),
        ('"abc" "x"', FULL),
        ('"abc', FULL),
        ('w/"abc"', FULL),
        ('"*"', FULL),
    ],
)
def test_if_none_match_compares_weakly(value: str, verdict: Verdict) -> None:
    assert outcome(("if-none-match", value)).verdict is verdict


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        ('"abc"', FULL),
        ("*", FULL),
        ('"x", "abc"', FULL),
        ('W/"abc"', FAILED),
        ('"x"', FAILED),
        ("", FAILED),
        ("abc", FAILED),
    ],
)
def test_if_match_compares_strongly(value: str, verdict: Verdict) -> None:
    assert outcome(("if-match", value)).verdict is verdict


def test_the_lines_of_a_list_are_read_as_one() -> None:
    assert outcome(("if-none-match", '"x"'), ("if-none-match", ETAG)).verdict is UNCHANGED


@pytest.mark.parametrize(
    ("name", "value", "verdict"),
    [
        ("if-modified-since", BEFORE, FULL),
        ("if-modified-since", AT, UNCHANGED),
        ("if-modified-since", AFTER, UNCHANGED),
        ("if-modified-since", "yesterday", FULL),
        ("if-unmodified-since", BEFORE, FAILED),
        ("if-unmodified-since", AT, FULL),
        ("if-unmodified-since", AFTER, FULL),
        ("if-unmodified-since", "yesterday", FULL),
    ],
)
def test_dates_count_to_the_second_and_what_is_no_date_is_ignored(
    name: str, value: str, verdict: Verdict
) -> None:
    assert outcome((name, value)).verdict is verdict


def test_two_dates_are_no_date() -> None:
    assert outcome(("if-modified-since", AFTER), ("if-modified-since", AFTER)).verdict is FULL


def test_entity_tags_outrank_dates() -> None:
    assert outcome(("if-match", ETAG), ("if-unmodified-since", BEFORE)).verdict is FULL
    assert outcome(("if-none-match", '"x"'), ("if-modified-since", AFTER)).verdict is FULL


def test_a_failed_precondition_outranks_an_unchanged_file() -> None:
    assert outcome(("if-match", '"x"'), ("if-none-match", ETAG)).verdict is FAILED
    assert outcome(("if-unmodified-since", BEFORE), ("if-none-match", ETAG)).verdict is FAILED


def test_head_is_answered_as_get_and_writing_methods_fail_instead() -> None:
    assert outcome(("if-none-match", ETAG), method="HEAD").verdict is UNCHANGED
    assert outcome(("if-none-match", "*"), method="PUT").verdict is FAILED
    assert outcome(("if-modified-since", AFTER), method="PUT").verdict is FULL


@pytest.mark.parametrize(
    ("value", "applies"),
    [
        (ETAG, True),
        (f" {ETAG}", True),
        (AT, True),
        ("Sunday, 01-Mar-26 12:30:15 GMT", True),
        (f"W/{ETAG}", False),
        ('"x"', False),
        (f'{ETAG}, "x"', False),
        ("*", False),
        (BEFORE, False),
        (AFTER, False),
        ("", False),
    ],
)
def test_if_range_wants_the_very_same_bytes(value: str, *, applies: bool) -> None:
    assert outcome(("if-range", value)) == Outcome(FULL, applies)


def test_ranges_apply_to_get_alone() -> None:
    assert outcome().range_applies
    assert not outcome(method="HEAD").range_applies


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_the_three_forms_of_a_date_are_read(text: str) -> None:
    assert parse_http_date(text) == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 31 Feb 2026 00:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, \u06606 Nov 1994 08:49:37 GMT",
        "1994-11-06T08:49:37Z",
    ],
)
def test_what_only_resembles_a_date_is_none(text: str) -> None:
    assert parse_http_date(text) is None


def test_a_two_digit_year_is_never_over_fifty_years_ahead() -> None:
    this_year = datetime.now(UTC).year
    for year in range(100):
        date = parse_http_date(f"Monday, 01-Jan-{year:02} 00:00:00 GMT")
        assert date is not None
        assert date.year % 100 == year
        assert this_year - 50 <= date.year <= this_year + 50


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis takes naive bounds
def test_a_date_that_is_written_is_read_back(moment: datetime) -> None:
    assert parse_http_date(http_date(moment)) == moment.replace(microsecond=0)


header_text = st.one_of(
    st.text(st.characters(max_codepoint=255)), st.text('"W/*, \tabc\n'), st.sampled_from([AT, ETAG])
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "if-match",
                    "if-none-match",
                    "if-modified-since",
                    "if-unmodified-since",
                    "if-range",
                ]
            ),
            header_text,
        ),
        max_size=5,
    ),
    st.sampled_from(["GET", "HEAD", "DELETE"]),
)
def test_no_headers_make_the_evaluation_fail(headers: list[tuple[str, str]], method: str) -> None:
    result = outcome(*headers, method=method)
    assert result.verdict is FULL or not result.range_applies
    assert result.verdict is not UNCHANGED or method != "DELETE"


def test_a_hostile_list_is_read_in_one_pass() -> None:
    # Backtracking over the blanks would take over an hour: a failure, without a clock.
    assert outcome(("if-none-match", " " * 1_000_000 + "x")).verdict is FULL
    assert outcome(("if-none-match", "," * 60_000 + ETAG)).verdict is UNCHANGED


def test_a_failed_precondition_has_its_own_code() -> None:
    assert PreconditionFailedError().code is ErrorCode.PRECONDITION_FAILED


def test_a_file_changed_within_the_second_is_the_same_to_dates() -> None:
    later = CHANGED + timedelta(milliseconds=500)
    headers = Headers({"if-modified-since": AT})
    assert evaluate(headers, ETAG, later, "GET").verdict is UNCHANGED
