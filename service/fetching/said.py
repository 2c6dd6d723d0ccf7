"""What others say of their reports, as far as it can be believed."""

from urllib.parse import urlsplit

from index.article import clean_text
from index.language import UNDETERMINED, identify, primary, standard_tag

MAX_NAME = 200
"""Characters of a publisher's name."""


def worded(said: str | None, longest: int) -> str | None:
    """What was said, if there is a word in it; cut where it is too long."""
    whole = (said or "").encode(errors="replace").decode()  # JSON can have half a character
    cleaned = clean_text(whole)[:longest].strip()
    return cleaned if any(map(str.isalnum, cleaned)) else None


def language_said(said: str | None, words: str) -> str | None:
    """The language that is said, if the words do not say otherwise: templates are copied, and many say `en-us`."""
    try:
        tag = standard_tag(said or "")
    except ValueError:
        return None  # identified later
    seen = identify(words)
    return tag if seen in {UNDETERMINED, primary(tag)} else None


def host_of(url: str) -> str:
    """What a site is called that does not say what it is called."""
    return (urlsplit(url).hostname or "").removeprefix("www.")
