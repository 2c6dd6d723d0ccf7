"""The text in markup: paragraphs on lines of their own."""

from collections.abc import Iterator
from typing import Any

from lxml import etree, html

_WITHOUT = frozenset({"script", "style", "head", "template", "noscript", "svg"})
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "block", "blockquote", "body", "body.content", "br", "caption", "dd", "div"),
        *("dl", "dt", "figcaption", "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hedline", "hl1"),
        *("hl2", "hr", "li", "main", "nav", "note", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul"),
    )
)


def text_of_html(markup: str) -> str:
    """The text of a piece of HTML."""
    if not markup.strip():
        return ""
    try:
        return text_of(html.fragment_fromstring(markup, create_parent="div"))
    except (etree.LxmlError, ValueError):
        return ""


def text_of(element: Any) -> str:
    """The text in an element of lxml, without what is never shown."""
    lines = "".join(_pieces(element)).split("\n")
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def local_name(element: Any) -> str:
    """The name without its namespace; empty of comments and the like."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _pieces(element: Any) -> Iterator[str]:
    """Text as it stands, with a line break before and after each block. Not recursive: markup can be deep."""
    waiting: list[Any] = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
            continue
        name = local_name(one).lower()
        edge = "\n" if name in _BLOCKS else ""
        inside: list[Any] = []
        if name and name not in _WITHOUT:
            inside = [edge, _flat(one.text)]
            for child in one:
                inside += [child, _flat(child.tail)]
            inside.append(edge)
        waiting += reversed(inside)


def _flat(text: str | None) -> str:
    return (text or "").replace("\n", " ")
