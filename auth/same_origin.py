"""Cross-site request forgery: who may use what a browser sends by itself.

A cookie proves who the browser belongs to, not which page asked. So what a cookie signs is taken
from pages of this server alone, told by headers that no page can set.

Source: Fetch Metadata Request Headers (W3C), section 2.4; RFC 6454, section 7; OWASP CSRF
Prevention Cheat Sheet.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from core.errors import ForbiddenError

_REFUSED = (
    "The session cookie is for pages of this server alone; a program sends the refresh token in"
    " the body instead."
)


def require_same_origin(headers: Mapping[str, str], public_url: str) -> None:
    """Return if the request comes from a page of this server.

    ``Sec-Fetch-Site`` decides where the browser sends it, which it does over TLS and to localhost;
    else ``Origin`` has to name the host that was asked, or that of ``public_url``.

    Raises:
        ForbiddenError: It comes from elsewhere, or does not say where from.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    hosts = {headers.get("host"), urlsplit(public_url).netloc or None}
    same = site == "same-origin" if site else bool(origin) and urlsplit(origin).netloc in hosts
    if not same:
        raise ForbiddenError(_REFUSED)


def require_own_way(headers: Mapping[str, str]) -> None:
    """Return unless a browser says that a page of another origin has opened this one.

    Raises:
        ForbiddenError: It does.
    """
    if headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise ForbiddenError("Begin to sign in at a page of this server, not from elsewhere.")
