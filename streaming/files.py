"""The bytes of a file over HTTP: as a download, or in place with seeking."""

from starlette.requests import Request
from starlette.responses import Response

from models.file import Visibility
from streaming.disposition import Disposition
from streaming.request import application_of, viewer_of
from streaming.response import FileResponse
from streaming.servable import Representation


async def download(request: Request) -> Response:
    """Answer the file's bytes as an attachment."""
    return await _serve(request, "attachment")


async def stream(request: Request) -> Response:
    """Answer the file's bytes to be shown in place, where its type is safe to show."""
    return await _serve(request, "inline")


async def _serve(request: Request, disposition: Disposition) -> Response:
    application = application_of(request)
    viewer = await viewer_of(request)
    file, stored = await application.files.open(viewer, request.path_params["file_id"])
    representation = Representation(
        content_type=file.mime_type,
        filename=file.filename,
        checksum=file.checksum,
        last_modified=file.created_at,
        disposition=disposition,
        public=file.visibility is Visibility.PUBLIC,
    )
    idle = application.settings.idle_timeout_seconds
    return FileResponse(stored, representation, send_timeout=idle)
