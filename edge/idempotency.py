"""The Idempotency-Key header of a request.

Source: draft-ietf-httpapi-idempotency-key-header-07, section 2.1: a string of RFC 9651.
"""

import re
from typing import Final

from starlette.requests import Request

from core.errors import ValidationFailedError
from services.uploads.idempotency import MAX_KEY_LENGTH

_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])+)"')
_BARE: Final = re.compile(r"[!#-+\--\[\]-~]+")  # what many clients send instead


def idempotency_key(request: Request) -> str | None:
    """Return the key that came with the request, None without one.

    Raises:
        ValidationFailedError: It is empty, too long, sent twice, or holds more than visible ASCII.
    """
    given = request.headers.getlist("idempotency-key")
    if not given:
        return None
    value = given[0].strip()
    quoted = _QUOTED.fullmatch(value)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else value
    if len(given) > 1 or not (quoted or _BARE.fullmatch(value)) or len(key) > MAX_KEY_LENGTH:
        raise ValidationFailedError(
            f"Idempotency-Key must be one string of 1 to {MAX_KEY_LENGTH} visible ASCII characters,"
            ' such as "8e03978e-40d5-43dd-bc93-6894a57f9324".'
        )
    return key
