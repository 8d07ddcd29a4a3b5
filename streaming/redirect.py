"""The bytes of a file from another server: where they are instead of a body."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from edge.request import application_of
from models.file import StoredFile
from storage.base import Presentation
from streaming.conditional import PreconditionFailedError, Verdict, evaluate
from streaming.servable import Representation

LIFETIME_SECONDS: Final = 300
"""How long an address at the storage is good for: players come back to it for further ranges."""

_NOT_MODIFIED: Final = 304
_TEMPORARY_REDIRECT: Final = 307


def goes_elsewhere(request: Request) -> bool:
    """Tell whether ``request`` is to get its bytes from the storage's server, or from nginx.

    Only GET: an address is signed for one method, and HEAD costs nothing here.
    """
    wanted = application_of(request).settings.downloads
    return wanted != "proxy" and request.method == "GET"


async def redirect(request: Request, file: StoredFile, representation: Representation) -> Response:
    """Answer with where ``file`` is: its reader has been let in.

    An address lives no longer than the signed address that led here. What the client has already
    is answered here (RFC 9110, section 13).

    Raises:
        PreconditionFailedError: 412.
        UnavailableError: The storage cannot sign now.
    """
    verdict, _ = evaluate(
        request.headers, representation.etag, representation.last_modified, request.method
    )
    if verdict is Verdict.PRECONDITION_FAILED:
        raise PreconditionFailedError
    response = Response(status_code=_NOT_MODIFIED)
    if verdict is Verdict.NOT_MODIFIED:
        response.raw_headers = representation.validators()
        return response
    files = application_of(request).files
    if application_of(request).settings.downloads == "nginx":
        return _by_nginx(files.local_name(file), representation)
    url = await files.direct_url(file, _presentation(representation))
    assert url is not None  # noqa: S101 - the setting is refused where there is none
    # Each address is a permission that ends soon: no cache may give it to the next reader.
    headers = {"location": url, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(status_code=_TEMPORARY_REDIRECT, headers=headers)


def _by_nginx(name: str | None, representation: Representation) -> Response:
    """Have nginx send the object, with our headers; it sees to ranges and If-Range by itself."""
    assert name is not None  # noqa: S101 - the setting is refused where there is none
    response = Response()
    own = [header for header in representation.headers() if header[0] != b"accept-ranges"]
    response.raw_headers = [
        *own,
        (b"x-accel-redirect", f"/_objects/{name}".encode()),
        (b"content-length", b"0"),
    ]
    return response


def _presentation(representation: Representation) -> Presentation:
    served, left = dict(representation.headers()), representation.max_age
    return Presentation(
        content_type=served[b"content-type"].decode(),
        content_disposition=served[b"content-disposition"].decode(),
        lifetime=LIFETIME_SECONDS if left is None else max(1, min(left, LIFETIME_SECONDS)),
    )
