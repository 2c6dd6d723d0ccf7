"""Make the stories anew, as if all articles came again."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from index.background import Background
from index.follower import Follower
from index.progress import progress
from index.related.remembering import RememberingReader
from index.related.scorer import Scorer
from index.store import ArticleStore
from index.store.sql_store import open_sqlite
from index.stories.assigning import StoryAssigner
from index.stories.grouping import DEMAND, Demand
from index.stories.keeping import StoryKeeper
from index.stories.reconciling import regrouping, with_absent
from index.vectors.segmented_index import SegmentedVectorIndex

_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild has changed.

    Attributes:
        articles: how many there are.
        stories: how many stories there are.
        moved: how many articles are in a story with another id than before.
    """

    articles: int
    stories: int
    moved: int


def rebuild(follower: Follower, scorer: Scorer, folder: Path) -> Rebuilt:
    """Assign all articles anew, in the order in which they were assigned; a story that is as before keeps its id.

    Nothing is written until all of them are.

    Args:
        follower: the store, with its index.
        scorer: see `StoryAssigner`.
        folder: where a copy of the store has room meanwhile.
    """
    StoryKeeper(follower, RememberingReader.of(follower), scorer).assign_waiting()
    stories = follower.store.stories
    parts = replayed(follower.store, follower.background, scorer, folder)
    with follower.followed(), stories.changing() as transaction:
        numbers = stories.numbers()
        before = {key: number for number, keys in stories.members(numbers).items() for key in keys}
        anew = regrouping(before, with_absent(before, parts))
        if anew:
            transaction.regroup(numbers, anew)
        after = transaction.stories_of(list(before))
    return Rebuilt(len(before), len(set(after.values())), sum(after[key] != number for key, number in before.items()))


def replayed(
    store: ArticleStore,
    background: Background,
    scorer: Scorer,
    folder: Path,
    *,
    demand: Demand = DEMAND,
    order: Sequence[int] | None = None,
) -> list[list[int]]:
    """The stories that articles would be in if they came again: their keys, ascending, story by story.

    Args:
        store: where they are; nothing in it is changed.
        background: by which their embeddings are centred.
        scorer: see `StoryAssigner`.
        folder: where a copy of the store has room meanwhile.
        demand: see `StoryAssigner`.
        order: keys of the articles that come, in order; None for all that are in stories, as they came.
    """
    with TemporaryDirectory(prefix=".replay-", dir=folder) as made:
        copy = Path(made) / "copy.sqlite"
        store.backup(copy)
        with open_sqlite(copy) as scratch:
            with scratch.stories.changing() as transaction:
                for key in transaction.unassigned(scratch.count()):
                    transaction.stay(key)  # so that only what is in a story comes again
            scratch.stories.reset(order)
            _assign_all(scratch, background, scorer, Path(made) / "index", demand)
            return sorted(sorted(keys) for keys in scratch.stories.members(scratch.stories.numbers()).values())


def replayed_ids(
    store: ArticleStore, background: Background, scorer: Scorer, order: Sequence[str] | None, demand: Demand
) -> list[list[str]]:
    """The same by the articles' ids; see `replayed`."""
    ids = [report.id for report in store.stories.reports(store.stories.numbers())] if order is None else order
    keys = store.keys_of(ids)
    with TemporaryDirectory() as folder:
        given = None if order is None else [keys[one] for one in order]
        parts = replayed(store, background, scorer, Path(folder), demand=demand, order=given)
    id_of = {key: one for one, key in keys.items()}
    return [[id_of[key] for key in part] for part in parts]


def _assign_all(store: ArticleStore, background: Background, scorer: Scorer, folder: Path, demand: Demand) -> None:
    with store.stories.changing() as transaction:
        waiting = transaction.unassigned(store.count())
    vectors = None
    try:
        with progress("assigning articles anew", len(waiting)) as advance:
            for start in range(0, len(waiting), _CHUNK):
                chunk = waiting[start : start + _CHUNK]
                entries, embeddings = store.embedded(chunk)
                if not entries:
                    continue
                if vectors is None:
                    vectors = SegmentedVectorIndex(embeddings.shape[1], folder, stamp="", writer=True)
                    assigner = StoryAssigner(RememberingReader(store, vectors, background), scorer, demand)
                vectors.add(entries, background.centre(embeddings.astype(np.float32), [one.lang for one in entries]))
                with store.stories.changing() as transaction:
                    assigner.assign(transaction, chunk)
                advance(len(chunk))
    finally:
        if vectors is not None:
            vectors.close()
