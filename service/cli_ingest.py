"""The command line's `ingest`."""

from pathlib import Path
from typing import Annotated

import typer

from service import ingest as ingesting
from service.commands import FAILED, Api, ServiceKey, client_of, complain, configured
from service.files.errors import UnreadableFileError
from service.files.formats import Format
from service.files.opening import files_of
from service.files.records import ReadOptions
from service.ingest_targets import IndexTarget, ServiceTarget
from service.lines import FIELDS
from service.opening import open_configured_index

_TAB = {"\\t": "\t", "tab": "\t"}


def ingest(  # noqa: PLR0913 - the options of a command
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|URL...",
            help="Files, directories, patterns as '*.jsonl.gz', - for the standard input; and URLs of pages to fetch.",
        ),
    ],
    *,
    kind: Annotated[
        Format | None, typer.Option("--format", help="Format of the files, instead of telling it by what is in each.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=COLUMN", help="Of CSV: the column that has a field, such as title=headline."),
    ] = None,
    delimiter: Annotated[
        str | None, typer.Option(help="Of CSV: what stands between columns, 'tab' for a tab; found out otherwise.")
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Of CSV: such as utf-8 or cp949; found out otherwise.")] = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", dir_okay=False, help="Write what was not taken, and why, to a file (JSON Lines)."),
    ] = None,
    api: Api = None,
    key: ServiceKey = None,
) -> None:
    """Read articles from files and pages, and keep them. What is bad is reported, and what is good kept.

    Formats are told by what is in a file: JSON Lines, CSV, JSON Feed, ninjs, NewsML-G2, saved pages of HTML, and WARC;
    each may be compressed by gzip or zstd. Interrupted, the same command goes on where it stopped.
    """
    from service import ingest_pages as ingesting_pages  # here, because it brings along what fetches

    names, urls = ingesting_pages.told_apart(sources)
    try:
        files = files_of(names)
    except UnreadableFileError as error:
        raise typer.BadParameter(f"{error}, and it is no URL with http:// or https://") from error
    options = ReadOptions(_columns(column or []), _delimiter(delimiter), encoding)
    with configured() as settings:
        reading = ingesting.Reading(files, kind, options, report)
        if api:
            client = client_of(api, key, settings)
            done = ingesting.ingest(reading, ServiceTarget(client), state=settings.data_dir, told=api)
            if urls:
                ingesting_pages.to_service(urls, client, done)
        else:
            with open_configured_index(settings, bulk=True) as index:
                done = ingesting.ingest(reading, IndexTarget(index), state=settings.data_dir)
                if urls:
                    ingesting_pages.to_index(urls, index, settings, done)
        typer.echo(done.summary())
        for problem in done.problems:
            complain(problem)
        if more := done.faults - len(done.problems):
            complain(f"and {more} more" + ("" if report else "; --report FILE tells of all"))
    if done.faults:
        raise typer.Exit(FAILED)


def _columns(given: list[str]) -> dict[str, str]:
    columns = {}
    for one in given:
        field, equals, name = one.partition("=")
        if field not in FIELDS or not equals or not name:
            raise typer.BadParameter(f"{one!r} is not FIELD=COLUMN with a FIELD of {', '.join(FIELDS)}")
        columns[field] = name
    return columns


def _delimiter(given: str | None) -> str | None:
    wanted = _TAB.get(given, given) if given else None
    if wanted is not None and len(wanted) != 1:
        raise typer.BadParameter(f"{given!r} is not one character, nor 'tab'")
    return wanted
