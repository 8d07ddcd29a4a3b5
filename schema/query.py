"""What can be asked."""

from typing import Annotated, Any

import strawberry
from strawberry import field

from resolvers import files as resolvers
from resolvers.connection import Connection
from resolvers.context import RequestInfo
from resolvers.viewer import ViewerUsage, find_viewer
from schema.api_keys import ApiKey, list_keys
from schema.enums import FileOrder, UserKind
from schema.file import File, FileConnection, Node
from schema.inputs import FileFilter, wanted
from schema.recovery import RecoveryCode, find_code
from schema.scalars import BigInt
from services.files.paging import Window


@strawberry.type(description="What an account stores and may store.")
class Usage:
    """See the description."""

    bytes: BigInt = field(description="How many bytes its files hold, duplicates counted in full.")
    files: BigInt = field(description="How many files it has.")
    quota_bytes: BigInt | None = field(description="How many they may hold; null without a limit.")
    quota_files: BigInt | None = field(description="How many it may have; null without a limit.")


@strawberry.type(description="Who is asking, what it uses, and what it may use.")
class Viewer:
    """See the description."""

    id: strawberry.ID | None = field(description="The account's id; null when nobody signed in.")
    kind: UserKind | None = field(description="What the account is; null when nobody signed in.")
    name: str | None = field(description="What the sign-in provider calls the person.")
    email: str | None = field(description="An address that the sign-in provider has verified.")
    files_count: BigInt = field(description="How many files the account has.")
    bytes_used: BigInt = field(description="How many bytes they hold, duplicates counted in full.")
    quota_bytes: BigInt | None = field(description="How many they may hold; null without a limit.")
    usage: Usage = field(description="What the account stores and may store.")
    max_upload_bytes: BigInt = field(description="How large one file may be, in bytes.")


Id = Annotated[strawberry.ID, strawberry.argument(description="The id of a file.")]
First = Annotated[int | None, strawberry.argument(description="How many files: 0 to 100.")]
Cursor = Annotated[str | None, strawberry.argument(description="A cursor of the same list.")]
Ordered = Annotated[FileOrder, strawberry.argument(description="What the list is sorted by.")]
Narrowed = Annotated[
    FileFilter | None, strawberry.argument(description="What the list is narrowed to.")
]


async def _file(info: RequestInfo, id: Id) -> Any:  # noqa: A002 - the argument's name in GraphQL
    return await resolvers.find_file(info, id)


async def _files(  # noqa: PLR0913, PLR0917 - the arguments of a connection
    info: RequestInfo,
    first: First = None,
    after: Cursor = None,
    last: First = None,
    before: Cursor = None,
    order_by: Ordered = FileOrder.CREATED_AT_DESC,
    filter: Narrowed = None,  # noqa: A002 - the argument's name in GraphQL
) -> Connection:
    window = Window.of(first, after, last, before)
    return await resolvers.list_files(info, wanted(filter), order_by.value, window)


@strawberry.type(description="What can be asked.")
class Query:
    """See the description."""

    viewer: ViewerUsage = field(
        resolver=find_viewer, graphql_type=Viewer, description="Who is asking."
    )
    api_keys: list[ApiKey] = field(
        resolver=list_keys,
        graphql_type=list[ApiKey],
        description="Your API keys, oldest first; guests and keys themselves have none.",
    )
    recovery_code: RecoveryCode | None = field(
        resolver=find_code,
        graphql_type=RecoveryCode | None,
        description="Your recovery code, if you are a guest; null without one.",
    )
    file: File | None = field(
        resolver=_file, graphql_type=File | None, description="One file, by its id."
    )
    files: Connection = field(
        resolver=_files,
        graphql_type=FileConnection,
        description="A page of files, newest first unless ordered otherwise.",
    )
    node: Node | None = field(
        resolver=_file, graphql_type=Node | None, description="Anything that has an id, by its id."
    )
