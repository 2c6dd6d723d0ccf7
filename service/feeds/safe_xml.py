"""XML from anyone: no entities, no network, nothing that is large out of little."""

from lxml import etree


def root_of(body: bytes) -> etree._Element | None:
    """The root of a document, as far as it can be read; None if it is no XML at all."""
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.LxmlError, ValueError):
        return None


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace, in small letters; empty for what is no element."""
    return etree.QName(element).localname.lower() if isinstance(element.tag, str) else ""


def text_in(element: etree._Element, name: str) -> str | None:
    """The text of the first child with a name, whatever its namespace; None if there is none in it."""
    for child in element:
        if local_name(child) == name:
            return "".join(child.itertext()).strip() or None
    return None
