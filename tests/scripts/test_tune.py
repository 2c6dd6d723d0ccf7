"""A short run on the sample stories, from the command line to a model that can be served."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tune
import typer
from click.testing import Result
from typer.testing import CliRunner

from index import load_encoder
from index.background import BACKGROUND_FILE, background_for
from index.embedded_model import STOCK, ensure_model_folder
from index.embedded_model.adapter import CONFIGURATION_FILE, WEIGHTS_FILE
from index.encoder import Encoder
from index.encoder.loading import Backend
from index.encoder.sentence_transformer import assemble_folder
from index.samples import samples

TEXTS = ["북한과 러시아의 정상이 만났다.", "The two leaders met.", "Лидеры встретились.", "A volcano erupted."]
DOCUMENTS = {
    "en": ["A bridge was opened.", "It is the longest of the country.", "Tolls are to pay for it."],
    "ko": ["다리가 개통되었다.", "그 나라에서 가장 긴 다리다.", "통행료로 비용을 낸다."],
    "ru": ["Открыт мост.", "Он самый длинный в стране.", "За него заплатят сборами."],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample stories as reports of events, and documents."""
    rows: list[dict[str, object]] = [
        {
            "event": sample.event,
            "lang": sample.article.language,
            "title": sample.article.title,
            "text": sample.article.text,
        }
        for sample in samples()
        if sample.event
    ]
    for number in range(20):
        rows += [
            {"doc": f"bridge {number}", "lang": language, "sentences": [f"{number}: {one}" for one in sentences]}
            for language, sentences in DOCUMENTS.items()
        ]
    file = tmp_path_factory.mktemp("data") / "tuning.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def cache(cache_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of its own for the tuned models, half a gigabyte each, with the stock model in it."""
    folder = tmp_path_factory.mktemp("cache")
    stock = ensure_model_folder(cache_dir, assemble_folder, STOCK)
    (folder / stock.name).symlink_to(stock)
    yield folder
    shutil.rmtree(folder)


def run(cache: Path, data: Path, out: Path, *options: str, seed: int = 0) -> Result:
    app = typer.Typer()
    app.command()(tune.main)
    recipe = {"steps": 2, "pairs": 6, "tokens": 24, "rank": 4, "learning_rate": 0.05, "seed": seed}
    changes = [word for name, value in recipe.items() for word in ("--set", f"{name}={value}")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("service.logs.configure", lambda settings: None)  # it would outlast the test
        patched.setenv("SIMILAR_NEWS_CACHE_DIR", str(cache))
        return CliRunner().invoke(app, [str(data), "--out", str(out), *changes, *options])


@pytest.fixture(scope="module")
def tuned(cache: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tuned")
    result = run(cache, data, out, "--json", str(out / "figures.json"))
    assert result.exit_code == 0, result.output
    return out


@pytest.fixture(scope="module")
def tuned_encoder(tuned: Path, cache: Path) -> Encoder:
    return load_encoder(str(tuned), cache=cache, backend=Backend.TORCH)


def test_the_adapter_is_served_as_a_model_of_its_own(tuned_encoder: Encoder, exact_stock_encoder: Encoder) -> None:
    assert tuned_encoder.fingerprint != exact_stock_encoder.fingerprint
    cosines = (tuned_encoder.encode(TEXTS) * exact_stock_encoder.encode(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.5  # of two steps
    assert cosines.max() < 0.99999


def test_it_counts_less_than_when_it_was_learnt(tuned: Path) -> None:
    configuration = json.loads((tuned / CONFIGURATION_FILE).read_text())
    assert (configuration["lora_alpha"], configuration["r"]) == (22, 4)


def test_its_background_lies_beside_it_and_is_found(tuned: Path, tuned_encoder: Encoder) -> None:
    assert (tuned / BACKGROUND_FILE).is_file()
    background = background_for(str(tuned), tuned_encoder.fingerprint, tuned_encoder.dimensions)
    assert background.by_language.keys() == DOCUMENTS.keys()
    assert np.linalg.norm(background.default) > 0.1


def test_the_card_says_how_it_came_about(tuned: Path, data: Path) -> None:
    card = (tuned / "README.md").read_text(encoding="utf-8")
    assert "license: cc-by-sa-4.0" in card
    assert data.name in card
    for name in ("seed", "steps", "temperature", "translations", "peft", "torch", "threads"):
        assert f"| {name} |" in card


def test_the_figures_have_stock_and_tuned_side_by_side(tuned: Path) -> None:
    figures = json.loads((tuned / "figures.json").read_text())["figures"]
    assert {name.partition("/")[0] for name in figures} == {"stock", "tuned"}
    assert figures["stock/passages/loss"] != figures["tuned/passages/loss"]
    assert 0 <= figures["tuned/events/precision_at_1"] <= 1


def test_the_same_recipe_gives_the_same_adapter_and_another_seed_another(
    tuned: Path, cache: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "write_background", lambda *_: None)
    assert run(cache, data, tmp_path / "again").exit_code == 0
    assert run(cache, data, tmp_path / "other", seed=1).exit_code == 0
    for name in (WEIGHTS_FILE, CONFIGURATION_FILE):
        assert (tmp_path / "again" / name).read_bytes() == (tuned / name).read_bytes()
    assert (tmp_path / "other" / WEIGHTS_FILE).read_bytes() != (tuned / WEIGHTS_FILE).read_bytes()


@pytest.mark.parametrize("change", ["colour=red", "steps=0", "temperature=warm", "steps"])
def test_a_recipe_that_makes_no_sense_is_refused(cache: Path, data: Path, tmp_path: Path, change: str) -> None:
    result = run(cache, data, tmp_path / "out", "--set", change)
    assert result.exit_code == 2
    assert change.partition("=")[0] in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_read_is_named(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"event": "e"}\n')
    result = run(cache, tmp_path / "bad.jsonl", tmp_path / "out")
    assert result.exit_code == 2
    assert "line 1" in " ".join(result.stderr.replace("│", " ").split())  # wherever the box breaks it
    assert not (tmp_path / "out").exists()
