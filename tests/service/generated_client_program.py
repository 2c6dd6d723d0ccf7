"""What somebody could write with a client that was made from service/openapi.json. Takes an address and a key.

It is checked and run by test_generated_client.py, where that client is.
"""

import json
import sys
from http import HTTPStatus
from io import BytesIO

from similar_news_client import AuthenticatedClient
from similar_news_client.api.articles import get_article, post_articles_batch, put_article
from similar_news_client.api.related import related_by_article, related_by_text, related_by_url
from similar_news_client.api.stories import get_story, list_stories
from similar_news_client.models import (
    ArticleBody,
    ArticleOut,
    Problem,
    PutOut,
    PutStatus,
    RelatedByTextBody,
    RelatedOut,
    StoriesOut,
    StoryDetailOut,
)
from similar_news_client.types import File

URL = "https://east.example/summit"
LINES = [
    {"id": "batched", "title": "The summit in the east ends", "source": "West", "lang": "en"},
    {"id": "wrong", "title": "A flood", "lang": "no language"},
]


def main(address: str, key: str) -> None:
    """Put articles, and ask for all there is to ask about them."""
    with AuthenticatedClient(base_url=address, token=key, raise_on_unexpected_status=True) as client:
        put(client)
        ask(client)
        be_refused(client)
    print("all is as it should be")  # noqa: T201 - this is a program


def put(client: AuthenticatedClient) -> None:
    """Put an article, and two lines of which one is wrong."""
    article = ArticleBody(title="A summit in the east", url=URL, source="East", lang="en")
    answer = put_article.sync_detailed("put", client=client, body=article)
    assert answer.status_code == HTTPStatus.CREATED
    assert isinstance(answer.parsed, PutOut)
    assert answer.parsed.status is PutStatus.CREATED
    body = "\n".join(map(json.dumps, LINES)).encode()
    lines = post_articles_batch.sync(client=client, body=File(BytesIO(body)))
    assert isinstance(lines, str)
    assert [json.loads(line)["status"] for line in lines.splitlines()] == ["created", "invalid"]


def ask(client: AuthenticatedClient) -> None:
    """Ask for the article, for its related coverage in three ways, and for its story."""
    article = get_article.sync("put", client=client)
    assert isinstance(article, ArticleOut)
    assert article.url == URL
    by_id = related_by_article.sync("put", client=client, limit=5, lang=["en", "ko"])
    by_url = related_by_url.sync(client=client, url_query=URL)
    by_text = related_by_text.sync(client=client, body=RelatedByTextBody(title="What of the summit?"), min_score=0)
    for answer, found in ((by_id, {"batched"}), (by_url, {"batched"}), (by_text, {"put", "batched"})):
        assert isinstance(answer, RelatedOut)
        assert {item.id for item in answer.items} == found
        assert all(0 <= item.score <= 1 for item in answer.items)
    stories = list_stories.sync(client=client, limit=5)
    assert isinstance(stories, StoriesOut)
    (story,) = stories.stories
    assert story.id == article.story
    assert isinstance(get_story.sync(story.id, client=client), StoryDetailOut)


def be_refused(client: AuthenticatedClient) -> None:
    """Ask for what is not there, and for what cannot be; without a key, for anything."""
    missing = get_article.sync("missing", client=client)
    assert isinstance(missing, Problem)
    assert (missing.status, missing.type_) == (HTTPStatus.NOT_FOUND, "urn:similar-news:problem:unknown-article")
    assert "missing" in missing.detail
    wrong = list_stories.sync(client=client, limit=0)
    assert isinstance(wrong, Problem)
    assert wrong.errors
    assert [error.field for error in wrong.errors] == ["limit"]
    stranger = AuthenticatedClient(base_url=str(client.get_httpx_client().base_url), token="mine")  # noqa: S106
    refused = list_stories.sync(client=stranger)
    assert isinstance(refused, Problem)
    assert refused.status == HTTPStatus.UNAUTHORIZED


if __name__ == "__main__":
    main(*sys.argv[1:])
