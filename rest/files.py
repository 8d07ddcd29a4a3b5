"""Files over REST: list, look at, change, delete."""

from collections.abc import Sequence
from typing import Any

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import ValidationFailedError
from edge.request import application_of, base_url, json_object, viewer_of
from models.file import StoredFile
from rest.fields import check_names
from rest.query import check_parameters, file_filter, order, paging
from rest.responses import enveloped, file_json
from services.files.files import Outcome
from services.files.metadata import changes
from services.files.tagging import TagOutcome, tag_edit
from services.files.visibilities import VisibilityOutcome


async def list_files(request: Request) -> Response:
    """Answer a page of the caller's files with the total."""
    listing = application_of(request).listing
    viewer = await viewer_of(request)
    check_parameters(request.query_params)
    wanted, (limit, offset) = file_filter(request.query_params), paging(request.query_params)
    files, total = await listing.counted_page(
        viewer, wanted, order(request.query_params), limit=limit, offset=offset
    )
    meta = {"total": total, "limit": limit, "offset": offset}
    return enveloped(await _with_owners(request, viewer, files), meta=meta)


class FileEndpoint(HTTPEndpoint):
    """One file: its information, changes to it, its deletion."""

    async def get(self, request: Request) -> Response:
        """Answer the file's information."""
        viewer = await viewer_of(request)
        file = await application_of(request).files.get(viewer, request.path_params["file_id"])
        (shown,) = await _with_owners(request, viewer, [file])
        return enveloped(shown)

    async def patch(self, request: Request) -> Response:
        """Change what the body names, and answer the file as it is then."""
        viewer = await viewer_of(request)
        Policy.require_writer(viewer)  # before the body is read
        given = await json_object(request)
        files = application_of(request).files
        file = await files.update(viewer, request.path_params["file_id"], given)
        return enveloped(file_json(file, base_url(request)))

    async def delete(self, request: Request) -> Response:
        """Delete the file and answer 204."""
        viewer = await viewer_of(request)
        await application_of(request).files.delete(viewer, request.path_params["file_id"])
        return Response(status_code=204)


class BulkDeleteEndpoint(HTTPEndpoint):
    """The deletion of many files; no other method, so that none takes the address for a file's."""

    async def post(self, request: Request) -> Response:
        """Delete many files, and answer how many went and what became of each."""
        viewer = await viewer_of(request)
        Policy.require_writer(viewer)  # before the body is read
        body = await json_object(request)
        check_names(body, ("file_ids",))
        ids = _file_ids(body)
        deletions = await application_of(request).files.bulk_delete(viewer, ids)
        deleted = sum(one.outcome is Outcome.DELETED for one in deletions)
        results = [{"id": one.id, "outcome": one.outcome.value} for one in deletions]
        return enveloped({"deleted_count": deleted, "results": results})


class BulkVisibilityEndpoint(HTTPEndpoint):
    """The visibility of many files; no other method, as above."""

    async def post(self, request: Request) -> Response:
        """Change the visibility of many files, and answer what became of each."""
        viewer = await viewer_of(request)
        Policy.require_writer(viewer)  # before the body is read
        body = await json_object(request)
        check_names(body, ("file_ids", "visibility"))
        visibility = changes({"visibility": body.get("visibility")})["visibility"]
        visibilities = application_of(request).visibilities
        outcomes = await visibilities.set(viewer, _file_ids(body), visibility)
        changed = sum(one.outcome is VisibilityOutcome.CHANGED for one in outcomes)
        results = [{"id": one.id, "outcome": one.outcome.value} for one in outcomes]
        return enveloped({"changed_count": changed, "results": results})


class BulkTagEndpoint(HTTPEndpoint):
    """The tags of many files; no other method, as above."""

    async def post(self, request: Request) -> Response:
        """Add and remove tags of many files, and answer the outcome for each."""
        viewer = await viewer_of(request)
        Policy.require_writer(viewer)  # before the body is read
        body = await json_object(request)
        check_names(body, ("file_ids", "add", "remove"))
        edit = tag_edit(body.get("add"), body.get("remove"))
        outcomes = await application_of(request).tagging.change(viewer, _file_ids(body), edit)
        changed = sum(one.outcome is TagOutcome.CHANGED for one in outcomes)
        results = [{"id": one.id, "outcome": one.outcome.value} for one in outcomes]
        return enveloped({"changed_count": changed, "results": results})


async def _with_owners(
    request: Request, viewer: Viewer, files: Sequence[StoredFile]
) -> list[dict[str, Any]]:
    """Return files as REST shows them, with the owners of those shared with the caller by name."""
    base, application = base_url(request), application_of(request)
    owners = {
        file.id: file.owner_id
        for file in files
        if file.granted_to is not None and application.policy.knows_owner(viewer, file)
    }
    accounts = await application.accounts.by_ids(list(set(owners.values())))
    known = {
        one.id: {"id": one.id, "kind": one.kind, "name": one.name, "email": one.email}
        for one in accounts
        if one is not None
    }
    return [
        {**file_json(file, base), "owner": known.get(file.owner_id)}
        if file.id in owners
        else file_json(file, base)
        for file in files
    ]


def _file_ids(body: dict[str, Any]) -> list[str]:
    ids = body.get("file_ids")
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise ValidationFailedError("file_ids must be a list of file ids.")
    return ids
