"""The commands that add, list, remove and poll feeds."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from index import CoverageIndex
from service.commands import FAILED, Api, ServiceKey, client_of, complain, configured, is_url
from service.feeds.answers import FeedOut, FeedsOut
from service.feeds.configured import configured_book
from service.feeds.feed import FeedSettings
from service.feeds.items import UnreadableFeedError
from service.opening import open_configured_index
from service.settings import Settings

app = typer.Typer(help="Feeds to poll: RSS, Atom, JSON Feed and news sitemaps.", no_args_is_help=True)


@app.command()
def add(
    sources: Annotated[
        list[str], typer.Argument(metavar="URL|FILE...", help="URLs of feeds, and OPML files with such.")
    ],
    source: Annotated[
        str | None, typer.Option(help="The publisher's name, instead of what a feed calls itself.")
    ] = None,
    country: Annotated[str | None, typer.Option(help="The publisher's country, such as KR.")] = None,
    lang: Annotated[str | None, typer.Option(help="The language of the articles, such as ko.")] = None,
    *,
    full_text: Annotated[bool, typer.Option("--full-text", help="Fetch the page of each new item.")] = False,
    api: Api = None,
    key: ServiceKey = None,
) -> None:
    """Poll feeds from now on. A running service sees within a minute what is added to its data directory."""
    feeds = [
        _checked({"url": url, "source": source, "country": country, "lang": lang, "full_text": full_text})
        for url in _urls(sources)
    ]
    with configured() as settings:
        if api:
            client = client_of(api, key, settings)
            for feed in feeds:
                client.post("/v1/feeds", feed.model_dump(exclude_defaults=True))
        else:
            book = configured_book(settings)
            there = book.feeds()
            for feed in feeds:
                book.add(feed, datetime.now(UTC), in_settings=feed.feed_id in there and there[feed.feed_id].in_settings)
        typer.echo("\n".join(f"{feed.feed_id}  {feed.url}" for feed in feeds))


@app.command("list")
def list_feeds(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as the API gives it.")] = False,
    api: Api = None,
    key: ServiceKey = None,
) -> None:
    """Print all feeds, how they are, and what is wrong with those that fail."""
    with configured() as settings:
        if api:
            answer = FeedsOut.model_validate(client_of(api, key, settings).get("/v1/feeds"))
        else:
            answer = FeedsOut.of(configured_book(settings))
        listing = "\n".join(map(_line, answer.items)) or "there are no feeds"
        typer.echo(answer.model_dump_json(indent=2) if as_json else listing)


@app.command()
def remove(
    feed_id: Annotated[str, typer.Argument(metavar="ID", help="The feed's id, as the list has it.")],
    api: Api = None,
    key: ServiceKey = None,
) -> None:
    """Poll a feed no more. Its articles stay."""
    with configured() as settings:
        if api:
            client_of(api, key, settings).delete(f"/v1/feeds/{feed_id}")
        elif not configured_book(settings).remove(feed_id):
            complain(f"similar-news: there is no feed with the id {feed_id!r}; 'similar-news feeds list' shows them")
            raise typer.Exit(FAILED)
        typer.echo(f"{feed_id} is removed")


@app.command()
def poll(
    feed_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID...]", help="Ids of feeds, as the list has them; all by default.")
    ] = None,
) -> None:
    """Poll feeds once, now. The service must be stopped; while it runs it polls by itself."""
    with configured() as settings:
        unknown = [one for one in feed_ids or () if one not in configured_book(settings).feeds()]
        for one in unknown:
            complain(f"similar-news: there is no feed with the id {one!r}; 'similar-news feeds list' shows them")
        if unknown:
            raise typer.Exit(FAILED)
        with open_configured_index(settings) as index:
            problems = asyncio.run(_poll(settings, index, feed_ids))
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(FAILED)


async def _poll(settings: Settings, index: CoverageIndex, feed_ids: list[str] | None) -> list[str]:
    """Poll, print what came of it, and give what was wrong."""
    from service.feeds.configured import configured_poller
    from service.fetching.configured import configured_fetcher

    async with configured_fetcher(settings) as fetcher:
        polled = await configured_poller(settings, index, fetcher, _Unobserved()).poll_once(feed_ids)
    problems = []
    for feed_id, one in polled.items():
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(one.items.items()))
        typer.echo(f"{feed_id}  {one.outcome}{f': {counts}' if counts else ''}")
        if one.progress.problem:
            problems.append(f"{feed_id}: {one.progress.problem}")
    return problems


class _Unobserved:
    def polled(self, outcome: object, items: Counter[Any]) -> None:
        """Nobody is told."""


def _urls(sources: list[str]) -> list[str]:
    """The URLs that were given, and those in the files that were.

    Raises:
        typer.BadParameter: something is neither a URL nor such a file.
    """
    from service.feeds.opml import urls_in

    urls: dict[str, None] = {}
    for one in sources:
        if is_url(one):
            urls[one] = None
            continue
        try:
            urls |= dict.fromkeys(urls_in(Path(one).read_bytes()))
        except OSError as error:
            raise typer.BadParameter(f"{one!r} is neither a URL with http:// or https:// nor a file") from error
        except UnreadableFeedError as error:
            raise typer.BadParameter(f"{one}: {error}") from error
    return list(urls)


def _checked(given: dict[str, Any]) -> FeedSettings:
    try:
        return FeedSettings.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise typer.BadParameter(wrong) from None


def _line(feed: FeedOut) -> str:
    wrong = f"  ({feed.problem})" if feed.problem else ""
    return f"{feed.id}  {feed.state:<7}  {feed.url}  {feed.source or feed.title or '-'}{wrong}"
