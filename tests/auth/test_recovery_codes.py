"""Recovery codes as text: random, readable in many ways, and told from what is mistyped."""

import re

import pytest

from auth.recovery_codes import CODE_PATTERN, new_code, read_code
from core.errors import ValidationFailedError

CODE = "recovery-0123-4567-89AB-CDEF-GHJK-MNPQ-RS7K"
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def is_refused(typed: str) -> bool:
    try:
        read_code(typed)
    except ValidationFailedError:
        return True
    return False


def test_codes_are_random_and_read_back_as_they_were_made() -> None:
    codes = [new_code() for _ in range(1000)]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(CODE_PATTERN, code) for code in codes)
    assert [read_code(code) for code in codes] == codes


def test_every_random_bit_takes_both_values() -> None:
    """130 bits fill 26 symbols; the last two are the check."""
    symbols = [new_code().removeprefix("recovery-").replace("-", "") for _ in range(1000)]
    for place in range(26):
        assert {code[place] for code in symbols} == set(SYMBOLS)


@pytest.mark.parametrize(
    "typed",
    [
        CODE.lower(),
        CODE.upper(),
        CODE.removeprefix("recovery-"),
        CODE.replace("-", ""),
        CODE.replace("-", " "),
        CODE.replace("-", "\u2013"),
        f"\t {CODE}\r\n",
        "-".join(CODE),
        CODE.replace("0", "o").replace("1", "l"),
        CODE.replace("0", "O").replace("1", "I"),
    ],
)
def test_a_code_may_be_typed_in_many_ways(typed: str) -> None:
    assert read_code(typed) == CODE


def test_every_wrong_symbol_is_found() -> None:
    for place in range(len("recovery-"), len(CODE)):
        if CODE[place] != "-":
            for symbol in set(SYMBOLS) - {CODE[place]}:
                assert is_refused(CODE[:place] + symbol + CODE[place + 1 :])


def test_every_two_neighbours_in_the_wrong_order_are_found() -> None:
    symbols = CODE.removeprefix("recovery-").replace("-", "")
    for place in range(len(symbols) - 1):
        left, right = symbols[place : place + 2]
        swapped = symbols[:place] + right + left + symbols[place + 2 :]
        assert is_refused(swapped) == (left != right)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "recovery",
        CODE[:-1],
        CODE + "0",
        "recovery-" + CODE,
        CODE.replace("recovery", "media"),
        CODE.replace("A", "U"),
        CODE.replace("A", "\u00c4"),
        CODE.replace("1", "\u0661"),
        CODE + "\0",
        "\ud800" * 28,
        CODE + " " * 200,
        "0" * 100_000,
    ],
)
def test_what_is_no_code_is_refused_with_what_to_do(typed: str) -> None:
    with pytest.raises(ValidationFailedError, match="7 groups of 4"):
        read_code(typed)
