"""Bring up to date what an earlier version kept of articles so that they can be compared."""

from contextlib import AbstractContextManager

from index.progress import progress
from index.related.signals import VERSION, signals_of
from index.store import ArticleStore

_CHUNK = 256


def renew(store: ArticleStore, writing: AbstractContextManager[object]) -> None:
    """Read the articles again whose signals are of another version.

    Args:
        store: the articles.
        writing: entered for every write.
    """
    chunk = store.outdated_signals(VERSION, _CHUNK)
    if not chunk:
        return
    with progress("reading articles again", None) as advance:
        while chunk:
            signals = [signals_of(stored.article) for stored in chunk]
            with writing:
                store.put_signals(chunk, signals)
            advance(len(chunk))
            chunk = store.outdated_signals(VERSION, _CHUNK, chunk[-1].key)
    store.outdated_signals(VERSION, 1)  # which sees that there are none left, and remembers it
