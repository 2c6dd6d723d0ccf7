"""What an operator does to a data directory: back it up, restore it, see whether it is whole."""

from contextlib import ExitStack
from pathlib import Path

from index.errors import ModelMismatchError, StoreError, WriterLockedError
from index.opening import STORE_FILE, open_follower, write_lock
from index.store import ArticleStore
from index.store.sql_store import open_sqlite


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
    if not (data / STORE_FILE).is_file():
        raise StoreError(f"there is nothing in {data} to check")
    with ExitStack() as resources:
        resources.callback(write_lock(data).release)
        store = resources.enter_context(open_sqlite(data / STORE_FILE))
        faults = store.check()
        model = store.model()
        keys, _ = store.embedded_versions()
        if model is None or not len(keys):  # nothing is embedded
            return faults
        _, vectors = store.embedded(keys[:1].tolist())
        follower = resources.enter_context(open_follower(data, store, model, vectors.shape[1], writer=True))
        return faults + follower.check()


def _refuse_other_model(store: ArticleStore, file: Path) -> None:
    now, then = store.model(), store.model_of_backup(file)
    if now and then and now.fingerprint != then.fingerprint:
        raise ModelMismatchError(
            f"the vectors in {file} are of the model {then.name!r} (fingerprint {then.fingerprint[:8]}), and a "
            f"running service has the model {now.name!r} (fingerprint {now.fingerprint[:8]}): stop it, restore, "
            "and start it with 'similar-news serve --reencode'"
        )
