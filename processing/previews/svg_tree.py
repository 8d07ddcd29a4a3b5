"""Reading an SVG drawing as a tree of XML, bounded in all that can grow."""

import re
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from processing.task import MIB, Failure, ProcessingError

_MAX_TEXT: Final = 10 * MIB
_MAX_ELEMENTS: Final = 50_000
_MAX_DEPTH: Final = 100
_MAX_UNFOLDED: Final = 100_000
_AMPLIFIED: Final = 43  # XML_ERROR_AMPLIFICATION_LIMIT_BREACH of expat
_REFERENCE: Final = re.compile(r"#([^\s'\")]+)")


def parsed(content: bytes) -> Element:
    """Return the root element; entities are replaced, none is loaded from elsewhere.

    Raises:
        ProcessingError: Not XML, no drawing, or more than is drawn: in depth, in elements, or in
            what its references and entities unfold to.
    """
    # Entities that double (billion laughs) end at 100 times the file in expat itself, since 2.4,
    # and at ours before; Illustrator's drawings cannot be read without harmless ones.
    parser = XMLParser(target=_BoundedBuilder())  # noqa: S314
    try:
        parser.feed(content)
        root = parser.close()
    except ParseError as error:
        if error.code == _AMPLIFIED:
            raise _too_large() from None
        raise _broken() from None
    except (ValueError, LookupError):
        raise _broken() from None
    if not isinstance(root, Element) or root.tag.rpartition("}")[2] != "svg":
        raise ProcessingError(Failure.FAILED, "The file is not a drawing.")
    if _unfolded(root) > _MAX_UNFOLDED:
        raise _too_large()
    return root


def _broken() -> ProcessingError:
    return ProcessingError(Failure.FAILED, "The drawing is broken or cut off.")


def _too_large() -> ProcessingError:
    return ProcessingError(Failure.TOO_LARGE, "The drawing has too many parts.")


class _BoundedBuilder(TreeBuilder):
    """Builds the tree, and stops when it has become too large."""

    def __init__(self) -> None:
        super().__init__()
        self._elements = self._depth = self._text = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._elements += 1
        self._depth += 1
        if self._elements > _MAX_ELEMENTS or self._depth > _MAX_DEPTH:
            raise _too_large()
        self._take(len(tag) + sum(map(len, attrs.values())))
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)

    def data(self, data: str, /) -> None:
        self._take(len(data))
        super().data(data)

    def _take(self, characters: int) -> None:
        self._text += characters
        if self._text > _MAX_TEXT:
            raise _too_large()


def _unfolded(root: Element) -> int:
    """Return how many elements are drawn when each reference draws what it refers to.

    Counted once for each element, so that references that double take no longer than others.
    """
    named = {name: element for element in root.iter() if (name := element.get("id"))}
    counts: dict[Element, int] = {}

    def count(element: Element) -> int:
        if element not in counts:
            counts[element] = 0  # what refers to itself ends here
            parts = [*element, *(named[name] for name in _references(element) if name in named)]
            counts[element] = min(1 + sum(map(count, parts)), _MAX_UNFOLDED + 1)
        return counts[element]

    return count(root)


def _references(element: Element) -> list[str]:
    found = [value for value in element.attrib.values() if "#" in value]
    return [name for value in found for name in _REFERENCE.findall(value)]
