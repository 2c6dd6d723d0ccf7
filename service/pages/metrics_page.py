"""The page that says what the numbers mean. What it states is taken from the code, so that the two cannot differ."""

from typing import Any

from babel import Locale
from fastapi import APIRouter, Request, Response

from index.quality import attribution, originality, signs
from index.quality.sources import PRIOR_WEIGHT
from index.reading_time import (
    CHARACTERS_A_MINUTE,
    MEAN_CHARACTERS,
    MEAN_SYLLABLES,
    MEAN_WORDS,
    WORDS_A_MINUTE,
)
from index.related.remembering import WINDOW
from index.summary import BALANCE, MOST_READ, MOST_SENTENCES
from service.access.requirements import PUBLIC, GuardedRoute
from service.pages.rendering import page
from service.pages.wording import DEFAULT, wording

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


@router.get("/about/metrics", dependencies=[PUBLIC])
def metrics_page(request: Request) -> Response:
    """The page."""
    return page(request, "metrics.html", wording(DEFAULT), _context())


def _context() -> dict[str, Any]:
    english = Locale("en")
    speeds = [
        (english.languages[lang], a_minute, unit)
        for unit, table in (("words", WORDS_A_MINUTE), ("characters", CHARACTERS_A_MINUTE))
        for lang, a_minute in table.items()
    ]
    return {
        "speeds": sorted(speeds),
        "mean_words": MEAN_WORDS,
        "mean_syllables": MEAN_SYLLABLES,
        "mean_characters": MEAN_CHARACTERS,
        "half_minutes": signs.HALF_MINUTES,
        "half_attributed": signs.HALF_ATTRIBUTED,
        "half_figures": signs.HALF_FIGURES,
        "attribution_languages": sorted(english.languages[lang] for lang in attribution.LANGUAGES),
        "noise": originality.NOISE,
        "window_days": WINDOW.days,
        "prior_weight": PRIOR_WEIGHT,
        "most_sentences": MOST_SENTENCES,
        "most_read": MOST_READ,
        "balance": BALANCE,
    }
