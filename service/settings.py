"""Every setting of the service, read from the environment."""

import ipaddress
import re
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from limits import parse
from platformdirs import user_cache_path, user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableSettingError

from index.encoder.loading import Backend
from index.errors import SimilarNewsError
from service.access.origins import Origin
from service.feeds.feed import FeedUrl

PREFIX = "SIMILAR_NEWS_"
_NAME = "similar-news"
_USER_AGENT = re.compile(r"[A-Za-z_-]+/[ -~]*[!-~]")


def _rate(given: str) -> str:
    try:
        is_one = parse(given).amount > 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ValueError(f"{given!r} is no rate, such as '600/minute' or '20/second'")
    return given


def _networks(given: str) -> str:
    """Addresses and networks by name only: with a wildcard anyone could claim any address."""
    for one in given.split(","):
        try:
            ipaddress.ip_network(one.strip())
        except ValueError as error:
            raise ValueError(f"{one.strip()!r} is neither an address nor a network: {error}") from error
    return given


def _user_agent(given: str) -> str:
    if not _USER_AGENT.fullmatch(given):
        raise ValueError(
            f"{given!r} does not begin with a name of letters, '-' and '_', and a '/', such as 'our-news/1.0'"
        )
    return given


def _stream_url(given: SecretStr | None) -> SecretStr | None:
    """What is said of a URL that is wrong does not quote it: there may be a password in it."""
    try:
        parts = urlsplit(given.get_secret_value() if given else "redis://")
        is_one = parts.scheme in {"redis", "rediss", "unix"} and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ValueError(
            "is no URL of a Valkey or Redis server, such as 'redis://:password@host:6379/0' (or rediss://, unix://); "
            "in a password, what is neither a letter nor a digit is percent-encoded"
        )
    return given


def _writer_url(given: str | None) -> str | None:
    try:
        parts = urlsplit(given or "http://127.0.0.1:1")
        is_one = parts.scheme == "http" and bool(parts.hostname and parts.hostname.isascii() and parts.port)
    except ValueError:
        is_one = False
    if not is_one or parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        raise ValueError(f"{given!r} is no address of a writer, such as 'http://127.0.0.1:8001'")
    return given


Role = Literal["writer", "reader", "pair"]
Port = Annotated[int, Field(ge=1, le=65_535)]
Rate = Annotated[str, AfterValidator(_rate)]
Networks = Annotated[str, AfterValidator(_networks)]


