"""The document as a whole, and the route that answers it.

Source: OpenAPI Specification 3.1.1.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from core.errors import ErrorCode
from edge.errors import STATUS
from edge.request import base_url
from rest.openapi.accounts import COOKIE, account_paths
from rest.openapi.audit import audit_paths
from rest.openapi.content import content_paths
from rest.openapi.derivatives import derivative_paths
from rest.openapi.files import file_paths
from rest.openapi.links import link_paths
from rest.openapi.parts import SIGNED_IN, Json, problem
from rest.openapi.recovery import recovery_paths
from rest.openapi.schemas import schemas
from rest.openapi.service import service_paths
from rest.openapi.shares import share_paths
from rest.openapi.sign_in import sign_in_paths
from rest.openapi.usage import usage_paths
from rest.responses import JsonResponse

_VERSION: Final = "0.1.0"
_DESCRIPTION: Final = """\
Upload, organise, search and stream files.

Sign in with `POST /llm/auth/guest-login` and send the token as `Authorization: Bearer …`, or an API
key in its place.
Answers are JSON in an envelope, `{"data": …}`. Errors are problem details (RFC 9457) with a stable
`code`. HEAD answers wherever GET does. An unknown address answers 404, a method that an address
does not have 405 with `Allow`, both as problem details. Every answer names its request in
`X-Request-ID`, the one that was sent if it is up to 128 letters, digits, `.`, `_`, `~` and `-`.
"""
_TAGS: Final = (
    ("accounts", "Signing in and out, recovery codes, keys for scripts, what an account uses."),
    ("files", "Upload, list, look at, change and delete files."),
    ("content", "The bytes of files, whole or in ranges."),
    ("links", "Signed addresses, for those without a token."),
    ("shares", "Sharing files with accounts by name."),
    ("audit", "What administrators did to others' files."),
    ("derivatives", "Previews, extracted text and analyses."),
    ("graphql", "The same through GraphQL."),
    ("service", "Whether the server can serve, and what it offers."),
)
_BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "The `access_token` of a sign-in.",
}


def openapi() -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint that answers the document, with the server's own address in it."""
    document = build_openapi()

    async def endpoint(request: Request) -> Response:
        return JsonResponse({**document, "servers": [{"url": base_url(request)}]})

    return endpoint


def build_openapi() -> Json:
    """Return the document."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Media API",
            "version": _VERSION,
            "summary": "Files over REST.",
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "security": SIGNED_IN,
        "tags": [{"name": name, "description": description} for name, description in _TAGS],
        "paths": {
            **service_paths(),
            **account_paths(),
            **usage_paths(),
            **sign_in_paths(),
            **recovery_paths(),
            **file_paths(),
            **content_paths(),
            **link_paths(),
            **share_paths(),
            **audit_paths(),
            **derivative_paths(),
        },
        "components": {
            "schemas": schemas(),
            "responses": _refusals_of_routing(),
            "securitySchemes": {"bearer": _BEARER, "session": COOKIE},
        },
    }


def _refusals_of_routing() -> Json:
    """What answers where no operation does."""
    names = {"NoSuchAddress": ErrorCode.NOT_FOUND, "NoSuchMethod": ErrorCode.METHOD_NOT_ALLOWED}
    return {name: problem(STATUS[code], [code]) for name, code in names.items()}
