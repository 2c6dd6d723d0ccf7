"""Int8 copies of models: that they read and compute what their originals do."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Module
from sentence_transformers.sentence_transformer.modules import LSTM, Dense, Pooling, StaticEmbedding, Transformer
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from index.encoder.loading import EMBEDDED_PROMPT, Backend, load_embedding_model
from index.encoder.openvino_model import TOKENIZER_FILE, OpenVinoModel
from index.encoder.sentence_transformer import SentenceTransformerModel
from index.errors import BackendError, ModelNotFoundError
from index.samples import samples
from index.threads import ALL_PROCESSORS

ODD = ["", " ", "\n a  b\t", "🏳️‍🌈 👨‍👩‍👧", "e\u0301 é", "정상회담", "ﬁ ½ …", "\u200b\ufeff", "x" * 3000]


@pytest.fixture(scope="module")
def copy(int8_folder: Path) -> OpenVinoModel:
    return OpenVinoModel(int8_folder, name="embedded", key="", prompt=EMBEDDED_PROMPT, processors=ALL_PROCESSORS)


@pytest.fixture(scope="module")
def original(embedded_folder: Path) -> SentenceTransformerModel:
    model = SentenceTransformer(str(embedded_folder), device="cpu", local_files_only=True)
    return SentenceTransformerModel(model, name="embedded", key="", prompt=EMBEDDED_PROMPT)


def test_a_copy_is_described_as_its_original(copy: OpenVinoModel, original: SentenceTransformerModel) -> None:
    for told in ("name", "fingerprint", "dimensions", "max_tokens", "added_tokens", "passes", "lengths"):
        assert getattr(copy, told) == getattr(original, told), told


def test_a_copy_reads_the_tokens_that_its_original_reads(
    copy: OpenVinoModel, original: SentenceTransformerModel
) -> None:
    texts = [*(sample.article.words for sample in samples()), *ODD]
    for text, ours, theirs in zip(texts, copy.token_ends(texts), original.token_ends(texts), strict=True):
        np.testing.assert_array_equal(ours, theirs, err_msg=repr(text))


@pytest.mark.parametrize("tokens", [8, 16, 96])
def test_of_a_text_that_is_too_long_its_beginning_is_read(
    copy: OpenVinoModel, original: SentenceTransformerModel, tokens: int
) -> None:
    text = "officials spoke again about flood walls " * 40
    (ends,) = original.token_ends([text])
    beginning = text[: ends[tokens - copy.added_tokens]]  # the prompt's last token, a space, is its first word's
    np.testing.assert_allclose(copy.embed([text], tokens), copy.embed([beginning], tokens), atol=1e-6)


def test_vectors_are_of_unit_length_however_much_is_padded(copy: OpenVinoModel) -> None:
    texts = ["summit", "a flood in the valley", "정상회담"]
    vectors = copy.embed(texts, 40)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        assert vector @ copy.embed([text], 16)[0] > 0.995


def small_model(folder: Path, pooling: str, side: str, *after: Module) -> Path:
    """A model of another kind, with random weights, whose vectors are made in a way of their own."""
    torch.manual_seed(0)
    words = sorted({word for sample in samples() for word in sample.article.words.split()})
    vocabulary = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no password
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    plain = folder / "plain"
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=128,
        pad_token="[PAD]",  # noqa: S106 - no password
        unk_token="[UNK]",  # noqa: S106 - no password
        padding_side=side,
        truncation_side=side,
    )
    fast.save_pretrained(plain)
    shape: dict[str, Any] = {
        "vocab_size": len(vocabulary),
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 128,
        "max_position_embeddings": 128,
    }
    BertModel(BertConfig(**shape)).save_pretrained(plain)
    transformer = Transformer(str(plain), max_seq_length=128)
    modules = [transformer, *after, Pooling(64, pooling), Dense(64, 32)]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"), create_model_card=False)
    return folder / "model"


@pytest.mark.usefixtures("int8_usable")
@pytest.mark.parametrize(("pooling", "side"), [("cls", "right"), ("lasttoken", "left")])
def test_a_model_of_another_kind_is_copied_with_all_that_it_does(tmp_path: Path, pooling: str, side: str) -> None:
    model = str(small_model(tmp_path, pooling, side))
    ours = load_embedding_model(model, cache=tmp_path / "cache", backend=Backend.OPENVINO)
    theirs = SentenceTransformer(model, device="cpu", local_files_only=True)
    texts = [sample.article.words for sample in samples()][:16]
    for tokens in (96, 16):  # some are shorter, all are longer
        as_long = {"text": {"padding": "max_length", "max_length": tokens}}  # padding to the left moves positions
        expected = theirs.encode(texts, normalize_embeddings=True, processing_kwargs=as_long, show_progress_bar=False)
        assert ours.dimensions == expected.shape[1] == 32
        assert (ours.embed(texts, tokens) * expected).sum(axis=1).min() > 0.99
    compiled = {path.name for path in (tmp_path / "cache").glob("*-int8-*/compiled/*.blob")}
    assert len(compiled) == len(("transformer", "pooling")), "what the build compiled is of no use"


@pytest.mark.usefixtures("int8_usable")
def test_a_model_that_asks_for_more_than_its_transformer_gives_is_refused_by_name(tmp_path: Path) -> None:
    model = str(small_model(tmp_path, "mean", "right", LSTM(64, 32)))
    with pytest.raises(BackendError, match=r"cannot be quantised: .*after its transformer.*LSTM"):
        load_embedding_model(model, cache=tmp_path / "cache", backend=Backend.OPENVINO)


@pytest.mark.parametrize(
    ("file", "reason"), [(TOKENIZER_FILE, "EOF while parsing"), ("transformer.bin", "Incorrect weights")]
)
def test_a_damaged_copy_is_refused_with_its_folder(int8_folder: Path, tmp_path: Path, file: str, reason: str) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(int8_folder, damaged, ignore=shutil.ignore_patterns("compiled"))
    (damaged / file).write_bytes(b"")
    with pytest.raises(ModelNotFoundError, match=rf"{damaged} cannot be loaded \(.*{reason}.*Delete"):
        OpenVinoModel(damaged, name="embedded", key="", prompt=EMBEDDED_PROMPT, processors=ALL_PROCESSORS)


def test_a_copy_for_which_there_is_too_little_memory_is_not_called_damaged(
    int8_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("openvino.Core.compile_model", full)
    with pytest.raises(MemoryError):
        OpenVinoModel(int8_folder, name="embedded", key="", prompt=EMBEDDED_PROMPT, processors=ALL_PROCESSORS)


@pytest.mark.usefixtures("int8_usable")
def test_a_model_without_a_fast_tokenizer_cannot_be_copied(tmp_path: Path) -> None:
    """It looks words up, and has no transformer either."""
    words = Tokenizer(WordLevel({"[UNK]": 0, "summit": 1}, unk_token="[UNK]"))  # noqa: S106 - no password
    static = SentenceTransformer(modules=[StaticEmbedding(words, embedding_dim=8)], device="cpu")
    static.save(str(tmp_path / "static"), create_model_card=False)
    with pytest.raises(BackendError, match="cannot be quantised"):
        load_embedding_model(str(tmp_path / "static"), cache=tmp_path, backend=Backend.OPENVINO)
