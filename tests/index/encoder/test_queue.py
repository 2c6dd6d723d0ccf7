"""The queue: whose turn it is, who gets what, and what happens when callers go away or are too many.

A model made by hand stands in for the real one where the order matters: it embeds when it is told to.
"""

import asyncio
import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from index.encoder import EncoderFigures, Priority
from index.encoder.queue import QueuedEncoder, QueueLimits
from index.errors import EncoderOverloadedError

_PATIENCE = 30


class SteppedModel:
    """Words are tokens. A text's vector points to an angle worked out from its words.

    A batch is embedded when `allow` is called; `began` is released when one has come.
    """

    name = "stepped"
    fingerprint = "stepped"
    dimensions = 2
    max_tokens = 100
    added_tokens = 0
    lengths = (10, 50, 100)

    def __init__(self, *, stepped: bool = False, passes: int = 1) -> None:
        self.passes = passes
        self.batches: list[list[str]] = []
        self.began = threading.Semaphore(0)
        self._allowed = threading.Semaphore(0)
        self._stepped = stepped

    def token_ends(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        return [np.cumsum([len(word) + 1 for word in text.split()], dtype=np.int64) for text in texts]

    def embed(self, texts: Sequence[str], tokens: int) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        self.began.release()
        if self._stepped:
            assert self._allowed.acquire(timeout=_PATIENCE)
        if any("poison" in text for text in texts):
            raise RuntimeError("poisoned")
        assert max(len(text.split()) for text in texts) <= tokens
        return np.stack([vector_of(text) for text in texts])

    def allow(self, batches: int = 1) -> None:
        self._allowed.release(batches)

    def wait_for_batch(self) -> None:
        assert self.began.acquire(timeout=_PATIENCE)


def vector_of(text: str) -> NDArray[np.float32]:
    angle = sum(map(ord, text)) % 100 / 50
    return np.array([np.cos(angle), np.sin(angle)], np.float32)


@pytest.fixture
def model() -> Iterator[SteppedModel]:
    model = SteppedModel(stepped=True)
    yield model
    model.allow(1_000)


def encoder_of(model: SteppedModel, **limits: int) -> QueuedEncoder:
    return QueuedEncoder(model, QueueLimits(**limits))


async def held_up(model: SteppedModel, encoder: QueuedEncoder) -> asyncio.Task[NDArray[np.float32]]:
    """Keep the model busy with a text, so that what comes next has to wait."""
    task = asyncio.create_task(encoder.encode_async(["hold"]))
    await asyncio.to_thread(model.wait_for_batch)
    return task


async def test_many_callers_each_get_their_own() -> None:
    encoder = encoder_of(SteppedModel())
    texts = [[f"caller {caller} text {number} " * (caller % 7 + 1) for number in range(5)] for caller in range(64)]
    answers = await asyncio.gather(*(encoder.encode_async(of_caller) for of_caller in texts))
    for of_caller, vectors in zip(texts, answers, strict=True):
        np.testing.assert_allclose(vectors, [vector_of(text) for text in of_caller], atol=1e-6)


def test_threads_get_their_own_too() -> None:
    encoder = encoder_of(SteppedModel())
    with ThreadPoolExecutor(16) as pool:
        answers = pool.map(lambda number: encoder.encode([f"text {number}", "the same"]), range(200))
        for number, vectors in enumerate(answers):
            np.testing.assert_allclose(vectors, [vector_of(f"text {number}"), vector_of("the same")], atol=1e-6)


async def test_interactive_goes_before_bulk(model: SteppedModel) -> None:
    encoder = encoder_of(model)
    holding = await held_up(model, encoder)
    bulk = asyncio.create_task(encoder.encode_async(["bulk one", "bulk two"], Priority.BULK))
    await asyncio.sleep(0)
    asking = asyncio.create_task(encoder.encode_async(["asked later"], Priority.INTERACTIVE))
    await asyncio.sleep(0)
    model.allow(3)
    await asyncio.gather(holding, bulk, asking)
    assert model.batches == [["hold"], ["asked later"], ["bulk one", "bulk two"]]


async def test_what_becomes_urgent_goes_first(model: SteppedModel) -> None:
    encoder = encoder_of(model)
    holding = await held_up(model, encoder)
    tasks = [asyncio.create_task(encoder.encode_async([text], Priority.BULK)) for text in ("a " * 90, "b")]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(encoder.encode_async(["b"], Priority.INTERACTIVE)))
    await asyncio.sleep(0)
    model.allow(3)
    await asyncio.gather(holding, *tasks)
    assert model.batches[1:] == [["b"], ["a " * 90]]


