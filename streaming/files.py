"""The bytes of a file over HTTP: as a download, or in place with seeking."""

import time
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from auth.signing import HOUR, invalid_link
from edge.request import application_of, viewer_of
from models.file import StoredFile, Visibility
from services.sharing.links import ContentDisposition, SignedAddress, SignedOperation
from storage.base import StoredObject
from streaming.disposition import Disposition
from streaming.redirect import goes_elsewhere, redirect
from streaming.response import FileResponse
from streaming.servable import Representation
from streaming.signed import expiry_and_signature, is_signed

MAX_SIGNED_AGE: Final = HOUR
"""How long a cache may give what it got from a signed address without asking, in seconds.

So long, at the most, what is revoked lives on in caches.
"""


@dataclass(frozen=True, slots=True)
class _Found:
    """What to send; ``stored`` is None if it is to come from elsewhere."""

    file: StoredFile
    stored: StoredObject | None
    disposition: Disposition
    max_age: int | None = None


async def download(request: Request) -> Response:
    """Answer the file's bytes as an attachment, or as a signed address says."""
    if is_signed(request):
        return await _respond(request, await _by_link(request, SignedOperation.DOWNLOAD))
    return await _respond(request, await _by_viewer(request, "attachment"))


async def stream(request: Request) -> Response:
    """Answer the file's bytes to be shown in place, where its type is safe to show."""
    if is_signed(request):
        return await _respond(request, await _by_link(request, SignedOperation.STREAM))
    return await _respond(request, await _by_viewer(request, "inline"))


async def _by_viewer(request: Request, disposition: Disposition) -> _Found:
    viewer = await viewer_of(request)
    files, file_id = application_of(request).files, request.path_params["file_id"]
    if goes_elsewhere(request):
        return _Found(await files.get(viewer, file_id), None, disposition)
    return _Found(*await files.open(viewer, file_id), disposition)


async def _by_link(request: Request, operation: SignedOperation) -> _Found:
    expires, signature = expiry_and_signature(request)
    try:
        disposition = ContentDisposition(request.query_params.get("disposition", ""))
    except ValueError:
        raise invalid_link() from None
    address = SignedAddress(
        request.path_params["file_id"], operation, disposition, expires, signature
    )
    links = application_of(request).links
    shown: Disposition = "inline" if disposition is ContentDisposition.INLINE else "attachment"
    if goes_elsewhere(request):
        file, stored = await links.find(address), None
    else:
        opened = await links.open(address)
        file, stored = opened.file, opened.stored
    left = max(0, expires - int(time.time()))
    return _Found(file, stored, shown, min(left, MAX_SIGNED_AGE))


async def _respond(request: Request, found: _Found) -> Response:
    file = found.file
    representation = Representation(
        content_type=file.mime_type,
        filename=file.filename,
        checksum=file.checksum,
        last_modified=file.created_at,
        disposition=found.disposition,
        public=file.visibility is Visibility.PUBLIC,
        max_age=found.max_age,
    )
    if found.stored is None:
        return await redirect(request, file, representation)
    idle = application_of(request).settings.idle_timeout_seconds
    return FileResponse(found.stored, representation, send_timeout=idle)
