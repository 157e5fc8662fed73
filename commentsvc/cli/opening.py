"""How does a command open the database, and surely let go of it?"""

from collections.abc import Iterator
from contextlib import contextmanager

from commentsvc.settings import Settings
from commentsvc.store.db import Database


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Open the settings' database until the block ends."""
    db = Database(settings.resolved_database_url)
    try:
        yield db
    finally:
        db.dispose()
