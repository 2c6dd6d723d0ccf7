"""Who is at what: articles that somebody is about to embed, or to assign to stories and measure."""

import threading
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Name = TypeVar("Name", bound=Hashable)


class Claims(Generic[Name]):
    """Ids, or keys, that are claimed, each once or more. May be called from several threads at once."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lock = threading.Lock()
        self._claimed = Counter[Name]()

    def __len__(self) -> int:
        """How many ids are claimed."""
        with self._lock:
            return len(self._claimed)

    def __contains__(self, one: object) -> bool:
        """Whether an id is claimed."""
        with self._lock:
            return one in self._claimed

    @contextmanager
    def claimed(self, ids: Iterable[Name]) -> Iterator[None]:
        """Claim ids until the context ends."""
        own = Counter(ids)
        with self._lock:
            self._claimed += own
        try:
            yield
        finally:
            with self._lock:
                self._claimed -= own
