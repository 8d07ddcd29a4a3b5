"""Rates in words."""

import pytest

from core.rates import Rate, parse_rate


@pytest.mark.parametrize(
    ("words", "rate"),
    [
        ("600/minute", Rate(600, 60)),
        (" 1 / Second ", Rate(1, 1)),
        ("7/hour", Rate(7, 3600)),
        ("999999999/day", Rate(999_999_999, 86_400)),
        ("off", None),
        ("OFF", None),
    ],
)
def test_a_rate_is_read(words: str, rate: Rate | None) -> None:
    assert parse_rate(words) == rate


@pytest.mark.parametrize(
    "words", ["", "0/minute", "-1/minute", "5", "5/week", "5/minutes", "²/day"]
)
def test_what_is_no_rate_is_refused_with_an_example(words: str) -> None:
    with pytest.raises(ValueError, match="600/minute"):
        parse_rate(words)
