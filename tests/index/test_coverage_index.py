import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import Article, Content, CoverageIndex, Filters, PutStatus, RelatedQuery, open_index
from index.encoder import Priority
from index.errors import TakenDownError, UnknownArticleError
from index.related import Answer
from tests.index.fakes import FakeEncoder, an_article
from tests.waiting import wait_until

ANY = RelatedQuery(min_score=0.5)


@pytest.fixture
def fake() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def covered(tmp_path: Path, fake: FakeEncoder) -> Iterator[CoverageIndex]:
    """An index with a fake encoder, and three articles about two topics."""
    with open_index(tmp_path / "data", fake) as opened:
        opened.put([an_article("a"), an_article("b", title="Another summit"), an_article("c", title="A flood")])
        fake.encoded.clear()
        yield opened


def ids(answer: Answer) -> list[str]:
    return [item.stored.article.id for item in answer.items]


def related(index: CoverageIndex, article_id: str, query: RelatedQuery = ANY) -> list[str]:
    return ids(index.related_to(index.article(article_id), query))


def about(index: CoverageIndex, title: str, query: RelatedQuery = ANY) -> list[str]:
    return ids(index.related_to_content(Content(title=title, lang="en"), query))


def put(index: CoverageIndex, *articles: Article, restore: bool = False) -> list[PutStatus]:
    return [outcome.status for outcome in index.put(articles, restore=restore)]


def test_putting_nothing_does_nothing(covered: CoverageIndex, fake: FakeEncoder) -> None:
    assert covered.put([]) == []
    assert fake.encoded == []
    assert covered.count() == 3


def test_what_was_put_is_found(covered: CoverageIndex) -> None:
    assert covered.indexed() == 3
    assert about(covered, "Summit begins") == ["a", "b"]
    assert about(covered, "Flood recedes") == ["c"]


def test_the_same_content_again_encodes_nothing(covered: CoverageIndex, fake: FakeEncoder) -> None:
    assert put(covered, an_article("a"), an_article("c", title=" A  flood ")) == [PutStatus.UNCHANGED] * 2
    assert fake.encoded == []


def test_a_language_identified_is_the_same_content_as_that_language_given(
    covered: CoverageIndex, fake: FakeEncoder
) -> None:
    title = "The leaders of both countries met at the summit and promised to work together"
    put(covered, Article(id="d", title=title))
    assert covered.article("d").article.lang == "en"
    assert put(covered, Article(id="d", title=title), an_article("d", title=title)) == [PutStatus.UNCHANGED] * 2
    assert fake.encoded == [title]


def test_other_metadata_encodes_nothing_but_is_seen_by_filters(covered: CoverageIndex, fake: FakeEncoder) -> None:
    tribune = RelatedQuery(min_score=0.5, filters=Filters(sources=frozenset({"Harbor Tribune"})))
    korean = RelatedQuery(min_score=0.5, filters=Filters(langs=frozenset({"ko"})))
    assert related(covered, "a", tribune) == related(covered, "a", korean) == []
    changed = an_article("b", title="Another summit", source="Harbor Tribune", lang="ko")
    assert put(covered, changed) == [PutStatus.UPDATED]
    assert related(covered, "a", tribune) == related(covered, "a", korean) == ["b"]
    assert fake.encoded == []


def test_only_changed_words_are_encoded_and_the_article_is_found_by_them(
    covered: CoverageIndex, fake: FakeEncoder
) -> None:
    assert put(covered, an_article("a"), an_article("b", title="Another flood")) == [
        PutStatus.UNCHANGED,
        PutStatus.UPDATED,
    ]
    assert fake.encoded == ["Another flood"]
    assert about(covered, "Flood recedes") == ["b", "c"]
    assert about(covered, "Summit begins") == ["a"]


def test_of_several_versions_in_one_call_the_last_is_found(covered: CoverageIndex) -> None:
    put(covered, an_article("d", title="A volcano"), an_article("d", title="Football"))
    assert about(covered, "The volcano") == []
    assert about(covered, "The football") == ["d"]
    assert covered.indexed() == 4


