"""The query of a signed address, read strictly: whatever is odd about it is the one refusal."""

from typing import Final

from starlette.requests import Request

from auth.signing import invalid_link

_MAX_DIGITS: Final = 12


def is_signed(request: Request) -> bool:
    """Tell whether the address itself claims to be the permission; a token counts for nothing."""
    return "signature" in request.query_params


def expiry_and_signature(request: Request) -> tuple[int, str]:
    """Return when the address says that it expires, in Unix time, and its signature.

    Raises:
        ForbiddenError: A parameter is repeated, or there is no such time.
    """
    query = request.query_params
    expires = query.get("expires", "")
    repeats = len(query.multi_items()) > len(query)
    # isdecimal() alone takes the digits of every script, as does int().
    if repeats or not (expires.isascii() and expires.isdecimal() and len(expires) <= _MAX_DIGITS):
        raise invalid_link()
    return int(expires), query["signature"]
