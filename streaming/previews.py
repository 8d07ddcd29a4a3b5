"""The bytes of a preview over HTTP, to its readers or by a signed address."""

import time
from enum import StrEnum
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from auth.signing import invalid_link
from core.errors import ValidationFailedError
from edge.accept import best_match
from edge.request import application_of, viewer_of
from models.file import Visibility
from services.derivatives.preview_request import (
    MIME_TYPES,
    PreviewFormat,
    PreviewRequest,
    PreviewSize,
    PreviewType,
)
from services.derivatives.previews import OpenPreview
from streaming.response import FileResponse
from streaming.servable import Representation
from streaming.signed import expiry_and_signature, is_signed

_ANYTHING_ELSE: Final = "*/*;q=0.001"

Choice = TypeVar("Choice", bound=StrEnum)


async def preview(request: Request) -> Response:
    """Answer a preview, made now if it is not there."""
    signed = is_signed(request)
    wanted = _wanted_by_link(request) if signed else _wanted(request)
    opened = await (_by_link if signed else _by_viewer)(request, wanted)
    stem = opened.file.filename.rpartition(".")[0] or opened.file.filename
    representation = Representation(
        content_type=opened.derivative.mime_type,
        filename=f"{stem}.{wanted.type.value}",
        checksum=opened.derivative.checksum,
        last_modified=opened.derivative.created_at,
        disposition="inline",
        public=opened.file.visibility is Visibility.PUBLIC,
        max_age=_seconds_left(opened),
        by_accept="type" not in request.query_params,
    )
    idle = application_of(request).settings.idle_timeout_seconds
    return FileResponse(opened.stored, representation, send_timeout=idle)


def preferred_type(request: Request) -> PreviewType:
    """Return the type of preview that the Accept header wants most, WebP of equals.

    Where it names none, one that it does not refuse; where it refuses all, it is disregarded.

    Source: RFC 9110, section 12.5.1.
    """
    kinds = {mime_type: kind for kind, mime_type in MIME_TYPES.items()}
    wanted = best_match([*request.headers.getlist("accept"), _ANYTHING_ELSE], list(kinds))
    return kinds[wanted] if wanted else PreviewType.WEBP


async def _by_viewer(request: Request, wanted: PreviewRequest) -> OpenPreview:
    viewer = await viewer_of(request)
    previews = application_of(request).previews
    return await previews.open(viewer, request.path_params["file_id"], wanted)


async def _by_link(request: Request, wanted: PreviewRequest) -> OpenPreview:
    expires, signature = expiry_and_signature(request)
    previews = application_of(request).previews
    return await previews.open_link(request.path_params["file_id"], wanted, expires, signature)


def _wanted_by_link(request: Request) -> PreviewRequest:
    try:
        return _wanted(request)
    except ValidationFailedError:
        raise invalid_link() from None


def _wanted(request: Request) -> PreviewRequest:
    form = _choice(request, "format", PreviewFormat) or PreviewFormat.THUMBNAIL
    moving = form is PreviewFormat.ANIMATED
    return PreviewRequest(
        form,
        _choice(request, "size", PreviewSize) or PreviewSize.MEDIUM,
        _choice(request, "type", PreviewType)
        or (PreviewType.WEBP if moving else preferred_type(request)),
    )


def _choice(request: Request, name: str, choices: type[Choice]) -> Choice | None:
    value = request.query_params.get(name)
    try:
        return choices(value) if value is not None else None
    except ValueError:
        raise ValidationFailedError(f"{name} must be one of {', '.join(choices)}.") from None


def _seconds_left(opened: OpenPreview) -> int | None:
    if opened.settled_until is None:
        return None
    return max(0, opened.settled_until - int(time.time()))
