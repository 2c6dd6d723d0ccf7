"""The vector index follows the store: whatever is changed there, by whichever process, comes here from its log."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from index.background import Background
from index.errors import ModelMismatchError
from index.progress import progress
from index.store import GONE, ArticleStore, Change
from index.turns import Turns
from index.vectors import Entry, VectorIndex
from index.vectors.segments import among

_CHUNK = 4_096
_SILENTLY = 10_000


def stamp(background: Background, lineage: str) -> str:
    """What the index's vectors are of: another model, other means or another history make other ones."""
    return "|".join((background.fingerprint, background.checksum, lineage))


class Follower:
    """A store, and a vector index that is to hold what is in it.

    Attributes:
        writing: held by whoever writes in this process.
        turns: given by those whose work on the store takes long.
        was_restored: whether the store was restored from a backup since it was opened.
    """

    def __init__(self, store: ArticleStore, vectors: VectorIndex, background: Background) -> None:
        """Put them together; `load` brings the index to the store's state.

        Args:
            store: the truth.
            vectors: what follows it; of the present lineage, and of vectors centred with `background`.
            background: what is taken away from the store's vectors on the way.
        """
        self.store = store
        self.vectors = vectors
        self.background = background
        self.writing = threading.Lock()
        self.turns = Turns()
        self.was_restored = False
        self._lineage = store.lineage()
        self._sequence = 0
        self._watchers: list[Callable[[Collection[int] | None], None]] = []

    @property
    def position(self) -> int:
        """The number of the last change of the store that the index has."""
        return self._sequence

    def load(self) -> None:
        """Bring the index to the store's state, whatever it holds."""
        with self.writing:
            self._load()

    def follow(self) -> None:
        """Bring the index to the store's state, after changes that this process or another one made.

        Raises:
            ModelMismatchError: the store's vectors are of another model by now.
        """
        with self.writing:
            self._follow()

    @contextmanager
    def followed(self) -> Iterator[None]:
        """The same, and nothing in this process writes until the context ends."""
        with self.writing:
            self._follow()
            yield

    def _follow(self) -> None:
        self._refuse_other_model()
        lineage = self.store.lineage()
        if lineage != self._lineage:
            self.vectors.clear(stamp(self.background, lineage))
            self._load()
            self._lineage, self.was_restored = lineage, True
        while changes := self.store.changes_after(self._sequence, _CHUNK):
            self._apply(changes)
        self.vectors.refresh()

    def watch(self, changed: Callable[[Collection[int] | None], None]) -> None:
        """Have a function called with the keys of articles that have changed, while nothing in this process writes.

        It is called with None where any may have.
        """
        self._watchers.append(changed)

    def behind(self) -> int:
        """How many changes of the store the index has not followed yet."""
        return max(0, self.store.last_sequence() - self._sequence)

    def check(self) -> list[str]:
        """Compare the index, once it was brought to the store's state, with the store.

        Returns:
            A sentence for each fault, which is then mended; none if all is well.
        """
        with self.writing:
            faults = list(self.vectors.faults)
            self._load()
            wrong = self._wrong()
            if not wrong:
                return faults
            self.vectors.clear(stamp(self.background, self._lineage))  # its files too, or they would be found again
            self._load()
            count = len(wrong)
            return [*faults, f"Articles that were not in the index as they are in the store, which is mended: {count}."]

    def _load(self) -> None:
        self._tell(None)
        last = self.store.last_sequence()  # first, so that what changes meanwhile is followed later
        keys, sequences = self.store.embedded_versions()
        self.vectors.keep_only(sequences)
        missing = keys[~among(sequences, self.vectors.sequences())].tolist()
        if len(missing) <= _SILENTLY:  # those that no file has yet: some thousands at any start
            self._add(missing)
        else:
            with progress("indexing articles", len(missing)) as advance:
                for start in range(0, len(missing), _CHUNK):
                    chunk = missing[start : start + _CHUNK]
                    self._add(chunk)
                    advance(len(chunk))
        self._sequence = last

    def _tell(self, keys: Collection[int] | None) -> None:
        for changed in self._watchers:
            changed(keys)

    def _refuse_other_model(self) -> None:
        model = self.store.model()
        if model and model.fingerprint != self.background.fingerprint:
            raise ModelMismatchError(
                f"the store's vectors are of the model {model.name!r} (fingerprint {model.fingerprint[:8]}) by now; "
                f"the model here has the fingerprint {self.background.fingerprint[:8]}: start again with that one"
            )

    def _apply(self, changes: Sequence[Change]) -> None:
        if changes[0].sequence > self._sequence + 1:  # the log was shortened meanwhile
            self._load()
            return
        self._tell({change.key for change in changes})
        self.vectors.remove([change.key for change in changes if change.kind in GONE])
        # Of what is not embedded yet the index keeps the version before.
        self._add(sorted({change.key for change in changes}))
        self._sequence = changes[-1].sequence

    def _add(self, keys: Sequence[int]) -> None:
        entries, embeddings = self.store.embedded(keys)
        if entries:
            self.vectors.add(entries, self._centred(entries, embeddings))

    def _centred(self, entries: Sequence[Entry], embeddings: NDArray[np.float16]) -> NDArray[np.float32]:
        return self.background.centre(embeddings.astype(np.float32), [entry.lang for entry in entries])

    def _wrong(self) -> set[int]:
        """The sequences of what is in the index or in the store, and not once and the same in both."""
        keys, sequences = self.store.embedded_versions()
        key_of = dict(zip(sequences.tolist(), keys.tolist(), strict=True))
        right: Counter[int] = Counter()
        seen: set[int] = set()
        for own, vectors in self.vectors.stored():
            for start in range(0, len(own), _CHUNK):
                part = slice(start, start + _CHUNK)
                there = dict(zip(own[part].tolist(), vectors[part], strict=True))
                entries, embeddings = self.store.embedded([key_of[one] for one in there if one in key_of])
                wanted = self._centred(entries, embeddings).astype(np.float16)
                right.update(
                    entry.sequence
                    for entry, vector in zip(entries, wanted, strict=True)
                    if entry.sequence in there and np.array_equal(there[entry.sequence], vector)
                )
                seen |= there.keys()
        return {one for one in seen | key_of.keys() if right[one] != 1}
