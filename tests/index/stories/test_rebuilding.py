from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import Article, open_index
from index.errors import StoreError, WriterLockedError
from index.maintenance import rebuild_stories
from index.related.signals import signals_of
from index.stories import rebuilding
from index.stories.grouping import DEMAND
from index.stories.rebuilding import Rebuilt, rebuild, replayed
from tests.index.fakes import FakeEncoder, an_article
from tests.index.stories.newsroom import SCORER, Newsroom, a_history, open_newsroom

TOPICAL = [
    an_article("s1", "Summit one"),
    an_article("f1", "Flood one"),
    an_article("s2", "Summit two"),
    an_article("f2", "Flood two"),
    an_article("s3", "Summit three"),
]


def replay(newsroom: Newsroom, order: Sequence[str] | None = None) -> list[str]:
    """The ids of the articles of each story that there would be."""
    keys = None if order is None else [newsroom.key(one) for one in order]
    parts = replayed(newsroom.store, newsroom.follower.background, SCORER, newsroom.folder, order=keys)
    assert all(part == sorted(part) for part in parts)
    return sorted(" ".join(sorted(ids(newsroom, part))) for part in parts)


def ids(newsroom: Newsroom, keys: Sequence[int]) -> list[str]:
    found = newsroom.store.get_by_keys(keys)
    return [found[key].article.id for key in keys]


def rebuilt(newsroom: Newsroom) -> Rebuilt:
    return rebuild(newsroom.follower, SCORER, newsroom.folder)


# As if all came again


@settings(max_examples=8)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 12), max_size=12))
def test_articles_that_come_again_are_in_the_same_stories_in_whatever_batches_they_came(
    seed: int, sizes: list[int]
) -> None:
    articles = a_history(seed, 24)
    with TemporaryDirectory() as folder, open_newsroom(Path(folder)) as newsroom:
        while articles:
            size = sizes.pop() if sizes else len(articles)
            newsroom.report(*articles[:size])
            articles = articles[size:]
        assert replay(newsroom) == newsroom.stories()
        before, log = newsroom.members(), newsroom.changes()
        assert rebuilt(newsroom) == Rebuilt(24, len(before), 0)
        assert (newsroom.members(), newsroom.changes()) == (before, log)


