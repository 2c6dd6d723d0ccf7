import logging
import resource
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from index import CoverageIndex, RelatedQuery, open_index
from index.background import BACKGROUND_FILE, load_background, no_background
from index.errors import ModelMismatchError, StoreError, UnknownArticleError, WriterLockedError
from index.follower import Follower
from index.maintenance import LEAST_FOR_BACKGROUND, back_up, check, learn_background, restore
from index.opening import INDEX_FOLDER, STORE_FILE
from index.store import ModelRecord
from index.store.sql_store import open_sqlite
from index.upkeep import days_ago
from index.vectors.segment_files import COLUMNS_FILE, VECTORS_FILE, read_manifest
from index.vectors.segmented_index import SegmentedVectorIndex
from tests.index.fakes import FakeEncoder, an_article
from tests.waiting import wait_until

ANY = RelatedQuery(min_score=0)
SMALL_SEGMENTS = patch("index.opening.SegmentedVectorIndex", partial(SegmentedVectorIndex, segment_rows=2))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with some articles, most of which are in a file of the index."""
    with SMALL_SEGMENTS, open_index(tmp_path / "data", FakeEncoder()) as index:
        for number in range(10):
            index.put([an_article(f"a{number}", title=f"Summit {number}")])
        wait_until(lambda: bool((manifest := read_manifest(tmp_path / "data" / INDEX_FOLDER)) and manifest.segments))
    return tmp_path / "data"


def found(index: CoverageIndex, article_id: str) -> set[str]:
    return {item.stored.article.id for item in index.related_to(index.article(article_id), ANY).items}


def test_a_backup_is_restored_into_an_empty_directory(data: Path, tmp_path: Path) -> None:
    assert back_up(data, tmp_path / "backup") == 10
    assert restore(tmp_path / "other", tmp_path / "backup") == 10
    encoder = FakeEncoder()
    with open_index(tmp_path / "other", encoder) as index:
        assert index.indexed() == 10
        assert found(index, "a1") == {f"a{number}" for number in range(10) if number != 1}
    assert encoder.encoded == []
    assert check(tmp_path / "other") == []


def test_a_service_at_work_goes_on_with_what_was_restored(data: Path, tmp_path: Path) -> None:
    with open_index(data, FakeEncoder()) as index:
        back_up(data, tmp_path / "backup")
        index.put([an_article("later", title="A later summit")])
        index.take_down("a2")
        assert restore(data, tmp_path / "backup") == 9
        wait_until(lambda: index.indexed() == 9)
        assert "later" not in found(index, "a1")
        with pytest.raises(UnknownArticleError):
            index.article("later")
        index.put([an_article("new", title="A new summit")])
        assert "new" in found(index, "a1")
    assert check(data) == []


def test_what_waited_in_a_backup_is_embedded_by_the_service_at_work(data: Path, tmp_path: Path) -> None:
    with open_sqlite(data / STORE_FILE) as store:
        store.put([an_article("waits", title="Summit, not embedded")])
    back_up(data, tmp_path / "backup")
    with open_index(data, FakeEncoder()) as index:
        restore(data, tmp_path / "backup")
        wait_until(lambda: index.indexed() == 11)
        wait_until(lambda: "waits" in found(index, "a1"))


def test_a_backup_of_another_model_is_not_restored_under_a_service(data: Path, tmp_path: Path) -> None:
    back_up(data, tmp_path / "backup")
    with (
        open_index(tmp_path / "other", FakeEncoder("second")) as index,
        pytest.raises(ModelMismatchError, match=r"'fake'.*'second'.*--reencode"),
    ):
        restore(tmp_path / "other", tmp_path / "backup")
    assert index.count() == 0
    assert restore(tmp_path / "other", tmp_path / "backup") == 10
    with open_index(tmp_path / "other", FakeEncoder("second"), reencode=True) as index:
        assert index.indexed() == 10


def test_a_backup_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing in"):
        back_up(tmp_path, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_what_is_whole_is_found_to_be_whole(data: Path) -> None:
    assert check(data) == []
    assert check(data) == []


def test_nothing_and_what_a_service_has_open_cannot_be_checked(data: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing in"):
        check(tmp_path / "none")
    with open_index(data, FakeEncoder()), pytest.raises(WriterLockedError):
        check(data)


def test_an_index_that_differs_from_the_store_is_mended(data: Path) -> None:
    with open_sqlite(data / STORE_FILE) as store:
        key = int(store.embedded_versions()[0][3])
    other = FakeEncoder().encode(["A flood"]).astype(np.float16)
    with closing(sqlite3.connect(data / STORE_FILE)) as connection, connection:
        connection.execute("UPDATE vectors SET embedding = ? WHERE key = ?", (other.tobytes(), key))
    (fault,) = check(data)
    assert fault == "Articles that were not in the index as they are in the store, which is mended: 1."
    assert check(data) == []


@pytest.mark.parametrize("name", [VECTORS_FILE, COLUMNS_FILE])
def test_a_damaged_segment_is_made_again_from_the_store(
    data: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    (damaged, *_) = (data / INDEX_FOLDER).glob("0*/" + name)
    damaged.write_bytes(damaged.read_bytes()[:-7])
    encoder = FakeEncoder()
    with caplog.at_level(logging.WARNING), open_index(data, encoder) as index:
        assert index.indexed() == 10
        assert len(found(index, "a1")) == 9
    assert encoder.encoded == []
    assert [record.getMessage().endswith("read from the store again") for record in caplog.records] == [True]


def test_a_whole_index_that_is_lost_is_made_again_from_the_store(data: Path) -> None:
    shutil.rmtree(data / INDEX_FOLDER)
    encoder = FakeEncoder()
    with open_index(data, encoder) as index:
        assert index.indexed() == 10
    assert encoder.encoded == []


def test_the_index_of_another_store_is_not_taken_for_this_ones(data: Path) -> None:
    (data / STORE_FILE).unlink()
    with open_index(data, FakeEncoder()) as index:
        assert index.indexed() == 0
        index.put([an_article(f"b{number}", title=f"Flood {number}") for number in range(10)])
        assert found(index, "b1") == {f"b{number}" for number in range(10) if number != 1}


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A quota: what would make a file larger fails, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_up_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[str] = []

    def put_many() -> None:
        for number in range(1_000):
            index.put([an_article(f"a{number}", title=f"Summit {number}", text="word " * 2_000)])
            acknowledged.append(f"a{number}")

    with SMALL_SEGMENTS, open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("first", title="A summit")])
        largest = max(file.stat().st_size for file in tmp_path.iterdir() if file.is_file())
        with files_of_at_most(largest + 2_000_000), pytest.raises(StoreError):
            put_many()
        assert acknowledged
        assert len(found(index, "first")) == 10  # of which an answer has no more
        index.put([an_article("last", title="A last summit")])
    assert check(tmp_path) == []
    with open_index(tmp_path, FakeEncoder()) as index:
        assert {index.article(article_id).article.id for article_id in acknowledged} == set(acknowledged)
        assert index.indexed() == index.count() >= len(acknowledged) + 2


def test_a_directory_that_cannot_be_written_to_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StoreError, match="cannot write to the data directory"),
        open_index(tmp_path / "file" / "data", FakeEncoder()),
    ):
        pass


def test_an_index_folder_that_cannot_be_made_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / INDEX_FOLDER).touch()
    with pytest.raises(StoreError, match="cannot open the index"), open_index(tmp_path, FakeEncoder()):
        pass


def test_a_log_that_was_shortened_is_no_obstacle(tmp_path: Path) -> None:
    with open_sqlite(tmp_path / STORE_FILE) as store:
        store.set_model(ModelRecord("fake", "0"))
        vectors = SegmentedVectorIndex(2, in_background=False)
        follower = Follower(store, vectors, no_background("0", 2))
        follower.load()
        for number in range(5):
            store.put([an_article(f"a{number}", title=f"Summit {number}")])
            store.put_vectors(store.without_vector(9), np.ones((1, 2), np.float16))
        store.take_down("a0")
        assert store.forget_changes(days_ago(-1)) > 0
        follower.follow()
        assert vectors.sequences().tolist() == store.embedded_versions()[1].tolist()
        assert len(vectors) == 4


def test_damaged_files_of_the_index_are_a_fault_that_is_mended(data: Path) -> None:
    (damaged, *_) = (data / INDEX_FOLDER).glob("0*/" + VECTORS_FILE)
    damaged.unlink()
    (fault,) = check(data)
    assert "its articles are read from the store again" in fault
    assert check(data) == []


def test_vectors_of_another_model_are_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_index(tmp_path, FakeEncoder("first")) as writer:
        writer.put([an_article("a")])
    with caplog.at_level(logging.WARNING), open_index(tmp_path, FakeEncoder("first"), writer=False) as reader:
        with open_index(tmp_path, FakeEncoder("second"), reencode=True) as writer:
            writer.put([an_article("b", title="Another summit")])
        wait_until(lambda: "of the model 'second'" in caplog.text)
        assert reader.indexed() == 1


def test_a_background_is_learnt_from_the_articles_and_used_from_the_next_start_on(tmp_path: Path) -> None:
    data = tmp_path / "data"
    topics = ("summit", "flood", "football", "election")
    articles = [
        an_article(f"a{number}", title=f"{topics[number % 4]} {number}", lang="ko" if number % 8 == 7 else "en")
        for number in range(LEAST_FOR_BACKGROUND)
    ]
    with open_index(data, FakeEncoder()) as index:
        index.put(articles)
        (before,) = (item.similarity for item in index.related_to(index.article("a0"), RelatedQuery(limit=1)).items)
        assert before == pytest.approx(1)
    learnt = learn_background(data)
    assert learnt.by_language.keys() == {"en"}  # of Korean there are too few
    assert learnt.default[:4].tolist() == pytest.approx([2 / 7, 2 / 7, 2 / 7, 1 / 7], abs=0.01)
    assert learnt.spread > 0
    assert load_background(data / BACKGROUND_FILE).fingerprint == FakeEncoder().fingerprint
    encoder = FakeEncoder()
    with open_index(data, encoder) as index:
        assert index.indexed() == LEAST_FOR_BACKGROUND
        assert encoder.encoded == []
        assert index.compare(an_article("x", title="summit"), an_article("y", title="flood")).score < 0.5


def test_of_too_few_articles_no_background_is_learnt(data: Path) -> None:
    with pytest.raises(StoreError, match=r"10 embedded articles .* at least 1,000"):
        learn_background(data)
