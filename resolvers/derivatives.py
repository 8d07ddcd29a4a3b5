"""Resolvers of what is computed from files: previews, text, analyses."""

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from strawberry import Parent

from core.errors import ValidationFailedError
from models.file import StoredFile
from resolvers.context import Context, RequestInfo
from services.derivatives.analyses import Analysis, AnalysisKind
from services.derivatives.preview_request import PreviewFormat, PreviewRequest, PreviewSize
from services.derivatives.previews import Preview
from services.derivatives.texts import ExtractedText


@dataclass(frozen=True, slots=True)
class ShownPreview:
    """A preview with its whole address."""

    preview_url: str
    expires_at: datetime
    format: PreviewFormat
    requested_size: PreviewSize
    mime_type: str
    size: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PartialAnalysis:
    """The parts of an analysis that were asked for; None for the others."""

    file_type: str | None
    content_type: str | None
    metadata: dict[str, object] | None


async def preview(
    info: RequestInfo, file_id: str, wanted: PreviewRequest, *, retry: bool
) -> ShownPreview:
    """Make a preview unless it is there."""
    context = info.context
    made = await context.application.previews.create(context.viewer, file_id, wanted, retry=retry)
    return _shown(context, made)


async def extract_text(
    info: RequestInfo, file_id: str, language: str, *, preserve_formatting: bool, retry: bool
) -> ExtractedText:
    """Extract a file's text unless that was done."""
    context = info.context
    return await context.application.texts.extract(
        context.viewer,
        file_id,
        language=language,
        preserve_formatting=preserve_formatting,
        retry=retry,
    )


async def analyze(
    info: RequestInfo, file_id: str, parts: list[AnalysisKind] | None, *, retry: bool
) -> PartialAnalysis:
    """Analyse a file unless that was done."""
    context = info.context
    wanted = list(AnalysisKind) if parts is None else parts
    if not wanted:
        raise ValidationFailedError("analyses must name a part; leave it out for all of them.")
    found = await context.application.analyses.analyze(context.viewer, file_id, retry=retry)
    return _partial(found, wanted)


def preview_url(
    info: RequestInfo, parent: Parent[StoredFile], wanted: PreviewRequest
) -> str | None:
    """Return the signed address of a preview; nothing is made before somebody opens it."""
    path = info.context.application.previews.link(parent, wanted)
    return None if path is None else info.context.base_url + path


async def previews(info: RequestInfo, parent: Parent[StoredFile]) -> list[ShownPreview]:
    """Return the previews that are there."""
    found = await info.context.loaders.previews.load(parent)
    return [_shown(info.context, one) for one in found]


async def text(info: RequestInfo, parent: Parent[StoredFile]) -> ExtractedText | None:
    """Return the text that was extracted last."""
    return await info.context.loaders.texts.load(parent)


def text_of(info: RequestInfo, parent: Parent[ExtractedText]) -> str:
    """Return the text itself."""
    info.context.budget.spend(len(parent.text))
    return parent.text


def metadata_of(info: RequestInfo, parent: Parent[PartialAnalysis]) -> dict[str, object] | None:
    """Return the metadata itself."""
    info.context.budget.spend(len(orjson.dumps(parent.metadata)))
    return parent.metadata


async def analysis(info: RequestInfo, parent: Parent[StoredFile]) -> PartialAnalysis | None:
    """Return the analysis, if one was made."""
    found = await info.context.loaders.analyses.load(parent)
    return _partial(found, list(AnalysisKind)) if found else None


def _shown(context: Context, made: Preview) -> ShownPreview:
    return ShownPreview(
        preview_url=context.base_url + made.path,
        expires_at=datetime.fromtimestamp(made.expires_at, UTC),
        format=made.request.format,
        requested_size=made.request.size,
        mime_type=made.mime_type,
        size=made.size,
        width=made.width,
        height=made.height,
    )


def _partial(found: Analysis, parts: list[AnalysisKind]) -> PartialAnalysis:
    return PartialAnalysis(
        found.file_type if AnalysisKind.FILE_TYPE in parts else None,
        found.content_type if AnalysisKind.CONTENT_TYPE in parts else None,
        dict(found.metadata) if AnalysisKind.METADATA in parts else None,
    )
