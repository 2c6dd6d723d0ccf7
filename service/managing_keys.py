"""The commands that make, list and revoke keys."""

from typing import Annotated

import typer
from pydantic import ValidationError

from service.access import key_file
from service.access.keys import Key, Scope, new_key
from service.commands import FAILED, complain, configured

app = typer.Typer(help="Who may use the service: keys, which are in the data directory.", no_args_is_help=True)


@app.command()
def create(
    scope: Annotated[Scope, typer.Option(help="What it lets do; 'admin' includes 'ingest', and that 'read'.")] = (
        Scope.READ
    ),
    name: Annotated[str | None, typer.Option(help="What it is called in the list.")] = None,
    *,
    widget: Annotated[bool, typer.Option("--widget", help="For a widget: bound to the origins of its pages.")] = False,
    origin: Annotated[
        list[str] | None,
        typer.Option(metavar="ORIGIN", help="Such an origin, as https://example.org; may be repeated."),
    ] = None,
) -> None:
    """Make a key, and print it: once, as only a digest of it is kept. A running service knows it within a second."""
    origins = origin or []
    if widget != bool(origins):
        raise typer.BadParameter("the key of a widget needs both: --widget, and --origin with those of its pages")
    with configured() as settings:
        try:
            key, text = new_key(scope, name, origins)
        except ValidationError as error:
            raise typer.BadParameter(
                "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
            ) from None
        file = settings.data_dir / key_file.NAME
        with key_file.changing(file) as keys:
            keys.append(key)
        if len(keys) == 1:
            typer.echo(f"From now on requests need a key: {file} is there.", err=True)
        typer.echo("Keep this, it is not shown again:", err=True)
        typer.echo(text)


@app.command("list")
def list_keys() -> None:
    """Print all keys, without their secrets."""
    with configured() as settings:
        ring = key_file.read(settings.data_dir / key_file.NAME)
        if ring is None:
            typer.echo("there are no keys, and none is needed")
        elif not ring.keys:
            typer.echo("there are no keys, and nobody is let in")
        else:
            typer.echo("\n".join(map(_line, ring.keys)))


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as the list has it.")]) -> None:
    """Let a key do nothing any more, within a second."""
    with configured() as settings:
        file = settings.data_dir / key_file.NAME
        ring = key_file.read(file)
        if ring is None or all(key.id != key_id for key in ring.keys):
            complain(f"similar-news: there is no key with the id {key_id!r}; 'similar-news keys list' shows them")
            raise typer.Exit(FAILED)
        with key_file.changing(file) as keys:
            keys[:] = [key for key in keys if key.id != key_id]
        typer.echo(f"{key_id} is revoked")
        if not keys:
            typer.echo(
                f"No key is left, so that nobody is let in: create one, or stop the service and delete {file} to go "
                "without keys.",
                err=True,
            )


def _line(key: Key) -> str:
    what = " ".join(("widget", *key.origins)) if key.is_for_widget else "-"
    return f"{key.id}  {key.scope:<6}  {key.created_at:%Y-%m-%d %H:%M}  {key.name or '-'}  {what}"