def test_an_article_taken_down_is_in_no_answer_from_then_on(covered: CoverageIndex) -> None:
    assert related(covered, "a") == ["b"]
    covered.take_down("b")
    assert related(covered, "a") == []
    assert (covered.count(), covered.indexed()) == (2, 2)
    with pytest.raises(TakenDownError, match="'b'"):
        covered.article("b")


def test_an_article_taken_down_is_not_accepted_until_it_is_restored(covered: CoverageIndex, fake: FakeEncoder) -> None:
    article = an_article("b", title="Another summit")
    covered.take_down("b")
    assert put(covered, article) == [PutStatus.TAKEN_DOWN]
    assert (related(covered, "a"), fake.encoded) == ([], [])
    assert put(covered, article, restore=True) == [PutStatus.CREATED]
    assert related(covered, "a") == ["b"]


def test_taking_down_twice_or_what_is_unknown_is_an_error(covered: CoverageIndex) -> None:
    covered.take_down("b")
    with pytest.raises(TakenDownError, match="'b'"):
        covered.take_down("b")
    with pytest.raises(UnknownArticleError, match="'x'"):
        covered.take_down("x")


def test_an_article_and_its_copies_are_not_in_its_own_answer(covered: CoverageIndex) -> None:
    put(covered, an_article("a-copy", source="Harbor Tribune"), an_article("b-copy", title="Another summit"))
    answer = covered.related_to(covered.article("a"), ANY)
    assert ids(answer) == ["b"]
    assert [one.article.id for one in answer.items[0].copies] == ["b-copy"]


def test_a_text_that_is_not_kept_finds_no_copies_of_itself_either(covered: CoverageIndex) -> None:
    assert about(covered, "A summit") == ["b"]
    assert covered.count() == 3


def test_asking_about_an_article_encodes_nothing(covered: CoverageIndex, fake: FakeEncoder) -> None:
    related(covered, "a")
    assert fake.encoded == []


def test_an_article_is_found_by_its_url_in_whatever_form(covered: CoverageIndex) -> None:
    put(covered, an_article("d", url="https://a.example/x"))
    assert covered.article_by_url("https://A.example:443/x?utm_source=rss#top").article.id == "d"
    with pytest.raises(UnknownArticleError, match=r"https://a\.example/y"):
        covered.article_by_url("https://a.example/y")
    with pytest.raises(ValueError, match="URL"):
        covered.article_by_url("a.example")


def test_an_unknown_article_is_an_error(covered: CoverageIndex) -> None:
    with pytest.raises(UnknownArticleError, match="'x'"):
        covered.article("x")


class InterruptedEncoder(FakeEncoder):
    """Fails as often as it is told to."""

    failures = 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.failures:
            self.failures -= 1
            raise MemoryError
        return super().encode(texts)


def test_an_article_put_again_after_its_encoding_failed_is_found(tmp_path: Path) -> None:
    encoder = InterruptedEncoder()
    with open_index(tmp_path, encoder) as index:
        encoder.failures = 1
        with pytest.raises(MemoryError):
            index.put([an_article("a")])
        index.put([an_article("a")])
        assert about(index, "Summit begins") == ["a"]


