"""What can be changed."""

from typing import Annotated, Any

import strawberry
from strawberry import field

from resolvers import derivatives, links, shares
from resolvers import files as resolvers
from resolvers.context import RequestInfo
from schema.api_keys import NewApiKey, create_key, revoke_key
from schema.derivatives import (
    Analysis,
    ExtractedText,
    Language,
    Parts,
    PreserveFormatting,
    Preview,
    Retry,
    WantedFormat,
    WantedSize,
    WantedType,
)
from schema.enums import Outcome, PreviewFormat, PreviewSize, PreviewType
from schema.file import File
from schema.inputs import UpdateFileInput, UploadInput, given
from schema.query import Id
from schema.recovery import NewRecoveryCode, create_code, revoke_code
from schema.scalars import Upload
from schema.shares import AccountIds, NamedEmails, NamedIds
from schema.tagging import BulkTagResult, tag_files
from schema.visibilities import BulkVisibilityResult, ManyIds, set_visibility
from services.derivatives.preview_request import PreviewRequest
from services.files.files import Deletion

OneFile = Annotated[Upload, strawberry.argument(description="The file.")]
ManyFiles = Annotated[
    list[Upload], strawberry.argument(description="The files, up to 100 in one request.")
]
NewMetadata = Annotated[
    UploadInput | None, strawberry.argument(description="Name, description, tags, visibility.")
]
Changes = Annotated[UpdateFileInput, strawberry.argument(description="What to change.")]


@strawberry.type(description="What became of one file.")
class DeletionResult:
    """See the description."""

    id: strawberry.ID = field(description="The id that was asked for.")
    outcome: Outcome = field(description="What became of it.")


@strawberry.type(description="What a bulk deletion did.")
class BulkDeleteResult:
    """See the description."""

    deleted_count: int = field(description="How many files were deleted.")
    results: list[DeletionResult] = field(description="What became of each id, in order.")


async def _upload(info: RequestInfo, file: OneFile, input: NewMetadata = None) -> Any:  # noqa: A002 - the argument's name in GraphQL
    return await resolvers.upload(info, file, given(input))


async def _upload_many(info: RequestInfo, files: ManyFiles, input: NewMetadata = None) -> Any:  # noqa: A002 - the same
    return await resolvers.upload_many(info, files, given(input))


async def _update(info: RequestInfo, id: Id, input: Changes) -> Any:  # noqa: A002 - the same
    return await resolvers.update(info, id, given(input))


async def _delete(info: RequestInfo, id: Id) -> Any:  # noqa: A002 - the same
    return await resolvers.delete(info, id)


async def _revoke_links(info: RequestInfo, id: Id) -> Any:  # noqa: A002 - the same
    return await links.revoke_links(info, id)


async def _share_file(
    info: RequestInfo,
    id: Id,  # noqa: A002 - the argument's name in GraphQL
    account_ids: NamedIds = None,
    emails: NamedEmails = None,
) -> Any:
    return await shares.share_file(info, id, account_ids, emails)


async def _unshare_file(info: RequestInfo, id: Id, account_ids: AccountIds) -> Any:  # noqa: A002 - the same
    return await shares.unshare_file(info, id, account_ids)


async def _bulk_delete(info: RequestInfo, ids: ManyIds) -> BulkDeleteResult:
    deletions: list[Any] = await resolvers.bulk_delete(info, ids)
    return BulkDeleteResult(deleted_count=_deleted(deletions), results=deletions)


async def _preview(  # noqa: PLR0913 - the arguments of the field
    info: RequestInfo,
    id: Id,  # noqa: A002 - the argument's name in GraphQL
    *,
    format: WantedFormat = PreviewFormat.THUMBNAIL,  # noqa: A002 - the same
    size: WantedSize = PreviewSize.MEDIUM,
    type: WantedType = PreviewType.WEBP,  # noqa: A002 - the same
    retry: Retry = False,
) -> Any:
    wanted = PreviewRequest(format, size, type)
    return await derivatives.preview(info, id, wanted, retry=retry)


