"""The operations on accounts: signing in and out."""

from typing import Final

from core.errors import ErrorCode
from core.ids import IdPrefix
from models.user import UserKind
from rest.openapi.codes import JSON_BODY
from rest.openapi.parts import (
    ANYONE,
    NO_STORE,
    Json,
    answer,
    enveloped,
    header,
    json_body,
    operation,
    problems,
    ref,
    with_head,
)
from rest.openapi.shapes import text, typeid, whole

TAG: Final = "accounts"
COOKIE: Final = {
    "type": "apiKey",
    "in": "cookie",
    "name": "media_session",
    "description": "The refresh token of a browser's session, for pages of this server alone.",
}
_ANY_SESSION: Final[list[Json]] = [{"session": []}, {"bearer": []}, {}]
WRITING_SESSIONS: Final = (ErrorCode.UNAVAILABLE, ErrorCode.STORAGE_FULL)
"""The error codes of what opens, refreshes or ends a session."""
_SET_COOKIE: Final = header(
    "`media_session`, where the session is kept in a cookie.", required=False
)


def account_paths() -> Json:
    """Return the path items of signing in and out."""
    return {
        "/v1/auth/options": with_head(_options()),
        "/v1/auth/guest": {"post": _guest()},
        "/v1/auth/refresh": {"post": _refresh()},
        "/v1/auth/logout": {"post": _logout()},
    }


def account_schemas() -> Json:
    """Return the schemas of what is sent and answered."""
    return {
        "SignInOptions": _sign_in_options(),
        "GuestRequest": _guest_request(),
        "RefreshRequest": _refresh_request(),
        "Session": _session(),
    }


def _options() -> Json:
    return operation(
        "signInOptions",
        TAG,
        "How can one sign in?",
        "Answers which ways to sign in this server offers.",
        security=ANYONE,
        responses={
            "200": answer("The ways.", enveloped(ref("SignInOptions"))),
            **problems(()),
        },
    )


def _guest() -> Json:
    return operation(
        "signInGuest",
        TAG,
        "Sign in as a guest, for as long as you come back",
        "Makes a new guest account and answers a short-lived access token, and a refresh token that"
        " gives the next ones. With `session: cookie`, which is for pages of this server alone, the"
        " refresh token goes into the cookie `media_session` instead, out of reach of scripts.",
        security=ANYONE,
        requestBody=json_body("GuestRequest", required=False),
        responses={
            "200": session_response("The account and its tokens."),
            **problems((*JSON_BODY, *WRITING_SESSIONS, ErrorCode.FORBIDDEN)),
        },
    )


def _refresh() -> Json:
    codes = (ErrorCode.UNAUTHENTICATED, ErrorCode.FORBIDDEN, ErrorCode.RATE_LIMITED)
    return operation(
        "refreshSession",
        TAG,
        "Get the next access token",
        "Takes the refresh token from the body or from the cookie, and answers the next access and"
        " refresh token. Each refresh token is used once; used again within 30 seconds it gives"
        " the same successor, used later it ends the session. 403 if the cookie comes from a page"
        " that is not this server's.",
        security=_ANY_SESSION,
        requestBody=json_body("RefreshRequest", required=False),
        responses={
            "200": session_response("The next tokens."),
            **problems((*JSON_BODY, *WRITING_SESSIONS, *codes)),
        },
    )


def _logout() -> Json:
    codes = (ErrorCode.UNAUTHENTICATED, ErrorCode.FORBIDDEN)
    cleared = {"description": "It has ended.", "headers": {"Set-Cookie": _SET_COOKIE}}
    return operation(
        "logout",
        TAG,
        "Sign out",
        "Ends the session of the refresh token in the body or in the cookie, or else that of the"
        " bearer token, with every access token of it. One that has ended is not an error.",
        security=_ANY_SESSION,
        requestBody=json_body("RefreshRequest", required=False),
        responses={"204": cleared, **problems((*JSON_BODY, *WRITING_SESSIONS, *codes))},
    )


def session_response(description: str) -> Json:
    """Return the response that gives the tokens of a session."""
    return answer(description, ref("Session"), headers={**NO_STORE, "Set-Cookie": _SET_COOKIE})


def _sign_in_options() -> Json:
    guest = {"type": "boolean", "description": "Whether guests may sign in."}
    oidc = {
        "description": "By an OpenID Connect provider; null where none is configured.",
        "oneOf": [
            {"type": "null"},
            whole(
                ["name", "url"],
                name=text("What to call the provider."),
                url=text("Where to send the browser, with `return_to`.", format="uri-reference"),
            ),
        ],
    }
    return whole(["guest", "oidc"], guest=guest, oidc=oidc)


def kept_in() -> Json:
    """Return the schema of ``session``, the choice of where a refresh token goes."""
    return text(
        "Where the refresh token goes: into the answer, or into a cookie.",
        enum=["token", "cookie"],
        default="token",
    )


def _guest_request() -> Json:
    return whole([], session=kept_in())


def _refresh_request() -> Json:
    return whole([], refresh_token=text("What the last answer gave; else the cookie counts."))


def _session() -> Json:
    seconds = {"type": "integer", "minimum": 0}
    user_id = text("Names the account.", pattern=typeid(IdPrefix.USER))
    return whole(
        ["access_token", "token_type", "expires_in", "user_id", "kind"],
        access_token=text("Send it as `Authorization: Bearer …`."),
        token_type=text("RFC 6749, section 7.1.", const="bearer"),
        expires_in={**seconds, "description": "Seconds until the access token expires."},
        user_id=user_id,
        kind=text("What the account is.", enum=[kind.value for kind in UserKind]),
        refresh_token=text("Gives the next tokens, once; absent where a cookie holds it."),
        refresh_expires_in={**seconds, "description": "Seconds until it expires unless used."},
    )
