"""What must the next migration do? Prints the difference between the migrated tables and store/models.py."""

import tempfile
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext

from commentsvc.store import fulltext, migrate
from commentsvc.store.db import Database
from commentsvc.store.models import Table

with tempfile.TemporaryDirectory() as folder:
    db = Database(f"sqlite:///{Path(folder) / 'draft.db'}")
    migrate.upgrade(db)
    with db.reading() as session:
        context = MigrationContext.configure(
            session.connection(),
            opts={"render_as_batch": True, "include_name": lambda name, *_: not fulltext.is_index(name)},
        )
        script = produce_migrations(context, Table.metadata)
    for name, steps in (("upgrade", script.upgrade_ops), ("downgrade", script.downgrade_ops)):
        print(f"def {name}() -> None:\n    {render_python_code(steps, render_as_batch=True)}\n\n")  # type: ignore[arg-type]
    db.dispose()
