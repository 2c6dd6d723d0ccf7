"""Text without the markup in it."""

import re

from lxml.etree import LxmlError, ParserError
from lxml.html import HtmlElement, HTMLParser, document_fromstring

_MOST = 2**20
"""Characters that are looked at: several times as many as the longest text that is kept."""

_UNSEEN = {"script", "style", "noscript", "template", "iframe", "object", "svg", "head", "select", "textarea"}
_BLOCK = re.compile(
    "address|article|aside|blockquote|br|d[dlt]|div|fig(caption|ure)|footer|form|h[1-6r]|header|li|main|nav|[ou]l|p|pre|"
    "section|table|t[dhr]"
)
"""Elements that begin a line, and end one."""


def text_of(html: str) -> str:
    """What a reader sees of a piece of HTML, with a line feed where one block ends and the next begins."""
    if "<" not in html and "&" not in html:
        return html
    try:
        # Some have characters that XML has not, which lxml refuses; they are nothing to read.
        cleaned = "".join(one if one.isprintable() or one.isspace() else " " for one in html[:_MOST])
        tree = document_fromstring(f"<div>{cleaned}</div>", parser=HTMLParser(no_network=True, huge_tree=False))
    except (LxmlError, ParserError, ValueError):
        return ""
    return "".join(_parts(tree)).strip()


def _parts(tree: HtmlElement) -> list[str]:
    """Its texts in their order. Without recursion, as whoever wrote it may have nested it deeply."""
    parts: list[str] = []
    waiting: list[HtmlElement | str] = [tree]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            parts.append(one)
            continue
        inside: list[HtmlElement | str] = []
        if isinstance(one.tag, str) and one.tag not in _UNSEEN:  # a comment's is none
            gap = "\n" if _BLOCK.fullmatch(one.tag) else ""
            inside = [gap, one.text or ""]
            for child in one:
                inside += [child, child.tail or ""]
            inside.append(gap)
        waiting += reversed(inside)
    return parts
