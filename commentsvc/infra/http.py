"""How do we ask somebody else's server, when its address was typed in by a person we don't know?

One call: only public addresses unless allowed, resolved once and pinned to what was checked, no redirects followed, the
whole of it within one deadline, and an answer of 1 MiB at most.
"""

import hashlib
import hmac
import io
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, urlsplit

from commentsvc.errors import Unanswered

MAX_BODY = 1024 * 1024
_USER_AGENT = "commentsvc"
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}

_Address = tuple[socket.AddressFamily, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, whatever its status; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx; a redirect, which is never followed, is none."""
        return 200 <= self.status < 300


def send(
    url: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    timeout: float = 5.0,
    allow_private: bool = False,
    trust: ssl.SSLContext | None = None,
) -> Answer:
    """Send one request and read its answer, or raise Unanswered saying in a sentence why there is none.

    `timeout` is for everything together, in seconds: a server that drips can't hold the caller longer. `trust` replaces
    the system's certificates.
    """
    deadline = monotonic() + timeout
    where = _split(url)
    try:
        return _ask(where, method, body, dict(headers or {}), deadline, allow_private=allow_private, trust=trust)
    except TimeoutError:
        raise Unanswered(f"{where.hostname} didn't answer within {timeout:g} seconds.") from None
    except ssl.SSLError as error:
        raise Unanswered(f"{where.hostname} has no valid certificate, or speaks no TLS: {error.reason}.") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unanswered(f"{where.hostname} couldn't be asked: {type(error).__name__}.") from None


def signature(body: bytes, *, secret: str, at: int) -> str:
    """Return `X-Comments-Signature` for a body, sent at so many seconds since 1970."""
    mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={mac.hexdigest()}"


def is_private_host(url: str, hosts: Collection[str]) -> bool:
    """Whether the operator has listed the address's host as one that may be in the own network."""
    host = urlsplit(url).hostname
    return host is not None and host in hosts


def check_url(url: str) -> None:
    """Raise Unanswered when this can never be asked: no http or https address, or with a name and password in it."""
    _split(url)


def _split(url: str) -> SplitResult:
    if re.search(r"[\x00-\x20\x7f-\x9f]", url):
        raise Unanswered("The address has spaces or control characters in it.")
    try:
        where = urlsplit(url)
        port = where.port
    except ValueError:
        raise Unanswered("This isn't an address.") from None
    if where.scheme not in _PORTS or not where.hostname or port == 0:
        raise Unanswered("The address must begin with https:// or http:// and name a host.")
    if where.username is not None or where.password is not None:
        raise Unanswered("The address must not have a name or password in it.")
    return where


def _ask(
    where: SplitResult, method: str, body: bytes | None, headers: dict[str, str], deadline: float,
    *, allow_private: bool, trust: ssl.SSLContext | None,
) -> Answer:  # fmt: skip
    name = where.hostname or ""
    host = name if _is_address(name) else name.encode("idna").decode()
    port = where.port or _PORTS[where.scheme]
    addresses = _resolve(host, port, deadline)
    if not allow_private and not all(_is_public(address[1][0]) for address in addresses):
        raise Unanswered(f"{where.hostname} isn't on the public internet, and this installation doesn't allow that.")
    sock = _connect(addresses, deadline)
    if where.scheme == "https":
        sock = _secured(sock, host, deadline, trust)
    with sock:
        connection = HTTPConnection(host, port)
        connection.default_port = _PORTS[where.scheme]
        connection.sock = _Punctual(sock, deadline)
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        connection.request(method, path, body, {"User-Agent": _USER_AGENT, **headers, "Connection": "close"})
        answer = connection.getresponse()
        text = answer.read(MAX_BODY + 1)
    if len(text) > MAX_BODY:
        raise Unanswered(f"{where.hostname} answered with more than 1 MiB.")
    if answer.length:
        raise Unanswered(f"{where.hostname} couldn't be asked: its answer ended in the middle.")
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text)


def _resolve(host: str, port: int, deadline: float) -> list[_Address]:
    """Look the name up once, in a thread of its own: the system's resolver knows no deadline."""
    found: SimpleQueue[list[_Address] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put([(family, address) for family, _, _, _, address in answers])
        except (OSError, UnicodeError) as error:
            found.put(OSError(str(error)))

    threading.Thread(target=look_up, name="resolver", daemon=True).start()
    try:
        answer = found.get(timeout=_left(deadline))
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError) or not answer:
        raise Unanswered(f"There is no host {host}.")
    return answer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return True


def _is_public(text: str) -> bool:
    """Whether an address can be reached from everywhere, also when it only wraps one of IPv4."""
    address = ipaddress.ip_address(text.split("%", maxsplit=1)[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address.teredo:
            return False
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


def _connect(addresses: list[_Address], deadline: float) -> socket.socket:
    """Connect to the first address that takes it: to these very addresses, whatever the name says by now."""
    refused: OSError = OSError("no address")
    for family, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.settimeout(_left(deadline))
            sock.connect(address)
        except TimeoutError:
            sock.close()
            raise
        except OSError as error:
            sock.close()
            refused = error
        else:
            return sock
    raise refused


def _secured(sock: socket.socket, host: str, deadline: float, trust: ssl.SSLContext | None) -> socket.socket:
    context = trust or ssl.create_default_context()
    try:
        sock.settimeout(_left(deadline))
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Punctual:
    """A socket, as far as http.client needs one, whose every step gets only what is left until one deadline.

    A socket's own time-out begins anew with each byte that arrives.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(_left(self._deadline))
            rest = rest[self._sock.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline))

    def close(self) -> None:
        """Leave the socket open: http.client lets go of it before the body is read."""


class _Incoming(io.RawIOBase):
    """What arrives on a socket until the deadline."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(into)