class Settings(BaseSettings):
    """Read from environment variables with the prefix `SIMILAR_NEWS_`.

    A secret can also come from a file: `SIMILAR_NEWS_HUB_TOKEN_FILE` names a file with the hub token in it.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    data_dir: Path = Field(
        default_factory=lambda: user_data_path(_NAME), description="Where articles and vectors are kept."
    )
    role: Role = Field(
        "writer",
        description="`writer` takes articles, and answers; there is one for a data directory. `reader` answers from "
        "what the writer has taken, at most a second behind, and refuses articles or passes them on. `pair` is a "
        "reader that starts a writer of its own and passes them on to that.",
    )
    writer_url: Annotated[str | None, AfterValidator(_writer_url)] = Field(
        None,
        description="Address of the writer, such as `http://127.0.0.1:8001`, to which a `reader` passes on what only "
        "that can do; the writer needs the reader's address among its `SIMILAR_NEWS_TRUSTED_PROXIES`. With `pair`, "
        "where on this machine its writer listens; by default on a free port.",
    )
    retention: float = Field(
        90, ge=0, description="Articles are deleted so many days after they appeared and arrived; 0 keeps all."
    )
    cache_dir: Path = Field(
        default_factory=lambda: user_cache_path(_NAME), description="Where the embedded model is built, once."
    )
    model: str = Field(
        "embedded",
        description="The embedding model: `embedded`, tuned for news; `embedded-stock`, the same untuned; the folder "
        "of an adapter that `scripts/tune` made, or of a sentence-transformers model; or a hub name.",
    )
    model_prompt: str | None = Field(
        None, description="Text put before everything embedded; by default what the model asks for."
    )
    backend: Backend = Field(
        Backend.AUTO,
        description="What the model runs on: `openvino`, an int8 copy of it on the processor; `torch`, on a GPU when "
        "there is one; `auto`, OpenVINO for the embedded model where the processor gains from it.",
    )
    processors: int | None = Field(
        None, ge=1, le=1024, description="How many processors the model may use; by default all there are."
    )
    max_waiting_bytes: int = Field(
        2 * 2**20, ge=0, description="How much text may wait to be embedded; requests beyond it are answered by 503."
    )
    cached_texts: int = Field(
        10_000, ge=0, le=10_000_000, description="How many texts' embeddings are kept in memory, 1.5 KB each."
    )
    hub_token: SecretStr | None = Field(None, description="Token for a private model on the hub.")
    max_article_bytes: int = Field(2 * 2**20, ge=1, description="Largest body of a request with one article or text.")
    max_batch_bytes: int = Field(256 * 2**20, ge=1, description="Largest body of a batch.")
    cache_seconds: int = Field(
        30,
        ge=0,
        le=86_400,
        description="So long browsers and caches may show an answer without asking again whether it is still the same; "
        "0 has them ask every time.",
    )
    cached_answer_bytes: int = Field(
        64 * 2**20, ge=0, description="Answers of so many bytes are kept in memory, for those who ask the same next."
    )
    client_timeout: float = Field(
        30,
        gt=0,
        description="Seconds that a client may take to send the head of a request, and then its body, with one more "
        "for every 16 KiB of it, before it is answered by 408; and to read 16 KiB of an answer, before the connection "
        "is closed.",
    )
    request_timeout: float = Field(
        30, gt=0, description="Seconds in which the answer to what keeps nothing begins, or it is answered by 503."
    )
    max_concurrent_requests: int = Field(
        256, ge=1, description="How many requests are worked on at once; the next are answered by 503."
    )
    max_concurrent_ingests: int = Field(64, ge=1, description="How many of these may keep or delete articles.")
    rate_limit: Rate | None = Field(
        None,
        description="How many requests that keep nothing each caller may send, such as `600/minute`; the next are "
        "answered by 429.",
    )
    ingest_rate_limit: Rate | None = Field(
        None, description="The same for requests that keep or delete articles; a batch counts as one."
    )
    trusted_proxies: Networks | None = Field(
        None,
        description="Addresses and networks of proxies, with commas between them, whose `X-Forwarded-For` says who "
        "asks; that of others counts for nothing.",
    )
    allow_anonymous: bool = Field(
        default=False,
        description="Whether the service may listen where others can reach it while there are no keys; then something "
        "else must check who asks.",
    )
    allow_anonymous_fetch: bool = Field(
        default=False,
        description="Whether pages are fetched also for callers without a key, as long as there are no keys.",
    )
    fetch_user_agent: Annotated[str, AfterValidator(_user_agent)] = Field(
        default_factory=lambda: f"{_NAME}/{version(_NAME)}",
        description="What sites are told who fetches, best with an address to write to; what is before the `/` is the "
        "name that `robots.txt` is asked for.",
    )
    fetch_timeout: float = Field(
        20, gt=0, le=600, description="Seconds in which a page has to be there, with `robots.txt` and redirects."
    )
    max_page_bytes: int = Field(4 * 2**20, ge=1, description="Largest page that is fetched, inflated.")
    max_concurrent_fetches: int = Field(
        8, ge=1, le=1000, description="How many pages are fetched at once; the next wait 5 seconds at most."
    )
    fetch_ports: Annotated[tuple[Port, ...], NoDecode] = Field(
        default_factory=lambda: (80, 443), description="Ports that pages may be fetched from, with commas between them."
    )
    fetch_private_networks: Networks | None = Field(
        None,
        description="Addresses and networks that are not public and that pages may be fetched from all the same, such "
        "as `10.1.0.0/16`, with commas between them. Whoever may send a URL can have any page in them read.",
    )
    feeds: Annotated[tuple[FeedUrl, ...], NoDecode] = Field(
        default_factory=tuple,
        description="URLs of feeds to poll, with commas between them, beside those that are added otherwise. One that "
        "is not here any more when the service starts is removed.",
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        default_factory=tuple,
        description="Origins of pages that may read what a GET answers, such as `https://example.org`, with commas "
        "between them; those that the keys of widgets are for need not be here.",
    )
    stream_url: Annotated[SecretStr | None, AfterValidator(_stream_url)] = Field(
        None,
        description="The Valkey or Redis server from whose stream the writer takes articles, such as "
        "`redis://:password@host:6379/0`; `rediss://` with TLS.",
    )
    stream_name: str = Field("articles", min_length=1, description="The stream's key.")
    stream_group: str = Field(
        "similar-news", min_length=1, description="The stream's consumer group; each data directory needs its own."
    )
    api_key: SecretStr | None = Field(None, description="Key that the command line sends with `--api`.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severe level to log.")
    access_log: bool = Field(
        default=True,
        description="Log a line for every request; those of `/livez`, `/readyz` and `/metrics` only at level `debug`.",
    )
    telemetry: bool = Field(
        default=False,
        description="Send traces and metrics of requests by OpenTelemetry, where the `OTEL_…` variables say.",
    )
    log_format: Literal["auto", "console", "json"] = Field(
        "auto", description="`console` for people, `json` for machines; `auto` is `console` on a terminal."
    )

    @field_validator("cors_origins", "feeds", "fetch_ports", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings' signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before variables before files; neither `.env` nor a directory of secrets."""
        return init_settings, env_settings, _SecretFiles(settings_cls)


def read_settings() -> Settings:
    """The settings from the environment.

    Raises:
        SettingsError: a setting is not possible; the message names its variable.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{PREFIX}{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()]
        raise SettingsError("; ".join(wrong)) from error
    except UnreadableSettingError as error:
        raise SettingsError(str(error.__cause__ or error)) from error


class SettingsError(SimilarNewsError):
    """A setting is not possible."""


class _SecretFiles(EnvSettingsSource):
    """Reads a secret from the file that the variable with the suffix `_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        if SecretStr not in (field.annotation, *getattr(field.annotation, "__args__", ())):
            return None, field_name, False
        name = f"{PREFIX}{field_name}_FILE".lower()
        path = self.env_vars.get(name)
        try:
            return (Path(path).read_text(encoding="utf-8").strip() if path else None), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"{name.upper()}: {path} cannot be read: {error}") from error
