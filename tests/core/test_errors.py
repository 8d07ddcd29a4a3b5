"""The errors of the domain."""

import pytest

from core import errors
from core.errors import ErrorCode, MediaError

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, MediaError) and kind is not MediaError
]


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_has_its_own_code_and_a_public_message(kind: type[MediaError]) -> None:
    error = kind("A sentence.")
    assert (error.message, str(error)) == ("A sentence.", "A sentence.")
    assert [other for other in KINDS if other.code is error.code] == [kind]
    assert error.code is not ErrorCode.INTERNAL


def test_a_code_is_written_as_it_is_named() -> None:
    assert [code.value for code in ErrorCode] == [code.name for code in ErrorCode]
