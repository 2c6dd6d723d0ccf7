"""The benchmark of the encoder, cut short: that it measures what it says. What it measures is no test's business."""

import asyncio
import json
from pathlib import Path

import benchmark_encoder
import psutil
import pytest

from index.encoder import EmbeddingModel
from index.encoder.loading import Backend, load_embedding_model
from index.encoder.queue import QueuedEncoder, QueueLimits


@pytest.fixture(scope="module")
def model(cache_dir: Path) -> EmbeddingModel:
    return load_embedding_model(cache=cache_dir)


@pytest.fixture
def encoder(model: EmbeddingModel) -> QueuedEncoder:
    return QueuedEncoder(model, QueueLimits(cached_texts=0))


@pytest.fixture(autouse=True)
def cut_short(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "LENGTHS": {20: 6, 40: 4},
        "TURNS": 1,
        "SINGLE_TEXTS": 2,
        "PER_LANGUAGE": 2,
        "CALLERS": 4,
        "TEXTS_PER_CALLER": 2,
        "MANY_TEXTS": 1_000,
        "PROCESS_TEXTS": 8,
    }.items():
        monkeypatch.setattr(benchmark_encoder, name, value)


def test_texts_are_of_about_the_length_asked_for(model: EmbeddingModel) -> None:
    texts = benchmark_encoder.texts_of_about(40, 20, model)
    lengths = [len(ends) for ends in model.token_ends(texts)]
    assert len(set(texts)) == 20
    assert all(31 <= length <= 49 for length in lengths)
    assert 37 <= sum(lengths) / 20 <= 43


def test_speed_is_measured_against_what_is_given(encoder: QueuedEncoder, model: EmbeddingModel) -> None:
    figures = benchmark_encoder.measure_speed(encoder.encode, encoder, model)
    assert set(figures) == {
        f"tokens_{length}/{name}"
        for length in (20, 40)
        for name in (
            "plain_documents_per_second",
            "documents_per_second",
            "throughput_ratio",
            "plain_latency_ms",
            "latency_ms",
            "latency_ratio",
        )
    }
    assert all(value > 0 for value in figures.values())


def test_agreement_is_over_as_many_texts_of_every_language(
    encoder: QueuedEncoder, model: EmbeddingModel, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    rows = [{"lang": lang, "text": f"{lang} {n // 2}"} for lang in ("en", "ko") for n in range(8)]
    corpus.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    figures = benchmark_encoder.measure_agreement(encoder, encoder, corpus, model)
    assert figures["corpus/texts"] == 4
    assert figures["corpus/cosine_worst"] == pytest.approx(1, abs=1e-3)


def test_callers_get_their_own(encoder: QueuedEncoder, model: EmbeddingModel) -> None:
    figures = asyncio.run(benchmark_encoder.measure_callers(encoder, encoder, model))
    assert figures["callers/texts"] == 8
    assert figures["callers/own_vector_share"] == 1
    assert figures["callers/longest_stall_ms"] > 0


def test_memory_is_measured_over_texts_that_are_all_different(encoder: QueuedEncoder, model: EmbeddingModel) -> None:
    figures = benchmark_encoder.measure_memory(encoder, model)
    assert figures["memory/settled_megabytes"] > 100


def test_passes_beside_each_other_are_measured_in_a_process_of_their_own(cache_dir: Path) -> None:
    figures = benchmark_encoder.in_process("bulk", cache_dir, 2, Backend.AUTO, timed=True)
    assert set(figures) == {"seconds", "many_seconds", "single_seconds", "peak_megabytes"}
    assert all(value > 0 for value in figures.values())


def test_a_process_that_is_not_timed_embeds_no_more_than_its_start_and_peak_take(cache_dir: Path) -> None:
    figures = benchmark_encoder.in_process("ours", cache_dir, 2, Backend.AUTO)
    assert set(figures) == {"seconds", "peak_megabytes"}
    assert all(value > 0 for value in figures.values())


def test_other_work_ends_with_its_context() -> None:
    before = psutil.Process().children()
    with benchmark_encoder.other_work():
        assert len(psutil.Process().children()) == len(before) + 1
    assert psutil.Process().children() == before
