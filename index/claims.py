"""Who is at what: articles that somebody is about to embed."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Claims:
    """Ids that are claimed, each once or more. May be called from several threads at once."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._claimed = Counter[str]()

    def __len__(self) -> int:
        """How many ids are claimed."""
        with self._lock:
            return len(self._claimed)

    def __contains__(self, one: str) -> bool:
        """Whether an id is claimed."""
        with self._lock:
            return one in self._claimed

    @contextmanager
    def claimed(self, ids: Iterable[str]) -> Iterator[None]:
        """Claim ids until the context ends."""
        own = Counter(ids)
        with self._lock:
            self._claimed += own
        try:
            yield
        finally:
            with self._lock:
                self._claimed -= own
