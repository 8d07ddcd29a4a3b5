"""Negotiation by Accept, against a naive reading of the ranges one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.accept import best_match

OFFERS = ("image/webp", "image/jpeg", "text/html")
ranges = st.sampled_from([*OFFERS, "image/*", "text/*", "*/*", "image/avif"])
weights = st.integers(0, 1000)
headers = st.dictionaries(ranges, weights)


def written(header: dict[str, int]) -> str:
    return ", ".join(f"{name}; q={weight / 1000:.3f}" for name, weight in header.items())


def naive(header: dict[str, int], offer: str) -> int:
    """Return the weight of the most specific range that holds ``offer``, 0 without one."""
    if offer in header:
        return header[offer]
    kind = offer.split("/", maxsplit=1)[0] + "/*"
    return header.get(kind, header.get("*/*", 0))


@given(headers)
def test_nothing_is_wanted_more_than_what_is_chosen(header: dict[str, int]) -> None:
    best = max(naive(header, offer) for offer in OFFERS)
    chosen = best_match([written(header)], OFFERS)
    assert (naive(header, chosen) == best > 0) if chosen else best == 0


@given(headers, st.sampled_from(OFFERS))
def test_what_is_refused_by_name_is_never_chosen(header: dict[str, int], refused: str) -> None:
    assert best_match([written(header | {refused: 0})], OFFERS) != refused


@given(st.permutations(OFFERS))
def test_of_equals_the_first_offer_is_chosen(offers: list[str]) -> None:
    assert best_match(["*/*"], offers) == offers[0]
    assert best_match([", ".join(OFFERS)], offers) == offers[0]


@given(headers, st.data())
def test_it_is_the_same_in_one_field_or_several(
    header: dict[str, int], data: st.DataObject
) -> None:
    items = [written({name: weight}) for name, weight in header.items()]
    shuffled = data.draw(st.permutations(items))
    assert best_match(shuffled, OFFERS) == best_match([", ".join(items)], OFFERS)


@given(st.text(st.sampled_from('imagewbp/*;=q01. ,"\\\t')))
def test_no_header_is_too_odd_to_read(accept: str) -> None:
    assert best_match([accept], OFFERS) in {*OFFERS, None}


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", None),
        ("*", "image/webp"),
        ("IMAGE/JPEG", "image/jpeg"),
        ("image/jpeg, */*", "image/jpeg"),
        ("image/webp;q=0, *;q=.2", "image/jpeg"),
        ("image/webp;q=0, image/*", "image/jpeg"),
        ("image/*;q=0, */*", "text/html"),
        ('image/webp;title="a, image/jpeg;q=1;";q=0, text/html', "text/html"),
        ("text/html;charset=utf-8;q=0.5, image/webp;q=0.4", "text/html"),
        ("image/webp;q=0;q=1, image/jpeg;q=0.1", "image/jpeg"),
    ],
)
def test_the_most_specific_range_decides(accept: str, chosen: str | None) -> None:
    assert best_match([accept], OFFERS) == chosen
