"""Whether the server lives, and whether it can serve."""

from starlette.requests import Request
from starlette.responses import Response

from core.errors import MediaError
from rest.responses import JsonResponse
from storage.base import StorageError
from streaming.request import application_of


async def healthz(_: Request) -> Response:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Answer 200 if database and storage can serve, else 503."""
    try:
        await application_of(request).check()
    except (MediaError, StorageError):
        body = {"status": "unavailable", "reason": "database or storage does not answer"}
        return JsonResponse(body, 503, {"retry-after": "5"})
    return JsonResponse({"status": "ok", "isolation": application_of(request).workers.isolation})
