"""Why something was not fetched, or has no article in it."""

from enum import StrEnum


class Failure(StrEnum):
    """What kind of reason it is."""

    REFUSED = "fetch-refused"
    """It leads to where nothing is fetched from: another scheme, a private address, an odd port."""
    ROBOTS = "robots-disallowed"
    """The site does not want it, or could not say whether it does."""
    UNREACHABLE = "page-unreachable"
    """There is no such host, it does not answer, or not in HTTP."""
    TIMEOUT = "page-timeout"
    """It took too long."""
    MISSING = "page-unavailable"
    """The site answered that it has not got it, or not for everyone."""
    BROKEN = "site-error"
    """The site answered that it has an error."""
    TOO_LARGE = "page-too-large"
    NOT_A_PAGE = "not-a-page"
    """It is of another type: a picture, a PDF."""
    EMPTY = "page-without-article"
    """It is a page, but there is no text of an article in it."""
    BUSY = "fetching-busy"
    """Too much is being fetched."""


class FetchError(Exception):
    """The message says what was wrong. It has nothing of what was answered, and no address that a name led to.

    Attributes:
        kind: what kind of reason it is.
    """

    def __init__(self, kind: Failure, message: str) -> None:
        """A reason of a kind, in words."""
        super().__init__(message)
        self.kind = kind
