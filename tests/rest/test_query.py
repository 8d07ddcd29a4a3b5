"""The query string of a list: everything that is meant is understood, all else refused."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from core.errors import ValidationFailedError
from models.file import Visibility
from rest.query import PARAMETERS, check_parameters, file_filter, order, paging
from services.files.listing import FileFilter, Scope
from services.files.paging import DEFAULT_PAGE, Order, SortKey

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)
NUMBERS = st.integers(0, 10**12 - 1)
ONCE = [name for name in PARAMETERS if name != "tag"]


def test_an_empty_query_asks_for_the_newest_of_one_s_own_files() -> None:
    query = QueryParams("")
    check_parameters(query)
    assert paging(query) == (DEFAULT_PAGE, 0)
    assert order(query) == Order(SortKey.CREATED_AT, descending=True)
    assert file_filter(query) == FileFilter(scope=Scope.OWN)


@given(st.lists(TEXT), TEXT, TEXT, st.sampled_from(Visibility), st.sampled_from(Scope))
def test_what_is_asked_for_is_what_the_list_is_narrowed_to(
    tags: list[str], kind: str, name: str, visibility: Visibility, scope: Scope
) -> None:
    plain = [("type", kind), ("name", name), ("visibility", visibility), ("scope", scope)]
    query = QueryParams([*plain, *(("tag", tag) for tag in tags)])
    check_parameters(query)
    assert file_filter(query) == FileFilter(scope, tuple(tags), kind, visibility, name)


@given(NUMBERS, NUMBERS)
def test_numbers_are_read_as_they_are_written(limit: int, offset: int) -> None:
    assert paging(QueryParams({"limit": str(limit), "offset": str(offset)})) == (limit, offset)


def reads_as_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 12


@given(st.one_of(TEXT, st.from_regex(r"[-+]?\d+(\.\d*)?", fullmatch=True)))
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_what_is_not_a_whole_number_is_refused_by_name(name: str, text: str) -> None:
    query = QueryParams({name: text})
    if reads_as_number(text):
        assert int(text) in paging(query)
        return
    with pytest.raises(ValidationFailedError, match=f"^{name} must be a whole number"):
        paging(query)


@pytest.mark.parametrize("text", ["", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "٣", "²", "1_0"])
def test_numbers_in_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ValidationFailedError):
        paging(QueryParams({"limit": text}))


def test_a_number_of_any_length_is_refused_with_a_short_message() -> None:
    with pytest.raises(ValidationFailedError) as refused:
        paging(QueryParams({"offset": "9" * 100_000}))
    assert len(refused.value.message) < 200


@given(st.sampled_from(SortKey), st.booleans())
def test_every_sort_key_is_read_in_both_directions(key: SortKey, descending: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    wanted = Order(key, descending)
    assert order(QueryParams({"sort": str(wanted)})) == wanted


@given(TEXT.filter(lambda text: text.removeprefix("-") not in set(SortKey)))
def test_what_is_no_sort_key_is_refused_with_those_that_are(text: str) -> None:
    with pytest.raises(ValidationFailedError) as refused:
        order(QueryParams({"sort": text}))
    assert all(key in refused.value.message for key in SortKey)


@pytest.mark.parametrize(("name", "choices"), [("scope", Scope), ("visibility", Visibility)])
@given(text=TEXT)
def test_what_is_no_choice_is_refused_with_those_that_are(
    name: str, choices: Any, text: str
) -> None:
    query = QueryParams({name: text})
    if text in set(choices):
        assert text in {file_filter(query).scope, file_filter(query).visibility}
        return
    with pytest.raises(ValidationFailedError, match=", ".join(choices)):
        file_filter(query)


@given(TEXT.filter(lambda text: text not in PARAMETERS), TEXT)
def test_an_unknown_parameter_is_refused_with_the_known_ones(name: str, value: str) -> None:
    with pytest.raises(ValidationFailedError) as refused:
        check_parameters(QueryParams([("limit", "1"), (name, value)]))
    assert all(known in refused.value.message for known in PARAMETERS)
    assert len(refused.value.message) < 500


@pytest.mark.parametrize("name", ONCE)
def test_a_parameter_that_is_given_twice_is_refused(name: str) -> None:
    with pytest.raises(ValidationFailedError, match=f"^{name} may be given only once"):
        check_parameters(QueryParams([(name, "1"), (name, "1")]))


def test_tags_may_be_given_as_often_as_one_likes() -> None:
    query = QueryParams("tag=one&tag=two&tag=one")
    check_parameters(query)
    assert file_filter(query).tags == ("one", "two", "one")


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_nul_is_refused_in_every_parameter(name: str) -> None:
    with pytest.raises(ValidationFailedError, match=f"^{name} must not contain a NUL"):
        check_parameters(QueryParams(f"{name}=a%00b"))


@pytest.mark.parametrize("read", [check_parameters, paging, order, file_filter])
@given(pairs=st.lists(st.tuples(st.sampled_from(PARAMETERS), st.text())))
def test_any_query_string_is_understood_or_refused_in_a_sentence(
    read: Callable[[QueryParams], Any], pairs: list[tuple[str, str]]
) -> None:
    try:
        read(QueryParams(pairs))
    except ValidationFailedError as refused:
        assert refused.message.endswith(".")
