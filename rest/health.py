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
    """Answer 200 if database and storage can serve and no shutdown is under way, else 503."""
    if getattr(request.app.state, "draining", False):
        return _unready("draining")
    try:
        await application_of(request).check()
    except (MediaError, StorageError):
        return _unready("database or storage does not answer")
    return JsonResponse({"status": "ok"})


def _unready(reason: str) -> Response:
    return JsonResponse({"status": "unavailable", "reason": reason}, 503, {"retry-after": "5"})
