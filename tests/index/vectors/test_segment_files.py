import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.vectors import Entry, Filters, SegmentState, segmented_index
from index.vectors.compaction import Merger, merge
from index.vectors.segment_files import COLUMNS_FILE, MANIFEST_FILE, VECTORS_FILE, read_manifest, read_segment
from index.vectors.segmented_index import SegmentedVectorIndex
from index.vectors.segments import Sealed
from tests.index.fakes import NOON

ROWS = 16


def entries(first: int, count: int, lang: str = "ko") -> list[Entry]:
    keys = range(first, first + count)
    return [Entry(key, sequence=key, appeared_at=NOON, lang=lang, source=f"source {key}", country="KR") for key in keys]


def vectors(first: int, count: int) -> np.ndarray:
    angles = np.linspace(0, 1, ROWS * 4)[first : first + count]
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def opened(folder: Path, *, stamp: str = "one", writer: bool = True) -> SegmentedVectorIndex:
    return SegmentedVectorIndex(2, folder, stamp=stamp, writer=writer, segment_rows=4, in_background=False)


def filled(folder: Path) -> SegmentedVectorIndex:
    """An index of which the first 16 entries are in a file, and one is not."""
    index = opened(folder)
    index.add(entries(0, ROWS + 1), vectors(0, ROWS + 1))
    assert index.compact()
    assert not index.compact()
    return index


def segment_folder(folder: Path) -> Path:
    (found,) = (path for path in folder.iterdir() if path.is_dir())
    return found


def test_a_merged_segment_is_there_when_the_folder_is_opened_again(tmp_path: Path) -> None:
    filled(tmp_path).close()
    index = opened(tmp_path)
    assert index.sequences().tolist() == list(range(ROWS))
    found = index.search(vectors(3, 1)[0], 1, Filters(langs=frozenset({"ko"}), sources=frozenset({"source 3"})))
    assert [hit.key for hit in found] == [3]


def test_names_keep_their_meaning_when_others_came_first(tmp_path: Path) -> None:
    filled(tmp_path).close()
    index = opened(tmp_path)
    index.add(entries(40, 1, lang="ja"), vectors(40, 1))
    assert len(index.search(vectors(0, 1)[0], 50, Filters(langs=frozenset({"ko"})))) == ROWS
    assert [hit.key for hit in index.search(vectors(0, 1)[0], 50, Filters(langs=frozenset({"ja"})))] == [40]


