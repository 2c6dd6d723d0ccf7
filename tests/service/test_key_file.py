"""The file with the keys: what is in it, and when it is read."""

import json
import logging
import os
import stat
import threading
from pathlib import Path

import pytest

from index.errors import SimilarNewsError
from service.access import key_file
from service.access.key_file import FollowedKeyFile, KeyFileError, changing, read
from service.access.keys import Scope, new_key
from tests.service.conftest import add_key, revoke_key


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "keys.json"


def test_only_a_digest_is_kept(file: Path) -> None:
    text = add_key(file, Scope.READ, "https://example.org")
    _, key_id, secret = text.split("_")
    (kept,) = json.loads(file.read_text())["keys"]
    assert set(kept) == {"id", "name", "kind", "scope", "origins", "created_at", "sha256"}
    assert kept["id"] == key_id
    everything = "".join(one.read_text() for one in file.parent.iterdir())
    assert secret not in everything
    assert all(secret[start : start + 16] not in everything for start in range(0, 64, 16))


def test_a_secret_has_256_bits_and_none_is_made_twice() -> None:
    secrets = [new_key(Scope.READ)[1].split("_")[2] for _ in range(100)]
    assert len(set(secrets)) == 100
    assert {len(bytes.fromhex(secret)) for secret in secrets} == {32}


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_the_file_is_for_its_owner_alone(file: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        for _ in range(2):
            add_key(file)
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_file_that_cannot_be_written_stays_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(file)
    before = file.read_bytes()

    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("index.disk.os.fsync", no_room)
    with pytest.raises(KeyFileError, match="No space left"):
        add_key(file)
    assert file.read_bytes() == before
    assert {one.name for one in file.parent.iterdir()} <= {"keys.json", "keys.lock"}


def test_what_goes_wrong_while_keys_are_changed_changes_nothing(file: Path) -> None:
    add_key(file)
    before = file.read_bytes()

    def fail() -> None:
        with changing(file) as keys:
            keys.clear()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert file.read_bytes() == before


def test_a_damaged_file_is_not_written_over(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("{")
    with pytest.raises(KeyFileError, match="damaged"):
        add_key(file)
    assert file.read_text() == "{"


def test_keys_that_are_made_at_once_are_all_kept(file: Path) -> None:
    threads = [threading.Thread(target=add_key, args=(file,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ring = read(file)
    assert ring is not None
    assert len(ring.keys) == 8


def test_a_widget_that_lost_its_origins_is_not_free_of_them(file: Path) -> None:
    add_key(file, Scope.READ, "https://example.org")
    document = json.loads(file.read_text())
    document["keys"][0]["origins"] = []
    file.write_text(json.dumps(document))
    with pytest.raises(KeyFileError, match="origins"):
        read(file)


def test_two_keys_with_one_id_are_a_fault(file: Path) -> None:
    add_key(file)
    document = json.loads(file.read_text())
    document["keys"] *= 2
    file.write_text(json.dumps(document))
    with pytest.raises(KeyFileError, match="one id"):
        read(file)


def test_a_link_that_leads_nowhere_is_no_missing_file(file: Path) -> None:
    file.parent.mkdir()
    file.symlink_to("elsewhere")
    with pytest.raises(KeyFileError, match="leads nowhere"):
        read(file)


def test_a_fault_does_not_show_what_is_in_the_file(file: Path) -> None:
    file.parent.mkdir()
    file.write_text('{"version": 1, "keys": [{"sha256": "hunter2", "id": "hunter2"}], "hunter": "hunter2"}')
    with pytest.raises(SimilarNewsError) as caught:
        read(file)
    assert "hunter2" not in str(caught.value)


# Followed


def test_the_file_is_looked_at_once_a_second(file: Path) -> None:
    clock = Clock()
    followed = FollowedKeyFile(file, clock)
    assert followed.current() is None
    add_key(file)
    clock.now = 0.9
    assert followed.current() is None
    clock.now = 1.0
    ring = followed.current()
    assert ring is not None
    assert len(ring.keys) == 1


def test_a_file_that_stays_the_same_is_not_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_key(file)
    clock = Clock()
    followed = FollowedKeyFile(file, clock)
    before = followed.current()
    monkeypatch.setattr(key_file, "read", None)
    clock.now = 5.0
    assert followed.current() is before


def test_a_change_of_the_same_size_at_the_same_time_is_seen(file: Path) -> None:
    first = add_key(file)
    clock = Clock()
    followed = FollowedKeyFile(file, clock)
    assert followed.current() is not None
    moment = file.stat().st_mtime_ns
    revoke_key(file, first)
    second = add_key(file)
    os.utime(file, ns=(moment, moment))
    clock.now = 1.0
    ring = followed.current()
    assert ring is not None
    assert ring.find(first) is None
    assert ring.find(second) is not None


def test_a_fault_is_logged_once_and_what_was_mended_is_read(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    add_key(file)
    whole = file.read_bytes()
    clock = Clock()
    followed = FollowedKeyFile(file, clock)
    assert followed.current() is not None
    file.write_text("{")
    for _ in range(3):
        clock.now += 1
        with pytest.raises(KeyFileError, match="damaged"):
            followed.current()
    assert followed.origins() == frozenset()
    assert [record.levelname for record in caplog.records] == ["INFO", "ERROR"]
    file.write_bytes(whole)
    clock.now += 1
    assert followed.current() is not None


def test_a_file_that_is_gone_is_a_fault_until_it_is_back(file: Path) -> None:
    add_key(file)
    clock = Clock()
    followed = FollowedKeyFile(file, clock)
    assert followed.current() is not None
    aside = file.rename(file.with_name("aside"))
    for _ in range(2):
        clock.now += 1
        with pytest.raises(KeyFileError, match="gone"):
            followed.current()
    aside.rename(file)
    clock.now += 1
    assert followed.current() is not None
