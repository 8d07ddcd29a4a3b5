"""Signed addresses over REST: make one, revoke all."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from auth.policy import Policy
from edge.request import application_of, base_url, optional_json_object, viewer_of
from rest.fields import check_names, choice, whole_number
from rest.responses import enveloped, file_json
from services.sharing.links import (
    DEFAULT_LIFETIME,
    ContentDisposition,
    LinkRequest,
    SignedOperation,
)


async def sign_url(request: Request) -> Response:
    """Answer a signed address of the file."""
    viewer = await viewer_of(request)
    Policy.require_writer(viewer)  # before the body is read
    given = await optional_json_object(request)
    check_names(given, ("operation", "expires_in", "disposition"))
    wanted = LinkRequest(
        choice(given, "operation", SignedOperation.DOWNLOAD),
        whole_number(given, "expires_in", DEFAULT_LIFETIME),
        choice(given, "disposition", ContentDisposition.INLINE) if "disposition" in given else None,
    )
    link = await application_of(request).links.create(
        viewer, request.path_params["file_id"], wanted
    )
    signed = {
        "url": base_url(request) + link.path,
        "expires_at": datetime.fromtimestamp(link.expires_at, UTC),
        "operation": link.operation.value,
    }
    return enveloped(signed)


async def revoke_links(request: Request) -> Response:
    """End every signed address of the file, and answer the file."""
    viewer = await viewer_of(request)
    files = application_of(request).files
    file = await files.revoke_links(viewer, request.path_params["file_id"])
    return enveloped(file_json(file, base_url(request)))
