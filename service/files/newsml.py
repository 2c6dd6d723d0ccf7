"""NewsML-G2, the IPTC's news in XML: news items, alone or in a news message. Other items are passed over.

No entity of a document is ever expanded and nothing is fetched: a document that declares any is refused.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

from lxml import etree

from service.files.embargo import embargo
from service.files.errors import UnreadableFileError
from service.files.markup import local_name, text_of
from service.files.records import BEGINNING, CANCELED, INVALID, Record, Skipped, Start, Taken, TakenDown, id_of, taken

NAMESPACE = "http://iptc.org/std/nar/2006-10-01/"

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_ITEMS = frozenset({"newsItem", "packageItem", "conceptItem", "knowledgeItem", "planningItem", "catalogItem"})
_TITLES = ("contentMeta/headline", "itemMeta/title")
_DATES = ("itemMeta/firstCreated", "contentMeta/contentCreated", "itemMeta/versionCreated")


def read(stream: BinaryIO, start: Start = BEGINNING) -> Iterator[Record]:
    """The articles in a document, which is not read as a whole.

    Raises:
        UnreadableFileError: it is no XML, or declares what is not needed.
    """
    events = etree.iterparse(
        stream, events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False
    )
    number = depth = 0
    try:
        for event, element in events:
            if event == "start":
                if element.getparent() is None:
                    _refuse_declarations(element)
                depth += local_name(element) in _ITEMS
                continue
            if local_name(element) not in _ITEMS:
                continue
            depth -= 1
            if depth:
                continue
            number += 1
            if number > start.number:
                yield Record(number, article_of(element, datetime.now(UTC)))
            _let_go(element)
    except etree.XMLSyntaxError as error:
        raise UnreadableFileError(f"it is not XML from there on: {error}") from error


def _refuse_declarations(root: Any) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableFileError("it has a document type declaration, which NewsML-G2 has no use for: take that out")


def _let_go(element: Any) -> None:
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def article_of(item: Any, now: datetime) -> Taken | TakenDown | Skipped:
    """What an item says.

    Args:
        item: the element.
        now: the moment, before which what is embargoed must end to be taken.
    """
    if local_name(item) != "newsItem":
        return Skipped(f"a {local_name(item)} is no article")
    guid = (item.get("guid") or "").strip()
    if not guid:
        return Skipped("the item has no 'guid'", INVALID)
    if _code(_first(item, "itemMeta/pubStatus")) in CANCELED:
        return TakenDown(id_of(guid))
    if held := embargo(_text(item, "itemMeta/embargoed"), now):
        return held
    kind = _code(_first(item, "itemMeta/itemClass"))
    if kind not in {"", "text", "composite"}:
        return Skipped(f"the item is of the class {kind!r}, not text")
    return taken(
        {
            "id": id_of(guid),
            "title": next(filter(None, (_text(item, path) for path in _TITLES)), ""),
            "text": _body(item) or _text(item, "contentMeta/description"),
            "lang": _language(item),
            "published_at": next(filter(None, (_text(item, path) for path in _DATES)), ""),
            "source": _provider(item),
        }
    )


def _body(item: Any) -> str:
    for content in _all(item, "contentSet/inlineXML"):
        whole = next(content.iter("{*}body.content"), None)
        if whole is None:
            whole = next(content.iter("{*}body"), content)
        if words := text_of(whole):
            return words
    for content in _all(item, "contentSet/inlineData"):
        if not content.get("encoding") and (words := (content.text or "").strip()):
            return words
    return ""


def _language(item: Any) -> str:
    said = _first(item, "contentMeta/language")
    return (said.get("tag") if said is not None else "") or item.get(_XML_LANG) or ""


def _provider(item: Any) -> str:
    provider = _first(item, "itemMeta/provider")
    if provider is None:
        return ""
    named = _text(provider, "name")
    return named or provider.get("literal") or (provider.get("qcode") or "").rpartition(":")[2]


def _code(element: Any) -> str:
    """The last part of a concept's name, which says which one it is: `canceled` of `stat:canceled`."""
    if element is None:
        return ""
    named = (element.get("qcode") or "").rpartition(":")[2] or (element.get("uri") or "").rpartition("/")[2]
    return str(named).lower()


def _text(element: Any, path: str) -> str:
    found = _first(element, path)
    return "" if found is None else " ".join(text_of(found).split("\n"))


def _first(element: Any, path: str) -> Any:
    return next(iter(_all(element, path)), None)


def _all(element: Any, path: str) -> list[Any]:
    """The elements on a path of names, in whatever namespace: some senders give none."""
    found: list[Any] = element.findall("/".join(f"{{*}}{name}" for name in path.split("/")))
    return found
