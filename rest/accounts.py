"""Accounts over REST: guest login, and what an account uses."""

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response

from rest.responses import JsonResponse, enveloped
from streaming.request import application_of, viewer_of


async def guest_login(request: Request) -> Response:
    """Make a guest account and answer its bearer token (RFC 6749, section 5.1)."""
    session = await application_of(request).accounts.sign_in_guest()
    return JsonResponse(
        {
            "access_token": session.access_token,
            "token_type": "bearer",
            "expires_in": session.expires_in,
            "user_id": session.account_id,
        },
        headers={"cache-control": "no-store"},
    )


async def usage(request: Request) -> Response:
    """Answer what the caller's account stores and may store."""
    viewer = await viewer_of(request)
    return enveloped(asdict(await application_of(request).quotas.usage(viewer)))
