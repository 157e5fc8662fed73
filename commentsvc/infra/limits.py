"""May this client do this again already? Moving windows in Redis, or in this process when there is no Redis."""

import ipaddress
import math
import threading
import time
from collections.abc import Mapping

import structlog
from limits import RateLimitItem, parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter

from commentsvc.errors import TooManyRequests

LIMITS: Mapping[str, str] = {
    "post": "20/minute",
    "vote": "120/minute",
    "report": "20/hour",
    "follow": "60/minute",
    "legal_notice": "10/hour",
    "invite": "30/hour",
    "set_up": "10/hour",
    "export": "5/day",
    "delete_account": "10/day",
    "notice_address": "20/hour",
    "appeal": "20/hour",
    "sign_up": "10/hour",
    "sign_in": "20/minute",
    "second_factor": "20/hour",
    "account_mail": "10/hour",
    "rename": "3/day",
    "token": "60/minute",
    "analyze": "6000/minute",
}
"""What is limited, and how often it may be done by whoever `parts` name. Reading is not."""

_RETRY_REDIS_AFTER = 5.0
_log = structlog.get_logger(__name__)


class Limiter:
    """Counts what clients do. Without Redis each process counts for itself; so it does while Redis is out."""

    def __init__(self, *, redis_url: str = "", enabled: bool = True) -> None:
        self._enabled = enabled
        self._items: dict[str, RateLimitItem] = {name: parse(rate) for name, rate in LIMITS.items()}
        self._local = MovingWindowRateLimiter(MemoryStorage())
        self._shared = MovingWindowRateLimiter(_redis(redis_url)) if redis_url and enabled else None
        self._redis_out_until = 0.0
        self._lock = threading.Lock()

    def hit(self, name: str, *parts: object) -> None:
        """Count one `name` by whoever `parts` name, or raise TooManyRequests without counting it."""
        if not self._enabled:
            return
        item = self._items[name]
        identifiers = [name, *map(str, parts)]
        wait = self._try(item, identifiers)
        if wait:
            raise TooManyRequests(f"That was often; try again in {wait} s.", retry_after=wait)

    @property
    def is_degraded(self) -> bool:
        """Whether Redis is configured and out."""
        if self._shared is None:
            return False
        if time.monotonic() >= self._redis_out_until and not self._shared.storage.check():
            self._redis_failed()
        return time.monotonic() < self._redis_out_until

    def _try(self, item: RateLimitItem, identifiers: list[str]) -> int:
        if self._shared is not None and time.monotonic() >= self._redis_out_until:
            try:
                return _wait(self._shared, item, identifiers)
            except StorageError:
                self._redis_failed()
        return _wait(self._local, item, identifiers)

    def _redis_failed(self) -> None:
        with self._lock:
            self._redis_out_until = time.monotonic() + _RETRY_REDIS_AFTER
        _log.warning("Redis doesn't answer; limits are counted in this process meanwhile.")


def network_of(address: str) -> str:
    """Return whom a client address stands for: itself, or the /64 that an IPv6 customer owns."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False))


def _redis(url: str) -> RedisStorage:
    url = "redis+" + url if url.startswith("unix://") else url
    # Short time-outs: a Redis that hangs must not hold a reader's request.
    return RedisStorage(
        url, wrap_exceptions=True, socket_timeout=0.5, socket_connect_timeout=0.5, key_prefix="commentsvc"
    )


def _wait(limiter: MovingWindowRateLimiter, item: RateLimitItem, identifiers: list[str]) -> int:
    if limiter.hit(item, *identifiers):
        return 0
    reset = limiter.get_window_stats(item, *identifiers).reset_time
    # One more than the whole seconds: at the very end of a window its first hit still counts.
    return max(1, math.floor(reset - time.time()) + 1)
