"""The embedded model's folder is built once, and whole or not at all."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.embedded_model import STOCK, TUNED, AdapterError, ensure_model_folder, folder
from index.embedded_model.adapter import CONFIGURATION_FILE, WEIGHTS_FILE


class FakeAssemble:
    """Writes one small file where sentence-transformers would write a model; counts its calls, and may fail."""

    def __init__(self) -> None:
        self.calls = 0
        self.fails = False
        self.lock = threading.Lock()

    def __call__(self, plain: Path, folder: Path, *, max_tokens: int, prompts: dict[str, str]) -> None:
        with self.lock:
            self.calls += 1
        assert (plain / "model.safetensors").is_file()
        assert max_tokens == 512
        (folder / "modules.json").write_text("[]")
        (folder / "modules.json").chmod(0o600)
        if self.fails:
            raise RuntimeError("cut short")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder, built by one of two who want it at once; a build takes a while, so it is one for all tests."""
    cache, assemble = tmp_path_factory.mktemp("built") / "cache", FakeAssemble()
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda _: ensure_model_folder(cache, assemble), range(2))
    assert first == second
    assert assemble.calls == 1
    return first


@pytest.fixture
def cache(built: Path, tmp_path: Path) -> Path:
    """A cache in which the folder is."""
    return shutil.copytree(built.parent, tmp_path / "cache")


def test_is_built_once_and_can_be_read_by_all(built: Path) -> None:
    assemble = FakeAssemble()
    first = ensure_model_folder(built.parent, assemble)
    assert first == built
    assert assemble.calls == 0
    assert first.stat().st_mode & 0o777 == 0o755
    assert [(path.name, path.stat().st_mode & 0o777) for path in first.iterdir()] == [("modules.json", 0o644)]


def test_a_build_that_fails_leaves_nothing_and_the_next_one_succeeds(tmp_path: Path) -> None:
    assemble = FakeAssemble()
    assemble.fails = True
    with pytest.raises(RuntimeError, match="cut short"):
        ensure_model_folder(tmp_path, assemble)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]
    assemble.fails = False
    built = ensure_model_folder(tmp_path, assemble)
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [built]


def test_what_a_killed_build_left_is_cleared_away(built: Path, cache: Path) -> None:
    left_over = cache / f"{built.name}.unfinished-abc"
    (cache / built.name).rename(left_over)
    ensure_model_folder(cache, FakeAssemble())
    assert not left_over.exists()


def test_another_version_of_the_build_gets_another_folder(
    built: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder, "BUILD_VERSION", folder.BUILD_VERSION + 1)
    assert ensure_model_folder(cache, FakeAssemble()).name != built.name


def test_the_tuned_model_and_the_stock_one_have_folders_of_their_own(built: Path, cache: Path) -> None:
    assemble = FakeAssemble()
    assert ensure_model_folder(cache, assemble, TUNED).name == built.name
    assert assemble.calls == 0
    assert "tuned" in built.name
    assert "tuned" not in ensure_model_folder(cache, assemble, STOCK).name


def test_another_adapter_gets_another_folder(built: Path, cache: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(TUNED, other)
    assert ensure_model_folder(cache, FakeAssemble(), other).name == built.name
    configuration = other / CONFIGURATION_FILE
    configuration.write_text(configuration.read_text().replace('"lora_alpha": ', '"lora_alpha": 1'))
    assert ensure_model_folder(cache, FakeAssemble(), other).name != built.name


def test_an_adapter_that_does_not_fit_leaves_no_folder(tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(TUNED, other)
    (other / WEIGHTS_FILE).write_bytes(b"damaged")
    with pytest.raises(AdapterError, match=str(other)):
        ensure_model_folder(tmp_path / "cache", FakeAssemble(), other)
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_dir()]


def test_the_shipped_adapter_is_small_and_its_card_names_licence_and_data() -> None:
    assert (TUNED / WEIGHTS_FILE).stat().st_size <= 4_000_000
    card = (TUNED / "README.md").read_text(encoding="utf-8")
    for named in ("license: cc-by-sa-4.0", "neus-events.jsonl", "ntrex-documents.jsonl", "MIT", "CC BY-SA 4.0"):
        assert named in card
