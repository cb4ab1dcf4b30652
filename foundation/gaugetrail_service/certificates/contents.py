"""What a certificate says of itself: from when to when it holds, what for, and who signed it.

Loaded when a fault is to be named or an end looked up, not for each connection.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The first certificate of a file, or the one that a server shows."""

    begins: datetime
    ends: datetime
    names: tuple[str, ...]
    """Names and addresses that it stands for; its common name where it has none of these."""
    issuer: str


def facts_of(der: bytes) -> CertificateFacts:
    """What a certificate in DER says. Raises `ValueError` when these bytes are none."""
    return _facts(x509.load_der_x509_certificate(der))


def facts_in(path: Path) -> CertificateFacts:
    """What the first certificate of a PEM file says. Raises `OSError` or `ValueError`."""
    return _facts(x509.load_pem_x509_certificate(path.read_bytes()))


def _facts(certificate: x509.Certificate) -> CertificateFacts:
    return CertificateFacts(
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        _names(certificate),
        _common_name(certificate.issuer),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (_common_name(certificate.subject),)
    addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return (*found.get_values_for_type(x509.DNSName), *addresses)


def _common_name(name: x509.Name) -> str:
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else name.rfc4514_string()
