"""The scalars of the schema beyond GraphQL's own."""

from datetime import datetime
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError, ValueNode
from strawberry.types.scalar import ScalarDefinition

from services.uploads.types import Received

BigInt = NewType("BigInt", int)
Upload = NewType("Upload", Received)

_MAX_BIGINT: Final = 2**63 - 1
_NOT_A_FILE: Final = (
    "An Upload must be a file of a multipart request"
    " (GraphQL multipart request specification), not a value."
)


def _big_int(value: Any) -> int:
    if type(value) is not int or abs(value) > _MAX_BIGINT:
        raise GraphQLError(f"A BigInt is a whole number of 64 bits, not {str(value)[:80]!r}.")
    return value


def _upload(value: Any) -> Received:
    if not isinstance(value, Received):
        raise GraphQLError(_NOT_A_FILE)
    return value


def _no_literal(_node: ValueNode, _variables: object = None) -> Received:
    raise GraphQLError(_NOT_A_FILE)


def _date_time(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


SCALARS: Final[dict[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A time in UTC, as RFC 3339 writes it: 2026-01-31T09:05:00.123456Z.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_date_time,
        parse_value=datetime.fromisoformat,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number of up to 64 bits, as a JSON number.",
        serialize=_big_int,
        parse_value=_big_int,
    ),
    Upload: strawberry.scalar(
        name="Upload",
        description=(
            "A file, sent by the GraphQL multipart request specification: a variable that is null"
            " in `operations` and named in `map`."
        ),
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        serialize=_upload,
        parse_value=_upload,
        parse_literal=_no_literal,
    ),
}