class HeldEncoder(FakeEncoder):
    """Waits before it encodes the first time."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.released = threading.Event(), threading.Event()

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if not self.entered.is_set():
            self.entered.set()
            assert self.released.wait(timeout=60)
        return super().encode(texts)


@pytest.fixture
def held() -> HeldEncoder:
    return HeldEncoder()


@pytest.fixture
def putting(tmp_path: Path, held: HeldEncoder) -> Iterator[tuple[CoverageIndex, threading.Thread]]:
    """An index, and a thread that is just encoding the article `a` for it."""
    with open_index(tmp_path / "data", held) as opened:
        thread = threading.Thread(target=opened.put, args=([an_article("a")],))
        thread.start()
        assert held.entered.wait(timeout=60)
        yield opened, thread
        held.released.set()
        thread.join()


def test_an_article_taken_down_while_it_is_encoded_is_not_found(
    putting: tuple[CoverageIndex, threading.Thread], held: HeldEncoder
) -> None:
    index, thread = putting
    index.take_down("a")
    held.released.set()
    thread.join()
    assert about(index, "Summit begins") == []
    assert index.indexed() == 0


def test_an_article_changed_while_it_is_encoded_is_found_by_its_new_words(
    putting: tuple[CoverageIndex, threading.Thread], held: HeldEncoder
) -> None:
    index, thread = putting
    index.put([an_article("a", title="A flood")])
    held.released.set()
    thread.join()
    assert about(index, "Summit begins") == []
    assert about(index, "Flood recedes") == ["a"]


def test_an_article_put_again_while_it_is_encoded_is_found_when_that_returns(
    putting: tuple[CoverageIndex, threading.Thread],
) -> None:
    index, _ = putting
    assert put(index, an_article("a")) == [PutStatus.UNCHANGED]
    assert about(index, "Summit begins") == ["a"]


def test_the_real_encoder_finds_the_same_event_in_another_language(index: CoverageIndex) -> None:
    index.put(
        [
            Article(id="en", title="Kim and Putin hold summit at Russian spaceport, hint at arms deal"),
            Article(id="de", title="Überschwemmung in Libyen: Tausende Tote nach Dammbruch in Derna"),
        ]
    )
    korean = Content(title="김정은·푸틴, 러시아 우주기지서 정상회담… 군사협력 시사")
    assert ids(index.related_to_content(korean, RelatedQuery(min_score=0)))[0] == "en"


class AsyncHeldEncoder(FakeEncoder):
    """Embeds for the event loop only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = asyncio.Event(), asyncio.Event()

    async def encode_async(
        self, texts: Sequence[str], priority: Priority = Priority.INTERACTIVE, *, admitted: bool = False
    ) -> NDArray[np.float32]:
        self.asked.set()
        await self.go_on.wait()
        return self.encode(texts)


async def test_on_the_event_loop_it_is_all_the_same(covered: CoverageIndex) -> None:
    (outcome,) = await covered.put_async([an_article("d", title="A third summit")])
    assert outcome.status is PutStatus.CREATED
    answer = await covered.related_to_content_async(Content(title="Summit begins", lang="en"), ANY)
    assert ids(answer) == about(covered, "Summit begins") == ["a", "b", "d"]


async def test_what_was_begun_is_brought_to_its_end(tmp_path: Path) -> None:
    encoder = AsyncHeldEncoder()
    with open_index(tmp_path, encoder) as index:
        putting = asyncio.create_task(index.put_async([an_article("a")]))
        await encoder.asked.wait()
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting
        encoder.go_on.set()
        async with asyncio.timeout(30):
            while not index.indexed():
                await asyncio.sleep(0.01)
        assert related(index, "a") == []
        assert about(index, "A summit") == []  # the very same words are a copy


async def test_who_has_no_patience_gets_durable_articles_that_are_found_by_themselves(tmp_path: Path) -> None:
    encoder = AsyncHeldEncoder()
    with open_index(tmp_path / "data", encoder) as index:
        (outcome,) = await index.put_async([an_article("a")], patience=0.01)
        assert outcome.status is PutStatus.CREATED
        assert outcome.waits
        assert index.article("a").version == outcome.version
        await asyncio.to_thread(wait_until, lambda: index.indexed() == 1)
        encoder.go_on.set()
        (again,) = await index.put_async([an_article("a")], patience=30)
        assert again.status is PutStatus.UNCHANGED
        assert not again.waits


async def test_what_somebody_is_at_is_not_embedded_by_itself(tmp_path: Path) -> None:
    encoder = AsyncHeldEncoder()
    with open_index(tmp_path / "data", encoder) as index:
        putting = asyncio.create_task(index.put_async([an_article("a")]))
        await asyncio.to_thread(wait_until, lambda: index.count() == 1)
        index.embed_waiting()
        assert encoder.encoded == []
        encoder.go_on.set()
        (outcome,) = await putting
        assert not outcome.waits
        assert len(encoder.encoded) == 1