async def test_passes_are_made_beside_each_other() -> None:
    model = SteppedModel(stepped=True, passes=2)
    encoder = encoder_of(model)
    texts = ["long " * 90, "short", "other " * 90, "brief"]
    task = asyncio.create_task(asyncio.to_thread(encoder.encode, texts))
    for _ in range(2):  # neither was allowed to end when the other began
        await asyncio.to_thread(model.wait_for_batch)
    assert sorted(map(len, model.batches)) == [2, 2]
    assert encoder.figures().waiting_texts == 4
    model.allow(2)
    np.testing.assert_allclose(await task, [vector_of(text) for text in texts], atol=1e-6)


async def test_a_single_text_needs_one_pass() -> None:
    model = SteppedModel(stepped=True, passes=2)
    encoder = encoder_of(model)
    task = asyncio.create_task(encoder.encode_async(["one"]))
    await asyncio.to_thread(model.wait_for_batch)
    assert not model.began.acquire(timeout=0.1)
    model.allow()
    await task
    assert model.batches == [["one"]]


def test_texts_of_many_windows_are_put_together_from_many_passes() -> None:
    texts = [" ".join(f"word{number}x{place}" for place in range(number * 7 + 1)) for number in range(60)]
    one, many = (
        QueuedEncoder(SteppedModel(passes=passes), QueueLimits(cached_texts=0), window_tokens=8) for passes in (1, 4)
    )
    expected = one.encode(texts)
    for _ in range(5):
        np.testing.assert_allclose(many.encode(texts), expected, atol=1e-6)
    assert many.figures().waiting_texts == 0


async def test_what_fails_in_one_pass_does_not_fail_in_another() -> None:
    encoder = encoder_of(SteppedModel(passes=3))
    texts = [f"{word} {number}" for number in range(40) for word in ("poison", "fine")]
    found = await asyncio.gather(*(encoder.encode_async([text]) for text in texts), return_exceptions=True)
    assert [isinstance(one, RuntimeError) for one in found] == ["poison" in text for text in texts]


async def test_the_same_text_is_embedded_once(model: SteppedModel) -> None:
    encoder = encoder_of(model)
    holding = await held_up(model, encoder)
    tasks = [asyncio.create_task(encoder.encode_async(["copy", "copy"])) for _ in range(3)]
    await asyncio.sleep(0)
    model.allow(2)
    await asyncio.gather(holding, *tasks)
    await encoder.encode_async(["copy"])
    assert model.batches == [["hold"], ["copy"]]


