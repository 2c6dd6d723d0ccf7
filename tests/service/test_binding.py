"""No service is open to everyone by accident."""

from pathlib import Path

import pytest

from service.access.binding import refuse_open
from service.access.key_file import KeyFileError
from service.server import _bound_socket
from service.settings import Settings, SettingsError
from tests.service.conftest import add_key, revoke_key
from tests.service.test_cli import run

EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is not listened on, or not for long
REACHABLE = [EVERYWHERE, "::", "192.168.1.2", "10.0.0.1", "8.8.8.8", "2001:db8::1", "fe80::1%eth0", "::ffff:8.8.8.8"]
LOOPBACK = ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"]


@pytest.mark.parametrize("address", REACHABLE)
def test_where_others_can_reach_it_a_service_without_keys_does_not_listen(address: str, keys: Path) -> None:
    with pytest.raises(SettingsError, match=r"keys create.*SIMILAR_NEWS_ALLOW_ANONYMOUS=true"):
        refuse_open(address, keys, allow_anonymous=False)
    refuse_open(address, keys, allow_anonymous=True)
    key = add_key(keys)
    refuse_open(address, keys, allow_anonymous=False)
    revoke_key(keys, key)
    refuse_open(address, keys, allow_anonymous=False)  # which answers nobody


@pytest.mark.parametrize("address", LOOPBACK)
def test_on_loopback_no_key_is_needed(address: str, keys: Path) -> None:
    refuse_open(address, keys, allow_anonymous=False)


@pytest.mark.parametrize("address", [*REACHABLE, *LOOPBACK])
@pytest.mark.parametrize("allow_anonymous", [True, False])
def test_with_keys_that_cannot_be_read_nothing_starts(address: str, allow_anonymous: bool, keys: Path) -> None:
    add_key(keys)
    keys.write_text("{")
    with pytest.raises(KeyFileError, match="damaged"):
        refuse_open(address, keys, allow_anonymous=allow_anonymous)


def test_the_address_that_is_listened_on_counts() -> None:
    for host in (EVERYWHERE, ""):
        with pytest.raises(SettingsError, match=r"listening on 0\.0\.0\.0"), _bound_socket(Settings(host=host, port=0)):
            pass
    with _bound_socket(Settings(host="localhost", port=0)):
        pass
    with _bound_socket(Settings(host=EVERYWHERE, port=0, allow_anonymous=True)):
        pass


def test_the_command_says_so_before_the_model_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.server.open_configured_index", None)
    result = run("serve", "--host", EVERYWHERE, "--port", "0")
    assert result.exit_code == 1
    assert "similar-news keys create" in result.output