def truncate(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def flip_a_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize("name", [VECTORS_FILE, COLUMNS_FILE])
@pytest.mark.parametrize("damage", [truncate, flip_a_bit, Path.unlink])
def test_a_damaged_segment_is_left_out_and_said_so_once(
    tmp_path: Path, name: str, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    filled(tmp_path).close()
    damaged = segment_folder(tmp_path)
    damage(damaged / name)
    with caplog.at_level(logging.WARNING):
        index = opened(tmp_path)
    assert len(index) == 0
    assert not damaged.exists()
    (record,) = caplog.records
    assert record.getMessage().endswith("its articles are read from the store again")


@pytest.mark.parametrize("damage", [truncate, lambda file: file.write_text("{}"), Path.unlink])
def test_a_damaged_manifest_leaves_an_empty_index(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    filled(tmp_path).close()
    damage(tmp_path / MANIFEST_FILE)
    assert len(opened(tmp_path)) == 0
    assert not any(path.is_dir() for path in tmp_path.iterdir())


def test_segments_of_other_vectors_are_removed(tmp_path: Path) -> None:
    filled(tmp_path).close()
    assert len(opened(tmp_path, stamp="two")) == 0
    assert not any(path.is_dir() for path in tmp_path.iterdir())


def test_what_a_crash_left_is_removed_and_what_counts_is_kept(tmp_path: Path) -> None:
    filled(tmp_path).close()
    (tmp_path / "00000009.new").mkdir()
    (tmp_path / "00000009.new" / VECTORS_FILE).write_bytes(b"half")
    (tmp_path / "00000008").mkdir()
    (tmp_path / (MANIFEST_FILE + ".new")).write_text("{")
    assert len(opened(tmp_path)) == ROWS
    assert {path.name for path in tmp_path.iterdir()} == {MANIFEST_FILE, segment_folder(tmp_path).name}


def test_a_folder_that_cannot_be_written_to_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    index = opened(tmp_path)
    index.add(entries(0, ROWS + 1), vectors(0, ROWS + 1))
    monkeypatch.setattr(os, "fsync", refuse)
    with caplog.at_level(logging.WARNING):
        index.compact()
    assert "No space left on device" in caplog.text
    assert index.sequences().tolist() == list(range(ROWS + 1))
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []
    monkeypatch.undo()
    for first in range(ROWS + 1, 4 * ROWS, ROWS):
        index.add(entries(first, ROWS), vectors(0, ROWS))
        while index.compact():
            pass
    index.close()
    assert set(range(ROWS)) <= set(opened(tmp_path).sequences().tolist())


def test_a_reader_sees_segments_that_the_writer_has_merged_and_keeps_its_entries(tmp_path: Path) -> None:
    writer = opened(tmp_path)
    reader = opened(tmp_path, writer=False)
    for index in (writer, reader):
        index.add(entries(0, ROWS + 1), vectors(0, ROWS + 1))
        index.remove([5])
    writer.compact()
    reader.refresh()
    assert segment_folder(tmp_path).name
    assert reader.sequences().tolist() == writer.sequences().tolist()
    for index in (writer, reader):
        assert len(index.search(vectors(5, 1)[0], 50)) == ROWS
    writer.remove([6])
    writer.add(entries(20, ROWS), vectors(20, ROWS))
    while writer.compact():
        pass
    reader.refresh()
    assert 20 not in reader.sequences()  # which it has not been told of yet
    reader.remove([6])
    reader.add(entries(20, ROWS), vectors(20, ROWS))
    assert reader.sequences().tolist() == writer.sequences().tolist()


def test_a_reader_that_opens_while_the_writer_merges_finds_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = filled(tmp_path)
    real, is_first = read_segment, iter([True])

    def read_and_merge_first(*arguments: Any) -> Sealed:
        if next(is_first, False):
            for first in range(ROWS + 1, 4 * ROWS, ROWS):
                writer.add(entries(first, ROWS), vectors(0, ROWS))
                while writer.compact():
                    pass
        return real(*arguments)

    monkeypatch.setattr(segmented_index, "read_segment", read_and_merge_first)
    reader = opened(tmp_path, writer=False)
    assert set(range(ROWS)) <= set(reader.sequences().tolist())
    assert len(reader) == 4 * ROWS


def test_a_reader_writes_nothing(tmp_path: Path) -> None:
    filled(tmp_path).close()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    manifest = read_manifest(tmp_path)
    reader = opened(tmp_path, writer=False)
    reader.add(entries(20, 2 * ROWS), vectors(20, 2 * ROWS))
    reader.close()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert read_manifest(tmp_path) == manifest


def test_a_reader_of_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    reader = opened(tmp_path / "none", writer=False)
    reader.refresh()
    assert len(reader) == 0
    assert not (tmp_path / "none").exists()


def test_a_reader_keeps_what_is_in_no_file_any_more(tmp_path: Path) -> None:
    writer = filled(tmp_path)
    reader = opened(tmp_path, writer=False)
    assert len(reader) == ROWS
    writer.clear("one")
    reader.refresh()
    assert len(reader) == ROWS
    writer.add(entries(0, ROWS + 1), vectors(0, ROWS + 1))
    while writer.compact():
        pass
    reader.refresh()
    assert reader.sequences().tolist() == list(range(ROWS))
    assert len(reader.search(vectors(0, 1)[0], 50)) == ROWS


def test_files_that_cannot_be_merged_into_a_new_one_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    index = filled(tmp_path)
    index.remove(range(12))
    monkeypatch.setattr(os, "fsync", refuse)
    assert not index.compact()
    assert index.sequences().tolist() == [12, 13, 14, 15, 16]
    monkeypatch.undo()
    index.close()
    assert set(opened(tmp_path).sequences().tolist()) == set(range(ROWS))


def test_a_merge_that_is_not_done_when_the_index_is_closed_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = merge
    index = opened(tmp_path)
    index.add(entries(0, ROWS + 1), vectors(0, ROWS + 1))
    successor: list[SegmentedVectorIndex] = []

    def merge_late(segments: Sequence[Sealed]) -> Merger:
        monkeypatch.setattr(segmented_index, "merge", real)
        index.close()
        successor.append(filled(tmp_path))
        return real(segments)

    monkeypatch.setattr(segmented_index, "merge", merge_late)
    assert not index.compact()
    successor[0].close()
    assert opened(tmp_path).sequences().tolist() == list(range(ROWS))


def test_a_reader_merges_what_it_has_in_memory(tmp_path: Path) -> None:
    reader = opened(tmp_path, writer=False)
    reader.add(entries(0, ROWS + 1), vectors(0, ROWS + 1))
    assert len(reader.segment_rows()) == 4
    assert reader.segments()[:-1] == [(SegmentState.SEALED, rows) for rows in reader.segment_rows()]
    assert reader.compact()
    assert reader.segment_rows() == [ROWS]
    assert list(tmp_path.iterdir()) == []


def test_the_segments_are_told_with_where_they_are(tmp_path: Path) -> None:
    index = filled(tmp_path)
    index.remove([0])
    assert index.segments() == [(SegmentState.STORED, ROWS - 1), (SegmentState.LIVE, 1)]


def test_a_damaged_segment_is_read_once_by_a_reader_not_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(tmp_path).close()
    truncate(segment_folder(tmp_path) / VECTORS_FILE)
    reader = opened(tmp_path, writer=False)
    reader.refresh()
    monkeypatch.setattr(segmented_index, "read_segment", None)
    reader.refresh()
    assert len(reader) == 0
