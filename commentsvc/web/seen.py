"""What did requests show in passing that is written down a little later, so that no reader waits for a write?

Where a widget was loaded, and that an API token was used: both to the minute. A server has a thread that writes; where
there is none (another server than ours), a request that comes after a minute does it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError

from commentsvc.actions import sighting
from commentsvc.actions.sighting import MINUTE
from commentsvc.store.db import Database

Widget = tuple[str, str]
"""A site's key, and an origin."""
_Key = Widget | int

_MOST_KNOWN = 4096
_MOST_WAITING = 200
_PAUSE_S = 1.0
_PATIENCE_S = 60.0
_log = structlog.get_logger(__name__)


class Seen:
    """Gathers what was seen in this process; what is known for the minute already costs no more than a look."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._known: OrderedDict[_Key, int] = OrderedDict()
        self._waiting: dict[_Key, int] = {}
        self._since = 0.0
        self._wake = threading.Event()
        self._has_thread = False

    def widget(self, site_key: str, origin: str, *, now: int) -> None:
        """Note that a page of an origin has loaded a site's widget."""
        self._note((site_key, origin), now)

    def token(self, token_id: int, *, now: int) -> None:
        """Note that an API token was used."""
        self._note(token_id, now)

    def start(self) -> None:
        """Have a thread write from now on; a daemon, for what it loses when the server ends is seen again."""
        self._has_thread = True
        threading.Thread(target=self._keep_writing, daemon=True, name="seen").start()

    def write(self) -> None:
        """Write down what waits. When the database can't, it is forgotten and seen again in a minute."""
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            self._keep(waiting)
        except (SQLAlchemyError, TimeoutError) as error:
            _log.warning("What was seen couldn't be written.", error=str(error))

    def write_if_late(self) -> None:
        """Write down what has waited for a minute because no thread does."""
        if not self._has_thread and self._waiting and time.monotonic() - self._since > _PATIENCE_S:
            self.write()

    def _keep(self, waiting: Mapping[_Key, int]) -> None:
        with self._db.writing() as session:
            sighting.keep_widgets(session, {key: at for key, at in waiting.items() if not isinstance(key, int)})
            sighting.keep_tokens(session, {key: at for key, at in waiting.items() if isinstance(key, int)})

    def _note(self, key: _Key, now: int) -> None:
        minute = now - now % MINUTE
        with self._lock:
            if self._known.get(key) == minute or len(self._waiting) >= _MOST_WAITING:
                return
            self._known[key] = minute
            self._known.move_to_end(key)
            if len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
            if not self._waiting:
                self._since = time.monotonic()
            self._waiting[key] = minute
        self._wake.set()

    def _keep_writing(self) -> None:
        while True:
            self._wake.wait()
            # What comes together is written together, and a flood of made-up origins costs one write a second.
            time.sleep(_PAUSE_S)
            self._wake.clear()
            self.write()
