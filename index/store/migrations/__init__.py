"""The history of the schema, applied by Alembic when a store is opened."""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection

from index.errors import StoreError


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest version.

    Raises:
        StoreError: the schema is of a newer version of similar-news than this one.
    """
    try:
        command.upgrade(_config(connection), "head")
    except (CommandError, ResolutionError) as error:
        raise StoreError(
            "the data directory was written by a newer version of similar-news, whose schema this version does not "
            f"know: install that version again, or restore a backup ({error})"
        ) from error


def check(connection: Connection) -> None:
    """See that the schema is of the newest version, and change nothing.

    Raises:
        StoreError: it is not.
    """
    if MigrationContext.configure(connection).get_current_revision() != newest():
        raise StoreError("the data directory is of another version of similar-news: serve it with this version first")


def newest() -> str | None:
    """The name of the newest version of the schema."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def is_known(version: str) -> bool:
    """Whether this version of similar-news can read a schema of that name, or bring it to the newest version."""
    return version in {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(files(__name__)))
    config.attributes["connection"] = connection
    return config
