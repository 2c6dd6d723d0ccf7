"""What came in, and is not found yet."""

from dataclasses import dataclass

from index.store import Put, StoredArticle


@dataclass(frozen=True, slots=True)
class Accepted:
    """Articles that are durable, and what is still to be done for them to be found.

    Attributes:
        outcomes: of all that were put.
        waiting: those that are to be embedded.
    """

    outcomes: list[Put]
    waiting: list[StoredArticle]

    @property
    def words(self) -> list[str]:
        """What is to be embedded."""
        return [stored.article.words for stored in self.waiting]
