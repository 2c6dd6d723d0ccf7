"""ninjs, the IPTC's news in JSON: 1.x, 2.x and 3.x. A file is an item, a list of items, or has one on every line."""

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO

from service.files.embargo import embargo
from service.files.json_documents import document, text
from service.files.markup import text_of_html
from service.files.records import (
    BEGINNING,
    CANCELED,
    INVALID,
    MAX_RECORD,
    Record,
    Skipped,
    Start,
    Taken,
    TakenDown,
    id_of,
    taken,
)

_BODIES = ("body_text", "body_html", "body_xhtml", "description_text", "description_html")
_DATES = ("firstpublished", "firstcreated", "contentcreated", "versioncreated")
_NOT_TEXT = frozenset({"audio", "video", "picture", "graphic", "event", "planning", "composite", "package"})


def read(stream: BinaryIO, start: Start = BEGINNING) -> Iterator[Record]:
    """The articles in a file.

    Raises:
        UnreadableFileError: it is not JSON.
    """
    for number, item in enumerate(_items(stream), start=1):
        if number > start.number:
            yield Record(number, item if isinstance(item, Skipped) else article_of(item, datetime.now(UTC)))


def _items(stream: BinaryIO) -> Iterator[Any]:
    """The items of one document, or those on lines."""
    first = stream.readline(MAX_RECORD)
    try:
        item = json.loads(first.removeprefix(BOM_UTF8))
    except (ValueError, RecursionError):
        item = document(stream, first)
    if isinstance(item, list):
        yield from item
        return
    yield item
    yield from (_item(line) for line in iter(lambda: stream.readline(MAX_RECORD), b"") if line.strip())


def _item(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        return Skipped(f"the line is not JSON: {error}", INVALID)


def article_of(item: Any, now: datetime) -> Taken | TakenDown | Skipped:
    """What an item says.

    Args:
        item: an object of any version. Version 3 only spells the names otherwise than version 2.
        now: the moment, before which what is embargoed must end to be taken.
    """
    if not isinstance(item, dict):
        return Skipped("the item is no object", INVALID)
    row = {name.lower(): value for name, value in item.items()}
    uri = text(row, "uri")
    if not uri:
        return Skipped("the item has no 'uri'", INVALID)
    status = text(row, "pubstatus").lower()
    if status in CANCELED:
        return TakenDown(id_of(uri))
    if held := embargo(text(row, "embargoed"), now):
        return held
    kind = text(row, "type").lower()
    if kind in _NOT_TEXT:
        return Skipped(f"the item is of the type {kind!r}, not text")
    return taken(
        {
            "id": id_of(uri),
            "title": _headline(row),
            "text": _body(row),
            "lang": text(row, "language"),
            "published_at": next(filter(None, (text(row, name) for name in _DATES)), None),
            "source": _publisher(row),
        }
    )


def _headline(row: dict[str, Any]) -> str:
    return text(row, "headline") or text(row, "title") or _best(row.get("headlines"))


def _body(row: dict[str, Any]) -> str:
    for name in _BODIES[:3]:
        if text(row, name):
            return _plain(text(row, name), is_markup=name != "body_text")
    of_roles = _best(row.get("bodies"))
    if of_roles:
        return of_roles
    for name in _BODIES[3:]:
        if text(row, name):
            return _plain(text(row, name), is_markup=name.endswith("html"))
    return _best(row.get("descriptions"))


def _best(values: Any) -> str:
    """Of texts with roles the one of the role "main", or else the first that is there."""
    said = [{name.lower(): value for name, value in one.items()} for one in _list(values) if isinstance(one, dict)]
    said.sort(key=lambda one: text(one, "role").lower() != "main")
    return next(filter(None, (_plain(text(one, "value"), is_markup=_is_markup(one)) for one in said)), "")


def _is_markup(one: dict[str, Any]) -> bool:
    kind = text(one, "contenttype").lower()
    return "html" in kind or "xml" in kind


def _plain(words: str, *, is_markup: bool) -> str:
    return text_of_html(words) if is_markup else words


def _publisher(row: dict[str, Any]) -> str:
    sources = [one for one in _list(row.get("infosources") or row.get("infosource")) if isinstance(one, dict)]
    return text(row, "copyrightholder") or next(filter(None, (text(one, "name") for one in sources)), "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def is_item(row: Any) -> bool:
    """Whether an object looks like one."""
    if not isinstance(row, dict):
        return False
    names = {name.lower() for name in row}
    said = {"pubstatus", "versioncreated", "headline", "headlines", "bodies", "body_text", "body_html", "body_xhtml"}
    return "uri" in names and "id" not in names and bool(names & said)
