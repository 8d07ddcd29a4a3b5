"""Signed addresses in the schema."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import Parent, field

from models.file import StoredFile
from resolvers import links
from resolvers.context import RequestInfo
from schema.enums import ContentDisposition, SignedOperation
from services.sharing.links import DEFAULT_LIFETIME, LinkRequest

WantedOperation = Annotated[
    SignedOperation, strawberry.argument(description="What the address gives.")
]
ExpiresIn = Annotated[
    int,
    strawberry.argument(
        description="For how many seconds it shall hold: 60 to 604800, rounded up a little."
    ),
]
Disposition = Annotated[
    ContentDisposition | None,
    strawberry.argument(description="Without one, downloads are saved and streams shown."),
]


@strawberry.type(description="A signed address: whoever has it needs no token until it expires.")
class SignedUrl:
    """See the description."""

    url: str = field(description="The address; it ends before its time with `revokeLinks`.")
    expires_at: datetime = field(description="Until when it holds.")
    operation: SignedOperation = field(description="What it gives.")


def signed_url(
    info: RequestInfo,
    parent: Parent[StoredFile],
    operation: WantedOperation = SignedOperation.DOWNLOAD,
    expires_in: ExpiresIn = DEFAULT_LIFETIME,
    disposition: Disposition = None,
) -> Any:
    """Resolve ``File.signedUrl``."""
    return links.signed_url(info, parent, LinkRequest(operation, expires_in, disposition))
