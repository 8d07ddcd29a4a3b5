"""The first page of a text: prose, Markdown, tables of values and source code, set on a sheet."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from PIL import Image
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename, get_lexer_for_mimetype
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

from processing.charset import decoded
from processing.kinds import Kind, kind_of
from processing.previews import sheet, typesetting
from processing.previews.sheet import Block
from processing.task import Source

_HEAD_BYTES: Final = 64 * 1024
_MAX_LINES: Final = 80
_MAX_CHARACTERS: Final = 8000

_UNSEEN: Final = re.compile(
    # Controls but tab and line feed; marks and overrides of direction (UAX #9); noncharacters.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff]"
)
_BREAKS: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")  # Pango refuses a line with one
_ALIGNED: Final = re.compile(r"\S {3,}\S|\t|[\u2500-\u259f]")
_LANGUAGES: Final = {Kind.HTML: "html", Kind.MAIL: "email"}
_MIMETYPES: Final = {
    "application/yaml": "text/x-yaml",
    "text/x-c": "text/x-csrc",
    "text/x-c++": "text/x-c++src",
    "text/x-go": "text/x-gosrc",
}
"""Content types that Pygments calls otherwise."""

_SEPARATORS: Final = {"text/csv": ",", "text/tab-separated-values": "\t"}


def render(source: Source, longest: int) -> Image.Image:
    """Return the first page as RGB in the proportions of A4, ``longest`` pixels high.

    Reads the first 64 KB at most; whatever they hold, something is drawn.
    """
    with Path(source.path).open("rb") as file:
        text = _seen(decoded(file.read(_HEAD_BYTES)))
    return sheet.drawn(_blocks(source, text), longest)


def _seen(text: str) -> str:
    """Return the beginning of ``text`` without what has no shape or changes that of others."""
    lines = _BREAKS.sub("\n", text[:_HEAD_BYTES]).split("\n", _MAX_LINES)
    return _UNSEEN.sub("", "\n".join(lines[:_MAX_LINES]))


def _blocks(source: Source, text: str) -> list[Block]:
    if source.content_type == "text/markdown":
        return typesetting.markdown(text[:_MAX_CHARACTERS])
    if separator := _SEPARATORS.get(source.content_type):
        return typesetting.table(text, separator)
    if lexer := _lexer(source):
        return typesetting.code(text, lexer)
    return typesetting.plain(text[:_MAX_CHARACTERS], aligned=bool(_ALIGNED.search(text)))


def _lexer(source: Source) -> Lexer | None:
    """Return what colours the source code, by the name before the type; none for prose.

    The name is more exact: libmagic knows fewer languages and takes much for C.
    """
    if fixed := _LANGUAGES.get(kind_of(source.content_type)):
        return get_lexer_by_name(fixed, stripnl=False)
    mimetype = _MIMETYPES.get(source.content_type, source.content_type)
    for find, key in (
        (get_lexer_for_filename, source.filename),
        (get_lexer_for_mimetype, mimetype),
    ):
        with suppress(ClassNotFound):
            found = find(key, stripnl=False)
            return None if isinstance(found, TextLexer) else found
    return None
