"""Summaries are made once, and go with what they are of."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from index import CoverageIndex, StoredArticle, open_index
from index.encoder import EncoderFigures, Priority
from index.errors import EncoderOverloadedError
from index.store import ModelRecord
from tests.index.fakes import FakeEncoder, an_article
from tests.waiting import wait_until

SENTENCES = (
    "The mountain was quiet on that day.",
    "The summit opened in the morning, and the summit went on.",
    "A game of chess was played nearby.",
    "A vote is due in the spring of next year.",
    "The summit closed with a flood of words.",
    "The weather stayed dry and rather cold.",
)
TEXT = " ".join(SENTENCES)


class CrowdedEncoder(FakeEncoder):
    """Has too much to do for those who want it at once."""

    def figures(self) -> EncoderFigures:
        return EncoderFigures(waiting_texts=7)

    async def encode_async(
        self, texts: Sequence[str], priority: Priority = Priority.INTERACTIVE, *, admitted: bool = False
    ) -> NDArray[np.float32]:
        raise EncoderOverloadedError("too much is waiting", 1)


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture
def index(tmp_path: Path, encoder: FakeEncoder) -> Iterator[CoverageIndex]:
    with open_index(tmp_path / "data", encoder) as opened:
        opened.put([an_article("a", title="The summit", text=TEXT)])
        yield opened


def kept(index: CoverageIndex, stored: StoredArticle) -> list[str] | None:
    return index.summaries.kept([stored]).get(stored.key)


@pytest.mark.anyio
async def test_a_summary_has_sentences_of_the_text_in_order(index: CoverageIndex) -> None:
    found = await index.summaries.get(index.article("a"))
    assert found == [SENTENCES[1], SENTENCES[4]]


@pytest.mark.anyio
async def test_it_is_made_once(index: CoverageIndex, encoder: FakeEncoder) -> None:
    stored = index.article("a")
    assert kept(index, stored) is None
    first = await index.summaries.get(stored)
    encoder.encoded.clear()
    assert await index.summaries.get(stored) == index.summaries.make(stored) == kept(index, stored) == first
    assert encoder.encoded == []


def test_it_goes_with_any_change_of_the_article(index: CoverageIndex) -> None:
    index.summaries.make(index.article("a"))
    index.put([an_article("a", title=f"The summit {SENTENCES[0]}", text=" ".join(SENTENCES[1:]))])
    stored = index.article("a")
    assert kept(index, stored) is None
    assert index.summaries.make(stored) == [SENTENCES[1], SENTENCES[4]]


def test_the_same_words_with_another_headline_have_another_text(index: CoverageIndex) -> None:
    index.put([an_article("b", title="The summit", text=f"{SENTENCES[0]}\n{TEXT}")])
    before = index.article("b")
    index.summaries.make(before)
    index.put([an_article("b", title=f"The summit\n{SENTENCES[0]}", text=TEXT)])
    stored = index.article("b")
    assert stored.words_hash == before.words_hash
    assert kept(index, stored) is None


def test_of_an_article_that_changed_meanwhile_nothing_is_kept(index: CoverageIndex) -> None:
    before = index.article("a")
    index.put([an_article("a", title="The summit", text="Other words altogether.", source="Harbor Tribune")])
    assert index.summaries.make(before)
    assert kept(index, index.article("a")) is None


def test_it_goes_with_the_article_and_with_the_model(index: CoverageIndex) -> None:
    index.put([an_article("b", title="The summit", text=TEXT)])
    stored, other = index.article("a"), index.article("b")
    index.summaries.make(stored)
    index.summaries.make(other)
    index.take_down("a")
    assert index.summaries.kept([stored, other]).keys() == {other.key}
    index._store.set_model(ModelRecord("other", "another"))
    assert index.summaries.kept([other]) == {}


@pytest.mark.anyio
@pytest.mark.parametrize("text", [None, SENTENCES[0]])
async def test_of_little_text_there_is_nothing_to_choose(
    index: CoverageIndex, encoder: FakeEncoder, text: str | None
) -> None:
    fields = {"text": text} if text else {}
    index.put([an_article("short", title="The summit again", **fields)])
    encoder.encoded.clear()
    assert await index.summaries.get(index.article("short")) == ([text] if text else [])
    assert encoder.encoded == []


@pytest.mark.anyio
async def test_while_too_much_waits_there_is_none(tmp_path: Path) -> None:
    with open_index(tmp_path / "crowded", CrowdedEncoder()) as index:
        index.put([an_article("a", title="The summit", text=TEXT)])
        assert await index.summaries.get(index.article("a")) is None
        index.summaries.make_expected()
        assert kept(index, index.article("a")) is None


def test_in_a_quiet_moment_those_of_what_came_in_are_made(tmp_path: Path) -> None:
    with open_index(tmp_path / "quiet", FakeEncoder(), summarise=True) as index:
        index.put([an_article(name, title=f"The summit {name}", text=TEXT) for name in "abcdef"])
        articles = [index.article(name) for name in "abcdef"]
        wait_until(lambda: len(index.summaries.kept(articles)) == len(articles))


def test_while_articles_are_put_none_are_made_though_the_encoder_is_idle(index: CoverageIndex) -> None:
    index.put([an_article("new", title="The summit again", text=TEXT)])
    with index._claims.claimed(["of a batch that is still being kept"]):
        index.summaries.make_expected()
        assert kept(index, index.article("new")) is None
    index.summaries.make_expected()
    assert kept(index, index.article("new"))


@pytest.mark.anyio
async def test_a_reader_makes_but_does_not_keep_them(index: CoverageIndex, tmp_path: Path) -> None:
    with open_index(tmp_path / "data", FakeEncoder(), writer=False) as reader:
        stored = reader.article("a")
        assert await reader.summaries.get(stored) == [SENTENCES[1], SENTENCES[4]]
        assert kept(reader, stored) is None
