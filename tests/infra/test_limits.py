"""Who may do what again, and when? With memory, with Redis, and with a Redis that goes away."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine

from commentsvc.errors import TooManyRequests
from commentsvc.infra.limits import LIMITS, Limiter, network_of
from tests.postgres import free_port


def allowed(limiter: Limiter, name: str, *parts: object, most: int = 300) -> int:
    """Count how often it goes well before the limit is reached."""
    for number in range(most):
        try:
            limiter.hit(name, *parts)
        except TooManyRequests:
            return number
    return most


@pytest.mark.parametrize(("name", "times"), [(name, int(rate.partition("/")[0])) for name, rate in LIMITS.items()])
def test_limit_is_reached_after_its_number(name: str, times: int) -> None:
    limiter = Limiter()

    assert allowed(limiter, name, 7, most=times + 10) == times


def test_limits_count_for_each_name_and_person_apart() -> None:
    limiter = Limiter()
    allowed(limiter, "post", 7)

    limiter.hit("post", 8)
    limiter.hit("vote", 7)

    with pytest.raises(TooManyRequests):
        limiter.hit("post", 7)


def test_retry_after_says_when_it_goes_again() -> None:
    limiter = Limiter()
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        allowed(limiter, "post", 7)
        clock.shift(20)
        with pytest.raises(TooManyRequests) as refused:
            limiter.hit("post", 7)
        assert 39 <= refused.value.retry_after <= 41
        assert refused.value.details == {"retry_after": refused.value.retry_after}

        clock.shift(refused.value.retry_after)
        limiter.hit("post", 7)


def test_limits_that_are_off_never_refuse() -> None:
    assert allowed(Limiter(enabled=False), "report", 7) == 300


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", "unknown"),
    ],
)
def test_network_of_an_address(address: str, network: str) -> None:
    assert network_of(address) == network


class Redis:
    """A server of our own that can be stopped and started."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["redis-server", "--port", str(self.port), "--save", "", "--dir", str(self.folder)]
        self.process = subprocess.Popen([*command, "--bind", "127.0.0.1"], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        ping = ["redis-cli", "-p", str(self.port), "ping"]
        while subprocess.run(ping, check=False, capture_output=True).stdout != b"PONG\n":
            assert time.monotonic() < end
            time.sleep(0.05)

    def flush(self) -> None:
        subprocess.run(["redis-cli", "-p", str(self.port), "flushall"], check=True, capture_output=True)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    assert shutil.which("redis-server"), "apt-get install redis-server"
    server = Redis(tmp_path)
    server.start()
    yield server
    server.stop()


def test_processes_share_their_limits_through_redis(redis: Redis) -> None:
    one, two = Limiter(redis_url=redis.url), Limiter(redis_url=redis.url)

    assert allowed(one, "post", 7, most=15) == 15

    assert allowed(two, "post", 7) == 5
    assert not one.is_degraded


def test_a_redis_that_is_emptied_counts_afresh_and_refuses_nobody_for_longer(redis: Redis) -> None:
    one, two = Limiter(redis_url=redis.url), Limiter(redis_url=redis.url)
    assert allowed(one, "post", 7) == 20

    redis.flush()

    assert allowed(two, "post", 7, most=15) == 15
    assert allowed(one, "post", 7) == 5
    assert not one.is_degraded


def test_redis_that_goes_away_leaves_a_limit_of_each_process(redis: Redis) -> None:
    limiter = Limiter(redis_url=redis.url)
    limiter.hit("post", 7)
    redis.stop()

    began = time.monotonic()
    again = allowed(limiter, "post", 7)

    assert again == 20
    assert limiter.is_degraded
    assert time.monotonic() - began < 3


def test_redis_that_comes_back_is_used_again(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commentsvc.infra.limits._RETRY_REDIS_AFTER", 0.2)
    limiter = Limiter(redis_url=redis.url)
    redis.stop()
    limiter.hit("post", 7)
    assert limiter.is_degraded

    redis.start()
    time.sleep(0.3)

    assert not limiter.is_degraded
    allowed(limiter, "post", 7)
    assert allowed(Limiter(redis_url=redis.url), "post", 7) == 0
