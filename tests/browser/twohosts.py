"""How do a newspaper and the service stand on two hosts over https, as they do in the world?

Two names that no resolver knows, each with a certificate of its own that nobody vouches for: the browser is told where
they are and takes the certificates. The service is a real `commentsvc run` behind a proxy that ends TLS.
"""

import asyncio
import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from commentsvc.store.db import Database
from tests import factories
from tests.server import Server, running_server

SERVICE = "comments.example"
PAPER = "gazette.example"
SITE = "gazette"
READER = "rosa@readers.example"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A story</title>
<link rel="canonical" href="{paper}{path}"><script type="module" src="{service}/embed.js"></script>
<h1>A story</h1><article-comments site="gazette" article="story" loading="eager"></article-comments>"""
_POLICY = (
    "default-src 'none'; script-src {service}; connect-src {service}; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


@dataclass(frozen=True)
class Hosts:
    """The addresses of the two, and the service's database."""

    service: str
    paper: str
    server: Server
    db: Database

    @property
    def story(self) -> str:
        return f"{self.paper}/story"

    @property
    def isolated(self) -> str:
        """The story on a page that sends Cross-Origin-Opener-Policy."""
        return f"{self.paper}/isolated"


@contextmanager
def two_hosts(database_url: str, folder: Path) -> Iterator[Hosts]:
    """Serve a newspaper's page and the service on a migrated database until the block ends."""
    paper = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Paper)
    paper.socket = _tls(PAPER).wrap_socket(paper.socket, server_side=True)
    at_paper = f"https://{PAPER}:{paper.server_address[1]}"
    proxy = _Proxy()
    at_service = f"https://{SERVICE}:{proxy.port}"
    paper.addresses = {"paper": at_paper, "service": at_service}  # type: ignore[attr-defined]
    db = Database(database_url)
    with running_server(database_url, folder, base_url=at_service) as server:
        proxy.target = server.port
        threading.Thread(target=paper.serve_forever, daemon=True).start()
        _fill(db, at_paper)
        yield Hosts(at_service, at_paper, server, db)
        paper.shutdown()
        paper.server_close()
        proxy.stop()
    db.dispose()


def _fill(db: Database, origin: str) -> None:
    with db.writing() as session:
        site = factories.site(session, SITE, origin=origin)
        story = factories.article(session, site, "story", url=f"{origin}/story")
        rosa = factories.person(session, "Rosa Vogt", email=READER)
        factories.member(session, rosa, site)
        factories.comment(session, story, factories.person(session, "Ida Berg"), "What about the market?")


def _tls(host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert(host).configure_cert(context)
    return context


class _Paper(http.server.BaseHTTPRequestHandler):
    """One story, with the strictest policy, and the same cut off from the windows that it opens."""

    def do_GET(self) -> None:
        addresses = self.server.addresses  # type: ignore[attr-defined]
        known = self.path in {"/story", "/isolated"}
        body = _PAGE.format(path=self.path, **addresses).encode() if known else b""
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", _POLICY.format(**addresses))
        if self.path == "/isolated":
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Proxy:
    """Passes bytes on between TLS and the service, which listens without."""

    target = 0
    port = 0

    def __init__(self) -> None:
        self._listens = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        self._listens.wait()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._pass, "127.0.0.1", 0, ssl=_tls(SERVICE))
        self.port = server.sockets[0].getsockname()[1]
        self._listens.set()
        await self._end.wait()
        server.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self.target)
        await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer), return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()
