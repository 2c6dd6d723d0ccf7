"""Open a data directory with the embedded parts."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from index.background import background_for
from index.coverage_index import CoverageIndex
from index.encoder import Encoder
from index.errors import ModelMismatchError, StoreError, WriterLockedError
from index.store import ArticleStore, ModelRecord
from index.store.sql_store import open_sqlite
from index.vectors.faiss_index import FaissVectorIndex

STORE_FILE = "similar-news.sqlite"
LOCK_FILE = "writer.lock"


@contextmanager
def open_index(data: Path, encoder: Encoder, *, writer: bool = True, reencode: bool = False) -> Iterator[CoverageIndex]:
    """Open a data directory, making it if it is not there; it is closed with the context.

    Args:
        data: the directory.
        encoder: the model to embed with.
        writer: take the write lock. Without it nothing may be put, and what another process puts meanwhile is not seen.
        reencode: if the vectors are of another model, drop them and embed all articles again, instead of refusing.

    Raises:
        WriterLockedError: another process has the write lock.
        ModelMismatchError: the vectors are of another model.
        StoreError: the store cannot be opened.
    """
    with ExitStack() as resources:
        if writer:
            resources.callback(_write_lock(data).release)
        store = resources.enter_context(open_sqlite(data / STORE_FILE, writer=writer))
        _check_model(store, encoder, data, reencode=writer and reencode)
        if writer:
            store.set_model(ModelRecord(encoder.name, encoder.fingerprint))
        background = background_for(encoder.name, encoder.fingerprint, encoder.dimensions)
        index = CoverageIndex(store, encoder, FaissVectorIndex(encoder.dimensions), background)
        if writer:
            index.encode_waiting()
        index.load_vectors()
        yield index


def _write_lock(data: Path) -> FileLock:
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


def _check_model(store: ArticleStore, encoder: Encoder, data: Path, *, reencode: bool) -> None:
    kept, wanted = store.model(), ModelRecord(encoder.name, encoder.fingerprint)
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
