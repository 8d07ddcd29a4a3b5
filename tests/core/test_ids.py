"""Identifiers and keys."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typeid import TypeID

from core.ids import ID_LENGTH, IdPrefix, is_id, new_id, new_key
from storage.base import checked_key


@pytest.mark.parametrize("prefix", IdPrefix)
def test_a_new_id_names_its_kind_and_no_other(prefix: IdPrefix) -> None:
    identifier = new_id(prefix)
    assert len(identifier) <= ID_LENGTH
    assert [other for other in IdPrefix if is_id(identifier, other)] == [prefix]


def test_later_ids_sort_after_earlier_ones() -> None:
    made = []
    for _ in range(20):
        made.append(new_id(IdPrefix.FILE))
        time.sleep(0.002)
    assert made == sorted(made)


@given(st.uuids())
def test_what_the_library_makes_of_any_uuid_is_an_id(value: object) -> None:
    assert is_id(str(TypeID.from_uuid(value, "file")), IdPrefix.FILE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        str.upper,
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text.replace("file_", "user_"),
        lambda text: text.replace("file_", "file-"),
        lambda text: text.replace("file_", "file__"),
        lambda text: "file_8" + text[6:],  # more than 128 bits
        lambda text: text[:-1] + "u",  # not in the alphabet
        lambda text: text[:-1] + "٣",
        lambda _: "",
        lambda _: "file_",
    ],
)
def test_nothing_but_the_exact_shape_is_an_id(change: object) -> None:
    assert callable(change)
    assert not is_id(change(new_id(IdPrefix.FILE)), IdPrefix.FILE)


def test_keys_pass_the_gate_of_the_storage_and_never_repeat() -> None:
    keys = {checked_key(new_key()) for _ in range(1000)}
    assert len(keys) == 1000
