"""An article as a publisher sends it, checked and brought into its standard form."""

import hashlib
import re
import unicodedata
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Self
from urllib.parse import urlsplit, urlunsplit

from babel import Locale
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from w3lib.url import canonicalize_url, url_query_cleaner

from index.language import identify, standard_tag

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._~:@-]*$"
MAX_ID = 200
MAX_TITLE = 1_000
MAX_TEXT = 200_000
MAX_URL = 4_096

_TRACKING_PARAMETERS = ("fbclid", "gclid", "igshid", "mc_cid", "mc_eid", "msclkid", "yclid")
_TOO_LONG = f"the URL is longer than {MAX_URL} characters, as counted after percent-encoding"
_TRACKING_PREFIX = re.compile(r"(?:^|(?<=&))utm_[^&]*&?")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufeff]")  # those that are no white space
_HOST = re.compile(r"[a-z0-9._:-]+")
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r" ?\n\s*")


def _whole(text: str) -> str:
    """Refuse half a character: JSON can carry a lone surrogate, UTF-8 cannot."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"has half a character at position {error.start} (a lone surrogate)") from error
    return text


def clean_text(text: str) -> str:
    """Compose characters (NFC), drop control characters and superfluous white space.

    Composition matters: the tokenizer of the embedded model reads a decomposed Hangul syllable or an
    accent on its own as other pieces than the composed character, and news feeds carry both forms.
    """
    text = unicodedata.normalize("NFC", _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")))
    return _BLANK_LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def canonical_url(url: str) -> str:
    """The form under which a page is known: no fragment, tracking parameters or default port, ordered query.

    Raises:
        ValueError: not an absolute http or https URL.
    """
    if len(url) > MAX_URL:
        raise ValueError(_TOO_LONG)
    try:
        parts = urlsplit(canonicalize_url(url.strip(), keep_fragments=True))
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise ValueError(f"{url!r} is not a URL: {error}") from error
    if parts.scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host or ""):
        raise ValueError(f"{url!r} is not an absolute http or https URL")
    netloc = parts.netloc.removesuffix(f":{port}") if port == _DEFAULT_PORTS[parts.scheme] else parts.netloc
    query = _TRACKING_PREFIX.sub("", parts.query).rstrip("&")
    fragment = parts.fragment if parts.fragment.startswith("!") else ""  # "#!" names a page, others a place in one
    cleaned = urlunsplit((parts.scheme, netloc, parts.path or "/", query, fragment))
    canonical = str(url_query_cleaner(cleaned, _TRACKING_PARAMETERS, remove=True, unique=False, keep_fragments=True))
    if len(canonical) > MAX_URL:
        raise ValueError(_TOO_LONG)
    return canonical


def _url(url: str) -> str:
    canonical_url(url)
    return url.strip()


def id_of_url(url: str) -> str:
    """The id of an article that came without one: the first 128 bits of its canonical URL's SHA-256."""
    return f"url-{hashlib.sha256(canonical_url(url).encode()).hexdigest()[:32]}"


_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
"""Groupings, pseudo-locales and "unknown", which CLDR has among its territories."""


@cache
def territories() -> frozenset[str]:
    """The codes of the countries that there are."""
    codes = {code for code in map(str, Locale("en").territories) if re.fullmatch(r"[A-Z]{2}", code)}
    return frozenset(codes - _NO_COUNTRIES)


def _country(code: str) -> str:
    if not code.isascii() or code.upper() not in territories():
        raise ValueError(f"{code!r} is not a country code (ISO 3166-1 alpha-2), such as 'KR' or 'BR'")
    return code.upper()


def _date(value: object) -> object:
    """Read ISO 8601; a number is refused, since no one can tell its unit."""
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise ValueError(f"{value!r} is not an ISO 8601 date, such as '2023-09-14T09:30:00+09:00'") from error
    else:
        raise ValueError("a date is a string in ISO 8601, such as '2023-09-14T09:30:00+09:00'")  # noqa: TRY004 - pydantic
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{value!r} is out of range") from error


def _words(text: str) -> str:
    if not any(map(str.isalnum, text)):
        raise ValueError("is empty: it needs at least one letter or digit; leave the field out if there is none")
    return text


