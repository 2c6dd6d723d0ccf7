"""What an operator does to a data directory: back it up, restore it, see whether it is whole."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.background import BACKGROUND_FILE, Background, background_for, compute_background, no_background
from index.errors import ModelMismatchError, StoreError, WriterLockedError
from index.follower import Follower
from index.opening import STORE_FILE, open_follower, write_lock
from index.progress import progress
from index.related.scorer import load_scorer
from index.store import ArticleStore, ModelRecord
from index.store.sql_store import open_sqlite
from index.stories.explaining import Explanation, StoryExplainer
from index.stories.library import StoryLibrary
from index.stories.rebuilding import Rebuilt, rebuild

LEAST_FOR_BACKGROUND = 1_000
LEAST_OF_A_LANGUAGE = 200
"""Of fewer articles the mean is more of their topics than of their language."""

MOST_FOR_BACKGROUND = 50_000
_CHUNK = 4_096


def back_up(data: Path, file: Path) -> int:
    """Write a consistent copy of the store to a file; a service may be at work meanwhile.

    The vectors are in it; the index's files are not, since they are made from it again.

    Args:
        data: the data directory.
        file: where the copy comes to lie, once it is complete; what is there is replaced then.

    Returns:
        How many articles it has.

    Raises:
        StoreError: there is no store, or the file cannot be written.
    """
    with open_sqlite(data / STORE_FILE, writer=False) as store:
        store.backup(file)
        return store.count()


def restore(data: Path, file: Path) -> int:
    """Replace what is in a data directory by a backup.

    A service at work on it notices within a second, and reads everything anew: until then it finds little, and takes
    nothing.

    Args:
        data: the data directory, made if it is not there.
        file: what `back_up` wrote.

    Returns:
        How many articles there are now.

    Raises:
        StoreError: the file is no backup that this version can read, or the store cannot be written; nothing is
            changed then.
        ModelMismatchError: a service is at work with another model than the backup's.
    """
    with ExitStack() as resources:
        try:
            resources.callback(write_lock(data).release)
            is_served = False
        except WriterLockedError:
            is_served = True
        store = resources.enter_context(open_sqlite(data / STORE_FILE))
        if is_served:
            _refuse_other_model(store, file)
        store.restore(file)
        return store.count()


def check(data: Path) -> list[str]:
    """See whether a data directory is whole: the store in itself, and the index against the store.

    Returns:
        A sentence for each fault, which is mended where it can be; none if all is well.

    Raises:
        WriterLockedError: a process is writing to it.
        StoreError: there is no store, or it cannot be opened.
    """
    with _store_to_mend(data) as store:
        faults = store.check()
        with _follower(data, store) as follower:
            return faults + (follower.check() if follower else [])


def rebuild_stories(data: Path) -> Rebuilt:
    """Assign all articles to stories anew, by the model and the scorer as they are now.

    Raises:
        WriterLockedError: a process is writing to the data directory.
        StoreError: there is no store with articles, or it cannot be opened.
    """
    with _store_to_mend(data) as store, _follower(data, store) as follower:
        if follower is None:
            raise StoreError(f"there are no embedded articles in {data}")
        follower.load()
        return rebuild(follower, load_scorer(), data)


@contextmanager
def story_library(data: Path) -> Iterator[StoryLibrary]:
    """The stories in a data directory; a service may be at work on it.

    Raises:
        StoreError: there is no store, or it cannot be opened.
    """
    with open_sqlite(data / STORE_FILE, writer=False) as store:
        yield StoryLibrary(store, _background_of(data, store))


def explain_story(data: Path, story_id: str) -> Explanation:
    """Why the articles of a story in a data directory are together; see `StoryLibrary.get` and `story_library`."""
    with open_sqlite(data / STORE_FILE, writer=False) as store:
        background = _background_of(data, store)
        record = StoryLibrary(store, background).record(story_id)
        return StoryExplainer(store, background, load_scorer()).explain(record)


def _background_of(data: Path, store: ArticleStore) -> Background:
    embedded = _embedded(store)
    if embedded is None:
        return no_background("", 0)
    model, dimensions = embedded
    return background_for(model.name, model.fingerprint, dimensions, data)


def _embedded(store: ArticleStore) -> tuple[ModelRecord, int] | None:
    """With what model a store is embedded, and in how many dimensions; None if nothing is."""
    model = store.model()
    keys, _ = store.embedded_versions()
    if model is None or not len(keys):
        return None
    _, vectors = store.embedded(keys[:1].tolist())
    return model, vectors.shape[1]


@contextmanager
def _store_to_mend(data: Path) -> Iterator[ArticleStore]:
    if not (data / STORE_FILE).is_file():
        raise StoreError(f"there is nothing in {data} to check")
    with ExitStack() as resources:
        resources.callback(write_lock(data).release)
        yield resources.enter_context(open_sqlite(data / STORE_FILE))


@contextmanager
def _follower(data: Path, store: ArticleStore) -> Iterator[Follower | None]:
    """The follower of a store, which needs no encoder; None if nothing is embedded."""
    embedded = _embedded(store)
    if embedded is None:
        yield None
        return
    with open_follower(data, store, *embedded, writer=True) as follower:
        yield follower


def learn_background(data: Path) -> Background:
    """Compute the background of a model from the articles in a data directory, and write it there.

    The next time that the directory is opened, the index is made anew with it.

    Args:
        data: the data directory; a service may be at work on it.

    Returns:
        What was written.

    Raises:
        StoreError: there is no store, or there are too few articles in it.
    """
    with open_sqlite(data / STORE_FILE, writer=False) as store:
        model = store.model()
        keys, _ = store.embedded_versions()
        latest = keys[-MOST_FOR_BACKGROUND:].tolist()
        if model is None or len(latest) < LEAST_FOR_BACKGROUND:
            raise StoreError(
                f"there are {len(latest)} embedded articles in {data}, and at least {LEAST_FOR_BACKGROUND:,} are "
                "needed to tell what embeddings have in common: ingest more"
            )
        langs: list[str] = []
        rows: list[NDArray[np.float16]] = []
        with progress("reading embeddings", len(latest)) as advance:
            for start in range(0, len(latest), _CHUNK):
                entries, vectors = store.embedded(latest[start : start + _CHUNK])
                langs += [entry.lang for entry in entries]
                rows.append(vectors)
                advance(len(entries))
    background = compute_background(
        model.fingerprint, np.concatenate(rows).astype(np.float32), langs, LEAST_OF_A_LANGUAGE
    )
    background.save(data / BACKGROUND_FILE)
    return background


def _refuse_other_model(store: ArticleStore, file: Path) -> None:
    now, then = store.model(), store.model_of_backup(file)
    if now and then and now.fingerprint != then.fingerprint:
        raise ModelMismatchError(
            f"the vectors in {file} are of the model {then.name!r} (fingerprint {then.fingerprint[:8]}), and a "
            f"running service has the model {now.name!r} (fingerprint {now.fingerprint[:8]}): stop it, restore, "
            "and start it with 'similar-news serve --reencode'"
        )
