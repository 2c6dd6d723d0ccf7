from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from index.background import (
    BACKGROUND_FILE,
    Background,
    background_for,
    compute_background,
    load_background,
    no_background,
)
from index.encoder import Encoder
from index.errors import StoreError

Vectors = NDArray[np.float32]

BACKGROUND = Background(
    fingerprint="f" * 32,
    default=np.array([0, 0, 0.5], np.float32),
    by_language={"zh": np.array([0.5, 0, 0], np.float32), "zh-HK": np.array([0, 0.5, 0], np.float32)},
)


def centred(vector: list[float], language: str) -> list[float]:
    rows: Vectors = BACKGROUND.centre(np.array([vector], np.float32), [language])
    return [round(float(number), 6) for number in rows[0]]


def test_the_mean_of_the_language_is_taken_away() -> None:
    assert centred([0.5, 0.3, 0.4], "zh") == [0, 0.6, 0.8]


def test_a_variant_without_a_mean_has_that_of_its_language() -> None:
    assert centred([0.5, 0.3, 0.4], "zh-TW") == [0, 0.6, 0.8]


def test_a_variant_with_a_mean_has_its_own() -> None:
    assert centred([0.3, 0.5, 0.4], "zh-HK") == [0.6, 0, 0.8]


@pytest.mark.parametrize("language", ["ko", "und", "ko-KR", ""])
def test_a_language_without_a_mean_has_the_default(language: str) -> None:
    assert centred([0.3, 0.4, 0.5], language) == [0.6, 0.8, 0]


def test_every_row_has_the_mean_of_its_own_language() -> None:
    rows = BACKGROUND.centre(np.array([[0.5, 1, 0], [0, 1, 0.5]], np.float32), ["zh", "ko"])
    assert rows.tolist() == [[0, 1, 0], [0, 1, 0]]


def test_a_row_that_equals_its_mean_stays_zero() -> None:
    assert centred([0.5, 0, 0], "zh") == [0, 0, 0]


def test_nothing_stays_nothing() -> None:
    assert BACKGROUND.centre(np.empty((0, 3), np.float32), []).shape == (0, 3)


@given(
    rows=arrays(np.float32, st.tuples(st.integers(1, 8), st.just(3)), elements=st.floats(1, 2, width=32)),
    language=st.sampled_from(["zh", "zh-TW", "zh-HK", "ko", "und"]),
)
def test_centred_rows_have_unit_length(rows: Vectors, language: str) -> None:
    before = rows.copy()
    result = BACKGROUND.centre(rows, [language] * len(rows))
    assert result.dtype == np.float32
    assert np.linalg.norm(result, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(rows, before)


def test_no_background_only_normalises() -> None:
    rows = no_background("f" * 32, 2).centre(np.array([[3, 4], [0, 2]], np.float32), ["ko", "en"])
    assert rows == pytest.approx(np.array([[0.6, 0.8], [0, 1]]))


def test_a_background_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "background.npz"
    BACKGROUND.save(path)
    loaded = load_background(path)
    assert loaded.fingerprint == BACKGROUND.fingerprint
    assert loaded.default.tolist() == BACKGROUND.default.tolist()
    assert {language: mean.tolist() for language, mean in loaded.by_language.items()} == {
        language: mean.tolist() for language, mean in BACKGROUND.by_language.items()
    }
    assert {mean.dtype for mean in (loaded.default, *loaded.by_language.values())} == {np.dtype(np.float32)}


def test_a_background_without_languages_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "background.npz"
    no_background("f" * 32, 3).save(path)
    assert load_background(path).by_language == {}


def test_the_means_are_those_of_the_vectors_in_each_language_and_the_default_is_theirs() -> None:
    vectors = np.array([[1, 0], [3, 0], [0, 4], [0, 8]], np.float32)
    computed = compute_background("f" * 32, vectors, ["ko", "ko", "en", "en"])
    assert {language: mean.tolist() for language, mean in computed.by_language.items()} == {"ko": [2, 0], "en": [0, 6]}
    assert computed.default.tolist() == [1, 3]


def check_shipped(encoder: Encoder) -> None:
    background = background_for(encoder.name, encoder.fingerprint, encoder.dimensions)
    assert background.fingerprint == encoder.fingerprint
    assert background.default.shape == (encoder.dimensions,)
    assert {"ko", "en", "ja", "zh", "ru", "de", "fr", "es"} <= background.by_language.keys()
    assert {mean.shape for mean in background.by_language.values()} == {(encoder.dimensions,)}


def test_a_shipped_background_belongs_to_the_embedded_model(encoder: Encoder) -> None:
    check_shipped(encoder)


def test_another_belongs_to_the_untuned_one(exact_stock_encoder: Encoder) -> None:
    check_shipped(exact_stock_encoder)


def test_a_background_in_the_models_folder_is_found_if_it_is_of_that_model(tmp_path: Path) -> None:
    BACKGROUND.save(tmp_path / BACKGROUND_FILE)
    dimensions = len(BACKGROUND.default)
    found = background_for(str(tmp_path), BACKGROUND.fingerprint, dimensions)
    assert found.by_language.keys() == BACKGROUND.by_language.keys()
    assert background_for(str(tmp_path), "another", dimensions).by_language == {}


def test_another_model_has_no_background() -> None:
    background = background_for("another/model", "f" * 32, 4)
    assert background.by_language == {}
    assert background.default.tolist() == [0, 0, 0, 0]


def test_the_spread_is_that_of_unrelated_vectors_and_is_kept(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).standard_normal((2_000, 100)).astype(np.float32)
    computed = compute_background("f" * 32, vectors, ["en"] * len(vectors))
    assert computed.spread == pytest.approx(0.1, rel=0.05)  # 1 / sqrt(dimensions), for what has nothing in common
    computed.save(tmp_path / BACKGROUND_FILE)
    assert load_background(tmp_path / BACKGROUND_FILE).spread == computed.spread


def test_a_damaged_background_is_named(tmp_path: Path) -> None:
    (tmp_path / BACKGROUND_FILE).write_bytes(b"PK half a file")
    with pytest.raises(StoreError, match=f"{BACKGROUND_FILE} is damaged .* delete"):
        load_background(tmp_path / BACKGROUND_FILE)
