"""JSON answers: the envelope, and a file as REST shows it."""

from typing import Any

import orjson
from starlette.responses import Response

from models.file import StoredFile


class JsonResponse(Response):
    """A JSON body. Times are RFC 3339 in UTC."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """Return ``content`` as JSON."""
        return orjson.dumps(content, option=orjson.OPT_UTC_Z)


def enveloped(data: Any, **more: Any) -> JsonResponse:
    """Answer ``{"data": …}``, with ``more`` beside it."""
    return JsonResponse({"data": data, **more})


def file_json(file: StoredFile, base: str) -> dict[str, Any]:
    """Return ``file`` as REST shows it; ``base`` is the server's own address."""
    known = {
        "width": file.width,
        "height": file.height,
        "duration": file.duration,
        "blurhash": file.blurhash,
    }
    return {
        "id": file.id,
        "filename": file.filename,
        "description": file.description,
        "tags": file.tags,
        "visibility": file.visibility,
        "mime_type": file.mime_type,
        "size": file.size,
        "checksum": file.checksum,
        "url": f"{base}/v1/media/files/{file.id}/download",
        **{name: value for name, value in known.items() if value is not None},
        "created_at": file.created_at,
        "updated_at": file.updated_at,
    }
