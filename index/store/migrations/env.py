"""Run by Alembic: applies the migrations on the connection that `upgrade` hands over."""

from alembic import context

from index.store.schema import metadata

context.configure(
    # SQLite can undo changes of the schema; Alembic thinks not, and would commit between them.
    transactional_ddl=True,
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
