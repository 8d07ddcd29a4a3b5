"""Recovery codes of guests over REST: make, look up, revoke, and sign in by one."""

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from auth.same_origin import require_same_origin
from core.errors import ValidationFailedError
from edge.request import address_of, application_of, json_object, viewer_of
from rest.accounts import session_answer, wants_cookie
from rest.fields import check_names
from rest.responses import enveloped
from services.accounts.recovery_codes import RecoveryCode


class RecoveryCodeEndpoint(HTTPEndpoint):
    """The recovery code of the caller's guest account."""

    async def get(self, request: Request) -> Response:
        """Answer when the code was made and last used; null without one."""
        viewer = await viewer_of(request)
        found = await application_of(request).recovery_codes.find(viewer)
        return enveloped(_json(found) if found else None)

    async def post(self, request: Request) -> Response:
        """Make a code in place of the one before, and answer it this once."""
        viewer = await viewer_of(request)
        made = await application_of(request).recovery_codes.create(viewer)
        response = enveloped({"code": made.code, **_json(made.recovery_code)})
        response.headers["cache-control"] = "no-store"
        return response

    async def delete(self, request: Request) -> Response:
        """Revoke the code and answer 204; having none is not an error."""
        viewer = await viewer_of(request)
        await application_of(request).recovery_codes.revoke(viewer)
        return Response(status_code=204)


async def recover(request: Request) -> Response:
    """Sign the guest in whose code the body holds, and answer as ``POST /v1/auth/guest`` does."""
    given = await json_object(request)
    check_names(given, ("code", "session"))
    code = given.get("code")
    if not isinstance(code, str):
        raise ValidationFailedError("code must be a string: the recovery code of a guest.")
    by_cookie = wants_cookie(given)
    if by_cookie:
        require_same_origin(request.headers, application_of(request).settings.public_url)
    session = await application_of(request).recovery_codes.sign_in(code, address_of(request))
    return session_answer(request, session, by_cookie=by_cookie)


def _json(code: RecoveryCode) -> dict[str, object]:
    return {"created_at": code.created_at, "last_used_at": code.last_used_at}
