"""Keys: how they are written, and how one that is sent is found among those that are known."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from service.access.origins import Origin

_ID_BYTES = 6
_SECRET_BYTES = 32
# Hexadecimal, in which there is no '_': what is between the two can be nothing but id and secret.
_TEXT = re.compile(r"sn_([0-9a-f]{12})_([0-9a-f]{64})", re.ASCII)
_OF_NO_SECRET = "0" * 64
"""The digest that the secret of an unknown id is compared with, so that it takes as long as that of a known one."""


class Scope(StrEnum):
    """What a key lets do; each includes those before it."""

    READ = "read"
    INGEST = "ingest"
    ADMIN = "admin"

    def includes(self, other: "Scope") -> bool:
        """Whether who may do this may do the other, too."""
        scopes = list(Scope)
        return scopes.index(self) >= scopes.index(other)


class Key(BaseModel):
    """A key as it is kept: without its secret.

    Of the secret only the SHA-256 digest is kept. A slow or salted hash protects words that people choose, which can be
    guessed; 32 random bytes cannot be, and every request would pay for it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern="^[0-9a-f]{12}$")
    name: str | None = Field(None, max_length=100)
    kind: Literal["server", "widget"]
    scope: Scope
    origins: tuple[Origin, ...] = ()
    created_at: AwareDatetime
    sha256: str = Field(pattern="^[0-9a-f]{64}$", repr=False)

    @model_validator(mode="after")
    def _is_bound(self) -> "Key":
        if self.kind == "widget" and (self.scope is not Scope.READ or not self.origins):
            raise ValueError("the key of a widget only reads, and has the origins of the pages that it is for")
        if self.kind == "server" and self.origins:
            raise ValueError("only the key of a widget has origins")
        if self.name is not None and not self.name.isprintable():
            raise ValueError("the name has characters that cannot be shown")
        return self

    @property
    def is_for_widget(self) -> bool:
        """Whether it is in the open, in pages that anyone can read, and bound to their origins."""
        return self.kind == "widget"


def new_key(scope: Scope, name: str | None = None, origins: Sequence[str] = ()) -> tuple[Key, str]:
    """Make a key; gives what is to be kept, and the text that is sent, which is nowhere else from then on.

    Args:
        scope: what it lets do; that of a widget can only be to read.
        name: what it is called in lists.
        origins: those of the pages that a widget's key is for; none for any other key.

    Raises:
        pydantic.ValidationError: there can be no such key.
    """
    key_id, secret = secrets.token_hex(_ID_BYTES), secrets.token_hex(_SECRET_BYTES)
    kept = Key(
        id=key_id,
        name=name,
        kind="widget" if origins else "server",
        scope=scope,
        origins=tuple(dict.fromkeys(origins)),
        created_at=datetime.now(UTC).replace(microsecond=0),
        sha256=_digest(secret),
    )
    return kept, f"sn_{key_id}_{secret}"


class KeyRing(BaseModel):
    """All keys that are known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    keys: Annotated[tuple[Key, ...], Field(default=())]

    @model_validator(mode="after")
    def _are_different(self) -> "KeyRing":
        if len({key.id for key in self.keys}) < len(self.keys):
            raise ValueError("two keys have one id")
        return self

    def find(self, text: str) -> Key | None:
        """The key that a text is; None if there is no such key, or its secret is another one."""
        parts = _TEXT.fullmatch(text)
        key_id, secret = parts.groups() if parts else ("", text)
        key = {key.id: key for key in self.keys}.get(key_id)
        is_secret = hmac.compare_digest(_digest(secret), key.sha256 if key else _OF_NO_SECRET)
        return key if is_secret else None

    def origins(self) -> frozenset[str]:
        """Those that the keys of widgets are for."""
        return frozenset(origin for key in self.keys for origin in key.origins)


def without_keys(text: str) -> str:
    """A text with the secrets of all keys in it left out, and all that is sent as one in a query."""
    return _IN_QUERY.sub(r"\1…", _SECRET.sub(r"\1…", text))


_SECRET = re.compile(r"(sn_[0-9a-f]{12}_)[0-9a-f]+", re.ASCII | re.IGNORECASE)
_IN_QUERY = re.compile(r"([?&](?:k|%6b)(?:e|%65)(?:y|%79)=)[^&\s\"']+", re.ASCII | re.IGNORECASE)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
