"""Whether the server lives, and whether it can serve."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from edge.request import application_of
from rest.responses import JsonResponse
from services.readiness import Verdict

_REASONS: Final = {
    Verdict.UNAVAILABLE: "database or storage does not answer",
    Verdict.DRAINING: "the server is shutting down",
}


async def healthz(_: Request) -> Response:
    """Answer 200 as long as the process answers at all."""
    return JsonResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Answer 200 if database and storage can serve, else 503."""
    application = application_of(request)
    verdict = await application.readiness.verdict()
    if verdict is not Verdict.READY:
        refusal = {"status": "unavailable", "reason": _REASONS[verdict]}
        return JsonResponse(refusal, 503, {"retry-after": "5"})
    workers = application.workers
    return JsonResponse({"status": "ok", "isolation": workers.isolation, "layers": workers.layers})
