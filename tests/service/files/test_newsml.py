import io
from datetime import UTC, datetime, timedelta

import pytest

from service.files import newsml
from service.files.errors import UnreadableFileError
from service.files.formats import Format
from service.files.records import INVALID, SKIPPED, Skipped, Start, TakenDown
from tests.service.files.reading import fields, found

NAR = 'xmlns="http://iptc.org/std/nar/2006-10-01/"'
XHTML = (
    '<inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
    "</head><body><h1>Kim meets Putin</h1><p>The leaders <em>met</em>.</p></body></html></inlineXML>"
)
NITF = (
    '<inlineXML><nitf xmlns="http://iptc.org/std/NITF/2006-10-18/"><body><body.head><hedline><hl1>Kim</hl1></hedline>'
    "</body.head><body.content><p>The leaders met.</p><p>They spoke.</p></body.content></body></nitf></inlineXML>"
)


def item(guid: str = "urn:newsml:agency.example:1", meta: str = "", content: str = XHTML, kind: str = "text") -> str:
    return f"""<newsItem {NAR} guid="{guid}" version="2" xml:lang="en"><itemMeta><itemClass qcode="ninat:{kind}"/>
<provider literal="The Agency"/><versionCreated>2023-09-13T12:00:00Z</versionCreated>{meta}</itemMeta>
<contentMeta><contentCreated>2023-09-13T10:00:00Z</contentCreated><headline>Kim meets
Putin</headline></contentMeta><contentSet>{content}</contentSet></newsItem>"""


def message(*items: str) -> str:
    return f'<?xml version="1.0"?><newsMessage {NAR}><header/><itemSet>{"".join(items)}</itemSet></newsMessage>'


def test_a_news_item_is_an_article() -> None:
    (record,) = found(item())
    assert fields(record) == {
        "id": "urn:newsml:agency.example:1",
        "title": "Kim meets Putin",
        "text": "Kim meets Putin\nThe leaders met.",
        "lang": "en",
        "published_at": "2023-09-13T10:00:00Z",
        "source": "The Agency",
    }


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (NITF, "The leaders met.\nThey spoke."),
        ("<inlineData>The leaders met.</inlineData>", "The leaders met."),
    ],
)
def test_other_kinds_of_content(content: str, text: str) -> None:
    (record,) = found(item(content=content))
    assert fields(record)["text"] == text


def test_prefixes_and_missing_namespaces_are_all_the_same() -> None:
    prefixed = item(content="").replace(NAR, NAR.replace("xmlns=", "xmlns:n=")).replace("</", "</n:")
    for name in ("newsItem", "itemMeta", "itemClass", "provider", "versionCreated", "contentMeta", "contentCreated"):
        prefixed = prefixed.replace(f"<{name}", f"<n:{name}")
    prefixed = prefixed.replace("<headline", "<n:headline").replace("<contentSet", "<n:contentSet")
    for data in (prefixed, item(content="").replace(NAR, "")):
        (record,) = found(data)
        assert fields(record)["title"] == "Kim meets Putin"


def test_a_message_has_several_items_of_which_packages_are_passed_over() -> None:
    package = f'<packageItem {NAR} guid="p"><groupSet><group><itemRef residref="a"/></group></groupSet></packageItem>'
    first, second, third = found(message(item("a"), package, item("b", kind="picture")))
    assert fields(first)["id"] == "a"
    for record, why in ((second, "packageItem"), (third, "'picture'")):
        assert isinstance(record.what, Skipped)
        assert record.what.outcome == SKIPPED
        assert why in record.what.reason
    assert [record.number for record in found(message(item("a"), package, item("b")), start=Start(2))] == [3]


@pytest.mark.parametrize(
    "status",
    [
        '<pubStatus qcode="stat:canceled"/>',
        '<pubStatus qcode="stat:withheld"/>',
        '<pubStatus uri="http://cv.iptc.org/newscodes/pubstatusg2/canceled"/>',
    ],
)
def test_what_is_canceled_or_withheld_is_a_takedown(status: str) -> None:
    (record,) = found(item(meta=status))
    assert record.what == TakenDown("urn:newsml:agency.example:1")


def test_what_is_embargoed_is_not_taken_before_its_time() -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    held, free = found(
        message(item(meta=f"<embargoed>{soon}</embargoed>"), item(meta="<embargoed>2023-09-13T09:00:00Z</embargoed>"))
    )
    assert isinstance(held.what, Skipped)
    assert "embargoed until" in held.what.reason
    assert fields(free)["title"] == "Kim meets Putin"


def test_an_item_without_a_guid_is_reported_and_others_read() -> None:
    first, second = found(message(item("a").replace('guid="a"', ""), item("b")))
    assert isinstance(first.what, Skipped)
    assert first.what.outcome == INVALID
    assert fields(second)["id"] == "b"


@pytest.mark.parametrize(
    "declaration",
    [
        '<!DOCTYPE newsItem [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE newsItem [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE newsItem SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
def test_no_entity_is_expanded_and_nothing_fetched(declaration: str) -> None:
    with pytest.raises(UnreadableFileError, match="document type"):
        found('<?xml version="1.0"?>' + declaration + item(content="<inlineData>&a;</inlineData>"), Format.NEWSML)


def test_what_comes_before_broken_markup_is_read() -> None:
    records = newsml.read(io.BytesIO((message(item("a"), item("b"))[:-60] + "<<<").encode()))
    assert fields(next(records))["id"] == "a"
    with pytest.raises(UnreadableFileError, match="not XML"):
        next(records)
