"""What is remembered of articles to compare them is what the store has."""

from pathlib import Path

import numpy as np

from index import CoverageIndex
from index.background import no_background
from index.opening import open_index
from index.stories.reading import RememberingReader
from tests.index.fakes import FakeEncoder, an_article


def test_articles_are_given_in_order_each_time_the_same(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a"), an_article("b", title="A flood", source="News")])
        reader = reader_of(index)
        a, b = index.article("a").key, index.article("b").key
        for keys, wanted in (([b], ["b"]), ([a, b, 99], ["a", "b"]), ([b, a, b], ["b", "a", "b"]), ([], [])):
            articles, vectors = reader.reports(keys)
            assert [one.id for one in articles] == wanted
            assert vectors.shape == (len(wanted), FakeEncoder().dimensions)
            np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)


def test_what_changed_is_read_anew_when_that_is_said(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a"), an_article("b")])
        reader = reader_of(index)
        a, b = index.article("a").key, index.article("b").key
        reader.reports([a, b])
        index.put([an_article("a", source="News")])
        index.take_down("b")
        assert [one.source for one in reader.reports([a, b])[0]] == ["", ""]
        reader.forget([a])
        assert [one.source for one in reader.reports([a, b])[0]] == ["News", ""]
        reader.forget(None)
        assert [one.id for one in reader.reports([a, b])[0]] == ["a"]


def test_the_stories_of_an_index_are_told_of_every_change(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a", source="News"), an_article("b", source="Paper")])
        known = index._keeper._assigner._reader
        key = index.article("a").key
        assert [one.source for one in known.reports([key])[0]] == ["News"]
        index.put([an_article("a", source="Tribune"), an_article("c", title="A flood")])
        assert [one.source for one in known.reports([key])[0]] == ["Tribune"]
        index.take_down("a")
        index.follow()
        assert known.reports([key])[0] == []


def reader_of(index: CoverageIndex) -> RememberingReader:
    encoder = FakeEncoder()
    return RememberingReader(index._store, no_background(encoder.fingerprint, encoder.dimensions))
