"""CSS in SVG drawings that librsvg does not know, written as what it knows.

These are variables (CSS Custom Properties 1), colours such as ``oklch()`` (CSS Color 4, sections 9
to 10), rules in ``@media`` for screens (Media Queries 4), and ``transform-origin``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from xml.etree.ElementTree import Element

import cssselect2
import tinycss2

from processing.previews import svg_transforms, svg_values

_NEEDED: Final = re.compile(
    r"var\(|(?:ok)?l(?:ab|ch)\(|color\(|@media|transform-origin", re.IGNORECASE
)
_MEDIA: Final = frozenset({"all", "screen", "(prefers-color-scheme:light)"})
_MAX_RULES: Final = 5_000
_SVG: Final = "{http://www.w3.org/2000/svg}"

_Declarations = list[Any]


def simplify(root: Element) -> None:
    """Give every element its final style as an attribute, if the drawing needs it; else nothing.

    A drawing without a namespace gets that of SVG.
    """
    _name(root)
    if any(_NEEDED.search(text) for text in _texts(root)):
        matcher = _matcher(root)
        _style(cssselect2.ElementWrapper.from_xml_root(root), matcher, {})
        svg_transforms.apply_origins(root)


def _name(root: Element) -> None:
    if "}" not in root.tag:
        for element in root.iter():
            element.tag = element.tag if "}" in element.tag else _SVG + element.tag


def _texts(root: Element) -> Iterator[str]:
    for element in root.iter():
        for name, text in element.attrib.items():
            yield name
            yield "" if _is_url(name) else text
        if _is_sheet(element):
            yield element.text or ""


def _is_url(attribute: str) -> bool:
    return attribute.rpartition("}")[2] == "href"


def _is_sheet(element: Element) -> bool:
    return element.tag.rpartition("}")[2] == "style"


def _matcher(root: Element) -> cssselect2.Matcher:
    """Return the rules of all style sheets, which are emptied."""
    matcher = cssselect2.Matcher()
    rules = 0
    for element in filter(_is_sheet, root.iter()):
        for rule in _rules(tinycss2.parse_stylesheet(element.text or "", skip_comments=True)):
            rules += 1
            if rules <= _MAX_RULES:
                _add(matcher, rule)
        element.text = ""
    return matcher


def _rules(nodes: list[Any]) -> Iterator[Any]:
    for node in nodes:
        if node.type == "qualified-rule":
            yield node
        elif node.type == "at-rule" and node.lower_at_keyword == "media" and node.content:
            condition = re.sub(r"\s", "", tinycss2.serialize(node.prelude).lower())
            if not _MEDIA.isdisjoint(condition.split(",")):
                yield from _rules(tinycss2.parse_rule_list(node.content, skip_comments=True))


def _add(matcher: cssselect2.Matcher, rule: Any) -> None:
    declarations = _declarations(rule.content)
    try:
        selectors = cssselect2.compile_selector_list(rule.prelude)
    except cssselect2.SelectorError:
        return
    for selector in selectors:
        if selector.pseudo_element is None:
            matcher.add_selector(selector, declarations)


def _declarations(content: Any) -> _Declarations:
    nodes = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    return [node for node in nodes if node.type == "declaration"]


def _style(
    wrapper: cssselect2.ElementWrapper, matcher: cssselect2.Matcher, inherited: Mapping[str, Any]
) -> None:
    """Resolve the style of an element and all below it."""
    element = wrapper.etree_element
    declarations = _cascaded(wrapper, matcher)
    variables = svg_values.variables(
        {each.name: each.value for each in declarations if each.name.startswith("--")}, inherited
    )
    _resolve_attributes(element, variables)
    values = [
        f"{each.lower_name}:{value}"
        for each in declarations
        if not each.name.startswith("--")
        and (value := svg_values.resolved(each.value, variables)) is not None
    ]
    if values:
        element.set("style", ";".join(values))
    elif "style" in element.attrib:
        del element.attrib["style"]
    for child in wrapper.iter_children():
        _style(child, matcher, variables)


def _cascaded(wrapper: cssselect2.ElementWrapper, matcher: cssselect2.Matcher) -> _Declarations:
    """Return the declarations for an element, the deciding ones last (CSS Cascade 4, section 6)."""
    sheets = [each for match in matcher.match(wrapper) for each in match[3]]
    own = _declarations(wrapper.etree_element.get("style", ""))
    ordered = [each for each in (*sheets, *own) if not each.important]
    ordered += [each for each in (*sheets, *own) if each.important]
    return ordered


def _resolve_attributes(element: Element, variables: Mapping[str, Any]) -> None:
    for name, text in list(element.attrib.items()):
        if name != "style" and not _is_url(name) and _NEEDED.search(text):
            tokens = tinycss2.parse_component_value_list(text)
            value = svg_values.resolved(tokens, variables)
            if value is None:
                del element.attrib[name]
            else:
                element.set(name, value)
