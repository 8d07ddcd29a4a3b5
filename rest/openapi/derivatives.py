"""The operations on what is computed from files: previews, extracted text, analyses."""

from enum import StrEnum
from typing import Final

from core.errors import ErrorCode
from rest.openapi.codes import JSON_BODY, READING
from rest.openapi.content import BYTES, OF_BYTES, PARAMETERS, VALIDATORS
from rest.openapi.links import EXPIRES, SIGNATURE
from rest.openapi.parts import (
    EITHER,
    FILE_ID,
    Json,
    answer,
    enveloped,
    header,
    json_body,
    operation,
    parameter,
    problems,
    ref,
    with_head,
)
from rest.openapi.shapes import all_of, one_of
from services.derivatives.analyses import AnalysisKind
from services.derivatives.preview_request import PreviewFormat, PreviewSize, PreviewType

_TAG: Final = "derivatives"
_CODES: Final = (
    *READING,
    ErrorCode.NOT_FOUND,
    ErrorCode.CONFLICT,
    ErrorCode.UNSUPPORTED_FILE_TYPE,
    ErrorCode.FILE_TOO_COMPLEX,
    ErrorCode.FILE_ENCRYPTED,
    ErrorCode.PROCESSING_FAILED,
    ErrorCode.PROCESSING_TIMED_OUT,
    ErrorCode.BUSY,
    ErrorCode.STORAGE_FULL,
)
_OF_READING: Final = (
    ErrorCode.VALIDATION_FAILED,
    ErrorCode.FORBIDDEN,
    ErrorCode.PRECONDITION_FAILED,
    ErrorCode.RANGE_NOT_SATISFIABLE,
)


def derivative_paths() -> Json:
    """Return the path items of what is computed from files."""
    file = "/v1/media/files/{file_id}"
    return {
        f"{file}/preview": {
            **with_head(_read_preview()),
            "post": _post(
                "previewFile",
                "Make a preview",
                "Makes a preview unless it is there, and answers what it is and its signed address,"
                " which needs no token until it expires. Pictures, PDFs, films, sound, texts and"
                " source code have previews. Without `type`, a type that `Accept` names is taken.",
                "Preview",
            ),
        },
        f"{file}/extract-text": {
            "post": _post(
                "extractText",
                "Extract text",
                "Answers the text of a picture (by recognition), of a PDF (its own text, and"
                " recognition for pages without), or of a document. What was extracted once is"
                " kept. A language that is not installed is a 400 that lists those that are.",
                "ExtractedText",
            )
        },
        f"{file}/analyze": {
            "post": _post(
                "analyzeFile",
                "Analyse a file",
                "Answers what the file is and what it tells of itself; docs/analysis.md lists the"
                " metadata. What was found once is kept.",
                "Analysis",
            )
        },
    }


def derivative_schemas() -> Json:
    """Return the schemas of what is sent and answered."""
    return {
        "PreviewRequest": _preview_request(),
        "Preview": _preview(),
        "ExtractedTextRequest": _text_request(),
        "ExtractedText": _text(),
        "AnalysisRequest": _analysis_request(),
        "Analysis": _analysis(),
    }


def _post(name: str, summary: str, description: str, schema: str) -> Json:
    body = json_body(f"{schema}Request", required=False)
    return operation(
        name,
        _TAG,
        summary,
        f"{description} A failure that lies in the file is kept too, until `retry` is true.",
        security=EITHER,
        parameters=[FILE_ID],
        requestBody=body,
        responses={
            "200": answer("What was made.", enveloped(ref(schema))),
            **problems((*_CODES, *JSON_BODY)),
        },
    )


