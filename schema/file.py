"""Files in the schema, and the connection that lists them."""

from datetime import datetime
from typing import Any

import strawberry
from strawberry import field

from models.file import StoredFile
from resolvers import connection, files
from schema.enums import UserKind, Visibility
from schema.scalars import BigInt
from services.accounts import Account


@strawberry.interface(description="Anything that has an id of its own.")
class Node:
    """See the description."""

    id: strawberry.ID = field(description="The id; ids sort by time of creation.")


@strawberry.type(description="The account that owns a file.")
class Owner:
    """See the description."""

    id: strawberry.ID = field(description="The account's id.")
    kind: UserKind = field(description="What the account is.")


@strawberry.type(description="A file: bytes with a name, a description and tags.")
class File(Node):
    """See the description."""

    filename: str = field(description="The name to show and to save under; never a path.")
    description: str | None = field(description="Free text about the file.")
    tags: list[str] = field(description="The tags, in the order they were given.")
    visibility: Visibility = field(description="Who may read the file besides its owner.")
    mime_type: str = field(description="The content type, found in the bytes themselves.")
    size: BigInt = field(description="The length in bytes.")
    checksum: str = field(description="The SHA-256 digest of the bytes, in hexadecimal.")
    created_at: datetime = field(description="When the file was uploaded.")
    updated_at: datetime = field(description="When its metadata last changed.")
    url: str = field(
        resolver=files.url,
        description="The stable address of the download; the caller's token or visibility decides.",
    )
    stream_url: str = field(
        resolver=files.stream_url,
        description="The address that plays in place, with seeking; the same rules as `url`.",
    )
    owner: Account = field(
        resolver=files.owner, graphql_type=Owner, description="The account that owns the file."
    )

    @classmethod
    def is_type_of(cls, obj: Any, _info: Any) -> bool:
        """Tell GraphQL that a stored file is one of these."""
        return isinstance(obj, StoredFile)


@strawberry.type(description="A file and its place in the list.")
class FileEdge:
    """See the description."""

    cursor: str = field(description="The place: give it as `after` or `before`.")
    node: File = field(description="The file.")


@strawberry.type(description="Where a page of a list lies.")
class PageInfo:
    """See the description."""

    has_next_page: bool = field(description="Whether there are files after this page.")
    has_previous_page: bool = field(description="Whether there are files before this page.")
    start_cursor: str | None = field(description="The cursor of the first file of the page.")
    end_cursor: str | None = field(description="The cursor of the last file of the page.")


@strawberry.type(description="A page of a list of files; it stays in place while files are added.")
class FileConnection:
    """See the description."""

    edges: list[FileEdge] = field(description="The files with their cursors.")
    nodes: list[File] = field(description="The files alone.")
    page_info: PageInfo = field(description="Where this page lies.")
    total_count: int = field(
        resolver=connection.total_count, description="How many files the whole list holds."
    )
