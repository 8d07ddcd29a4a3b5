"""The audit over REST, for administrators."""

from dataclasses import asdict
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from core.ids import IdPrefix
from edge.request import application_of, viewer_of
from rest.query import check_names, id_of, paging
from rest.responses import enveloped

PARAMETERS: Final = ("limit", "offset", "account_id", "file_id")


async def list_audit(request: Request) -> Response:
    """Answer a page of the audit, newest first, with the total."""
    viewer = await viewer_of(request)
    query = request.query_params
    check_names(query, PARAMETERS)
    limit, offset = paging(query)
    entries, total = await application_of(request).audit.page(
        viewer,
        limit=limit,
        offset=offset,
        account_id=id_of(query, "account_id", IdPrefix.USER),
        file_id=id_of(query, "file_id", IdPrefix.FILE),
    )
    meta = {"total": total, "limit": limit, "offset": offset}
    return enveloped([asdict(entry) for entry in entries], meta=meta)
