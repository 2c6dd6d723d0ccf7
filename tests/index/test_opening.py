from pathlib import Path

import pytest
from filelock import Timeout

from index import RelatedQuery, open_index
from index.errors import ModelMismatchError, StoreError, WriterLockedError
from index.opening import STORE_FILE
from index.store.sql_store import open_sqlite
from tests.index.fakes import FakeEncoder, an_article

ANY = RelatedQuery(min_score=0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_a_data_directory_is_made_and_kept(data: Path) -> None:
    with open_index(data / "below", FakeEncoder()) as index:
        index.put([an_article("a")])
    encoder = FakeEncoder()
    with open_index(data / "below", encoder) as index:
        assert (index.count(), index.indexed()) == (1, 1)
    assert encoder.encoded == []


def test_a_second_writer_is_refused_and_told_of_the_api(data: Path) -> None:
    with (
        open_index(data, FakeEncoder()),
        pytest.raises(WriterLockedError, match="--api"),
        open_index(data, FakeEncoder()),
    ):
        pass


def test_a_writer_may_follow_another_even_one_that_failed(data: Path) -> None:
    with pytest.raises(ZeroDivisionError), open_index(data, FakeEncoder()):
        raise ZeroDivisionError
    with open_index(data, FakeEncoder()) as index:
        assert index.count() == 0


def test_a_reader_beside_a_writer_is_not_refused_and_finds_what_was_there(data: Path) -> None:
    with open_index(data, FakeEncoder()) as writer:
        writer.put([an_article("a"), an_article("b", title="Another summit")])
        with open_index(data, FakeEncoder(), writer=False) as reader:
            answer = reader.related_to(reader.article("a"), ANY)
    assert [item.stored.article.id for item in answer.items] == ["b"]


def test_a_reader_leaves_the_lock_to_a_writer(data: Path) -> None:
    with open_index(data, FakeEncoder()):
        pass
    with open_index(data, FakeEncoder(), writer=False), open_index(data, FakeEncoder()) as writer:
        writer.put([an_article("a")])


def test_a_reader_of_nothing_is_told_so(data: Path) -> None:
    with pytest.raises(StoreError, match="nothing in"), open_index(data, FakeEncoder(), writer=False):
        pass
    assert not data.exists()


def test_another_model_is_refused_and_both_are_named(data: Path) -> None:
    with open_index(data, FakeEncoder("first")):
        pass
    with (
        pytest.raises(ModelMismatchError, match=r"'first'.*'second'.*--reencode"),
        open_index(data, FakeEncoder("second")),
    ):
        pass
    with open_index(data, FakeEncoder("first")) as index:
        assert index.count() == 0


class LaterEncoder(FakeEncoder):
    """Has the name of the one before, and other vectors."""

    @property
    def fingerprint(self) -> str:
        return super().fingerprint[::-1]


def test_another_version_of_the_model_is_refused_and_nobody_is_told_to_set_what_is_set(data: Path) -> None:
    with open_index(data, FakeEncoder()):
        pass
    with (
        pytest.raises(ModelMismatchError, match=r"another version of the model 'fake'.*--reencode") as refused,
        open_index(data, LaterEncoder()),
    ):
        pass
    assert "SIMILAR_NEWS_MODEL" not in str(refused.value)


def test_another_model_that_may_encode_again_does_so(data: Path) -> None:
    with open_index(data, FakeEncoder("first")) as index:
        index.put([an_article("a"), an_article("b", title="Another summit")])
    second = FakeEncoder("second")
    with open_index(data, second, reencode=True) as index:
        assert sorted(second.encoded) == ["A summit", "Another summit"]
        assert index.indexed() == 2
    with open_index(data, FakeEncoder("second")) as index:
        assert index.indexed() == 2


def test_the_same_model_is_not_encoded_again(data: Path) -> None:
    with open_index(data, FakeEncoder()) as index:
        index.put([an_article("a")])
    encoder = FakeEncoder()
    with open_index(data, encoder, reencode=True) as index:
        assert index.indexed() == 1
    assert encoder.encoded == []


def test_an_article_stored_but_not_encoded_before_a_crash_is_encoded_and_found(data: Path) -> None:
    with open_index(data, FakeEncoder()) as index:
        index.put([an_article("a")])
    with open_sqlite(data / STORE_FILE) as store:
        store.put([an_article("b", title="Another summit")])
    encoder = FakeEncoder()
    with open_index(data, encoder) as index:
        assert encoder.encoded == ["Another summit"]
        answer = index.related_to(index.article("a"), ANY)
    assert [item.stored.article.id for item in answer.items] == ["b"]


@pytest.mark.parametrize("writer", [True, False])
def test_a_data_directory_that_cannot_be_made_is_a_store_error(data: Path, writer: bool) -> None:
    data.write_text("in the way")
    with pytest.raises(StoreError), open_index(data, FakeEncoder(), writer=writer):
        pass


@pytest.mark.parametrize("writer", [True, False])
def test_a_data_directory_below_a_file_is_a_store_error(data: Path, writer: bool) -> None:
    data.write_text("in the way")
    with pytest.raises(StoreError), open_index(data / "below", FakeEncoder(), writer=writer):
        pass


def test_a_damaged_store_is_a_store_error_and_the_lock_is_free_again(data: Path) -> None:
    data.mkdir()
    (data / STORE_FILE).write_bytes(b"this is not a database " * 100)
    for _ in range(2):
        with pytest.raises(StoreError), open_index(data, FakeEncoder()):
            pass


@pytest.mark.parametrize("error", [PermissionError("of another file"), Timeout("another.lock")])
def test_an_error_while_the_index_is_open_is_not_taken_for_one_of_opening(data: Path, error: Exception) -> None:
    with pytest.raises(type(error)), open_index(data, FakeEncoder()):
        raise error
