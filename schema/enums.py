"""The enums of the schema; their values are the domain's, with a word about each."""

from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

# Registered here before any type names them; types import them from this module.
from models.file import Visibility
from models.user import UserKind
from services.accounts.api_keys import Scope as ApiKeyScope
from services.derivatives.analyses import AnalysisKind
from services.derivatives.preview_request import PreviewFormat, PreviewSize, PreviewType
from services.files.files import Outcome
from services.files.listing import Scope
from services.files.paging import Order, SortKey
from services.files.tagging import TagOutcome
from services.files.visibilities import VisibilityOutcome
from services.sharing.links import ContentDisposition, SignedOperation

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
    "TagOutcome",
    "UserKind",
    "Visibility",
    "VisibilityOutcome",
]


def _register(enum: type[Enum], name: str, description: str, **values: str) -> None:
    """Make ``enum`` known to the schema as ``name``; ``values`` says what each member means.

    Raises:
        KeyError: A member has no description.
    """
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = enum.__strawberry_definition__  # type: ignore[attr-defined]
    for value in definition.values:
        value.description = values[value.name]


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


_register(
    Visibility,
    "Visibility",
    "Who may read a file besides its owner: nobody (PRIVATE), every signed-in caller (SHARED),"
    " or anyone with its address (PUBLIC).",
    PRIVATE="Its owner alone, and administrators.",
    SHARED="Every signed-in caller, guests among them unless the server shuts them out.",
    PUBLIC="Anyone with its address, without signing in.",
)
_register(
    UserKind,
    "AccountKind",
    "What an account is.",
    GUEST="Made in one call, without a name or a password.",
    USER="Somebody who is known.",
    ADMINISTRATOR="A user who may also read and delete the files of others.",
)
_register(
    ApiKeyScope,
    "ApiKeyScope",
    "What an API key may do.",
    READ="See and fetch what its account may.",
    WRITE="Upload, change and delete as well.",
)
_register(
    Outcome,
    "DeletionOutcome",
    "What became of one file of a bulk deletion.",
    DELETED="It is gone.",
    NOT_FOUND="There is no such file, or it is another's and private.",
    FORBIDDEN="It is another's, and may only be read.",
)
_register(
    VisibilityOutcome,
    "VisibilityOutcome",
    "What became of one file of a bulk change of visibility.",
    CHANGED="It has another visibility than before.",
    UNCHANGED="It had this visibility already.",
    NOT_FOUND="There is no such file, or it is another's and private.",
    FORBIDDEN="It is another's, and may only be read.",
)
_register(
    TagOutcome,
    "TagOutcome",
    "What a bulk change of tags did to one file.",
    CHANGED="It has other tags than before.",
    UNCHANGED="It had all of the added tags already and none of the removed ones.",
    TOO_MANY_TAGS="It would have more than 50 tags, so its tags stay as they are.",
    NOT_FOUND="There is no such file, or it is another's and private.",
    FORBIDDEN="It is another's, and may only be read.",
)
_register(
    Scope,
    "FileScope",
    "Whose files a list holds: your own (OWN), those that others share with every signed-in"
    " caller (SHARED) or with you by name (SHARED_WITH_ME), or everyone's (ALL, administrators"
    " only).",
    OWN="Your own, whoever may see them.",
    SHARED="Those of others that every signed-in caller may read.",
    SHARED_WITH_ME="Those that others share with you by name.",
    ALL="Everyone's; administrators only.",
)
_register(
    PreviewFormat,
    "PreviewFormat",
    "One picture (THUMBNAIL), or a moving one where the file is animated (ANIMATED).",
    THUMBNAIL="One picture that stands still.",
    ANIMATED="A moving picture where the file moves, and else one that stands still.",
)
_register(
    PreviewSize,
    "PreviewSize",
    "The long side: 160 (SMALL), 480 (MEDIUM) or 1200 (LARGE) pixels; never enlarged.",
    SMALL="At most 160 pixels on the long side.",
    MEDIUM="At most 480 pixels on the long side.",
    LARGE="At most 1200 pixels on the long side.",
)
_register(
    PreviewType,
    "PreviewType",
    "What a preview is encoded as; WEBP can move.",
    WEBP="Small, with transparency, and able to move.",
    JPEG="Read everywhere; transparency becomes white.",
    PNG="Without loss, with transparency.",
    AVIF="Smallest, with transparency; slower to make.",
)
_register(
    AnalysisKind,
    "AnalysisKind",
    "A part of an analysis.",
    FILE_TYPE="The name of the format, for people.",
    CONTENT_TYPE="The content type, found in the bytes.",
    METADATA="What the file tells of itself: EXIF, pages, duration, and so on by kind of file.",
)
_register(
    SignedOperation,
    "SignedOperation",
    "What a signed address gives: the DOWNLOAD, or the STREAM that plays in place.",
    DOWNLOAD="The whole file, to save.",
    STREAM="The file in place, with seeking.",
)
_register(
    ContentDisposition,
    "ContentDisposition",
    "Whether a browser saves the file (ATTACHMENT) or shows it (INLINE); types that are not"
    " safe to show are saved anyway.",
    ATTACHMENT="The browser saves it.",
    INLINE="The browser shows it, where its type is safe to show.",
)
_register(
    FileOrder,
    "FileOrder",
    "What a list of files is sorted by; the id breaks ties.",
    CREATED_AT_ASC="Oldest first.",
    CREATED_AT_DESC="Newest first.",
    UPDATED_AT_ASC="Longest unchanged first.",
    UPDATED_AT_DESC="Latest change first.",
    FILENAME_ASC="By name, A to Z.",
    FILENAME_DESC="By name, Z to A.",
    SIZE_ASC="Smallest first.",
    SIZE_DESC="Largest first.",
    MIME_TYPE_ASC="By content type, A to Z.",
    MIME_TYPE_DESC="By content type, Z to A.",
)
