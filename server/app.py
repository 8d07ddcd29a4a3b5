"""The composition root: settings in, an ASGI application out."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from core.errors import MediaError
from core.logs import JSON
from core.settings import Settings
from edge.errors import on_fault, on_http_error, on_media_error
from rest.accounts import guest, guest_login, logout, options, refresh, usage
from rest.api_keys import ApiKeyEndpoint, ApiKeysEndpoint
from rest.audit import list_audit
from rest.derivatives import PreviewEndpoint, analyze, extract_text
from rest.files import (
    BulkDeleteEndpoint,
    BulkTagEndpoint,
    BulkVisibilityEndpoint,
    FileEndpoint,
    list_files,
)
from rest.health import healthz, readyz
from rest.links import revoke_links, sign_url
from rest.openapi.document import openapi
from rest.openid import callback, login, provider_of
from rest.recovery import RecoveryCodeEndpoint, recover
from rest.shares import ShareEndpoint, SharesEndpoint
from rest.upload import upload
from server.graphql import graphql
from server.head_checks import CheckHead
from server.middleware import DrainUnread
from server.observe import Observe
from server.rate_limiting import RateLimiting
from server.start import TellFailedStart
from server.tracing import Tracing, exporting_tracing
from server.web import asset, library
from services.lifecycle import running
from streaming.files import download, stream

EXPOSED_HEADERS: Final = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "ETag",
    "RateLimit",
    "RateLimit-Policy",
    "Repr-Digest",
    "Retry-After",
    "X-Request-ID",
)
"""What scripts of other origins may read beyond the Fetch standard's safelist."""


ROUTES: Final = (
    Route("/v1/media/files", list_files),
    Route("/v1/media/files/bulk-delete", BulkDeleteEndpoint),
    Route("/v1/media/files/bulk-visibility", BulkVisibilityEndpoint),
    Route("/v1/media/files/bulk-tag", BulkTagEndpoint),
    Route("/v1/media/files/{file_id}", FileEndpoint),
    Route("/v1/media/files/{file_id}/download", download),
    Route("/v1/media/files/{file_id}/stream", stream),
    Route("/v1/media/files/{file_id}/preview", PreviewEndpoint),
    Route("/v1/media/files/{file_id}/extract-text", extract_text, methods=["POST"]),
    Route("/v1/media/files/{file_id}/analyze", analyze, methods=["POST"]),
    Route("/v1/media/files/{file_id}/signed-url", sign_url, methods=["POST"]),
    Route("/v1/media/files/{file_id}/revoke-links", revoke_links, methods=["POST"]),
    Route("/v1/media/files/{file_id}/shares", SharesEndpoint),
    Route("/v1/media/files/{file_id}/shares/{account_id}", ShareEndpoint),
    Route("/v1/audit", list_audit),
    Route("/v1/media/upload", upload, methods=["POST"]),
    Route("/v1/account/usage", usage),
    Route("/graphql", graphql, methods=["GET", "POST"]),
    Route("/llm/auth/guest-login", guest_login, methods=["POST"]),
    Route("/v1/auth/options", options),
    Route("/v1/auth/guest", guest, methods=["POST"]),
    Route("/v1/auth/recover", recover, methods=["POST"]),
    Route("/v1/auth/recovery-code", RecoveryCodeEndpoint),
    Route("/v1/auth/refresh", refresh, methods=["POST"]),
    Route("/v1/auth/logout", logout, methods=["POST"]),
    Route("/v1/auth/oidc/login", login),
    Route("/v1/auth/oidc/callback", callback),
    Route("/v1/auth/api-keys", ApiKeysEndpoint),
    Route("/v1/auth/api-keys/{key_id}", ApiKeyEndpoint),
    Route("/openapi.json", openapi()),
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/assets/{name}", asset),
    Route("/", library),
)


def create_app(settings: Settings) -> Starlette:
    """Return the application; it connects, migrates and works while its lifespan lasts."""
    tracing = exporting_tracing() if settings.tracing else None

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with (
            running(settings, background=True) as application,
            application.database.listening(),
            aclosing(application.readiness),
        ):
            app.state.application = application
            app.state.openid = provider_of(settings)
            yield
        if tracing is not None:
            await asyncio.to_thread(tracing.close)

    return Starlette(
        routes=list(ROUTES),
        lifespan=lifespan,
        middleware=[
            Middleware(TellFailedStart),
            _observe(settings, tracing),
            Middleware(DrainUnread),
            Middleware(CheckHead),
            _cors(settings),
            Middleware(RateLimiting),
        ],
        exception_handlers={
            MediaError: on_media_error,
            HTTPException: on_http_error,
            Exception: on_fault,
        },
    )


def drain(app: Starlette) -> None:
    """Answer 503 at ``/readyz`` from now on. Safe to call in a signal handler."""
    application = getattr(app.state, "application", None)
    if application is not None:  # else the application has not started: nobody is answered yet
        application.readiness.drain()


def _observe(settings: Settings, tracing: Tracing | None) -> Middleware:
    return Middleware(
        Observe,
        routes=ROUTES,
        log_level=logging.INFO if settings.log_format == JSON else logging.DEBUG,
        counting=settings.metrics_listener is not None,
        tracing=tracing,
    )


def _cors(settings: Settings) -> Middleware:
    # Tokens travel in the Authorization header: any origin may be allowed. The session cookie is
    # for this server's own pages, so that no answer allows credentials.
    return Middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "HEAD", "POST", "PATCH", "DELETE"],
        allow_headers=["*"],
        expose_headers=list(EXPOSED_HEADERS),
        max_age=3600,
    )
