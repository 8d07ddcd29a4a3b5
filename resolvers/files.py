"""Resolvers of files: arguments in, one service call, a domain object out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from strawberry import Parent

from auth.policy import Operation, Policy
from core.errors import ValidationFailedError
from models.file import StoredFile
from resolvers.connection import Connection
from resolvers.context import Context, RequestInfo
from services.accounts.accounts import Account
from services.files.files import Deletion
from services.files.listing import FileFilter
from services.files.metadata import draft
from services.files.paging import Order, Window
from services.uploads.types import Received


async def find_file(info: RequestInfo, file_id: str) -> StoredFile:
    """Return a readable file by id; those that one document asks for come in one statement."""
    context = info.context
    found = await context.loaders.files.load(file_id)
    return context.application.policy.authorize(context.viewer, Operation.READ, found)


async def list_files(
    info: RequestInfo, wanted: FileFilter, order: Order, window: Window
) -> Connection:
    """Return a slice of the caller's list."""
    context = info.context
    listing = context.application.listing
    found = await listing.slice(context.viewer, wanted, order, window)
    return Connection(context.viewer, listing, wanted, order, found)


async def upload(info: RequestInfo, file: Received, given: dict[str, Any]) -> StoredFile:
    """Make a file of a received body."""
    context = info.context
    Policy.require_writer(context.viewer)
    return await context.application.uploads.claim(file, draft(given), context.attempt)


async def upload_many(
    info: RequestInfo, files: Sequence[Received], given: dict[str, Any]
) -> list[StoredFile]:
    """Make a file of each received body, or of none."""
    Policy.require_writer(info.context.viewer)
    if given.get("filename") is not None and len(files) > 1:
        raise ValidationFailedError("filename can name one file only; leave it out for several.")
    context = info.context
    return await context.application.uploads.claim_all(files, draft(given), context.attempt)


async def update(info: RequestInfo, file_id: str, given: dict[str, Any]) -> StoredFile:
    """Change the fields that ``given`` names."""
    context = info.context
    return await context.application.files.update(context.viewer, file_id, given)


async def delete(info: RequestInfo, file_id: str) -> str:
    """Delete a file and return its id."""
    context = info.context
    await context.application.files.delete(context.viewer, file_id)
    return file_id


async def bulk_delete(info: RequestInfo, ids: Sequence[str]) -> list[Deletion]:
    """Delete what the caller may, and tell each one's outcome."""
    context = info.context
    return await context.application.files.bulk_delete(context.viewer, ids)


def url(context: Context, file: StoredFile) -> str:
    """Return the stable address of the download."""
    return f"{context.base_url}/v1/media/files/{file.id}/download"


def stream_url(context: Context, file: StoredFile) -> str:
    """Return the stable address of the stream."""
    return f"{context.base_url}/v1/media/files/{file.id}/stream"


async def owner(info: RequestInfo, parent: Parent[StoredFile]) -> Account:
    """Return the account that owns the file, with its name for those who may know it."""
    context = info.context
    found = await context.loaders.accounts.load(parent.owner_id)
    assert found is not None  # noqa: S101 - a foreign key holds it
    if context.application.policy.knows_owner(context.viewer, parent):
        return found
    return replace(found, name=None, email=None)
