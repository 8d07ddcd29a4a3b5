"""The operations on recovery codes of guests."""

from typing import Final

from auth.recovery_codes import CODE_PATTERN
from core.errors import ErrorCode
from rest.openapi.accounts import TAG, WRITING_SESSIONS, kept_in, session_response
from rest.openapi.codes import JSON_BODY, READING
from rest.openapi.parts import (
    ANYONE,
    NO_STORE,
    Json,
    answer,
    enveloped,
    json_body,
    operation,
    problems,
    ref,
    with_head,
)
from rest.openapi.shapes import text, whole

_FOR_GUESTS: Final = (*READING, ErrorCode.FORBIDDEN)


def recovery_paths() -> Json:
    """Return the path items of recovery codes."""
    return {
        "/v1/auth/recover": {"post": _recover()},
        "/v1/auth/recovery-code": {
            **with_head(_find()),
            "post": _create(),
            "delete": _revoke(),
        },
    }


def recovery_schemas() -> Json:
    """Return the schemas of what is sent and answered."""
    made = text("When it was made, in UTC.", format="date-time")
    used = {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "When it last signed somebody in; null before its first use.",
    }
    known = {"created_at": made, "last_used_at": used}
    code = text("The code itself; it is not shown again.", pattern=CODE_PATTERN)
    typed = text("The code; case, blanks and hyphens do not matter.")
    return {
        "RecoveryCode": whole(list(known), **known),
        "NewRecoveryCode": whole(["code", *known], code=code, **known),
        "RecoverRequest": whole(["code"], code=typed, session=kept_in()),
    }


def _recover() -> Json:
    codes = (ErrorCode.UNAUTHENTICATED, ErrorCode.FORBIDDEN, ErrorCode.RATE_LIMITED)
    return operation(
        "recover",
        TAG,
        "Sign in by a recovery code",
        "Opens a new session of the guest who made the code, and answers as `POST /v1/auth/guest`"
        " does. The code stays valid. 400 for a code that is mistyped; 401 for one that is not"
        " valid, whatever the reason.",
        security=ANYONE,
        requestBody=json_body("RecoverRequest", required=True),
        responses={
            "200": session_response("The account and its tokens."),
            **problems((*JSON_BODY, *WRITING_SESSIONS, *codes)),
        },
    )


def _find() -> Json:
    found = {"oneOf": [{"type": "null"}, ref("RecoveryCode")]}
    return operation(
        "recoveryCode",
        TAG,
        "Look up your recovery code",
        "Answers when the code was made and last used, but not the code; null without one. For"
        " guests alone.",
        responses={
            "200": answer("The code, or null.", enveloped(found)),
            **problems(_FOR_GUESTS),
        },
    )


def _create() -> Json:
    made = answer("The code.", enveloped(ref("NewRecoveryCode")), headers=NO_STORE)
    return operation(
        "createRecoveryCode",
        TAG,
        "Make a recovery code",
        "Answers a code that signs the guest in again, on any device; it is shown this once. A code"
        " that was made before is no longer valid.",
        responses={
            "200": made,
            **problems((*_FOR_GUESTS, ErrorCode.STORAGE_FULL)),
        },
    )


def _revoke() -> Json:
    return operation(
        "revokeRecoveryCode",
        TAG,
        "Revoke your recovery code",
        "Ends the code; sessions that it opened go on. Having none is not an error.",
        responses={
            "204": {"description": "There is no code any more."},
            **problems((*_FOR_GUESTS, ErrorCode.STORAGE_FULL)),
        },
    )
