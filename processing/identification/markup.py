"""XML by its root element, and HTML by its structure, behind comments, marks and blank lines."""

import re
from typing import Final, NamedTuple

from processing.identification.sample import Sample

_MAX_SKIPPED: Final = 100
_MAX_TAG: Final = 4096
_SEARCHED: Final = 8192
_BLANKS: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r"<(?:([A-Za-z_][\w.-]{0,100}):)?([A-Za-z_][\w.-]{0,100})(?=[\s/>])")
_DOCTYPE: Final = re.compile(r"<!doctype\s+([\w:.-]{1,100})", re.IGNORECASE)
_SUBSET_END: Final = re.compile(r"\]\s*>")

_ROOTS: Final = {
    "svg": "image/svg+xml",
    "gpx": "application/gpx+xml",
    "kml": "application/vnd.google-earth.kml+xml",
    "rss": "application/rss+xml",
    "feed": "application/atom+xml",
    "tt": "application/ttml+xml",
    "COLLADA": "model/vnd.collada+xml",
    "FictionBook": "application/x-fictionbook+xml",
}
_NAMESPACES: Final = {
    "rss": "",  # RSS 2.0 has none
    "feed": "www.w3.org/2005/Atom",
    "tt": "www.w3.org/",
    "gpx": "",
    "kml": "",
    "svg": "",
    "COLLADA": "",
    "FictionBook": "",
}
_XSPF: Final = "xspf.org/ns/"
_XHTML: Final = "www.w3.org/1999/xhtml"
_PHP: Final = re.compile(r"<\?(php|=|\s)", re.IGNORECASE)
_BLOCKS: Final = frozenset(
    {"html", "head", "body", "title", "meta", "link", "script", "style", "div", "p", "pre", "form"}
    | {"table", "ul", "ol", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "main"}
    | {"header", "footer", "nav", "center", "blockquote", "figure", "iframe", "hr", "br", "img"}
    | {"span", "a", "b", "i", "strong", "em", "font"}
)
_TAG: Final = re.compile(
    r"</?(?:p|b|i|u|a|div|span|table|tr|td|th|br|img|hr|h[1-6]|ul|ol|li|strong|em|font|center|pre"
    r"|html|head|body|title|form|section|article|blockquote)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_PAGE_PART: Final = re.compile(r"<(?:/?(?:html|head|body)|title|meta)\b", re.IGNORECASE)
_HTML_NAMES: Final = frozenset({"html", "htm", "xhtml", "xht", "shtml"})
_OTHER_NAMES: Final = frozenset(
    {"md", "markdown", "mdown", "mkd", "php", "phtml", "vue", "svelte", "jsx", "tsx", "ts", "js"}
    | {"erb", "ejs", "hbs", "log", "py", "sql", "rst", "tex", "csv"}
)
"""Names of texts that may begin with markup, and are something else."""


class _Document(NamedTuple):
    """What a text of markup begins with: a declaration, a document type, and its first tag."""

    declared: bool
    doctype: str
    prefix: str
    root: str
    tag: str


def find(text: str, sample: Sample) -> str | None:
    """Return the type of XML, SVG or HTML; None for other texts."""
    begins = text.lstrip()
    if begins.startswith("<"):
        if _PHP.match(begins):
            return "text/x-php"
        document = _document(begins)
        found = document and (_xml(document, begins, sample) or _html(document, begins, sample))
        if found:
            return found
    named = sample.extension in _HTML_NAMES or (
        not sample.extension and sample.declared.startswith("text/html")
    )
    return "text/html" if named and _TAG.search(text, 0, _SEARCHED) else None


def _document(text: str) -> _Document | None:
    """Skip declarations and comments (XML 1.0, section 2.8) up to the first element."""
    declared, doctype, at = text.startswith("<?xml"), "", 0
    for _ in range(_MAX_SKIPPED):
        blanks = _BLANKS.match(text, at)
        at = blanks.end() if blanks else at
        if text.startswith("<!--", at):
            end = text.find("-->", at + 4) + 3
        elif text.startswith("<?", at):
            end = text.find("?>", at) + 2
        elif found := _DOCTYPE.match(text, at):
            doctype, end = found[1].lower(), _doctype_end(text, at)
        else:
            break
        if end <= at:
            return None
        at = end
    name = _NAME.match(text, at)
    if name is None:
        return _Document(declared, doctype, "", "", "") if doctype else None
    tag = text[at : text.find(">", at, at + _MAX_TAG) + 1 or at + _MAX_TAG]
    return _Document(declared, doctype, name[1] or "", name[2], tag)


def _doctype_end(text: str, at: int) -> int:
    closed, subset = text.find(">", at), text.find("[", at)
    if 0 <= subset < closed:
        end = _SUBSET_END.search(text, subset)
        return end.end() if end else 0
    return closed + 1


def _xml(document: _Document, text: str, sample: Sample) -> str | None:
    root, tag = document.root, document.tag
    if root.lower() == "html" or document.doctype == "html":
        return None
    if root == "playlist" and _XSPF in tag:
        return "application/xspf+xml"
    if root in _ROOTS and _NAMESPACES[root] in tag and sample.extension not in _HTML_NAMES:
        return _ROOTS[root]
    if document.declared or sample.extension in {"xml", "xsd", "xsl", "xslt", "rng", "rdf"}:
        return "application/xml"
    if sample.extension in _HTML_NAMES | _OTHER_NAMES or root.lower() in _BLOCKS:
        return None
    whole = f"{document.prefix}:{root}" if document.prefix else root
    return "application/xml" if "xmlns" in tag or text.rstrip().endswith(f"</{whole}>") else None


def _html(document: _Document, text: str, sample: Sample) -> str | None:
    if sample.extension in _OTHER_NAMES:
        return None
    if document.declared and _XHTML in document.tag:
        return "application/xhtml+xml"
    announced = document.doctype == "html" or document.root.lower() in {"html", "head", "body"}
    if announced and (len(_PAGE_PART.findall(text, 0, _SEARCHED)) > 1 or document.doctype):
        return "text/html"
    whole = not sample.extension and text.rstrip().endswith(">") and "</" in text
    return "text/html" if whole and document.root.lower() in _BLOCKS else None
