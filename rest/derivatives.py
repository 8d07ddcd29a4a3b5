"""What is computed from files over REST: previews, extracted text, analyses."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from core.errors import ValidationFailedError
from edge.request import application_of, base_url, optional_json_object, viewer_of
from rest.fields import check_names, choice
from rest.responses import enveloped
from services.derivatives.analyses import AnalysisKind
from services.derivatives.preview_request import (
    PreviewFormat,
    PreviewRequest,
    PreviewSize,
    PreviewType,
)
from services.derivatives.previews import Preview
from streaming.previews import preferred_type, preview


class PreviewEndpoint(HTTPEndpoint):
    """A file's preview: what it is, and its bytes."""

    async def get(self, request: Request) -> Response:
        """Answer the preview's bytes."""
        return await preview(request)

    async def post(self, request: Request) -> Response:
        """Make the preview unless it is there, and answer what it is and where."""
        viewer = await viewer_of(request)
        given = await optional_json_object(request)
        check_names(given, ("format", "size", "type", "retry"))
        animated = given.get("format") == PreviewFormat.ANIMATED.value
        wanted = PreviewRequest(
            choice(given, "format", PreviewFormat.THUMBNAIL),
            choice(given, "size", PreviewSize.MEDIUM),
            choice(given, "type", PreviewType.WEBP if animated else preferred_type(request)),
        )
        made = await application_of(request).previews.create(
            viewer, request.path_params["file_id"], wanted, retry=_switch(given, "retry")
        )
        return enveloped(_preview_json(made, base_url(request)))


async def extract_text(request: Request) -> Response:
    """Answer the file's text."""
    viewer = await viewer_of(request)
    given = await optional_json_object(request)
    check_names(given, ("language", "preserve_formatting", "retry"))
    language = given.get("language", "auto")
    if not isinstance(language, str):
        raise ValidationFailedError("language must be a string, such as auto or en.")
    found = await application_of(request).texts.extract(
        viewer,
        request.path_params["file_id"],
        language=language,
        preserve_formatting=_switch(given, "preserve_formatting"),
        retry=_switch(given, "retry"),
    )
    return enveloped(asdict(found))


async def analyze(request: Request) -> Response:
    """Answer what the file is, as far as the body asks."""
    viewer = await viewer_of(request)
    given = await optional_json_object(request)
    check_names(given, ("analyses", "retry"))
    parts = _parts(given.get("analyses"))
    found = await application_of(request).analyses.analyze(
        viewer, request.path_params["file_id"], retry=_switch(given, "retry")
    )
    return enveloped({part.value: getattr(found, part.value) for part in parts})


def _preview_json(made: Preview, base: str) -> dict[str, Any]:
    return {
        "preview_url": base + made.path,
        "expires_at": datetime.fromtimestamp(made.expires_at, UTC),
        "format": made.request.format.value,
        "width": made.width,
        "height": made.height,
        "mime_type": made.mime_type,
        "size": made.size,
    }


def _switch(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        raise ValidationFailedError(f"{name} must be true or false.")
    return value


def _parts(asked: Any) -> list[AnalysisKind]:
    if asked is None:
        return list(AnalysisKind)
    known = ", ".join(AnalysisKind)
    if not isinstance(asked, list) or not asked:
        raise ValidationFailedError(f"analyses must be a list of {known}.")
    if not all(isinstance(one, str) and one in set(AnalysisKind) for one in asked):
        raise ValidationFailedError(f"analyses may hold {known}, and nothing else.")
    return [part for part in AnalysisKind if part in asked]
