"""E-mail by its structure (RFC 5322): a block of header fields, whichever is the first.

Notes begin with "From:" as well, so a message has to name a sender and what only mail programs
write, or a date as they write it.
"""

import re
from email.utils import parsedate
from typing import Final

from processing.identification.sample import Sample

_MAX_LINES: Final = 500
_FIELD: Final = re.compile(rb"([!-9;-~]{1,100})[ \t]*:(.*)", re.DOTALL)
_FIRST_LINE: Final = re.compile(rb"From |[!-9;-~]{1,100}[ \t]*:")
_BODY: Final = re.compile(rb"\r\r|\n\n|\n\r\n")
_ENVELOPE: Final = re.compile(rb"From [^\r\n]{1,200}[0-9]{4}[^\r\n]{0,20}\r?\n")
_BLANK: Final = b"\xef\xbb\xbf\r\n"
_BY_PROGRAMS: Final = re.compile(
    rb"message-id|mime-version|received|return-path|delivered-to|in-reply-to|references"
    rb"|dkim-signature|domainkey-signature|arc-.+|authentication-results|received-spf"
    rb"|content-(type|transfer-encoding|disposition|language|class)|user-agent|list-.+|resent-.+"
    rb"|x-.+|thread-(index|topic)|auto-submitted|errors-to|precedence|feedback-id|envelope-to"
    rb"|newsgroups|path|xref|nntp-posting-.+|snapshot-content-location|autocrypt|importance"
    rb"|original-.+|disposition-notification-to|return-receipt-to|organization|lines"
)
_BY_PEOPLE: Final = frozenset(
    {b"from", b"to", b"cc", b"bcc", b"subject", b"date", b"reply-to", b"sender", b"comments"}
    | {b"keywords", b"priority", b"sent"}
)
_NAMES: Final = frozenset({"eml", "mht", "mhtml"})
_PLAIN_NAMES: Final = frozenset({"txt", "text", "log", "md", "markdown", "rst", "csv", "sql"})
_TRACE: Final = frozenset({b"message-id", b"received"})

Fields = dict[bytes, bytes]


def find(sample: Sample) -> str | None:
    """Return the type of an e-mail or mailbox; None for anything else."""
    head = sample.head.lstrip(_BLANK)
    if not _FIRST_LINE.match(head):
        return None
    envelope = _ENVELOPE.match(head)
    fields = _fields(head[envelope.end() :] if envelope else head)
    if not fields or not _is_mail(fields, sample.extension):
        return None
    return "application/mbox" if envelope and sample.extension != "eml" else "message/rfc822"


def _fields(head: bytes) -> Fields:
    """Return the header fields by their names in lower case; none if another line is among them."""
    fields: Fields = {}
    name = b""
    body = _BODY.search(head)
    for line in head[: body.start() if body else None].splitlines()[:_MAX_LINES]:
        if line[:1] in b" \t":
            if not name:
                return {}
            fields[name] += line
            continue
        field = _FIELD.match(line)
        if not field:
            return {}
        name = field[1].lower()
        fields[name] = field[2]
    return fields


def _is_mail(fields: Fields, extension: str) -> bool:
    by_programs = {name for name in fields if _BY_PROGRAMS.fullmatch(name)}
    known = by_programs | (_BY_PEOPLE & fields.keys())
    if extension in _NAMES:
        return bool(known)
    if len(known) < 2 or 2 * len(known) < len(fields):  # noqa: PLR2004 - sender and date
        return False
    date = fields.get(b"date", b"").decode("latin-1").strip()
    sent = ":" in date and bool(parsedate(date))
    sender = b"@" in fields.get(b"from", fields.get(b"sender", b""))
    if extension in _PLAIN_NAMES:
        return sender and sent and bool(by_programs)
    traced = len(_TRACE & fields.keys()) == len(_TRACE)
    return (sender and (sent or bool(by_programs))) or traced
