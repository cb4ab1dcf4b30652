"""TLS to a server, with every file read anew at each connection, and its faults in words.

Promise: a certificate, key or CA that was renewed on disk is used from the next connection on, without a restart; one
that was taken out of the CA's file is no longer believed. What goes wrong is a `TlsFault` that names what is wrong and
the file to look at: its end, its names, who signed it. Nothing is connected without a trusted certificate for the name.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from gaugetrail_service.certificates.contents import CertificateFacts

LOOK_SECS = 5.0

# OpenSSL's numbers for what is wrong with a chain (x509_vfy.h).
NOT_YET, ENDED = 9, 10
WRONG_NAME = (62, 64)
UNKNOWN_CA = (2, 18, 19, 20, 21)

SPEAKS_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE", "RECORD_LAYER_FAILURE")
WANTS_A_CERTIFICATE = ("TLSV13_ALERT_CERTIFICATE_REQUIRED", "SSLV3_ALERT_HANDSHAKE_FAILURE")
CALLED_ENDED = "SSLV3_ALERT_CERTIFICATE_EXPIRED"
CA_NOT_KNOWN_THERE = "TLSV1_ALERT_UNKNOWN_CA"


class TlsFault(OSError):
    """No connection: the message says what is wrong, and with which file."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The files of a connection, by the settings' own names. Without a CA, those that this machine trusts count."""

    ca: Path | None
    cert: Path | None = None
    key: Path | None = None
    wanted_by: str = "tls_ca"
    """The setting that asks for TLS."""

    @property
    def trusted(self) -> str:
        """Where the CAs that count come from."""
        return "this machine's list of CAs (tls_ca names one of your own)" if self.ca is None else f"tls_ca {self.ca}"


class _ClientContext(ssl.SSLContext):
    """A context of one connection; `refusal` is what the other end said when it hung up."""

    refusal: ssl.SSLError | None = None


class _ClientSocket(ssl.SSLSocket):
    """A connection that remembers why TLS ended it: in TLS 1.3 our certificate is refused after the handshake."""

    def read(self, len: int = 1024, buffer: bytearray | None = None) -> bytes:  # type: ignore[override]  # noqa: A002
        """As the library's own, under `recv` and `recv_into`."""
        try:
            return super().read(len, buffer)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            if isinstance(self.context, _ClientContext):
                self.context.refusal = error
            raise

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        """As the library's own. Who is hung up on while he speaks still reads why, where that has arrived."""
        try:
            return super().send(data, flags)
        except (ssl.SSLEOFError, ConnectionError):
            with contextlib.suppress(OSError):
                self.read(1)
            raise


class FreshTls(ssl.SSLContext):
    """What a client library takes for its context: each connection is wrapped by one made of the files as they are."""

    _last: _ClientContext | None = None

    def __init__(self, _: int, files: TlsFiles) -> None:
        super().__init__()
        self.files = files
        """Those of the next connection."""

    def wrap_socket(  # type: ignore[override]  # a client's part of it, in the library's order
        self,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: str | None = None,
    ) -> ssl.SSLSocket:
        """A connection whose handshake is done. Raises `TlsFault`, or `OSError` where the network fails."""
        del server_side, do_handshake_on_connect
        with _closed_on_fault(sock):
            self._last = context = _context(self.files)
            name = server_hostname or ""
            wrapped = context.wrap_socket(
                sock,
                server_hostname=name,
                do_handshake_on_connect=False,
                suppress_ragged_eofs=suppress_ragged_eofs,
            )
        with _closed_on_fault(wrapped):
            there = wrapped.getpeername()
            try:
                wrapped.do_handshake()
            except ssl.SSLCertVerificationError as error:
                raise TlsFault(_distrust(error, there, name, self.files)) from error
            except (ssl.SSLEOFError, ConnectionError) as error:
                raise TlsFault("it hangs up at the first word of TLS; perhaps it speaks none on this port") from error
            except ssl.SSLError as error:
                raise TlsFault(_refusal(error, self.files)) from error
        return wrapped

    def refusal(self) -> str | None:
        """Why the other end has hung up on the last connection, where TLS said so."""
        error = self._last.refusal if self._last is not None else None
        return None if error is None else _refusal(error, self.files)


def fresh_tls(files: TlsFiles) -> FreshTls:
    """A context for a client library. Nothing is read yet."""
    return FreshTls(ssl.PROTOCOL_TLS_CLIENT, files)


