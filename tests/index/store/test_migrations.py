from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text

from index.errors import StoreError
from index.store import Change, ChangeKind, migrations
from index.store.migrations import newest
from index.store.schema import metadata
from index.store.sql_store import open_sqlite
from tests.index.fakes import NOON, an_article
from tests.index.store.old_store import EMBEDDED, NEW, STALE, make_store_of_version_1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    """A way into the file beside the store."""
    engine = create_engine(f"sqlite:///{path}")
    yield engine
    engine.dispose()


def test_the_migrations_lead_to_the_schema(path: Path, engine: Engine) -> None:
    open_sqlite(path).close()
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
    assert differences == []


def test_the_comparison_sees_a_difference(path: Path, engine: Engine) -> None:
    open_sqlite(path).close()
    with engine.begin() as connection:
        connection.execute(text("DROP INDEX articles_by_canonical_url"))
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert [difference[0] for difference in differences] == ["add_index"]


def test_a_new_store_is_of_the_newest_version(path: Path, engine: Engine) -> None:
    open_sqlite(path).close()
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == newest()


def test_a_store_of_a_newer_version_is_refused(path: Path, engine: Engine) -> None:
    open_sqlite(path).close()
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        open_sqlite(path)


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    content = b"this is not a database, but long enough to have a header " * 20
    path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot open the store"):
        open_sqlite(path)
    assert path.read_bytes() == content


def test_a_database_cut_short_is_refused(path: Path) -> None:
    with open_sqlite(path) as store:
        store.put([an_article(f"a{number}", title=f"Summit {number}") for number in range(200)])
    path.write_bytes(path.read_bytes()[:10_000])
    with pytest.raises(StoreError, match="cannot open the store"):
        open_sqlite(path)


def test_a_folder_in_the_place_of_the_file_is_refused(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreError, match="cannot open the store"):
        open_sqlite(path)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot make the data directory"):
        open_sqlite(tmp_path / "file" / "store.sqlite")


def test_folders_are_made_for_a_new_store(tmp_path: Path) -> None:
    with open_sqlite(tmp_path / "a" / "b" / "store.sqlite") as store:
        assert store.count() == 0


def test_opening_again_keeps_everything(path: Path) -> None:
    with open_sqlite(path) as store:
        store.put([an_article("a")])
    for _ in range(2):
        with open_sqlite(path) as store:
            assert store.count() == 1


def test_a_store_may_be_opened_twice_at_once(path: Path) -> None:
    with open_sqlite(path) as writer, open_sqlite(path) as reader:
        writer.put([an_article("a")])
        assert reader.get("a") == writer.get("a")
        assert reader.count() == 1


# From version 1


def test_articles_of_version_1_are_as_they_were(path: Path) -> None:
    make_store_of_version_1(path)
    with open_sqlite(path) as store:
        found = {article.article.id: article for article in store.latest(9)}
        assert {one: article.article for one, article in found.items()} == {
            article.id: article for article in (EMBEDDED, STALE, NEW)
        }
        assert [(article.key, article.sequence) for article in found.values()] == [(1, 3), (2, 2), (4, 5)]
        assert {article.first_seen_at for article in found.values()} == {NOON}
        assert store.is_taken_down("gone")
        assert store.model() is not None
        assert store.check() == []


def test_of_version_1_only_vectors_of_current_words_are_kept(path: Path) -> None:
    make_store_of_version_1(path)
    with open_sqlite(path) as store:
        vector = store.vector(1)
        assert vector is not None
        assert vector.tolist() == [1, 1]
        assert [numbers.tolist() for numbers in store.embedded_versions()] == [[1], [3]]
        assert [found.article.id for found in store.without_vector(9)] == ["stale", "new"]


def test_the_log_of_version_1_begins_with_what_is_there_and_goes_on_counting(path: Path) -> None:
    make_store_of_version_1(path)
    with open_sqlite(path) as store:
        assert store.changes_after(0, 9) == [
            Change(2, 2, ChangeKind.PUT),
            Change(3, 1, ChangeKind.PUT),
            Change(5, 4, ChangeKind.PUT),
        ]
        store.put([an_article("newer", title="A vote")])
        assert store.last_sequence() == 7
        newer = store.get("newer")
        assert newer is not None
        assert newer.key == 5


def test_a_store_of_version_1_gets_a_lineage_once(path: Path) -> None:
    make_store_of_version_1(path)
    with open_sqlite(path) as store:
        lineage = store.lineage()
        assert len(lineage) == 32
    with open_sqlite(path) as store:
        assert store.lineage() == lineage


def test_a_reader_does_not_upgrade(path: Path) -> None:
    make_store_of_version_1(path)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another version"):
        open_sqlite(path, writer=False)
    assert path.read_bytes() == before


def test_the_schema_can_go_back_to_version_1_and_forth(path: Path, engine: Engine) -> None:
    make_store_of_version_1(path)
    open_sqlite(path).close()
    with engine.begin() as connection:
        command.downgrade(migrations._config(connection), "0001")
        hashes = connection.execute(text("SELECT words_hash FROM vectors")).scalars().all()
        assert hashes == [EMBEDDED.words_hash]
    with open_sqlite(path) as store:
        assert [found.article.id for found in store.without_vector(9)] == ["stale", "new"]


# From version 3


def test_articles_embedded_before_there_were_stories_wait_to_be_assigned_in_the_order_in_which_they_came(
    path: Path, engine: Engine
) -> None:
    with open_sqlite(path) as store:
        store.put([an_article(article_id, title=f"Report {article_id}") for article_id in "abcd"])
        store.put([an_article("a", title="Report a", source="Harbor Tribune")])
        store.put_vectors(store.without_vector(9, ids=["a", "c"]), np.ones((2, 2), np.float16))
        store.put_vectors(store.without_vector(9, ids=["b"]), np.ones((1, 2), np.float16))
    with engine.begin() as connection:
        command.downgrade(migrations._config(connection), "0003")
    with open_sqlite(path) as store:
        with store.stories.changing() as stories:
            waiting = stories.unassigned(9)
        assert [store.get_by_keys([key])[key].article.id for key in waiting] == ["b", "c", "a"]
        assert (store.stories.count(), store.stories.last_change()) == (0, 0)
        assert store.check() == []
    with open_sqlite(path) as store:  # which upgrades nothing
        assert store.stories.waiting() == 3


def test_of_version_1_articles_with_a_vector_of_current_words_wait_to_be_assigned(path: Path) -> None:
    make_store_of_version_1(path)
    with open_sqlite(path) as store, store.stories.changing() as stories:
        assert stories.unassigned(9) == [1]


def test_the_schema_can_go_back_to_before_there_were_stories(path: Path, engine: Engine) -> None:
    with open_sqlite(path) as store:
        store.put([an_article("a")])
        store.put_vectors(store.without_vector(1), np.ones((1, 2), np.float16))
        with store.stories.changing() as stories:
            assert stories.open(1) == 1
    with engine.begin() as connection:
        command.downgrade(migrations._config(connection), "0003")
        tables = connection.execute(text("SELECT name FROM sqlite_schema WHERE type = 'table'")).scalars().all()
    assert not {"stories", "story_members", "unassigned", "story_redirects", "story_changes"} & set(tables)
    with open_sqlite(path) as store:
        assert (store.stories.count(), store.stories.waiting()) == (0, 1)
