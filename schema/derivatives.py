"""What is computed from files, in the schema."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import field
from strawberry.scalars import JSON

from resolvers import derivatives
from schema.enums import AnalysisKind, PreviewFormat, PreviewSize, PreviewType

WantedFormat = Annotated[
    PreviewFormat, strawberry.argument(description="One picture, or a moving one.")
]
WantedSize = Annotated[PreviewSize, strawberry.argument(description="How large.")]
WantedType = Annotated[PreviewType, strawberry.argument(description="What it is encoded as.")]
Language = Annotated[
    str,
    strawberry.argument(
        description="The language of the text: `auto`, ISO 639-1 (`en`) or 639-3 (`eng`)."
    ),
]
PreserveFormatting = Annotated[
    bool,
    strawberry.argument(
        description="Whether columns, indentation and line breaks stay; paragraphs join otherwise."
    ),
]
Parts = Annotated[
    list[AnalysisKind] | None,
    strawberry.argument(description="The parts to answer; all of them without it."),
]
Retry = Annotated[
    bool, strawberry.argument(description="Whether to try again what has failed before.")
]


@strawberry.type(description="A small picture of a file.")
class Preview:
    """See the description."""

    preview_url: str = field(
        description="The signed address, for `<img src>`: it needs no token until it expires."
    )
    expires_at: datetime = field(description="When the address expires; ask again for a new one.")
    format: PreviewFormat = field(description="One picture, or a moving one.")
    requested_size: PreviewSize = field(description="The size that was asked for.")
    mime_type: str = field(description="The content type of the preview.")
    size: int = field(description="Its length in bytes.")
    width: int = field(description="Its width in pixels.")
    height: int = field(description="Its height in pixels.")


@strawberry.type(description="What a file says.")
class ExtractedText:
    """See the description."""

    text: str = field(
        resolver=derivatives.text_of,
        description="The text; a form feed (U+000C) stands between two pages.",
    )
    language: str | None = field(
        description="The language it is in, as found (ISO 639-1); null if there is too little."
    )
    confidence: float | None = field(
        description="How sure the recognition was, 0 to 1; null where nothing was recognised."
    )
    pages: int = field(description="How many pages, slides, sheets or chapters there are.")
    failed_pages: list[int] = field(description="The pages that gave nothing, counted from 1.")
    engine: str = field(description="What read the text.")
    truncated: bool = field(description="Whether a limit was met and the end is missing.")


@strawberry.type(description="What a file is; null for a part that was not asked for.")
class Analysis:
    """See the description."""

    file_type: str | None = field(description="The name of the format, for people.")
    content_type: str | None = field(description="The content type, found in the bytes.")
    metadata: dict[str, object] | None = field(
        resolver=derivatives.metadata_of,
        graphql_type=JSON | None,
        description="What the file tells of itself, by kind of file.",
    )
