"""Lists of feeds, as feed readers exchange them (OPML 1 and 2)."""

from service.feeds.items import UnreadableFeedError
from service.feeds.safe_xml import local_name, root_of


def urls_in(body: bytes) -> list[str]:
    """The URLs of the feeds in a list, wherever in its folders, each once.

    Raises:
        UnreadableFeedError: it is no such list, or has no feeds.
    """
    root = root_of(body)
    if root is None or local_name(root) != "opml":
        raise UnreadableFeedError("it is not OPML")
    found: dict[str, None] = {}
    for outline in root.iter():
        if local_name(outline) == "outline":
            named = {str(name).lower(): str(value).strip() for name, value in outline.attrib.items()}
            if named.get("xmlurl"):
                found[named["xmlurl"]] = None
    if not found:
        raise UnreadableFeedError("it is OPML without a single feed")
    return list(found)