async def test_the_cache_forgets_what_was_least_used() -> None:
    model = SteppedModel()
    encoder = encoder_of(model, cached_texts=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        await encoder.encode_async([text])
    assert [batch[0] for batch in model.batches] == ["one", "two", "three", "two"]


async def test_without_a_cache_everything_is_embedded() -> None:
    model = SteppedModel()
    encoder = encoder_of(model, cached_texts=0)
    for _ in range(3):
        await encoder.encode_async(["one"])
    assert len(model.batches) == 3


async def test_a_vector_from_the_cache_cannot_be_spoilt() -> None:
    encoder = encoder_of(SteppedModel())
    first = await encoder.encode_async(["one"])
    first[:] = 0
    np.testing.assert_allclose((await encoder.encode_async(["one"]))[0], vector_of("one"), atol=1e-6)


async def test_what_is_cancelled_is_dropped(model: SteppedModel) -> None:
    encoder = encoder_of(model)
    holding = await held_up(model, encoder)
    given_up = asyncio.create_task(encoder.encode_async(["given up", "shared"]))
    staying = asyncio.create_task(encoder.encode_async(["shared"]))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    model.allow(2)
    np.testing.assert_allclose((await staying)[0], vector_of("shared"), atol=1e-6)
    await holding
    assert model.batches == [["hold"], ["shared"]]


async def test_what_is_cancelled_makes_room(model: SteppedModel) -> None:
    encoder = encoder_of(model, waiting_bytes=20)
    holding = await held_up(model, encoder)
    waiting = asyncio.create_task(encoder.encode_async(["sixteen letters!"]))
    await asyncio.sleep(0)
    with pytest.raises(EncoderOverloadedError):
        await encoder.encode_async(["more"])
    waiting.cancel()
    await asyncio.sleep(0)
    more = asyncio.create_task(encoder.encode_async(["more"]))
    await asyncio.sleep(0)
    model.allow(2)
    assert (await asyncio.gather(holding, more))[1].shape == (1, 2)


async def test_too_much_is_refused_at_once_and_leaves_nothing_behind(model: SteppedModel) -> None:
    encoder = encoder_of(model, waiting_bytes=10)
    holding = await held_up(model, encoder)
    with pytest.raises(EncoderOverloadedError, match=r"4 bytes .* at most 10: try again in \d+ s") as refusal:
        await encoder.encode_async(["seven to", "many"])
    assert refusal.value.retry_after >= 1
    model.allow()
    await holding
    assert model.batches == [["hold"]]


async def test_one_can_ask_first_and_is_admitted_then(model: SteppedModel) -> None:
    encoder = encoder_of(model, waiting_bytes=3)
    encoder.refuse_overload()
    holding = await held_up(model, encoder)
    with pytest.raises(EncoderOverloadedError):
        encoder.refuse_overload()
    admitted = asyncio.create_task(encoder.encode_async(["more than three"], admitted=True))
    await asyncio.sleep(0)
    model.allow(2)
    await asyncio.gather(holding, admitted)


async def test_however_long_a_text_is_taken_when_nothing_waits() -> None:
    encoder = encoder_of(SteppedModel(), waiting_bytes=1)
    assert (await encoder.encode_async(["long " * 500])).shape == (1, 2)


async def test_an_error_reaches_those_whom_it_concerns_and_no_others() -> None:
    encoder = encoder_of(SteppedModel())
    with pytest.raises(RuntimeError, match="poisoned"):
        await encoder.encode_async(["some poison"])
    np.testing.assert_allclose((await encoder.encode_async(["food"]))[0], vector_of("food"), atol=1e-6)
    with pytest.raises(RuntimeError, match="poisoned"):  # it was not kept
        await encoder.encode_async(["some poison"])


async def test_one_bad_text_does_not_spoil_its_batch(model: SteppedModel) -> None:
    encoder = encoder_of(model)
    holding = await held_up(model, encoder)
    bad = asyncio.create_task(encoder.encode_async(["poison"]))
    good = asyncio.create_task(encoder.encode_async(["food"]))
    await asyncio.sleep(0)
    model.allow(4)
    np.testing.assert_allclose((await good)[0], vector_of("food"), atol=1e-6)
    with pytest.raises(RuntimeError, match="poisoned"):
        await bad
    await holding
    assert model.batches == [["hold"], ["poison", "food"], ["poison"], ["food"]]


class PanickingModel(SteppedModel):
    """Fails once, worse than by an exception."""

    panicked = False

    def token_ends(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        if not self.panicked:
            self.panicked = True
            raise KeyboardInterrupt
        return super().token_ends(texts)


async def test_a_panic_is_told_and_the_next_is_served() -> None:
    encoder = encoder_of(PanickingModel())
    jobs = encoder._join(["first"], Priority.BULK, admitted=True)
    async with asyncio.timeout(_PATIENCE):
        while not jobs[0].result.done():
            await asyncio.sleep(0.001)
    assert isinstance(jobs[0].result.exception(), KeyboardInterrupt)
    np.testing.assert_allclose((await encoder.encode_async(["second"]))[0], vector_of("second"), atol=1e-6)


async def test_what_waits_is_counted_right_whoever_leaves_when() -> None:
    """Callers that come and go in any order, with a cache that is too small for them all."""
    encoder = encoder_of(SteppedModel(), cached_texts=5)
    random = np.random.default_rng(0)

    async def caller() -> None:
        for _ in range(60):
            texts = [f"text {number}" for number in random.integers(0, 30, 5)]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.002 if random.random() < 0.4 else None):
                    await encoder.encode_async(texts, Priority(int(random.integers(0, 2))))

    await asyncio.gather(*(caller() for _ in range(30)))
    async with asyncio.timeout(_PATIENCE):
        while encoder._running:
            await asyncio.sleep(0.001)
    assert encoder._jobs == {}
    assert encoder._waiting_bytes == 0


async def test_room_that_is_reserved_is_not_given_to_others(model: SteppedModel) -> None:
    encoder = encoder_of(model, waiting_bytes=10)
    with encoder.reserve(["sevenish"]):
        with pytest.raises(EncoderOverloadedError), encoder.reserve(["another"]):
            pass
        with pytest.raises(EncoderOverloadedError):
            await encoder.encode_async(["another"])
    encoder.refuse_overload()
    assert encoder._reserved_bytes == 0


async def test_short_texts_are_not_held_up_by_a_long_one(model: SteppedModel) -> None:
    encoder = encoder_of(model)
    holding = await held_up(model, encoder)
    long_text = asyncio.create_task(encoder.encode_async([" ".join(f"word{n}" for n in range(6_000))]))
    await asyncio.sleep(0)
    short = asyncio.create_task(encoder.encode_async(["short"]))
    await asyncio.sleep(0)
    model.allow(100)
    await asyncio.gather(holding, long_text, short)
    assert ["short"] in model.batches[:4]


async def test_a_long_text_does_not_wait_for_all_that_come_after_it(model: SteppedModel) -> None:
    encoder = encoder_of(model)
    holding = await held_up(model, encoder)
    texts = [" ".join(f"word{number}x{place}" for place in range(300)) for number in range(200)]  # of three windows
    tasks = [asyncio.create_task(encoder.encode_async([text])) for text in texts]
    await asyncio.sleep(0)
    model.allow(1_000)
    await asyncio.gather(holding, *tasks)
    numbers = [int(window.removeprefix("word").split("x")[0]) for batch in model.batches[1:] for window in batch]
    first_ends = max(place for place, number in enumerate(numbers) if number == 0)
    assert max(numbers[:first_ends]) < 100


async def test_a_long_text_is_read_to_its_end(model: SteppedModel) -> None:
    encoder = encoder_of(model)
    text = " ".join(f"word{number}" for number in range(250))
    model.allow(10)
    (vector,) = await encoder.encode_async([text])
    windows = [window for batch in model.batches for window in batch]
    assert "".join(sorted(windows, key=text.index)) == text
    assert [len(window.split()) for window in sorted(windows, key=text.index)] == [100, 100, 50]
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


async def test_no_texts_give_no_vectors() -> None:
    assert (await encoder_of(SteppedModel()).encode_async([])).shape == (0, 2)


async def test_what_was_done_and_what_waits_is_told(model: SteppedModel) -> None:
    encoder = encoder_of(model, waiting_bytes=20)
    assert encoder.figures() == EncoderFigures()
    holding = await held_up(model, encoder)
    waiting = asyncio.create_task(encoder.encode_async(["one text", "other"]))
    await asyncio.sleep(0)
    with pytest.raises(EncoderOverloadedError):
        await encoder.encode_async(["one too many"])
    with encoder.reserve(["abc"]):
        assert encoder.figures() == EncoderFigures(
            refused=1, waiting_texts=3, waiting_bytes=len("holdone textotherabc")
        )
    model.allow(2)
    await asyncio.gather(holding, waiting)
    figures = encoder.figures()
    assert figures.seconds > 0
    assert replace(figures, seconds=0) == EncoderFigures(batches=2, texts=3, refused=1)
    await encoder.encode_async(["one text"])
    assert encoder.figures() == figures  # from the cache
