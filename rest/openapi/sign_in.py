"""The operations of signing in by a provider, and on API keys."""

from typing import Any, Final

from core.errors import ErrorCode
from core.ids import IdPrefix
from models.api_key import MAX_KEY_NAME
from rest.openapi.accounts import TAG
from rest.openapi.codes import JSON_BODY, READING
from rest.openapi.parts import (
    ANYONE,
    NO_STORE,
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
from rest.openapi.shapes import text, typeid, whole
from services.accounts.api_keys import MAX_KEYS, PREFIX, Scope

_KEYS: Final = (*READING, ErrorCode.FORBIDDEN)
_LOCATION: Final = header("Where to go on.", format="uri-reference")
_KEPT: Final = header("What is remembered until the way back, encrypted.")


def sign_in_paths() -> Json:
    """Return the path items of the provider and of API keys."""
    return {
        "/v1/auth/oidc/login": with_head(_login()),
        "/v1/auth/oidc/callback": with_head(_callback()),
        "/v1/auth/api-keys": {**with_head(_list()), "post": _create()},
        "/v1/auth/api-keys/{key_id}": {"delete": _revoke()},
    }


def sign_in_schemas() -> Json:
    """Return the schemas of what is sent and answered."""
    return {"ApiKeyRequest": _request(), "ApiKey": _key(), "NewApiKey": _key(key=_secret())}


def _login() -> Json:
    codes = (
        ErrorCode.VALIDATION_FAILED,
        ErrorCode.FORBIDDEN,
        ErrorCode.NOT_FOUND,
        ErrorCode.UNAVAILABLE,
    )
    back = parameter("query", "return_to", "A path of this server; `/` if not given.")
    headers = {"Location": _LOCATION, "Set-Cookie": _KEPT, **NO_STORE}
    return operation(
        "oidcLogin",
        TAG,
        "Sign in by the provider",
        "Sends the browser to the OpenID Connect provider. The guest of the cookie `media_session`"
        " becomes the user that comes back. Open it as a page, from a page of this"
        " server: 403 where the browser tells that another has opened it.",
        security=[{"session": []}, {}],
        parameters=[back],
        responses={
            "302": {"description": "To the provider.", "headers": headers},
            **problems(codes),
        },
    )


def _callback() -> Json:
    codes = (
        *READING,
        ErrorCode.VALIDATION_FAILED,
        ErrorCode.FORBIDDEN,
        ErrorCode.NOT_FOUND,
        ErrorCode.RATE_LIMITED,
        ErrorCode.STORAGE_FULL,
    )
    headers = {"Location": _LOCATION, "Set-Cookie": header("`media_session`."), **NO_STORE}
    return operation(
        "oidcCallback",
        TAG,
        "Come back from the provider",
        "Where the provider sends the browser; register it there as the redirect URI. Signs in, and"
        " sends the browser to where it came from; with `sign_in_error` in the query if the"
        " provider did not sign it in.",
        security=ANYONE,
        parameters=[
            parameter("query", "code", "What the provider gives for a token."),
            parameter("query", "state", "As it was sent to the provider."),
            parameter("query", "error", "Why the provider did not sign in."),
        ],
        responses={
            "303": {"description": "To where it came from.", "headers": headers},
            **problems(codes),
        },
    )


def _list() -> Json:
    keys = {"type": "array", "items": ref("ApiKey"), "maxItems": MAX_KEYS}
    return operation(
        "listApiKeys",
        TAG,
        "List your API keys",
        "Answers the keys, oldest first, without their secrets. Users alone have keys, and no key"
        " manages keys.",
        responses={"200": answer("The keys.", enveloped(keys)), **problems(_KEYS)},
    )


def _create() -> Json:
    codes = (*_KEYS, *JSON_BODY, ErrorCode.CONFLICT, ErrorCode.STORAGE_FULL)
    made = answer("The key.", enveloped(ref("NewApiKey")), headers=NO_STORE)
    return operation(
        "createApiKey",
        TAG,
        "Make an API key",
        "Answers a key that is sent as `Authorization: Bearer media_…`, over REST and GraphQL. It"
        f" is shown this once. 409 for an account that has {MAX_KEYS}.",
        requestBody=json_body("ApiKeyRequest", required=True),
        responses={"201": made, **problems(codes)},
    )


def _revoke() -> Json:
    return operation(
        "revokeApiKey",
        TAG,
        "Revoke an API key",
        "Ends the key, at every server.",
        parameters=[parameter("path", "key_id", "Names the key.")],
        responses={
            "204": {"description": "It has ended."},
            **problems((*_KEYS, ErrorCode.NOT_FOUND, ErrorCode.STORAGE_FULL)),
        },
    )


def _name() -> Json:
    return text("What it is for.", minLength=1, maxLength=MAX_KEY_NAME, examples=["backup"])


def _scopes(**more: Any) -> Json:
    scope = {"type": "string", "enum": [one.value for one in Scope]}
    described = "What it may do; `write` includes `read`."
    return {"type": "array", "items": scope, "minItems": 1, "description": described, **more}


def _request() -> Json:
    return whole(["name"], name=_name(), scopes=_scopes(default=[Scope.READ.value]))


def _key(**more: Json) -> Json:
    used = {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "When it was last used, to about a minute; null before its first use.",
    }
    properties = {
        "id": text("Names the key.", pattern=typeid(IdPrefix.API_KEY)),
        "name": _name(),
        "hint": text("How it begins."),
        "scopes": _scopes(uniqueItems=True),
        "created_at": text("When it was made, in UTC.", format="date-time"),
        "last_used_at": used,
        **more,
    }
    return whole(list(properties), **properties)


def _secret() -> Json:
    return text("The key itself; it is not shown again.", pattern=f"^{PREFIX}[A-Za-z0-9_-]{{43}}$")
