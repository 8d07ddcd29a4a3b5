"""What a request counts as for rate limits, by its method and path."""

from typing import Final

from services.limits.rate_limits import OperationClass

GRAPHQL: Final = "/graphql"
UNLIMITED: Final = frozenset({"/", "/healthz", "/readyz", GRAPHQL})
"""What no limit holds for; GraphQL counts for itself, by the operations of the document."""

_ASSETS: Final = "/assets/"
_SIGN_IN: Final = frozenset(
    {
        "/llm/auth/guest-login",
        "/v1/auth/guest",
        "/v1/auth/recover",
        "/v1/auth/refresh",
        "/v1/auth/logout",
        "/v1/auth/oidc/login",
        "/v1/auth/oidc/callback",
    }
)
_MEDIA: Final = ("/download", "/stream", "/preview")
_PROCESSING: Final = ("/preview", "/extract-text", "/analyze")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def operation_class(method: str, path: str) -> OperationClass | None:
    """Return what a request counts as; None for one that is not limited here.

    Ranges of media are downloads, each of them: a class of its own, whose limit no player reaches.
    """
    if path in UNLIMITED or path.startswith(_ASSETS):
        return None
    if path in _SIGN_IN:
        return OperationClass.SIGN_IN
    if method in _SAFE:
        return OperationClass.DOWNLOAD if path.endswith(_MEDIA) else OperationClass.READ
    if path.endswith(_PROCESSING):
        return OperationClass.PROCESSING
    return OperationClass.UPLOAD if path.endswith("/upload") else OperationClass.WRITE
