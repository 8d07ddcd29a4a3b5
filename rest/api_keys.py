"""API keys over REST: list, make, revoke."""

from collections.abc import Mapping
from typing import Any

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response

from auth.policy import Policy
from core.errors import ValidationFailedError
from edge.request import application_of, json_object, viewer_of
from rest.fields import check_names
from rest.responses import enveloped
from services.accounts.api_keys import Scope, StoredKey

_NAMES = ("name", "scopes")


class ApiKeysEndpoint(HTTPEndpoint):
    """The keys of the caller's account."""

    async def get(self, request: Request) -> Response:
        """Answer the keys, without what is secret of them."""
        viewer = await viewer_of(request)
        keys = await application_of(request).api_keys.list(viewer)
        return enveloped([_key_json(key) for key in keys])

    async def post(self, request: Request) -> Response:
        """Make a key, and answer it: this once with its secret."""
        viewer = await viewer_of(request)
        Policy.require_account(viewer)  # before the body is read
        given = await json_object(request)
        check_names(given, _NAMES)
        name = given.get("name")
        if not isinstance(name, str):
            raise ValidationFailedError("name must be a string that tells what the key is for.")
        new = await application_of(request).api_keys.create(viewer, name, _scopes(given))
        response = enveloped({**_key_json(new.stored), "key": new.secret})
        response.status_code = 201
        response.headers["cache-control"] = "no-store"
        return response


class ApiKeyEndpoint(HTTPEndpoint):
    """One key."""

    async def delete(self, request: Request) -> Response:
        """Revoke the key and answer 204."""
        viewer = await viewer_of(request)
        await application_of(request).api_keys.revoke(viewer, request.path_params["key_id"])
        return Response(status_code=204)


def _scopes(given: Mapping[str, Any]) -> list[Scope]:
    scopes = given.get("scopes", [Scope.READ])
    known = [one.value for one in Scope]
    if not isinstance(scopes, list) or any(one not in known for one in scopes):
        raise ValidationFailedError(f"scopes must be a list of {' and '.join(known)}.")
    return [Scope(one) for one in scopes]


def _key_json(key: StoredKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "hint": key.hint,
        "scopes": [scope.value for scope in key.scopes],
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
    }
