"""What is remembered of articles to compare them is what the store has."""

from pathlib import Path

import numpy as np

from index import CoverageIndex
from index.background import no_background
from index.opening import open_index
from index.related.copies import LEAST_SIMILAR
from index.related.remembering import NEIGHBOURS, ROOM, RememberingReader
from index.related.reports import UNKNOWN
from tests.index.fakes import FakeEncoder, an_article


def test_articles_are_given_in_order_each_time_the_same(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a"), an_article("b", title="A flood", source="News")])
        reader = reader_of(index)
        a, b = index.article("a").key, index.article("b").key
        for keys, wanted in (([b], [b]), ([a, b, 99], [a, b]), ([b, a, b], [b, a, b]), ([], [])):
            reports = reader.reports(keys)
            assert reports.keys.tolist() == wanted
            assert reports.vectors.shape == (len(wanted), FakeEncoder().dimensions)
            np.testing.assert_allclose(np.linalg.norm(reports.vectors, axis=1), 1, rtol=1e-6)


def test_what_changed_is_read_anew_when_that_is_said(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a"), an_article("b")])
        reader = reader_of(index)
        a, b = index.article("a").key, index.article("b").key
        reader.reports([a, b])
        index.put([an_article("a", source="News")])
        index.take_down("b")
        assert reader.reports([a, b]).sources.tolist() == [UNKNOWN, UNKNOWN]
        reader.forget([a])
        assert (reader.reports([a, b]).sources != UNKNOWN).tolist() == [True, False]
        reader.forget(None)
        assert reader.reports([a, b]).keys.tolist() == [a]


def test_more_articles_than_there_is_room_for_are_read_all_the_same(tmp_path: Path) -> None:
    ids = "abcdef"
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article(one, source=one) for one in ids])
        keys = [index.article(one).key for one in ids]
        reader = reader_of(index, room=4)
        for asked in (keys[:3], keys[2:5], [*keys, keys[0]], keys[3:], keys[:1] * 5):
            reports = reader.reports(asked)
            assert reports.keys.tolist() == asked
            by_source = dict(zip(reports.sources.tolist(), asked, strict=True))
            assert len(by_source) == len(set(asked))
            own = [index._store.comparable([key])[key].embedding for key in asked]
            assert [vector.astype(np.float16).tobytes() for vector in reports.vectors] == own


def test_the_stories_of_an_index_are_told_of_every_change(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a"), an_article("b", source="Paper")])
        known = index.measurer._reader
        key = index.article("a").key
        assert known.reports([key]).sources.tolist() == [UNKNOWN]
        index.put([an_article("a", source="Tribune"), an_article("c", title="A flood")])
        assert known.reports([key]).sources.tolist() != [UNKNOWN]
        index.take_down("a")
        index.follow()
        assert len(known.reports([key])) == 0


def test_what_is_near_is_searched_for_once_for_story_and_text(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a"), an_article("far", title="Wheat", text="Prices")])
        index.put([an_article(one, text="The summit is over") for one in ("later", "waiting")])
        reader = reader_of(index)
        a, later, waiting = (index.article(one).key for one in ("a", "later", "waiting"))
        own = reader.reports([a])
        nearest = [hit.key for hit in reader.nearest(a, [waiting])]
        assert later in nearest
        assert waiting not in nearest
        similar = [hit.key for hit in reader.nearest(a, [waiting]) if hit.similarity >= LEAST_SIMILAR]
        assert reader.similar(own, "en") == similar
        assert set(reader.similar(own, "en")) == {*similar, waiting}  # now it does not wait any more
        for forget in (reader.search_again, reader.forget):
            reader.nearest(a, [waiting])
            forget([a])
            assert waiting in reader.similar(own, "en")


def test_nothing_is_near_to_what_is_not_there(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a")])
        assert reader_of(index).nearest(999, []) == []


def test_where_more_are_near_than_were_found_those_of_the_language_are_searched_for(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article(f"a{number}") for number in range(NEIGHBOURS)])
        index.put([an_article("own"), an_article("german", lang="de"), an_article("more", text="The summit, and more")])
        reader = reader_of(index)
        own = reader.reports([index.article("own").key])
        assert len(reader.nearest(own.keys.item(), [])) == NEIGHBOURS
        similar = reader.similar(own, "en")
        assert len(similar) == NEIGHBOURS
        assert index.article("german").key in reader.similar(own, "de")
        assert index.article("german").key not in similar


def reader_of(index: CoverageIndex, room: int = ROOM) -> RememberingReader:
    encoder = FakeEncoder()
    return RememberingReader(index._store, index._vectors, no_background(encoder.fingerprint, encoder.dimensions), room)