@contextlib.contextmanager
def _closed_on_fault(sock: socket.socket) -> Iterator[None]:
    try:
        yield
    except OSError:
        sock.close()
        raise


def _context(files: TlsFiles) -> _ClientContext:
    context = _ClientContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _ClientSocket
    if files.ca is None:
        context.load_default_certs()
    else:
        _load_ca(context, files.ca)
    if files.cert is not None:
        _load_own(context, files.cert, files.key)
    return context


def _load_ca(context: ssl.SSLContext, ca: Path) -> None:
    _look_at("tls_ca", ca)
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError as error:
        raise TlsFault(f"tls_ca {ca} holds no certificate in PEM form") from error


def _load_own(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    _look_at("tls_cert", cert)
    if key is not None:
        _look_at("tls_key", key)
    try:
        # Without a password of ours the library would ask for one at the terminal.
        context.load_cert_chain(cert, key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise TlsFault(_own_unusable(error, cert, key)) from error


def _look_at(name: str, path: Path) -> None:
    """Whether it can be read: the TLS library doesn't say which of its files can't."""
    try:
        path.read_bytes()
    except OSError as error:
        raise TlsFault(f"{name} {path} can't be read: {error.strerror}") from error


def _own_unusable(error: Exception, cert: Path, key: Path | None) -> str:
    reason = str(getattr(error, "reason", None) or error)
    if reason == "KEY_VALUES_MISMATCH":
        return f"tls_key {key or cert} doesn't belong to tls_cert {cert}"
    if "ENCRYPTED" in (key or cert).read_text("ascii", "replace"):
        return f"tls_key {key or cert} has a password; it must lie there without one, readable by this service only"
    return f"tls_cert {cert} and tls_key {key or cert} are no certificate and key in PEM form ({reason})"


def _distrust(error: ssl.SSLCertVerificationError, there: tuple[str, int], name: str, files: TlsFiles) -> str:
    shown = _shown_by(there)
    if error.verify_code == ENDED:
        if shown is None or shown.ends > datetime.now(UTC):
            return f"a certificate above its own has ended; look at {files.trusted}"
        return f"its certificate ended on {shown.ends:%Y-%m-%d}"
    if error.verify_code == NOT_YET:
        begins = f" before {shown.begins:%Y-%m-%d %H:%M} UTC" if shown is not None else ""
        return f"its certificate doesn't hold{begins}; is this PC's clock right?"
    if error.verify_code in WRONG_NAME:
        names = ", ".join(shown.names[:5]) if shown is not None else "another name"
        return f"its certificate is for {names} and not for {name}"
    if error.verify_code in UNKNOWN_CA:
        issuer = f" ({shown.issuer})" if shown is not None else ""
        return f"its certificate is signed by an unknown CA{issuer}: {files.trusted} doesn't hold it"
    return f"its certificate isn't trusted: {error.verify_message}; what counts is {files.trusted}"


def _refusal(error: ssl.SSLError, files: TlsFiles) -> str:
    reason = error.reason or str(error)
    if reason in SPEAKS_NO_TLS:
        return f"it speaks no TLS on this port, and {files.wanted_by} asks for it"
    if files.cert is None:
        if reason in WANTS_A_CERTIFICATE:
            return "it wants to see a certificate of ours: set tls_cert and tls_key"
        return f"TLS failed: {reason}"
    if reason == CALLED_ENDED:
        return f"it says that tls_cert {files.cert} has ended{_own_end(files.cert)}"
    if reason == CA_NOT_KNOWN_THERE:
        return f"it doesn't know the CA that signed tls_cert {files.cert}"
    return f"it doesn't take tls_cert {files.cert}: {reason}"


def _own_end(cert: Path) -> str:
    from gaugetrail_service.certificates.contents import facts_in

    try:
        return f" (on {facts_in(cert).ends:%Y-%m-%d})"
    except (OSError, ValueError):
        return ""


def _shown_by(there: tuple[str, int]) -> CertificateFacts | None:
    """The certificate that the server shows, looked at without believing it; null when it shows none any more."""
    from gaugetrail_service.certificates.contents import facts_of

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection(there[:2], LOOK_SECS) as sock, context.wrap_socket(sock) as wrapped:
            return facts_of(wrapped.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError):
        return None