async def _extract_text(
    info: RequestInfo,
    id: Id,  # noqa: A002 - the argument's name in GraphQL
    *,
    language: Language = "auto",
    preserve_formatting: PreserveFormatting = False,
    retry: Retry = False,
) -> Any:
    return await derivatives.extract_text(
        info, id, language, preserve_formatting=preserve_formatting, retry=retry
    )


async def _analyze(
    info: RequestInfo,
    id: Id,  # noqa: A002 - the argument's name in GraphQL
    *,
    analyses: Parts = None,
    retry: Retry = False,
) -> Any:
    return await derivatives.analyze(info, id, analyses, retry=retry)


def _deleted(deletions: list[Deletion]) -> int:
    return sum(one.outcome is Outcome.DELETED for one in deletions)


@strawberry.type(description="What can be changed.")
class Mutation:
    """See the description."""

    upload: File = field(
        resolver=_upload,
        graphql_type=File,
        description="Store a file; it is durable when the answer comes.",
    )
    upload_many: list[File] = field(
        resolver=_upload_many,
        graphql_type=list[File],
        description="Store several files, all or none.",
    )
    update: File = field(
        resolver=_update, graphql_type=File, description="Change a file's metadata."
    )
    delete: strawberry.ID = field(
        resolver=_delete,
        graphql_type=strawberry.ID,
        description="Delete a file; it is gone for every reader when the answer comes.",
    )
    preview: Preview = field(
        resolver=_preview,
        graphql_type=Preview,
        description="Make a preview of a file unless it is there.",
    )
    extract_text: ExtractedText = field(
        resolver=_extract_text,
        graphql_type=ExtractedText,
        description="Extract a file's text, by recognition where it is a picture.",
    )
    analyze: Analysis = field(
        resolver=_analyze, graphql_type=Analysis, description="Tell what a file is."
    )
    revoke_links: File = field(
        resolver=_revoke_links,
        graphql_type=File,
        description="End every signed address of a file, its previews' too; new ones can be made.",
    )
    create_api_key: NewApiKey = field(
        resolver=create_key,
        graphql_type=NewApiKey,
        description="Make a key for scripts; it is shown this once.",
    )
    revoke_api_key: strawberry.ID = field(
        resolver=revoke_key, graphql_type=strawberry.ID, description="End an API key of yours."
    )
    create_recovery_code: NewRecoveryCode = field(
        resolver=create_code,
        graphql_type=NewRecoveryCode,
        description=(
            "Make a code that signs you, a guest, in again on any device; it is shown this once and"
            " replaces the one before."
        ),
    )
    revoke_recovery_code: bool = field(
        resolver=revoke_code,
        description="End your recovery code; tells whether there was one.",
    )
    share_file: File = field(
        resolver=_share_file,
        graphql_type=File,
        description=(
            "Let accounts read a file, named by their ids or by e-mail addresses, all or none; who"
            " may already may go on. They see the name and the address of the file's owner."
        ),
    )
    unshare_file: File = field(
        resolver=_unshare_file,
        graphql_type=File,
        description=(
            "End the reading of accounts, all or none, and every signed address of the file, as"
            " they may have some."
        ),
    )
    bulk_delete: BulkDeleteResult = field(
        resolver=_bulk_delete,
        description="Delete every file of these that you may, and tell what became of each.",
    )
    bulk_set_visibility: BulkVisibilityResult = field(
        resolver=set_visibility,
        description=(
            "Give every file of these that you may change a visibility, in one transaction, and"
            " tell what became of each; signed addresses of those that change end."
        ),
    )
    bulk_tag: BulkTagResult = field(
        resolver=tag_files,
        description=(
            "Add tags to the files with these ids and remove others from them, in one"
            " transaction; files that you may not change stay as they are."
        ),
    )
