"""How does Alembic reach the database? Through the connection, locked already, that store/migrate.py hands over."""

from alembic import context

from commentsvc.store.models import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
