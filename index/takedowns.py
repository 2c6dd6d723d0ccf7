"""Take articles down: out of every answer at once, and not accepted again."""

from collections.abc import Sequence

from index.article import canonical_url
from index.follower import Follower

_CHUNK = 500


class Takedowns:
    """Deletes articles and remembers that. May be called from several threads at once.

    What is taken down is refused from then on, under its id and with the same content under others. Of many articles
    some hundreds go at a time, so that writes go on in between; if the process ends meanwhile, call it again.
    """

    def __init__(self, follower: Follower) -> None:
        """Delete from a store and its index."""
        self._follower = follower

    def by_ids(self, ids: Sequence[str]) -> list[str]:
        """Take down the articles with these ids; gives the ids of those that there were."""
        taken: list[str] = []
        for start in range(0, len(ids), _CHUNK):
            with self._follower.writing:
                keys = self._follower.store.take_down_many(ids[start : start + _CHUNK])
                self._follower.vectors.remove(keys.values())
            taken += keys
        return taken

    def by_url(self, url: str) -> list[str]:
        """Take down all articles with this URL, in whatever form; gives their ids.

        Raises:
            ValueError: not a URL.
        """
        return self.by_ids(self._follower.store.ids_of_url(canonical_url(url)))

    def by_source(self, source: str) -> list[str]:
        """Take down all articles that there are of a publisher; gives their ids. New ones of it are accepted."""
        return self.by_ids(self._follower.store.ids_of_source(source))
