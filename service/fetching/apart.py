"""Reads pages in a process of its own, which can be ended: what is read is anyone's.

What finds the article is imported there only, as the service has no other use for it.
"""

import logging
import resource
from dataclasses import dataclass
from datetime import datetime

_MOST_MEMORY = 2 * 2**30


@dataclass(frozen=True)
class Extracted:
    """What a page says.

    Attributes:
        title: the headline.
        text: the text of the article, without what is around it.
        published_at: when it was published; UTC when the page names no offset.
        lang: what it says its language is.
        site: what its site calls itself.
        canonical_url: what it says its address is, made absolute. It may say anything.
        has_password_field: whether one can log in there.
    """

    title: str | None
    text: str | None
    published_at: datetime | None
    lang: str | None
    site: str | None
    canonical_url: str | None
    has_password_field: bool


def extract_apart(body: bytes, content_type: str | None, url: str) -> Extracted | None:
    """What `service.fetching.extraction.extract` gives, without a log, and with the memory of the process bounded."""
    from service.fetching.extraction import extract

    bound()
    try:
        return extract(body, content_type, url)
    except Exception:  # noqa: BLE001 - whatever page makes a library fail has no article for us
        return None


def bound() -> None:
    """Have a process that reads what anyone wrote log nothing, which may quote that, and take no more than 2 GiB."""
    logging.disable()
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
