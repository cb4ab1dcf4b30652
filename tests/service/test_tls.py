"""TLS against servers that mosquitto can't play: one that speaks other words, one that hangs up, the end of a CA."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from certificates import Authority

from gaugetrail_service.certificates.contents import facts_in, facts_of
from gaugetrail_service.certificates.tls import TlsFault, TlsFiles, fresh_tls


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that gives this answer to whoever comes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                with sock, suppress(OSError):
                    answer(sock)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)


def secured(authority: Authority, **certificate: object) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("server", **certificate))  # type: ignore[arg-type]

    def answer(sock: socket.socket) -> None:
        with context.wrap_socket(sock, server_side=True) as wrapped:
            wrapped.sendall(wrapped.recv(100).upper())

    return answer


def connect(port: int, files: TlsFiles) -> ssl.SSLSocket:
    return fresh_tls(files).wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname="127.0.0.1")


def test_a_trusted_server_is_talked_to(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with server(secured(authority)) as port, connect(port, TlsFiles(authority.ca)) as sock:
        sock.sendall(b"good morning")
        assert sock.recv(100) == b"GOOD MORNING"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda sock: (sock.recv(500), sock.sendall(b"220 mail.example ESMTP\r\n")), "it speaks no TLS on this port"),
        (lambda sock: (sock.recv(500), sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")), "it speaks no TLS"),
        (lambda sock: sock.recv(500), "it hangs up at the first word of TLS"),
    ],
    ids=["mail", "http", "hangs up"],
)
def test_a_server_without_tls_is_named_so(tmp_path: Path, answer: Callable[[socket.socket], None], words: str) -> None:
    with server(answer) as port, pytest.raises(TlsFault, match=words):
        connect(port, TlsFiles(Authority(tmp_path).ca))


def test_a_ca_that_has_ended_is_told_from_a_certificate_that_has(tmp_path: Path) -> None:
    authority = Authority(tmp_path, days=(-9, -1))
    with server(secured(authority)) as port, pytest.raises(TlsFault, match=f"above its own has ended.*{authority.ca}"):
        connect(port, TlsFiles(authority.ca))


def test_a27_nothing_is_sent_to_whom_is_not_trusted(tmp_path: Path) -> None:
    """The connection is closed: nobody can go on with it by mistake."""
    authority, stranger = Authority(tmp_path), Authority(tmp_path, "stranger", "stranger.pem")
    with server(secured(stranger)) as port:
        sock = socket.create_connection(("127.0.0.1", port), 10)
        with pytest.raises(TlsFault, match="unknown CA"):
            fresh_tls(TlsFiles(authority.ca)).wrap_socket(sock, server_hostname="127.0.0.1")
        assert sock.fileno() == -1


def test_facts_of_a_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path, "the plant's CA")
    cert, _ = authority.issue("press", names=["press-4", "10.1.2.3"], days=(-3, 40))
    facts = facts_in(cert)
    assert (facts.names, facts.issuer) == (("press-4", "10.1.2.3"), "the plant's CA")
    assert (facts.ends - facts.begins).days == 43
    assert facts_in(authority.ca).names == ("the plant's CA",)
    assert facts_of(ssl.PEM_cert_to_DER_cert(cert.read_text())) == facts
    with pytest.raises(ValueError, match=r"."):
        facts_of(b"no certificate")
