"""Which generation a store is in."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import Connection, func, select

from index.store.records import ChangeKind, Generation
from index.store.schema import changes, settings
from index.store.sql_measures import MEASURED


class Generations:
    """Tells the generation of a store from its logs. To be asked by one thread at a time."""

    def __init__(
        self, read: Callable[[], AbstractContextManager[Connection]], last_story_change: Callable[[], int]
    ) -> None:
        """Tell the generation of a store.

        Args:
            read: gives a connection to read from.
            last_story_change: gives the number of the last change of a story.
        """
        self._read = read
        self._last_story_change = last_story_change
        self._lineage: str | None = None
        self._seen = 0
        self._last_takedown = 0

    def now(self) -> Generation:
        """The generation now.

        Only what was logged since the last time is looked through for takedowns: the log is long, and not by kinds.
        """
        newest = func.coalesce(func.max(changes.c.sequence), 0)
        with self._read() as connection:
            lineage: str = connection.execute(select(settings.c.value).where(settings.c.name == "lineage")).scalar_one()
            last: int = connection.execute(select(newest)).scalar_one()
            measured = connection.execute(select(settings.c.value).where(settings.c.name == MEASURED)).scalar() or "0"
            if lineage != self._lineage:
                self._lineage, self._last_takedown = lineage, last
            elif last != self._seen:
                unseen = changes.c.sequence.between(self._seen + 1, last)
                takedowns = select(newest).where(unseen, changes.c.kind == ChangeKind.TAKE_DOWN)
                self._last_takedown = connection.execute(takedowns).scalar_one() or self._last_takedown
            self._seen = last
        return Generation(
            f"{lineage}.{last}.{self._last_story_change()}.{measured}", f"{lineage}.{self._last_takedown}"
        )
