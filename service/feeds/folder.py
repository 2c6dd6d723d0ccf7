"""What is known of feeds, in files: a folder for each feed, in the data directory.

No table of the store: a feed is no article, none of this has to be in one transaction with articles, and the library
would have to know of feeds. And no one file for all: every poll changes a little of one feed. In its folder `feed.json`
is written by who adds it, `progress.json` and `items.json` by the poller alone, so that the command line and a running
service need no lock between them; a damaged file is the matter of one feed; and a person can read them.
"""

import logging
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from index.disk import replaced
from index.errors import SimilarNewsError
from service.feeds.feed import FeedSettings, KnownFeed, Progress, SeenItems

NAME = "feeds"

_FEED, _PROGRESS, _ITEMS = "feed.json", "progress.json", "items.json"
_REMOVED = ".removed-"

_logger = logging.getLogger(__name__)

Kept = TypeVar("Kept", bound=BaseModel)


class FeedFileError(SimilarNewsError):
    """What is known of feeds cannot be read or kept."""


class FeedBook(Protocol):
    """Remembers feeds. Whoever keeps what is known of one that was removed meanwhile keeps nothing."""

    def add(self, feed: FeedSettings, now: datetime, *, in_settings: bool = False) -> bool:
        """Keep a feed, or other settings of one that there is; whether it is new."""
        ...

    def remove(self, feed_id: str) -> bool:
        """Forget a feed and all that is known of it; whether there was one."""
        ...

    def feeds(self) -> dict[str, KnownFeed]:
        """All feeds by their ids, those first that were added first."""
        ...

    def progress(self, feed_id: str) -> Progress:
        """What polling a feed has shown."""
        ...

    def keep_progress(self, feed_id: str, progress: Progress) -> None:
        """Remember it."""
        ...

    def items(self, feed_id: str) -> SeenItems:
        """The items that a feed had."""
        ...

    def keep_items(self, feed_id: str, items: SeenItems) -> None:
        """Remember them."""
        ...


class FeedFolder:
    """A `FeedBook` in files. May be used by several processes at once, of which one polls."""

    def __init__(self, folder: Path) -> None:
        """Use a folder, which is made when the first feed is added."""
        self._folder = folder

    def add(self, feed: FeedSettings, now: datetime, *, in_settings: bool = False) -> bool:
        """See `FeedBook`.

        Raises:
            FeedFileError: it cannot be kept.
        """
        file = self._folder / feed.feed_id / _FEED
        known = _read(file, KnownFeed)
        kept = KnownFeed(**feed.model_dump(), added_at=known.added_at if known else now, in_settings=in_settings)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            if kept != known:
                _write(file, kept)
        except OSError as error:
            raise FeedFileError(f"the feed cannot be kept in {file}: {error.strerror}") from error
        return known is None

    def remove(self, feed_id: str) -> bool:
        """See `FeedBook`.

        Raises:
            FeedFileError: it cannot be removed.
        """
        if feed_id not in self.feeds():
            return False
        doomed = self._folder / f"{_REMOVED}{feed_id}-{secrets.token_hex(4)}"
        try:
            (self._folder / feed_id).rename(doomed)
        except OSError as error:
            raise FeedFileError(f"the feed cannot be removed from {self._folder}: {error.strerror}") from error
        shutil.rmtree(doomed, ignore_errors=True)
        return True

    def feeds(self) -> dict[str, KnownFeed]:
        """See `FeedBook`. One whose file cannot be read is left out, which the log says."""
        found = {file.parent.name: _read(file, KnownFeed) for file in sorted(self._folder.glob(f"feed-*/{_FEED}"))}
        known = {feed_id: feed for feed_id, feed in found.items() if feed is not None}
        return dict(sorted(known.items(), key=lambda one: (one[1].added_at, one[1].url)))

    def progress(self, feed_id: str) -> Progress:
        """See `FeedBook`."""
        return _read(self._folder / feed_id / _PROGRESS, Progress) or Progress()

    def keep_progress(self, feed_id: str, progress: Progress) -> None:
        """See `FeedBook`.

        Raises:
            FeedFileError: it cannot be kept.
        """
        self._keep(self._folder / feed_id / _PROGRESS, progress)

    def items(self, feed_id: str) -> SeenItems:
        """See `FeedBook`."""
        return _read(self._folder / feed_id / _ITEMS, SeenItems) or SeenItems()

    def keep_items(self, feed_id: str, items: SeenItems) -> None:
        """See `FeedBook`.

        Raises:
            FeedFileError: they cannot be kept.
        """
        self._keep(self._folder / feed_id / _ITEMS, items)

    def _keep(self, file: Path, kept: BaseModel) -> None:
        try:
            _write(file, kept)
        except OSError as error:
            if file.parent.exists():
                raise FeedFileError(f"what is known of a feed cannot be kept in {file}: {error.strerror}") from error


def _write(file: Path, kept: BaseModel) -> None:
    with replaced(file) as unfinished:
        unfinished.write_text(kept.model_dump_json(exclude_defaults=True) + "\n", encoding="utf-8")


def _read(file: Path, kind: type[Kept]) -> Kept | None:
    try:
        return kind.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        # What is there is left out: it may be anything. What polling has shown is found out again.
        _logger.error("%s cannot be read and is passed over: %s", file, type(error).__name__)  # noqa: TRY400 - it says it all
        return None
