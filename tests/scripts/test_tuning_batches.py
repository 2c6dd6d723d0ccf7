"""Which texts stand together in a batch, and which of them are to be told apart."""

import numpy as np
import pytest
from tuning_batches import KINDS, SAME_EVENT, Batches, Vectors
from tuning_data import Document, Event, Group, Report

PAIRS = 24


def events(count: int) -> list[Group]:
    return [
        Event(str(number), [Report(f"event {number}", f"text {number}", "en") for _ in range(2)])
        for number in range(count)
    ]


def documents(count: int) -> list[Group]:
    languages = ("en", "ko", "ru", "ja", "zh", "ar", "de")
    return [
        Document(str(number), {lang: [f"{number} {place} {lang}" for place in range(9)] for lang in languages})
        for number in range(count)
    ]


def orthogonal(count: int) -> Vectors:
    return np.eye(count, dtype=np.float32)


def number_in(words: str) -> str:
    return next(word for word in words.split() if word.isdigit())


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_full_and_a_seed_gives_the_same_one(kind: str) -> None:
    groups = events(5) + documents(5)
    one, other = (Batches(groups, orthogonal(10), pairs=PAIRS, seed=3).of(kind) for _ in range(2))
    assert len(one.pairs) == PAIRS
    assert len(one.texts) == 2 * PAIRS
    assert one.pairs == other.pairs
    assert np.array_equal(one.same, other.same)
    assert Batches(groups, orthogonal(10), pairs=PAIRS, seed=4).of(kind).pairs != one.pairs


@pytest.mark.parametrize("kind", ["events", "passages"])
def test_texts_of_one_group_need_not_be_told_apart_and_others_do(kind: str) -> None:
    batch = Batches(events(5) + documents(5), orthogonal(10), pairs=PAIRS, seed=0).of(kind)
    numbers = [number_in(first.words) for first, _ in batch.pairs]
    assert np.array_equal(batch.same, np.equal.outer(numbers, numbers))


def test_sentences_of_one_document_are_to_be_told_apart() -> None:
    batch = Batches(documents(8), orthogonal(8), pairs=PAIRS, seed=0).of("translations")
    assert np.array_equal(batch.same, np.eye(PAIRS, dtype=np.bool_))
    assert len({number_in(first.words) for first, _ in batch.pairs}) == PAIRS // 6
    assert len({first.words.split()[0] + first.words.split()[1] for first, _ in batch.pairs}) == PAIRS


def test_groups_that_are_too_much_alike_need_not_be_told_apart() -> None:
    vectors = orthogonal(30)
    vectors[1] = SAME_EVENT * 1.01 * vectors[0] + np.sqrt(1 - (SAME_EVENT * 1.01) ** 2) * vectors[1]
    batch = Batches(events(30), vectors, pairs=30, seed=0).of("events")
    places = {number_in(first.words): place for place, (first, _) in enumerate(batch.pairs)}
    assert batch.same[places["0"], places["1"]]
    assert batch.same.sum() == 32


def test_look_alikes_stand_together() -> None:
    """Ten topics of forty events: by chance, of 24 events 2.3 others would be of an event's topic."""
    topics = np.repeat(np.eye(10, 20), 40, axis=0)
    own = np.random.default_rng(0).normal(size=(400, 20)) * 0.1
    vectors = (topics + own) / np.linalg.norm(topics + own, axis=1, keepdims=True)
    batch = Batches(events(400), vectors.astype(np.float32), pairs=PAIRS, seed=0).of("look_alikes")
    numbers = [int(number_in(first.words)) for first, _ in batch.pairs]
    others = np.equal.outer(np.array(numbers) // 40, np.array(numbers) // 40).sum(axis=1) - 1
    assert len(set(numbers)) == PAIRS
    assert others.mean() >= 5


def test_kinds_come_by_their_shares_and_only_those_that_there_is_data_for() -> None:
    batches = Batches(documents(4), orthogonal(4), pairs=4, seed=0)
    assert batches.kinds == ["passages", "translations"]
    shares = dict.fromkeys(KINDS, 0.0) | {"events": 1.0, "passages": 0.25, "translations": 0.75}
    drawn = [batches.draw(shares).kind for _ in range(200)]
    assert 120 < drawn.count("translations") < 180


def test_shares_that_leave_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="passages, translations"):
        Batches(documents(4), orthogonal(4), pairs=4, seed=0).draw(dict.fromkeys(KINDS, 0.0))
