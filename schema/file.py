"""Files in the schema, and the connection that lists them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import strawberry
from strawberry import Parent, field

from models.file import StoredFile
from models.share import Share
from resolvers import connection, derivatives, files, shares
from resolvers.context import Context, RequestInfo
from resolvers.derivatives import PartialAnalysis, ShownPreview
from resolvers.links import ShownLink
from schema.derivatives import (
    Analysis,
    ExtractedText,
    Preview,
    WantedFormat,
    WantedSize,
    WantedType,
)
from schema.enums import PreviewFormat, PreviewSize, PreviewType, UserKind, Visibility
from schema.execution import COMPUTED
from schema.links import SignedUrl, signed_url
from schema.scalars import BigInt
from schema.shares import AccountShare
from services.accounts.accounts import Account
from services.derivatives import texts
from services.derivatives.preview_request import PreviewRequest


@strawberry.interface(description="Anything that has an id of its own.")
class Node:
    """See the description."""

    id: strawberry.ID = field(description="The id; ids sort by time of creation.")


@strawberry.type(description="The account that owns a file.")
class Owner:
    """See the description."""

    id: strawberry.ID = field(description="The account's id.")
    kind: UserKind = field(description="What the account is.")
    name: str | None = field(
        description=(
            "What the sign-in provider calls the person; null unless it is you, or shares the file"
            " with you by name."
        )
    )
    email: str | None = field(
        description="An address that the sign-in provider has verified; null as the name."
    )


def _preview_url(
    info: RequestInfo,
    parent: Parent[StoredFile],
    format: WantedFormat = PreviewFormat.THUMBNAIL,  # noqa: A002 - the argument's name in GraphQL
    size: WantedSize = PreviewSize.SMALL,
    type: WantedType = PreviewType.WEBP,  # noqa: A002 - the same
) -> str | None:
    return derivatives.preview_url(info, parent, PreviewRequest(format, size, type))


def _address(of: Callable[[Context, StoredFile], str], description: str) -> Any:
    def resolve(info: RequestInfo, parent: Parent[StoredFile]) -> str:
        return of(info.context, parent)

    return field(resolver=resolve, metadata={COMPUTED: of}, description=description)


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
    url: str = _address(
        files.url,
        description="The stable address of the download; the caller's token or visibility decides.",
    )
    stream_url: str = _address(
        files.stream_url,
        description="The address that plays in place, with seeking; the same rules as `url`.",
    )
    signed_url: ShownLink | None = field(
        resolver=signed_url,
        graphql_type=SignedUrl | None,
        description=(
            "A signed address of the bytes that needs no token, for those who may change the file;"
            " FORBIDDEN for others."
        ),
    )
    width: int | None = field(
        description="The width in pixels as shown; null until it was looked at, or without one."
    )
    height: int | None = field(description="The height in pixels as shown; null as the width.")
    duration: float | None = field(description="The duration in seconds; null as the width.")
    blurhash: str | None = field(
        description=(
            "A BlurHash (https://blurha.sh) to show until the preview has loaded; null until it was"
            " looked at, and for what is no image or video."
        )
    )
    preview_url: str | None = field(
        resolver=_preview_url,
        graphql_type=str | None,
        description=(
            "A signed address of a preview for `<img src>`, made when it is first opened; null for"
            " types without one."
        ),
    )
    previews: list[ShownPreview] = field(
        resolver=derivatives.previews,
        graphql_type=list[Preview],
        description="The previews that have been made.",
    )
    text: texts.ExtractedText | None = field(
        resolver=derivatives.text,
        graphql_type=ExtractedText | None,
        description="The text that was extracted last; null before `extractText`.",
    )
    analysis: PartialAnalysis | None = field(
        resolver=derivatives.analysis,
        graphql_type=Analysis | None,
        description="What the file is; null before `analyze`.",
    )
    shares: list[Share] | None = field(
        resolver=shares.shares,
        graphql_type=list[AccountShare] | None,
        description=(
            "The accounts that the file is shared with by name; null for all but its owner and"
            " administrators."
        ),
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