@pytest.mark.parametrize("chunk", [1, 7])
def test_how_many_are_read_at_once_does_not_matter(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    newsroom.report(*a_history(4, 30))
    monkeypatch.setattr(rebuilding, "_CHUNK", chunk)
    assert replay(newsroom) == newsroom.stories()


def test_what_was_taken_down_does_not_come_again(newsroom: Newsroom) -> None:
    newsroom.report(*TOPICAL)
    newsroom.store.take_down("s2")
    newsroom.store.take_down("f1")
    assert replay(newsroom) == newsroom.stories() == ["f2", "s1 s3"]
    assert rebuilt(newsroom).moved == 0


def test_some_articles_may_come_in_another_order(newsroom: Newsroom) -> None:
    newsroom.report(*TOPICAL)
    assert replay(newsroom, ["s3", "f2", "s1"]) == ["f2", "s1 s3"]
    assert replay(newsroom, ["f1"]) == ["f1"]
    assert replay(newsroom, []) == []


def test_the_order_matters_only_for_what_comes(newsroom: Newsroom) -> None:
    articles = a_history(2, 30)
    newsroom.report(*articles)
    backwards = [article.id for article in reversed(articles)]
    assert sorted(" ".join(replay(newsroom, backwards)).split()) == sorted(backwards)
    with open_newsroom(newsroom.folder / "other") as other:
        other.report(*reversed(articles[:20]))
        twenty = [article.id for article in reversed(articles[:20])]
        assert replay(newsroom, twenty) == other.stories()


def test_articles_come_in_the_order_in_which_they_were_embedded(newsroom: Newsroom) -> None:
    newsroom.report(*TOPICAL[:2])
    newsroom.report(an_article("s1", "Volcano one"), an_article("v2", "Volcano two"))
    newsroom.report(an_article("v2", "Flood for the second time"))
    assert newsroom.stories() == ["f1 v2", "s1"]
    assert replay(newsroom) == ["f1 v2", "s1"]


def test_a_replay_may_demand_something_else(newsroom: Newsroom) -> None:
    newsroom.report(*TOPICAL)
    everything = replace(DEMAND, least=99)
    parts = replayed(newsroom.store, newsroom.follower.background, SCORER, newsroom.folder, demand=everything)
    assert [len(part) for part in parts] == [1] * 5


def test_a_replay_changes_nothing_and_leaves_nothing_behind(newsroom: Newsroom) -> None:
    newsroom.report(*TOPICAL)
    before, log, files = newsroom.members(), newsroom.changes(), sorted(newsroom.folder.iterdir())
    replay(newsroom, ["s1", "f1"])
    assert (newsroom.members(), newsroom.changes(), sorted(newsroom.folder.iterdir())) == (before, log, files)
    assert newsroom.library.waiting() == 0


def test_what_waits_to_be_assigned_does_not_come_again(newsroom: Newsroom) -> None:
    newsroom.report(*TOPICAL[:4])
    newsroom.come(*TOPICAL[4:])
    assert replay(newsroom) == newsroom.stories() == ["f1 f2", "s1 s2"]


def test_of_nothing_there_are_no_stories(newsroom: Newsroom) -> None:
    newsroom.put(*TOPICAL)
    assert replay(newsroom) == []
    assert rebuilt(newsroom) == Rebuilt(0, 0, 0)


def test_an_index_tells_what_would_be_and_goes_on_with_what_is(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put(TOPICAL)
        whole = [sorted(part) for part in index.replay_stories()]
        assert sorted(whole) == [["f1", "f2"], ["s1", "s2", "s3"]]
        some = index.replay_stories(["s3", "f1", "s1"], demand=replace(DEMAND, least=99))
        assert sorted(some) == [["f1"], ["s1"], ["s3"]]
        assert index.stories.count() == 2


# Rebuild


def test_what_was_grouped_otherwise_is_grouped_anew_and_ids_go_with_most_articles(newsroom: Newsroom) -> None:
    one = newsroom.tell(*(article for article in TOPICAL if article.id != "s3"), an_article("f3", "Flood three"))
    other = newsroom.tell(an_article("v1", "Volcano one"), an_article("v2", "Volcano two"), TOPICAL[-1])
    done = rebuilt(newsroom)
    (made,) = set(newsroom.members()) - {one, other}
    assert newsroom.members() == {one: {"f1", "f2", "f3"}, other: {"v1", "v2"}, made: {"s1", "s2", "s3"}}
    assert done == Rebuilt(8, 3, 3)
    assert rebuilt(newsroom) == Rebuilt(8, 3, 0)
    assert newsroom.store.stories.mend() == 0


def test_a_rebuild_keeps_the_older_id_of_stories_that_are_one(newsroom: Newsroom) -> None:
    one = newsroom.tell(an_article("s1", "Summit one"))
    other = newsroom.tell(an_article("s2", "Summit two"), an_article("s3", "Summit three"))
    assert rebuilt(newsroom) == Rebuilt(3, 1, 2)
    assert newsroom.members() == {one: {"s1", "s2", "s3"}}
    assert newsroom.store.stories.merged_into(other) == one


def test_what_waits_is_assigned_before_a_rebuild(newsroom: Newsroom) -> None:
    newsroom.report(*TOPICAL[:2])
    newsroom.come(*TOPICAL[2:])
    assert rebuilt(newsroom) == Rebuilt(5, 2, 0)
    assert newsroom.stories() == ["f1 f2", "s1 s2 s3"]


def test_an_article_that_is_not_embedded_now_stays_in_its_story_when_all_are_rebuilt(newsroom: Newsroom) -> None:
    newsroom.report(*TOPICAL)
    before = newsroom.members()
    newsroom.put(an_article("s2", "Other words"))
    assert replay(newsroom) == ["f1 f2", "s1 s3"]
    assert rebuilt(newsroom).moved == 0
    assert newsroom.members() == before


def test_articles_that_are_not_embedded_do_not_stand_in_the_way_of_others(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    newsroom.report(*TOPICAL)
    newsroom.put(an_article("s1", "Other words"), an_article("f1", "Words of other things"))
    monkeypatch.setattr(rebuilding, "_CHUNK", 2)
    for order in ("s2 f2 s1 f1 s3", "s1 f1 s2 f2 s3"):
        assert replay(newsroom, order.split()) == ["f2", "s2 s3"]


def embed(newsroom: Newsroom, *articles: Article) -> None:
    """As `Newsroom.come`, with the vectors of the last article first."""
    newsroom.put(*articles)
    waiting = newsroom.store.without_vector(99)[::-1]
    embeddings = FakeEncoder().encode([one.article.words for one in waiting]).astype(np.float16)
    newsroom.store.put_vectors(waiting, embeddings, [signals_of(one.article) for one in waiting])


def test_articles_embedded_in_another_order_than_they_came_are_replayed_in_that_order(newsroom: Newsroom) -> None:
    for seed in (3, 5):
        embed(newsroom, *(one.model_copy(update={"id": f"{one.id}-{seed}"}) for one in a_history(seed, 20)))
        newsroom.keeper.assign_waiting()
    assert replay(newsroom) == newsroom.stories()
    assert rebuilt(newsroom).moved == 0


# On a data directory


def test_the_stories_of_a_data_directory_are_rebuilt(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put(TOPICAL)
        before = index.stories.ids_of([index.article(one.id).key for one in TOPICAL])
        with pytest.raises(WriterLockedError):
            rebuild_stories(tmp_path)
    assert rebuild_stories(tmp_path) == Rebuilt(5, 2, 0)
    with open_index(tmp_path, FakeEncoder()) as index:
        assert index.stories.ids_of([index.article(one.id).key for one in TOPICAL]) == before
    assert not list(tmp_path.glob(".replay-*"))


def test_where_nothing_is_embedded_nothing_can_be_rebuilt(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing in"):
        rebuild_stories(tmp_path)
    with open_index(tmp_path, FakeEncoder()):
        pass
    with pytest.raises(StoreError, match="no embedded articles"):
        rebuild_stories(tmp_path)
