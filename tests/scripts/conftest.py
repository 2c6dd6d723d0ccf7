"""The scripts import each other as they do when they are run: from their own folder."""

import os
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_EVALUATION = Path(os.environ.get("SIMILAR_NEWS_EVAL", _ROOT.parent / "shared" / "eval"))

sys.path.insert(0, str(_ROOT / "scripts"))


@pytest.fixture(scope="session")
def evaluation() -> Path:
    """The folder of the evaluation sets, which are not part of the project."""
    if not _EVALUATION.is_dir():
        pytest.skip(f"the evaluation sets are not in {_EVALUATION}: set SIMILAR_NEWS_EVAL to their folder")
    return _EVALUATION
