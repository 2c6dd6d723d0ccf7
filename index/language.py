"""Languages of articles: identification, and BCP 47 tags."""

from functools import cache

import langcodes
from langcodes.tag_parser import LanguageTagError
from py3langid.langid import MODEL_FILE, LanguageIdentifier

UNDETERMINED = "und"

_MIN_CONFIDENCE = 0.5
"""Below it, no single language is more likely than all others together."""


def standard_tag(tag: str) -> str:
    """The standard form of a BCP 47 tag: `zh_tw` gives `zh-TW`, `iw` gives `he`.

    Raises:
        ValueError: not a tag, or its language is not in the registry.
    """
    try:
        language = langcodes.Language.get(tag.strip())
        if not language.is_valid():
            raise ValueError(tag)
        return str(language.to_tag())
    except (LanguageTagError, ValueError) as error:
        raise ValueError(f"{tag!r} is not a language tag (BCP 47), such as 'ko', 'en' or 'zh-Hant'") from error


def primary(tag: str) -> str:
    """The language of a tag without script and region: `zh-TW` gives `zh`."""
    return tag.partition("-")[0]


def identify(text: str) -> str:
    """The language of a text as a BCP 47 tag, `und` when no language is more likely than not."""
    language, confidence = _identifier().classify(text)
    return standard_tag(language) if confidence >= _MIN_CONFIDENCE else UNDETERMINED


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
