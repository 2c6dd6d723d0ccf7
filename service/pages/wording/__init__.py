"""What the pages say, in each language that they can be read in: a JSON file a language."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import langcodes
from babel import Locale
from babel.numbers import format_decimal
from markupsafe import Markup

from index.language import primary, standard_tag

DEFAULT = "en"
LANGUAGES = ("ar", "de", "en", "es", "fr", "he", "hi", "ja", "ko", "pt", "ru", "zh")

_FAR = 20
"""How far a language may be from the one that was asked for (`langcodes.tag_distance`): Spanish is 20 from Galician.
Russian, 24 from Ukrainian, is not for all whom it would be close enough for; these get English."""


class Wording:
    """The texts of the pages in one language. In Jinja2, `t("latest", time=…)` and `t.count("reports", 3)`."""

    def __init__(self, language: str, texts: Mapping[str, str | Mapping[str, str]]) -> None:
        """Texts by their names; those that go by a number are given by plural category (CLDR)."""
        self.language = language
        self.locale = Locale.parse(language)
        self._texts = texts

    def __call__(self, name: str, **parts: object) -> Markup:
        """A text, with its parts filled in and escaped.

        Raises:
            KeyError: there is no such text.
        """
        return Markup(self._texts[name]).format(**parts)  # noqa: S704 - the text is our own, and the parts are escaped

    def count(self, name: str, number: int) -> Markup:
        """A text that says how many."""
        forms = self._texts[name]
        assert isinstance(forms, Mapping)  # noqa: S101 - a test goes through all texts
        form = forms.get(self.locale.plural_form(number), forms["other"])
        return Markup(form).format(n=format_decimal(number, locale=self.locale))  # noqa: S704 - as above


@cache
def wording(language: str) -> Wording:
    """The texts in one of `LANGUAGES`."""
    text = files(__name__).joinpath(f"{language}.json").read_text(encoding="utf-8")
    return Wording(language, json.loads(text))


def best_language(*tags: str) -> str:
    """The one of `LANGUAGES` that suits a reader of these languages (BCP 47), the most wanted first."""
    for tag in tags:
        try:
            # Whoever reads one script of a language reads the other rather than English.
            found = langcodes.closest_supported_match(primary(standard_tag(tag)), list(LANGUAGES), max_distance=_FAR)
        except ValueError:
            continue
        if found is not None:
            return str(found)
    return DEFAULT


def accepted_languages(header: str) -> list[str]:
    """The languages of an `Accept-Language` header, the most wanted first; what cannot be read is left out."""
    wanted = []
    for one in header.split(","):
        tag, _, weight = one.partition(";")
        try:
            wanted.append((float(weight.strip().removeprefix("q=") or 1), tag.strip()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(wanted, key=lambda one: -one[0]) if tag and tag != "*" and weight > 0]
