"""The embedded model's folder, and that of its int8 copy where there can be one."""

from pathlib import Path

import pytest

from index.embedded_model import ensure_model_folder
from index.encoder import openvino_int8
from index.encoder.loading import EMBEDDED_PROMPT
from index.encoder.sentence_transformer import assemble_folder


@pytest.fixture(scope="session")
def int8_usable() -> None:
    if reason := openvino_int8.why_not_usable():
        pytest.skip(reason)


@pytest.fixture(scope="session")
def embedded_folder(cache_dir: Path) -> Path:
    return ensure_model_folder(cache_dir, assemble_folder)


@pytest.fixture(scope="session")
def int8_folder(cache_dir: Path, embedded_folder: Path, int8_usable: None) -> Path:
    return openvino_int8.ensure_int8_folder(
        cache_dir, str(embedded_folder), key=embedded_folder.name, prompt=EMBEDDED_PROMPT
    )
