"""Which backend a model is loaded on, and that it makes no difference to what is found."""

import gc
import json
import logging
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from index.embedded_model import TUNED, ensure_model_folder
from index.encoder import Encoder, loading, openvino_int8
from index.encoder.loading import Backend, load_embedding_model, load_encoder
from index.encoder.openvino_int8 import Agreement
from index.encoder.sentence_transformer import assemble_folder
from index.errors import BackendError, QuantisationError
from index.samples import samples
from index.threads import Processors


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "index.encoder.loading"]


def test_both_backends_give_vectors_that_can_be_compared(
    int8_folder: Path, encoder: Encoder, exact_encoder: Encoder
) -> None:
    texts = [sample.article.words for sample in samples()]
    cosines = (encoder.encode(texts) * exact_encoder.encode(texts)).sum(axis=1)
    assert cosines.mean() >= 0.997
    assert cosines.min() >= 0.99
    assert cosines.max() < 0.99999  # it was not the same model after all
    assert encoder.fingerprint == exact_encoder.fingerprint


def test_a_text_has_one_vector_in_whatever_company(int8_folder: Path, encoder: Encoder, exact_encoder: Encoder) -> None:
    """Of every length in tokens there are texts, alone and among others: some shapes of a batch have gone wrong."""
    story = " ".join(sample.article.words for sample in samples() if sample.article.language == "en")
    texts = [story[start : start + 8 + start // 3] for start in range(0, 1800, 12)]
    together = encoder.encode(texts)
    alone = np.concatenate([exact_encoder.encode([text]) for text in texts])
    assert (together * alone).sum(axis=1).min() >= 0.98


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_the_model_computes_in_threads_that_give_way(cache_dir: Path) -> None:
    """In a process of its own, where no other test has started threads that a library keeps."""
    command = [sys.executable, "-m", "tests.index.encoder.giving_way", str(cache_dir)]
    seconds = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert seconds["giving way"] > 4 * seconds["others"]


@pytest.fixture
def torch_threads() -> Iterator[int]:
    """How many torch uses; and so it does afterwards."""
    before = torch.get_num_threads()
    yield before
    torch.set_num_threads(before)


@pytest.mark.usefixtures("torch_threads")
@pytest.mark.parametrize("backend", [Backend.AUTO, Backend.TORCH])
def test_many_passes_give_what_one_gives(
    backend: Backend, cache_dir: Path, encoder: Encoder, exact_encoder: Encoder
) -> None:
    one = exact_encoder if backend is Backend.TORCH else encoder
    many = load_encoder(cache=cache_dir, backend=backend, processors=Processors(2, bulk=True))
    articles = [sample.article.words for sample in samples()]
    assert many.fingerprint == one.fingerprint
    assert (many.encode(articles) * one.encode(articles)).sum(axis=1).min() > 0.999


@pytest.mark.usefixtures("torch_threads")
def test_each_of_many_passes_computes_on_one_processor(cache_dir: Path) -> None:
    model = load_embedding_model(cache=cache_dir, backend=Backend.TORCH, processors=Processors(3, bulk=True))
    assert model.passes == 3
    assert torch.get_num_threads() == 1


def test_the_copy_says_how_well_it_agrees(int8_folder: Path) -> None:
    agreement = openvino_int8.agreement(int8_folder)
    assert 0.99 < agreement.worst <= agreement.mean < 1
    assert len(agreement.lengths) > 20
    assert agreement.lengths == sorted(agreement.lengths)


def test_the_copy_of_another_prompt_is_another(int8_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openvino_int8, "ensure_folder", lambda folder, build: folder)
    folders = {
        openvino_int8.ensure_int8_folder(int8_folder.parent, "model", key=key, prompt=prompt)
        for key, prompt in (("a", "query: "), ("a", None), ("b", "query: "))
    }
    assert len(folders) == 3


def test_without_openvino_it_is_torch_and_one_line_says_so(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(openvino_int8, "why_not_usable", lambda: "the processor has no instructions for int8")
    model = load_embedding_model(cache=cache_dir)
    assert model.backend == "torch"
    assert warnings_in(caplog) == ["the model runs on torch: the processor has no instructions for int8"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of instructions on Linux alone")
def test_the_kernel_tells_of_the_instructions_that_torch_knows() -> None:
    known = {name for name, has in torch.cpu.get_capabilities().items() if has is True}
    assert known & set(openvino_int8._DOT_PRODUCTS) == openvino_int8._instructions() & set(openvino_int8._DOT_PRODUCTS)


@pytest.mark.parametrize("name", ["avx512_vnni", "avx_vnni", "amx_int8", None])
def test_int8_is_for_processors_that_gain_from_it(monkeypatch: pytest.MonkeyPatch, name: str | None) -> None:
    """Any of these instructions will do; AVX2 alone will not."""
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setattr(openvino_int8, "_capabilities", lambda: ["FP32", "INT8"])
    monkeypatch.setattr(openvino_int8, "_instructions", lambda: {"avx2", *filter(None, [name])})
    assert openvino_int8.why_not_usable() == (None if name else "the processor has no instructions for int8")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere torch is asked whether there is a GPU")
def test_a_copy_is_served_without_what_it_was_made_with(int8_folder: Path) -> None:
    """To import torch, transformers and sentence-transformers takes three times as long as all else of a start."""
    code = (
        "import sys; from pathlib import Path; from index import load_encoder;"
        "load_encoder(cache=Path(sys.argv[1])).encode(['a text']);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    command = [sys.executable, "-c", code, str(int8_folder.parent)]
    loaded = set(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    assert {"openvino", "tokenizers"} <= loaded
    assert not {"torch", "transformers", "sentence_transformers", "optimum", "nncf"} & loaded


def test_a_copy_that_agrees_too_little_is_not_used(
    int8_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(openvino_int8, "agreement", lambda folder: Agreement(0.9, 0.8, [512]))
    assert load_embedding_model(cache=int8_folder.parent).backend == "torch"
    (warning,) = warnings_in(caplog)
    assert "agrees too little" in warning
    assert "0.900" in warning


def test_without_room_for_a_copy_it_is_torch(
    int8_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_room(*_: object, **__: object) -> Path:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(openvino_int8, "ensure_int8_folder", no_room)
    assert load_embedding_model(cache=int8_folder.parent).backend == "torch"
    (warning,) = warnings_in(caplog)
    assert "Read-only file system" in warning


def test_whatever_goes_wrong_with_openvino_it_is_torch(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> str | None:
        raise RuntimeError("no plugin for this device")

    monkeypatch.setattr(openvino_int8, "why_not_usable", broken)
    assert load_embedding_model(cache=cache_dir).backend == "torch"
    (warning,) = warnings_in(caplog)
    assert "no plugin for this device" in warning


def test_a_gpu_is_used_when_there_is_one(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "sees_gpu", lambda: True)
    assert load_embedding_model(cache=cache_dir).backend == "torch"


def test_openvino_that_was_asked_for_and_cannot_be_used_is_an_error(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openvino_int8, "why_not_usable", lambda: "it is not installed")
    with pytest.raises(BackendError, match="it is not installed"):
        load_encoder(cache=cache_dir, backend=Backend.OPENVINO)


def test_other_models_stay_on_torch_unless_asked(cache_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = ensure_model_folder(cache_dir, assemble_folder)
    assert load_embedding_model(str(folder), cache=cache_dir).backend == "torch"
    assert warnings_in(caplog) == []


def test_the_untuned_model_and_the_tuned_one_cannot_be_compared(
    exact_encoder: Encoder, exact_stock_encoder: Encoder
) -> None:
    assert exact_stock_encoder.name == "embedded-stock"
    assert exact_stock_encoder.fingerprint != exact_encoder.fingerprint


def test_a_folder_with_an_adapter_is_the_embedded_model_with_that_adapter(
    cache_dir: Path, exact_encoder: Encoder
) -> None:
    encoder = load_encoder(str(TUNED), cache=cache_dir, backend=Backend.TORCH)
    assert encoder.name == str(TUNED)
    assert encoder.fingerprint == exact_encoder.fingerprint


def test_a_model_that_cannot_be_quantised_is_named_with_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "config.json").write_text("{}")
    with pytest.raises(QuantisationError, match=r"broken' cannot be quantised: \w+"):
        openvino_int8.ensure_int8_folder(tmp_path, str(broken), key="broken", prompt=None)
    assert not list(tmp_path.glob("*int8*/"))


def test_a_model_that_nobody_needs_any_more_is_not_kept_in_memory(cache_dir: Path) -> None:
    encoder = load_encoder(cache=cache_dir)
    model = weakref.ref(encoder._model)
    assert model() is not None
    del encoder
    gc.collect()
    assert model() is None
