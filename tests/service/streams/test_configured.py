"""Which stream the settings name."""

import sys

import pytest
from pydantic import SecretStr

from service.settings import Settings, SettingsError, read_settings
from service.streams.configured import configured_stream


@pytest.mark.parametrize("wrong", ["http://s3cret@host", "s3cret", "redis://:s3/cret@host", "redis://host:s3cret"])
def test_a_wrong_url_is_refused_and_not_told(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMILAR_NEWS_STREAM_URL", wrong)
    with pytest.raises(SettingsError, match=r"SIMILAR_NEWS_STREAM_URL: .* is no URL of a Valkey or Redis") as caught:
        read_settings()
    assert "s3" not in str(caught.value)


@pytest.mark.parametrize("url", ["redis://:p%2Fw@host:6379/0", "rediss://host", "unix:///run/valkey.sock"])
def test_the_url_of_a_server_is_taken(url: str) -> None:
    assert configured_stream(Settings(stream_url=SecretStr(url))) is not None


def test_without_a_url_there_is_no_stream() -> None:
    assert configured_stream(Settings()) is None


def test_without_the_client_the_setting_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "service.streams.redis_streams", raising=False)
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(SettingsError, match=r"pip install 'similar-news\[streams\]'"):
        configured_stream(Settings(stream_url=SecretStr("redis://host")))