ArticleId = Annotated[
    str,
    StringConstraints(pattern=ID_PATTERN, max_length=MAX_ID),
    Field(
        description="Letters, digits and . _ ~ : @ -, beginning with a letter or digit.",
        examples=["kp-ru-summit-talks-ko"],
    ),
]
# What the validators demand is described in `json_schema_extra`, for those who make clients or requests from it.
Lang = Annotated[
    str, Field(max_length=35, json_schema_extra={"minLength": 2, "format": "bcp-47"}), AfterValidator(standard_tag)
]
Country = Annotated[
    str,
    Field(json_schema_extra={"format": "iso-3166-1-alpha-2"}),
    AfterValidator(_country),
]
Url = Annotated[str, Field(json_schema_extra={"maxLength": MAX_URL, "format": "uri"}), AfterValidator(_url)]
Moment = Annotated[datetime, BeforeValidator(_date)]
# Lengths are of the cleaned text: composing characters can make a text longer.
_Cleaned = Annotated[
    str,
    Field(json_schema_extra={"pattern": r"[\p{L}\p{N}]"}),
    AfterValidator(_whole),
    AfterValidator(clean_text),
    AfterValidator(_words),
]
Title = Annotated[_Cleaned, Field(max_length=MAX_TITLE)]
Text = Annotated[_Cleaned, Field(max_length=MAX_TEXT)]
Name = Annotated[_Cleaned, Field(max_length=200)]


def one_needed(*names: str) -> dict[str, Any]:
    """What a JSON schema says, below `allOf`, of an object that needs at least one of these, which are strings.

    Directly in the schema of the object generators of clients would take it for several kinds of objects.
    """
    return {"anyOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in names]}


def describe_needs(schema: dict[str, Any], *words: str) -> None:
    """Describe in a JSON schema what an article needs: one of some fields for its words, and an id or a URL."""
    del schema["required"]  # the id, which can be derived
    schema["properties"]["id"]["type"] = ["string", "null"]
    schema["allOf"] = [one_needed(*words), one_needed("id", "url")]


def _describe(schema: dict[str, Any]) -> None:
    describe_needs(schema, "title", "text")


class Content(BaseModel):
    """What is embedded: the words of an article, or of a query. A title or a text is needed, best both."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_alias=True, json_schema_extra={"allOf": [one_needed("title", "text")]}
    )

    title: Title | None = Field(None, description="The headline.", examples=["북·러, 광범위한 군사협력 시사"])
    text: Text | None = Field(None, description="The body as plain text, as much of it as there is.")
    lang: Lang | None = Field(
        None,
        validation_alias=AliasChoices("lang", "language"),
        description="BCP 47 tag; identified from the words when left out. `language` is taken too.",
        examples=["ko"],
    )
    published_at: Moment | None = Field(
        None, description="ISO 8601; UTC when it has no offset.", examples=["2023-09-14T09:30:00+09:00"]
    )

    @model_validator(mode="after")
    def _needs_words(self) -> Self:
        if self.title is None and self.text is None:
            raise ValueError("an article needs a 'title' or a 'text'")
        return self

    @property
    def words(self) -> str:
        """Title and text, one after the other."""
        return "\n".join(part for part in (self.title, self.text) if part)

    @property
    def language(self) -> str:
        """The language given, or the one identified from the words."""
        return self.lang or identify(self.words)

    def with_language(self) -> Self:
        """The same with its language, which is identified once then."""
        return self.model_copy(update={"lang": self.language})

    @property
    def words_hash(self) -> str:
        """SHA-256 of the words: articles that share it need one embedding, and are copies."""
        return hashlib.sha256(self.words.encode()).hexdigest()


class ArticleFields(Content):
    """An article without its id."""

    url: Url | None = Field(None, description="Where the article can be read.")
    source: Name | None = Field(None, description="The publisher's name.", examples=["Harbor Tribune"])
    country: Country | None = Field(None, description="The publisher's country, ISO 3166-1 alpha-2.", examples=["KR"])


class Article(ArticleFields):
    """One report of one publisher."""

    model_config = ConfigDict(json_schema_extra=_describe)

    id: ArticleId = Field(description="The publisher's own id; derived from the URL when left out.")

    @model_validator(mode="before")
    @classmethod
    def _id_from_url(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("id") is None:
            if not isinstance(data.get("url"), str):
                raise ValueError("an article needs an 'id', or a 'url' to derive one from")
            return {**data, "id": id_of_url(data["url"])}
        return data

    @property
    def content_hash(self) -> str:
        """SHA-256 of everything but the id: an article sent again with the same hash is unchanged.

        Of the URL only its canonical form counts: a feed may add another tracking parameter every time.
        """
        fields = self.model_dump_json(exclude={"id", "url"})
        return hashlib.sha256(f"{self.canonical_url or ''}\n{fields}".encode()).hexdigest()

    @property
    def canonical_url(self) -> str | None:
        """The form of the URL under which the article is known."""
        return canonical_url(self.url) if self.url else None