def _read_preview() -> Json:
    signed = {
        **OF_BYTES,
        "Cache-Control": header(
            "Of a signed address: immutable until it expires; `no-cache` while a newer preview is"
            " being made, which has another address."
        ),
    }
    several = header("Which bytes these are; absent for several.", required=False)
    return operation(
        "readPreview",
        _TAG,
        "Get a preview's bytes",
        "Answers the preview, made now if it is not there: by a signed address as"
        " `preview_url` gives it, or to a reader of the file.",
        security=EITHER,
        parameters=[
            *PARAMETERS,
            _chosen("query", "format", PreviewFormat, PreviewFormat.THUMBNAIL),
            _chosen("query", "size", PreviewSize, PreviewSize.MEDIUM),
            _chosen("query", "type", PreviewType),
            EXPIRES,
            SIGNATURE,
        ],
        responses={
            "200": {
                "description": "The preview.",
                "headers": signed,
                "content": {"image/*": BYTES, "*/*": BYTES},
            },
            "206": {
                "description": "The bytes that were asked for.",
                "headers": {**signed, "Content-Range": several},
                "content": {"*/*": BYTES, "multipart/byteranges": BYTES},
            },
            "304": {"description": "Your copy is current.", "headers": VALIDATORS},
            **problems((*_CODES, *_OF_READING)),
        },
    )


def _chosen(where: str, name: str, choices: type[StrEnum], default: StrEnum | None = None) -> Json:
    more = {} if default is None else {"default": default.value}
    enum = [one.value for one in choices]
    return parameter(where, name, f"The preview's {name}.", enum=enum, **more)


def _closed(**properties: Json) -> Json:
    retry = {"type": "boolean", "default": False, "description": "Try again what failed before."}
    return {
        "type": "object",
        "properties": {**properties, "retry": retry},
        "additionalProperties": False,
    }


def _preview_request() -> Json:
    return _closed(
        format=one_of(
            PreviewFormat,
            "`animated` moves where the file is an animation; else it is one picture.",
            default=PreviewFormat.THUMBNAIL,
        ),
        size=one_of(
            PreviewSize,
            "160, 480 or 1200 pixels on the long side; never enlarged.",
            default=PreviewSize.MEDIUM,
        ),
        type=one_of(PreviewType, "What it is encoded as; `webp` unless `Accept` names another."),
    )


def _preview() -> Json:
    pixels = {"type": "integer", "minimum": 1, "maximum": 1200}
    return all_of(
        preview_url={"type": "string", "format": "uri", "description": "The signed address."},
        expires_at={"type": "string", "format": "date-time", "description": "Until when it holds."},
        format=one_of(PreviewFormat, "As asked for."),
        width={**pixels, "description": "In pixels."},
        height={**pixels, "description": "In pixels."},
        mime_type={"type": "string", "description": "What it is encoded as."},
        size={"type": "integer", "minimum": 1, "description": "Its length in bytes."},
    )


def _text_request() -> Json:
    language = "`auto`, ISO 639-1 (`en`) or 639-3 (`eng`), as far as the server has its data."
    kept = "Whether columns, indentation and line breaks stay; paragraphs are joined otherwise."
    return _closed(
        language={"type": "string", "default": "auto", "description": language},
        preserve_formatting={"type": "boolean", "default": False, "description": kept},
    )


def _text() -> Json:
    numbers = {"type": "array", "items": {"type": "integer", "minimum": 1}}
    return all_of(
        text={"type": "string", "description": "A form feed (U+000C) stands between two pages."},
        language={"type": ["string", "null"], "description": "As found, ISO 639-1."},
        confidence={
            "type": ["number", "null"],
            "minimum": 0,
            "maximum": 1,
            "description": "Of the recognition; null where nothing was recognised.",
        },
        pages={"type": "integer", "minimum": 0, "description": "Pages, slides, sheets, chapters."},
        failed_pages={**numbers, "description": "Those that gave nothing, counted from 1."},
        engine={"type": "string", "description": "What read it."},
        truncated={"type": "boolean", "description": "Whether a limit cut the end off."},
    )


def _analysis_request() -> Json:
    items = one_of(AnalysisKind, "A part of the analysis.")
    described = "The parts to answer; all of them without it."
    return _closed(
        analyses={"type": "array", "minItems": 1, "items": items, "description": described}
    )


def _analysis() -> Json:
    return {
        "type": "object",
        "properties": {
            "file_type": {"type": "string", "description": "The format's name, for people."},
            "content_type": {"type": "string", "description": "Found in the bytes."},
            "metadata": {"type": "object", "description": "By kind of file; see docs/analysis.md."},
        },
    }
