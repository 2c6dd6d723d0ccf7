"""The command line: `similar-news`."""

import json
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from index import maintenance
from index.store.stories import StoryOrder
from service import cli_ingest, managing_feeds, managing_keys
from service.api_client import ApiClient
from service.commands import FAILED, Api, ServiceKey, client_of, complain, configured
from service.networks import address_of
from service.opening import open_configured_index
from service.schemas import ItemOut, RelatedOut

app = typer.Typer(
    help="Finds related coverage of any news story, across languages.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # there may be a key among them
)
app.add_typer(managing_keys.app, name="keys")
app.add_typer(managing_feeds.app, name="feeds")
app.command()(cli_ingest.ingest)

_WILDCARDS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, not listened on


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")] = None,
    *,
    reencode: Annotated[
        bool, typer.Option("--reencode", help="Embed all articles again if they were embedded by another model.")
    ] = False,
) -> None:
    """Serve the API and the pages."""
    with configured() as settings:
        from service.server import run  # here, because it brings the web server along

        given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
        run(settings.model_copy(update=given), reencode=reencode)


@app.command()
def related(
    article_id: Annotated[str | None, typer.Argument(metavar="ID", help="Id of an article.")] = None,
    url: Annotated[str | None, typer.Option(help="URL of an article, instead of its id.")] = None,
    text: Annotated[str | None, typer.Option(help="Any text, instead of an article.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many items at most.")] = 10,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as the API gives it.")] = False,
    api: Api = None,
    key: ServiceKey = None,
) -> None:
    """Print what else is being reported about an article or a text."""
    if sum(value is not None for value in (article_id, url, text)) != 1:
        raise typer.BadParameter("give one of: an ID, --url or --text")
    with configured() as settings:
        from service.asking import ask_index, ask_service

        if api:
            answer = ask_service(client_of(api, key, settings), article_id, url, text, limit)
        else:
            with open_configured_index(settings, writer=False) as index:
                answer = ask_index(index, article_id, url, text, limit)
        typer.echo(answer.model_dump_json(indent=2) if as_json else _listing(answer))


stories = typer.Typer(help="What stories there are, and why articles are together.", no_args_is_help=True)
app.add_typer(stories, name="stories")


@stories.command("list")
def list_stories(
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many stories at most.")] = 20,
    *,
    trending: Annotated[bool, typer.Option("--trending", help="Those that most publishers report just now.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as the API gives it.")] = False,
    api: Api = None,
    key: ServiceKey = None,
) -> None:
    """Print the latest stories, or those that are trending."""
    with configured() as settings:
        from service import telling_stories

        order = StoryOrder.TRENDING if trending else StoryOrder.LATEST
        if api:
            answer = telling_stories.list_of_service(client_of(api, key, settings), order, limit)
        else:
            answer = telling_stories.list_of_data(settings.data_dir, order, limit)
        typer.echo(answer.model_dump_json(indent=2) if as_json else telling_stories.listing(answer))


@stories.command()
def explain(
    story_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a story.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as the API gives it.")] = False,
    api: Api = None,
    key: ServiceKey = None,
) -> None:
    """Print why the articles of a story are together, those first that hang on by the least."""
    with configured() as settings:
        from service import telling_stories

        if api:
            answer = telling_stories.explain_by_service(client_of(api, key, settings), story_id)
        else:
            answer = telling_stories.explain_by_data(settings.data_dir, story_id)
        typer.echo(answer.model_dump_json(indent=2) if as_json else telling_stories.explanation(answer))


@stories.command("rebuild")
def rebuild_stories() -> None:
    """Assign all articles to stories anew, with ids kept where stories are as before. The service must be stopped."""
    with configured() as settings:
        rebuilt = maintenance.rebuild_stories(settings.data_dir)
        typer.echo(
            f"{rebuilt.articles} articles are in {rebuilt.stories} stories; "
            f"{rebuilt.moved} of them in another one than before"
        )


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; a file there is replaced.", dir_okay=False)],
) -> None:
    """Write a copy of all articles and vectors to a file. The service may be running."""
    with configured() as settings:
        typer.echo(f"{maintenance.back_up(settings.data_dir, file)} articles are in {file}")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="What 'backup' wrote.", exists=True, dir_okay=False)]) -> None:
    """Replace all articles by those of a backup. The service may be running."""
    with configured() as settings:
        typer.echo(f"{maintenance.restore(settings.data_dir, file)} articles are restored from {file}")


@app.command()
def check() -> None:
    """See whether store and index are whole, and mend what can be mended. Exits with 1 if something was not."""
    with configured() as settings:
        faults = maintenance.check(settings.data_dir)
        for fault in faults:
            complain(fault)
    if faults:
        raise typer.Exit(FAILED)
    typer.echo("all is well")


@app.command()
def background() -> None:
    """Compute what the model's embeddings have in common, from your articles: for a model that comes without it."""
    with configured() as settings:
        learnt = maintenance.learn_background(settings.data_dir)
        tags = ", ".join(sorted(learnt.by_language)) or "no language with enough articles"
        typer.echo(f"written to {settings.data_dir}, with means of its own for: {tags}; start the service again")


@app.command()
def healthcheck(
    url: Annotated[
        str | None,
        typer.Option("--url", "--api", metavar="ADDRESS", help="A service, instead of that on this machine."),
    ] = None,
) -> None:
    """Exit with 0 if the service on this machine is ready; with 1 if not, and a line that says why."""
    with configured() as settings:
        host = settings.host if settings.host not in _WILDCARDS else "127.0.0.1"
        typer.echo(json.dumps(ApiClient(url or address_of(host, settings.port)).ready(), ensure_ascii=False))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(version_of("similar-news"))


def _listing(answer: RelatedOut) -> str:
    return "\n".join(map(_line, answer.items)) or "nothing related found"


def _line(item: ItemOut) -> str:
    origin = f"{item.source}; {item.id}" if item.source else item.id
    return f"{item.score:.2f}  {item.relation:<10}  {item.lang:<5} {item.title or item.snippet}  ({origin})"
