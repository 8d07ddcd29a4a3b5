"""Sharing with named accounts over REST."""

from dataclasses import asdict
from typing import Any

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from auth.policy import Policy
from auth.viewer import Viewer
from core.errors import ValidationFailedError
from edge.request import application_of, json_object, spend, viewer_of
from rest.fields import check_names
from rest.responses import JsonResponse, enveloped
from services.limits.rate_limits import OperationClass
from services.sharing.share_names import ShareNames, share_names


class SharesEndpoint(HTTPEndpoint):
    """The accounts that a file is shared with."""

    async def get(self, request: Request) -> Response:
        """Answer them, in the order of sharing."""
        return await _answer(request, await viewer_of(request))

    async def post(self, request: Request) -> Response:
        """Share the file with the accounts that the body names, and answer all of them."""
        viewer = await viewer_of(request)
        Policy.require_account(viewer)  # before the body is read
        names = _names(await json_object(request))
        if names.emails:
            await spend(request, OperationClass.LOOKUP, len(names.emails))
        shares = application_of(request).shares
        await shares.share(viewer, request.path_params["file_id"], names)
        return await _answer(request, viewer)


class ShareEndpoint(HTTPEndpoint):
    """One account that a file is shared with."""

    async def delete(self, request: Request) -> Response:
        """End it and answer 204."""
        viewer = await viewer_of(request)
        shares = application_of(request).shares
        account_ids = [request.path_params["account_id"]]
        await shares.unshare(viewer, request.path_params["file_id"], account_ids)
        return Response(status_code=204)


async def _answer(request: Request, viewer: Viewer) -> JsonResponse:
    found = await application_of(request).shares.of_file(viewer, request.path_params["file_id"])
    return enveloped([asdict(share) for share in found])


def _names(body: dict[str, Any]) -> ShareNames:
    check_names(body, ("account_ids", "emails"))
    return share_names(_texts(body, "account_ids"), _texts(body, "emails"))


def _texts(body: dict[str, Any], name: str) -> list[str] | None:
    texts = body.get(name)
    if texts is None:
        return None
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts):
        raise ValidationFailedError(f"{name} must be a list of strings.")
    return texts
