"""Open a data directory with the embedded parts."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from index.background import background_for
from index.coverage_index import CoverageIndex
from index.encoder import Encoder
from index.errors import ModelMismatchError, StoreError, WriterLockedError
from index.follower import Follower, stamp
from index.related.scorer import Scorer
from index.store import ArticleStore, ModelRecord
from index.store.sql_store import open_sqlite
from index.threads import limit_blas
from index.upkeep import FOLLOW_SECONDS, LOG_DAYS, TIDY_SECONDS, days_ago, repeated
from index.vectors.segmented_index import SegmentedVectorIndex

STORE_FILE = "similar-news.sqlite"
INDEX_FOLDER = "index"
LOCK_FILE = "writer.lock"

_logger = logging.getLogger(__name__)


@contextmanager
def open_index(
    data: Path,
    encoder: Encoder,
    *,
    writer: bool = True,
    reencode: bool = False,
    retention_days: float = 0,
    summarise: bool = False,
    scorer: Scorer | None = None,
) -> Iterator[CoverageIndex]:
    """Open a data directory, making it if it is not there; it is closed with the context.

    Args:
        data: the directory.
        encoder: the model to embed with.
        writer: take the write lock. Without it nothing may be put; what another process puts is seen within a second.
        reencode: if the vectors are of another model, drop them and embed all articles again, instead of refusing.
        retention_days: articles that both appeared and arrived more than so many days ago are deleted; 0 keeps all.
        summarise: make summaries of what comes in when nobody puts articles and the encoder rests; without it, they are
            made when somebody asks for them.
        scorer: tells how probable it is that articles belong together; None for the one that is shipped.

    Raises:
        WriterLockedError: another process has the write lock.
        ModelMismatchError: the vectors are of another model.
        StoreError: the store cannot be opened, or the index's files cannot be written.
    """
    limit_blas()
    with ExitStack() as resources:
        if writer:
            resources.callback(write_lock(data).release)
        store = resources.enter_context(open_sqlite(data / STORE_FILE, writer=writer))
        model = ModelRecord(encoder.name, encoder.fingerprint)
        _check_model(store, model, data, reencode=writer and reencode)
        if writer:
            store.set_model(model)
        follower = resources.enter_context(open_follower(data, store, model, encoder.dimensions, writer=writer))
        index = CoverageIndex(follower, encoder, scorer)
        if writer:
            index.encode_waiting()
            index.renew_signals()
        follower.load()
        follow = index.follow if writer else follower.follow
        resources.enter_context(repeated("following the store", follow, FOLLOW_SECONDS))
        if writer:
            resources.enter_context(repeated("embedding what waits", index.embed_waiting, FOLLOW_SECONDS))
            if summarise:
                make = index.summaries.make_expected
                resources.enter_context(repeated("summarising what came in", make, FOLLOW_SECONDS))
            tidy = partial(_tidy, index, retention_days)
            resources.enter_context(repeated("letting what is old expire", tidy, TIDY_SECONDS))
        yield index


@contextmanager
def open_follower(
    data: Path, store: ArticleStore, model: ModelRecord, dimensions: int, *, writer: bool
) -> Iterator[Follower]:
    """Open a store's vector index, which then holds what its files hold.

    Args:
        data: the data directory.
        store: the store in it.
        model: whose vectors the store has.
        dimensions: the length of one.
        writer: see `open_index`.

    Raises:
        StoreError: the index's files cannot be written.
    """
    background = background_for(model.name, model.fingerprint, dimensions, data)
    current = stamp(background, store.lineage())
    try:
        vectors = SegmentedVectorIndex(dimensions, data / INDEX_FOLDER, stamp=current, writer=writer)
    except OSError as error:
        raise StoreError(f"cannot open the index in {data / INDEX_FOLDER}: {error.strerror}") from error
    try:
        yield Follower(store, vectors, background)
    finally:
        vectors.close()


def _tidy(index: CoverageIndex, retention_days: float) -> None:
    index.forget_changes(days_ago(LOG_DAYS))
    if retention_days and (expired := index.expire(days_ago(retention_days))):
        _logger.info("%d articles were older than %g days and are deleted", expired, retention_days)


def write_lock(data: Path) -> FileLock:
    """Take the lock that the one writer of a data directory has; `release` gives it back.

    Raises:
        WriterLockedError: another process has it.
        StoreError: the directory cannot be written to.
    """
    lock = FileLock(data / LOCK_FILE, timeout=0, thread_local=False)
    try:
        data.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise WriterLockedError(
            f"another process, probably a running service, is writing to {data}: "
            "send to that service instead (with '--api' and its address), or stop it"
        ) from error
    except OSError as error:
        raise StoreError(f"cannot write to the data directory {data}: {error.strerror}") from error
    return lock


def _check_model(store: ArticleStore, wanted: ModelRecord, data: Path, *, reencode: bool) -> None:
    kept = store.model()
    if kept is None or kept.fingerprint == wanted.fingerprint or reencode:
        return
    if kept.name == wanted.name:
        what = (
            f"the vectors in {data} are of another version of the model {kept.name!r} (fingerprint "
            f"{kept.fingerprint[:8]}, now {wanted.fingerprint[:8]})"
        )
        back = "Embed all articles with the new one by"
    else:
        what = (
            f"the vectors in {data} are of the model {kept.name!r} (fingerprint {kept.fingerprint[:8]}), but the model "
            f"now is {wanted.name!r} (fingerprint {wanted.fingerprint[:8]})"
        )
        back = f"Set SIMILAR_NEWS_MODEL={kept.name} again, or embed all articles with the new model by"
    raise ModelMismatchError(
        f"{what}, and vectors of two models cannot be compared. {back} 'similar-news serve --reencode', or use another "
        "SIMILAR_NEWS_DATA_DIR"
    )
