"""The enums of the schema; their values are the domain's."""

from enum import Enum

import strawberry

# Registered here before any type names them; types import them from this module.
from models.file import Visibility
from models.user import UserKind
from services.analyses import AnalysisKind
from services.api_keys import Scope as ApiKeyScope
from services.files import Outcome
from services.links import ContentDisposition, SignedOperation
from services.listing import Scope
from services.paging import Order, SortKey
from services.preview_request import PreviewFormat, PreviewSize, PreviewType

__all__ = [
    "AnalysisKind",
    "ApiKeyScope",
    "ContentDisposition",
    "FileOrder",
    "Outcome",
    "PreviewFormat",
    "PreviewSize",
    "PreviewType",
    "Scope",
    "SignedOperation",
    "UserKind",
    "Visibility",
]

strawberry.enum(
    Visibility,
    name="Visibility",
    description=(
        "Who may read a file besides its owner: nobody (PRIVATE), every signed-in caller (SHARED),"
        " or anyone with its address (PUBLIC)."
    ),
)
strawberry.enum(ApiKeyScope, name="ApiKeyScope", description="What an API key may do.")
strawberry.enum(UserKind, name="AccountKind", description="What an account is.")
strawberry.enum(
    Outcome,
    name="DeletionOutcome",
    description="What became of one file of a bulk deletion.",
)
strawberry.enum(
    Scope,
    name="FileScope",
    description=(
        "Whose files a list holds: your own (OWN), those that others share with every signed-in"
        " caller (SHARED), or everyone's (ALL, administrators only)."
    ),
)


strawberry.enum(
    PreviewFormat,
    name="PreviewFormat",
    description="One picture (THUMBNAIL), or a moving one where the file is animated (ANIMATED).",
)
strawberry.enum(
    PreviewSize,
    name="PreviewSize",
    description="The long side: 160 (SMALL), 480 (MEDIUM) or 1200 (LARGE) pixels; never enlarged.",
)
strawberry.enum(
    PreviewType, name="PreviewType", description="What a preview is encoded as; WEBP can move."
)
strawberry.enum(AnalysisKind, name="AnalysisKind", description="A part of an analysis.")
strawberry.enum(
    SignedOperation,
    name="SignedOperation",
    description="What a signed address gives: the DOWNLOAD, or the STREAM that plays in place.",
)
strawberry.enum(
    ContentDisposition,
    name="ContentDisposition",
    description=(
        "Whether a browser saves the file (ATTACHMENT) or shows it (INLINE); types that are not"
        " safe to show are saved anyway."
    ),
)


@strawberry.enum(description="What a list of files is sorted by; the id breaks ties.")
class FileOrder(Enum):
    """Each sort key in both directions."""

    CREATED_AT_ASC = Order(SortKey.CREATED_AT, descending=False)
    CREATED_AT_DESC = Order(SortKey.CREATED_AT, descending=True)
    UPDATED_AT_ASC = Order(SortKey.UPDATED_AT, descending=False)
    UPDATED_AT_DESC = Order(SortKey.UPDATED_AT, descending=True)
    FILENAME_ASC = Order(SortKey.FILENAME, descending=False)
    FILENAME_DESC = Order(SortKey.FILENAME, descending=True)
    SIZE_ASC = Order(SortKey.SIZE, descending=False)
    SIZE_DESC = Order(SortKey.SIZE, descending=True)
    MIME_TYPE_ASC = Order(SortKey.MIME_TYPE, descending=False)
    MIME_TYPE_DESC = Order(SortKey.MIME_TYPE, descending=True)
