"""The encoder on sentence-transformers: which models it loads, and what it says of those that it cannot."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

from index.embedded_model import ensure_model_folder
from index.encoder import Encoder
from index.encoder.loading import EMBEDDED_PROMPT, Backend, load_encoder
from index.encoder.queue import QueuedEncoder, QueueLimits
from index.encoder.sentence_transformer import SentenceTransformerModel, _every_fourth_byte, assemble_folder
from index.encoder.windows import split
from index.errors import ModelNotFoundError


@pytest.fixture(scope="module")
def folder(cache_dir: Path) -> Path:
    return ensure_model_folder(cache_dir, assemble_folder)


def test_vectors_are_of_unit_length_and_in_the_order_of_the_texts(encoder: Encoder) -> None:
    texts = ["short", "a much longer text " * 20, "정상회담", "", "short"] + [f"text {n} " * n for n in range(40)]
    vectors = encoder.encode(texts)
    assert vectors.shape == (len(texts), encoder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[0], vectors[4], atol=1e-6)
    np.testing.assert_allclose(vectors[1], encoder.encode([texts[1]])[0], atol=1e-5)


def test_without_a_fast_tokenizer_every_fourth_byte_counts_as_a_token() -> None:
    for text in ("東" * 1000, "plain words " * 50, "", "aé東🏆" * 40):
        ends = _every_fourth_byte(text)
        windows = split(text, ends, 20)
        assert "".join(windows) == text
        assert all(len(window.encode()) <= 20 * 4 + 3 for window in windows)
        assert abs(len(ends) - len(text.encode()) // 4) <= 1
        assert all(windows) or not text


def test_a_model_that_looks_words_up_is_a_model_too() -> None:
    words = Tokenizer(WordLevel({"[UNK]": 0, "summit": 1, "flood": 2}, unk_token="[UNK]"))  # noqa: S106 - no password
    words.pre_tokenizer = Whitespace()
    static = SentenceTransformer(modules=[StaticEmbedding(words, embedding_dim=8)], device="cpu")
    model = SentenceTransformerModel(static, name="static", key="static", prompt=None)
    vectors = QueuedEncoder(model, QueueLimits()).encode(["summit", "flood", "summit " * 600])
    assert vectors[0] @ vectors[2] > 0.99  # but for words that a window cuts in two
    assert abs(vectors[0] @ vectors[1]) < 0.99


def test_no_texts_give_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimensions)


def test_a_folder_is_a_model(folder: Path, exact_encoder: Encoder, cache_dir: Path) -> None:
    of_folder = load_encoder(str(folder), cache=cache_dir, prompt=EMBEDDED_PROMPT)
    np.testing.assert_allclose(of_folder.encode(["Gipfel"]), exact_encoder.encode(["Gipfel"]), atol=1e-6)
    assert of_folder.name == str(folder)
    assert of_folder.fingerprint == load_encoder(str(folder), cache=cache_dir, prompt=EMBEDDED_PROMPT).fingerprint


def test_a_prompt_makes_another_fingerprint(folder: Path, cache_dir: Path) -> None:
    fingerprints = {
        load_encoder(cache=cache_dir, prompt=prompt, backend=Backend.TORCH).fingerprint
        for prompt in (None, "passage: ", "")
    }
    assert len(fingerprints) == 3


def test_a_damaged_model_is_refused_with_its_folder(folder: Path, cache_dir: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(folder, damaged, ignore=shutil.ignore_patterns("model.safetensors"))
    with (folder / "model.safetensors").open("rb") as whole:
        (damaged / "model.safetensors").write_bytes(whole.read(1000))
    with pytest.raises(ModelNotFoundError, match=str(damaged)):
        load_encoder(str(damaged), cache=cache_dir)


def test_a_model_that_is_nowhere_is_refused_with_what_to_do(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelNotFoundError, match=r"did you mean 'embedded'.*SIMILAR_NEWS_MODEL"):
        load_encoder("embeded", cache=cache_dir)
