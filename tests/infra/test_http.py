"""The one outgoing client, against real servers on this machine."""

import datetime
import hmac
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commentsvc.errors import Unanswered
from commentsvc.infra import http

Talk = Callable[[socket.socket], None]


@contextmanager
def serving(talk: Talk, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer one connection after another by `talk`."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                sock, _ = listening.accept()
                if tls:
                    sock = tls.wrap_socket(sock, server_side=True)
                with sock:
                    talk(sock)
            except OSError:
                if listening.fileno() == -1:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def saying(answer: bytes, heard: list[bytes] | None = None) -> Talk:
    def talk(sock: socket.socket) -> None:
        said = b""
        while b"\r\n\r\n" not in said:
            said += sock.recv(65536)
        head, _, body = said.partition(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            body += sock.recv(65536)
        if heard is not None:
            heard.append(head + b"\r\n\r\n" + body)
        sock.sendall(answer)

    return talk


OK = b"HTTP/1.1 200 OK\r\nX-Thing: Yes\r\nContent-Length: 2\r\n\r\nhi"


def test_an_answer_has_status_headers_and_body() -> None:
    heard: list[bytes] = []
    with serving(saying(OK, heard)) as port:
        answer = http.send(
            f"http://127.0.0.1:{port}/judge?a=b", body=b"{}", headers={"X-Mine": "1"}, allow_private=True
        )

    assert answer == http.Answer(200, {"x-thing": "Yes", "content-length": "2"}, b"hi")
    head, _, body = heard[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert (lines[0], body) == ("POST /judge?a=b HTTP/1.1", b"{}")
    assert {f"Host: 127.0.0.1:{port}", "X-Mine: 1", "Connection: close"} <= set(lines)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "10.0.0.1", "169.254.169.254",
             "192.168.1.1", "100.64.0.1", "2130706433", "0x7f.1", "127.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]",
             "224.0.0.1", "[fe80::1]", "[fd00::1]"],
)  # fmt: skip
def test_a_private_address_is_refused_however_it_is_written(host: str) -> None:
    heard: list[bytes] = []
    with serving(saying(OK, heard)) as port, pytest.raises(Unanswered, match=r"public internet|no host"):
        http.send(f"http://{host}:{port}/", timeout=2)

    assert heard == []


def test_a_name_that_leads_to_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, 0, 0, "", ("93.184.215.14", port)), (socket.AF_INET, 0, 0, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    with pytest.raises(Unanswered, match=r"judge\.example isn't on the public internet"):
        http.send("http://judge.example/")


def test_a_name_is_resolved_once_and_the_checked_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    asked: list[str] = []
    with serving(saying(OK, heard)) as port:

        def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            asked.append(host)
            return [(socket.AF_INET, 0, 0, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        http.send(f"http://judge.example:{port}/", allow_private=True)

    assert asked == ["judge.example"]
    assert f"Host: judge.example:{port}".encode() in heard[0]


def test_a_redirect_is_not_followed() -> None:
    heard: list[bytes] = []
    with serving(saying(b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n", heard)) as port:
        answer = http.send(f"http://127.0.0.1:{port}/", allow_private=True)

    assert (answer.status, answer.is_success, len(heard)) == (302, False, 1)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_a_server_that_drips_is_left_at_the_deadline(start: bytes) -> None:
    def drip(sock: socket.socket) -> None:
        sock.sendall(start)
        for _ in range(40):
            sock.sendall(b"H")
            time.sleep(0.1)

    before = time.monotonic()
    with serving(drip) as port, pytest.raises(Unanswered, match=r"within 0\.5 seconds"):
        http.send(f"http://127.0.0.1:{port}/", timeout=0.5, allow_private=True)

    assert time.monotonic() - before < 6


def test_a_server_that_never_answers_is_left_at_the_deadline() -> None:
    with serving(lambda sock: time.sleep(1)) as port, pytest.raises(Unanswered, match=r"within 0\.3 seconds"):
        http.send(f"http://127.0.0.1:{port}/", timeout=0.3, allow_private=True)


@pytest.mark.parametrize("head", [b"Content-Length: 1048577\r\n", b"", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_of_more_than_a_mebibyte_is_refused(head: bytes) -> None:
    size = http.MAX_BODY + 1
    body = b"x" * size if b"chunked" not in head else f"{size:x}\r\n".encode() + b"x" * size + b"\r\n0\r\n\r\n"
    answer = b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body
    with serving(saying(answer)) as port, pytest.raises(Unanswered, match="more than 1 MiB"):
        http.send(f"http://127.0.0.1:{port}/", allow_private=True)


def test_a_body_of_a_mebibyte_is_read() -> None:
    with serving(saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * http.MAX_BODY)) as port:
        assert len(http.send(f"http://127.0.0.1:{port}/", allow_private=True).body) == http.MAX_BODY


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx"])
def test_a_broken_answer_is_none(answer: bytes) -> None:
    with serving(saying(answer)) as port, pytest.raises(Unanswered, match="couldn't be asked"):
        http.send(f"http://127.0.0.1:{port}/", allow_private=True)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "file:///etc/passwd", "https://", "http://a:b@example.com/", "http://exa mple.com/",
            "http://example.com/\r\nX: y", "example.com", "http://example.com:0/", "http://example.com:99999/", "http://[/"],
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Unanswered):
        http.send(url)


def test_a_header_with_a_line_break_is_refused() -> None:
    with serving(saying(OK)) as port, pytest.raises(Unanswered):
        http.send(f"http://127.0.0.1:{port}/", headers={"X-A": "b\r\nX-C: d"}, allow_private=True)


def test_a_closed_port_is_said_so() -> None:
    with serving(saying(OK)) as port:
        pass

    with pytest.raises(Unanswered, match="couldn't be asked: ConnectionRefusedError"):
        http.send(f"http://127.0.0.1:{port}/", allow_private=True)


def test_tls_checks_the_name_that_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, trust = _certified(tmp_path, "judge.example")
    heard: list[bytes] = []
    named: list[str] = []
    server.sni_callback = lambda _, name, __: named.append(name)  # type: ignore[assignment]
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, **_: [(socket.AF_INET, 0, 0, "", ("127.0.0.1", port))]
    )
    with serving(saying(OK, heard), tls=server) as port:
        answer = http.send(f"https://judge.example:{port}/", allow_private=True, trust=trust)
        with pytest.raises(Unanswered, match="no valid certificate"):
            http.send(f"https://other.example:{port}/", allow_private=True, trust=trust)
        with pytest.raises(Unanswered, match="no valid certificate"):
            http.send(f"https://judge.example:{port}/", allow_private=True)

    assert (answer.status, named[0]) == (200, "judge.example")


def test_a_signature_is_of_time_and_body() -> None:
    made = http.signature(b'{"a": 1}', secret="s3cret", at=1_700_000_000)

    expected = hmac.new(b"s3cret", b'1700000000.{"a": 1}', "sha256").hexdigest()
    assert made == f"t=1700000000,v1={expected}"
    assert http.signature(b'{"a": 2}', secret="s3cret", at=1_700_000_000) != made
    assert http.signature(b'{"a": 1}', secret="s3cret", at=1_700_000_001) != made


def test_private_hosts_are_the_listed_ones_alone() -> None:
    hosts = {"judge.internal", "::1"}

    assert http.is_private_host("http://JUDGE.internal:80/x", hosts)
    assert http.is_private_host("http://[::1]:9/", hosts)
    assert not http.is_private_host("http://judge.internal.example/", hosts)
    assert not http.is_private_host("nonsense", hosts)


def _certified(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1)).not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "both.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(pem))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))
