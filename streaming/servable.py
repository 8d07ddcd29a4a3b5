"""What HTTP says of a stored file, and what makes it safe to serve from the API's own origin."""

import base64
import re
from dataclasses import dataclass
from datetime import datetime

from processing.content_types import known
from processing.kinds import Kind, kind_of
from streaming.conditional import http_date
from streaming.disposition import Disposition, content_disposition

RawHeaders = list[tuple[bytes, bytes]]

_INLINE_FAMILIES = ("audio/", "video/", "text/")
_MARKUP = frozenset({"text/html", "text/xml"})
# Under its own type a stored script or style sheet could be loaded by a page of this origin, past
# a policy of script-src 'self'; nosniff refuses one that is called plain text.
_LOADABLE = re.compile(r"(java|ecma|j|live)script|/css$")

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
_UNKNOWN = "application/octet-stream"
_PLAIN_TEXT = "text/plain; charset=utf-8"

_ATTACHMENT_POLICY = b"sandbox; default-src 'none'"
# A picture, film or text that is opened by itself is wrapped in a document that the browser makes
# up and subjects to this policy: it loads the file again as its own media and styles it inline.
_INLINE_POLICY = (
    b"sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
)

# Files are read with a bearer token, which <img> and <video> cannot send, or by a URL that is
# itself the permission; never by a cookie that a foreign page could borrow. So letting every
# origin embed what it holds a URL for reveals nothing, and front ends elsewhere need it.
_ALWAYS: RawHeaders = [
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]


def serve_as(content_type: str, asked: Disposition) -> tuple[str, Disposition]:
    """Return the content type and disposition to send for a file of ``content_type``.

    Only raster images, audio, video, PDF and text are shown inline, whatever is asked; all else,
    SVG and HTML first, becomes an attachment. Inline text of any kind, and scripts and style
    sheets always, go out as plain text in UTF-8. What is no content type at all becomes
    ``application/octet-stream``.
    """
    essence = content_type.partition(";")[0].strip().lower()
    if not _CONTENT_TYPE.fullmatch(essence):
        return _UNKNOWN, "attachment"
    inline = asked == "inline" and _may_be_inline(essence)
    as_text = _LOADABLE.search(essence) or (inline and _is_text(essence))
    return (_PLAIN_TEXT if as_text else essence), ("inline" if inline else "attachment")


def safety_headers(content_type: str, asked: Disposition, filename: str) -> RawHeaders:
    """Return the headers that every response with a file's bytes carries, its type first.

    They are Content-Type, Content-Disposition, X-Content-Type-Options (nosniff),
    Cross-Origin-Resource-Policy and Content-Security-Policy. A PDF shown inline has no policy:
    Chromium's and Safari's viewers stay blank under ``sandbox`` and Chromium's under
    ``default-src 'none'``, and run the document in a process of their own without one.

    Sources: Fetch (nosniff, CORP); Content Security Policy Level 3, section 6.3 (sandbox).
    """
    served_type, disposition = serve_as(content_type, asked)
    headers = [
        (b"content-type", served_type.encode("ascii")),
        (b"content-disposition", content_disposition(disposition, filename).encode("ascii")),
        *_ALWAYS,
    ]
    if disposition == "attachment":
        headers.append((b"content-security-policy", _ATTACHMENT_POLICY))
    elif served_type != "application/pdf":
        headers.append((b"content-security-policy", _INLINE_POLICY))
    return headers


def cache_control(*, public: bool) -> tuple[bytes, bytes]:
    """Return the Cache-Control header: keep it, but ask again before every use.

    Asking costs one 304 by entity tag, and lets a deletion or a change of visibility take effect
    at once (RFC 9111, section 5.2.2.4). Only public files may rest in shared caches.
    """
    return (b"cache-control", b"public, no-cache" if public else b"private, no-cache")


def _is_text(essence: str) -> bool:
    return essence.startswith("text/") or kind_of(essence) is Kind.TEXT


def _may_be_inline(essence: str) -> bool:
    row = known(essence)
    listed = row is not None and row.inline
    return listed or (essence.startswith(_INLINE_FAMILIES) and essence not in _MARKUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """What HTTP tells of a file: ``checksum`` is its SHA-256 in lower-case hexadecimal.

    ``last_modified`` is aware UTC. ``disposition`` is what was asked for; see
    ``serve_as`` for what is sent. ``public`` files may rest in shared caches. ``max_age`` is for
    an address that never gives other bytes: seconds in which nobody need ask again.
    ``by_accept`` says that the request's Accept header chose among several.
    """

    content_type: str
    filename: str
    checksum: str
    last_modified: datetime
    disposition: Disposition = "attachment"
    public: bool = False
    max_age: int | None = None
    by_accept: bool = False

    @property
    def etag(self) -> str:
        """The strong entity tag, quotes included."""
        return f'"{self.checksum}"'

    def validators(self) -> RawHeaders:
        """Return what 200, 206 and 304 share (RFC 9110, section 15.4.5)."""
        return [
            (b"etag", self.etag.encode("ascii")),
            (b"last-modified", http_date(self.last_modified).encode("ascii")),
            self._cache_control(),
            *([(b"vary", b"accept")] if self.by_accept else []),
        ]

    def _cache_control(self) -> tuple[bytes, bytes]:
        if self.max_age is None:
            return cache_control(public=self.public)
        return (b"cache-control", b"public, max-age=%d, immutable" % self.max_age)

    def headers(self) -> RawHeaders:
        """Return the headers of a response with bytes, content type first, without its length."""
        digest = base64.b64encode(bytes.fromhex(self.checksum))
        return [
            *safety_headers(self.content_type, self.disposition, self.filename),
            *self.validators(),
            (b"repr-digest", b"sha-256=:%b:" % digest),
            (b"accept-ranges", b"bytes"),
        ]
