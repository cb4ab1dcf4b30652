"""Why InfluxDB gives no answer, in words: nobody there, no such host, silence, TLS.

The libraries wrap what happened in several layers, each with its own words; only the innermost one knows.
"""

from __future__ import annotations

import errno
import http.client
import socket

import urllib3

from gaugetrail_service.certificates.tls import TlsFault

UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH)


def reason_of(error: BaseException, timeout_secs: float) -> str:
    """What happened, in one phrase behind `doesn't answer: `."""
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return f"it has the question and says nothing for {timeout_secs:g} s"
    inner = _innermost(error)
    if isinstance(inner, ConnectionRefusedError):
        return "nothing listens there (connection refused)"
    if isinstance(inner, socket.gaierror):
        return "its name has no address; is it spelt right, and does this machine's DNS know it?"
    if isinstance(inner, (TimeoutError, urllib3.exceptions.ConnectTimeoutError)):
        return f"no connection within {timeout_secs:g} s"
    if isinstance(inner, (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected)):
        return "it hangs up before it has answered"
    if isinstance(inner, OSError) and inner.errno in UNREACHABLE:
        return "no way leads to that address from here"
    if isinstance(inner, OSError) and inner.strerror and inner.errno:
        return inner.strerror
    text = str(inner)
    text = text.rpartition(": ")[2] if "object at 0x" in text else text
    return text or type(inner).__name__


def _innermost(error: BaseException) -> BaseException:
    """The first cause; a fault of TLS is in words already."""
    while not isinstance(error, TlsFault):
        inner = getattr(error, "reason", None)
        cause = inner if isinstance(inner, BaseException) else error.__cause__
        if cause is None:
            # urllib3's ProtocolError holds what it was made of as its second argument.
            cause = next((one for one in error.args if isinstance(one, BaseException)), None)
        if cause is None:
            return error
        error = cause
    return error
