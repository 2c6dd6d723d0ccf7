"""The house rules that a machine can check."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted([*ROOT.glob("index/**/*.py"), *ROOT.glob("service/**/*.py")])


def imports_of(file: Path) -> set[str]:
    """The first words of all that a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def importers(library: str) -> set[str]:
    return {file.relative_to(ROOT).as_posix() for file in MODULES if library in imports_of(file)}


def test_the_library_knows_nothing_of_the_service() -> None:
    assert not {name for name in importers("service") if name.startswith("index/")}


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("faiss", ["index/vectors/quantised_vectors.py"]),
        ("sentence_transformers", ["index/encoder/sentence_transformer.py"]),
        ("openvino", ["index/encoder/openvino_", "index/encoder/quantise.py"]),
        ("tokenizers", ["index/embedded_model/tokenizer.py", "index/encoder/openvino_model.py"]),
        ("nncf", ["index/encoder/quantise.py"]),
        ("sqlalchemy", ["index/store/"]),
        ("alembic", ["index/store/"]),
        ("fastapi", ["service/"]),
        ("prometheus_client", ["service/metrics.py", "service/routes/health.py"]),
        ("httpx2", ["service/api_client.py", "service/fetching/"]),
        ("httpcore2", ["service/fetching/"]),
        ("trafilatura", ["service/fetching/extraction.py"]),
        ("redis", ["service/streams/redis_streams.py"]),
        ("protego", ["service/fetching/robots.py"]),
        ("feedparser", ["service/feeds/syndicated.py"]),
        ("tldextract", ["index/publishers.py"]),
        ("warcio", ["service/files/warc.py"]),
    ],
)
def test_a_backend_is_known_in_one_place(library: str, places: list[str]) -> None:
    found = importers(library)
    assert found
    assert not {name for name in found if not name.startswith(tuple(places))}


@pytest.mark.parametrize("file", MODULES, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_modules_are_small(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400
